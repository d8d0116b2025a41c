"""Reads the plain PNG files that the command writes: 8 bits a sample, not interlaced. No code of the project's own."""

import struct
import zlib

_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}


def _paeth(left, up, corner):
    to_left, to_up, to_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
    if to_left <= to_up and to_left <= to_corner:
        return left
    return up if to_up <= to_corner else corner


_PREDICTORS = [
    lambda left, up, corner: 0,
    lambda left, up, corner: left,
    lambda left, up, corner: up,
    lambda left, up, corner: (left + up) // 2,
    _paeth,
]


def read(path):
    """(width, height, channels, samples row by row)."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError(f"{path} is no PNG file")
    position, packed, header = 8, b"", None
    while position < len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        body = data[position + 8 : position + 8 + length]
        if zlib.crc32(kind + body) != struct.unpack_from(">I", data, position + 8 + length)[0]:
            raise ValueError(f"{path}: the checksum of {kind.decode()} at {position} is wrong")
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            packed += body
        position += 12 + length
    width, height, depth, color, _, _, interlace = header
    if depth != 8 or interlace != 0 or color not in _CHANNELS:
        raise ValueError(f"{path}: {depth} bits, color type {color}, interlace {interlace}: not a plain file")

    channels = _CHANNELS[color]
    stride = width * channels
    raw, samples, above = zlib.decompress(packed), bytearray(), bytes(stride)
    if len(raw) != height * (stride + 1):
        raise ValueError(f"{path}: expected {height * (stride + 1)} bytes, found {len(raw)}")
    for start in range(0, len(raw), stride + 1):
        predict, row = _PREDICTORS[raw[start]], bytearray(raw[start + 1 : start + 1 + stride])
        for i in range(stride):
            left, corner = (row[i - channels], above[i - channels]) if i >= channels else (0, 0)
            row[i] = (row[i] + predict(left, above[i], corner)) & 255
        samples += row
        above = row
    return width, height, channels, bytes(samples)
