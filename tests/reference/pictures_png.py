"""PNG files from arrays, byte by byte from the standard: every colour type, depth, filter and interlacing."""

import struct
import zlib

import numpy as np

SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def packed_row(row, depth):
    """The bytes of a row of samples: [n] -> uint8 [m]."""
    if depth == 16:
        return row.astype(">u2").view(np.uint8)
    bits = (row[:, None] >> np.arange(depth - 1, -1, -1)) & 1
    return np.packbits(bits.reshape(-1).astype(np.uint8))


def paeth(left, above, corner):
    estimate = left + above - corner
    distances = [abs(estimate - value) for value in (left, above, corner)]
    return (left, above, corner)[distances.index(min(distances))]


def filtered(row, above, kind, step):
    """The row as the file has it: filter type, then what that filter leaves of each byte."""
    out = bytearray([kind])
    for i, value in enumerate(row.astype(int)):
        left = int(row[i - step]) if i >= step else 0
        corner = int(above[i - step]) if i >= step else 0
        guess = [0, left, int(above[i]), (left + int(above[i])) // 2, paeth(left, int(above[i]), corner)][kind]
        out.append((value - guess) & 255)
    return bytes(out)


def image_data(samples, depth, interlaced):
    """samples [h, w, n], all filters in turn."""
    data = b""
    step = max(1, samples.shape[2] * depth // 8)
    for x0, y0, dx, dy in ADAM7 if interlaced else [(0, 0, 1, 1)]:
        part = samples[y0::dy, x0::dx]
        if 0 in part.shape:
            continue
        rows = [packed_row(row.reshape(-1), depth) for row in part]
        above = np.zeros_like(rows[0])
        for y, row in enumerate(rows):
            data += filtered(row, above, (y + 1) % 5, step)
            above = row
    return zlib.compress(data, 9)


def png(samples, depth, colour_type, interlaced=False, palette=b"", transparency=b"", before=(), after=()):
    """A file of samples [h, w, n]; before and after are chunks, (type, body), on either side of the pixels."""
    h, w, n = samples.shape
    assert n == SAMPLES[colour_type]
    parts = [b"\x89PNG\r\n\x1a\n",
             chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, colour_type, 0, 0, int(interlaced)))]
    parts += [chunk(*each) for each in before]
    if palette:
        parts.append(chunk(b"PLTE", palette))
    if transparency:
        parts.append(chunk(b"tRNS", transparency))
    parts.append(chunk(b"IDAT", image_data(samples, depth, interlaced)))
    parts += [chunk(*each) for each in after]
    return b"".join(parts) + chunk(b"IEND", b"")


def iccp(profile):
    return b"iCCP", b"a name\0\0" + zlib.compress(profile, 9)


def itxt(text, packed=False):
    body = zlib.compress(text, 9) if packed else text
    return b"iTXt", b"XML:com.adobe.xmp\0" + bytes([packed, 0]) + b"\0\0" + body
