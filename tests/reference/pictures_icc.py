"""Small ICC profiles of our own: gray, RGB with other primaries than sRGB's, CMYK."""

import struct

import numpy as np


def fixed(*values):
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def xyz(*values):
    return b"XYZ \0\0\0\0" + fixed(*values)


def gamma(value):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256)) + b"\0\0"


def text(value):
    return b"text\0\0\0\0" + value.encode() + b"\0"


def description(value):
    data = value.encode() + b"\0"
    return b"desc\0\0\0\0" + struct.pack(">I", len(data)) + data + b"\0" * (4 + 4 + 2 + 1 + 67)


def profile(kind, space, connection, tags):
    """kind: device class; space and connection: what it maps from and to; tags: [(signature, data)]."""
    tags = [("desc", description("made for a test")), ("cprt", text("none")),
            ("wtpt", xyz(0.9642, 1.0, 0.8249)), *tags]
    table, data = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for signature, body in tags:
        body += b"\0" * (-len(body) % 4)
        table += signature.encode() + struct.pack(">II", start + len(data), len(body))
        data += body
    head = struct.pack(">I4sI4s4s4s", start + len(data), b"\0\0\0\0", 0x02400000, kind, space, connection)
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28 + fixed(0.9642, 1.0, 0.8249)
    return head + b"\0" * (128 - len(head)) + table + data


def gray():
    return profile(b"mntr", b"GRAY", b"XYZ ", [("kTRC", gamma(1.5))])


def rgb(padding=0):
    """Primaries wider than sRGB's; padding adds a tag of that many bytes."""
    tags = [("rXYZ", xyz(0.6097, 0.3111, 0.0195)), ("gXYZ", xyz(0.2053, 0.6257, 0.0609)),
            ("bXYZ", xyz(0.1492, 0.0632, 0.7446))]
    tags += [(name, gamma(2.0)) for name in ("rTRC", "gTRC", "bTRC")]
    if padding:
        tags.append(("priv", text("x" * padding)))
    return profile(b"mntr", b"RGB ", b"XYZ ", tags)


def cmyk():
    """A table of three steps an ink, from inks that are not clean, to Lab of 8 bits."""
    grid = 3
    inks = np.stack(np.meshgrid(*[np.linspace(0, 1, grid)] * 4, indexing="ij"), -1).reshape(-1, 4)
    colours = np.array([[-32, -38, -48], [-52, 74, -4], [-10, -5, 88], [-90, 0, 0]], float)
    lab = np.array([98.0, 0, -2]) + inks @ colours
    levels = np.clip(np.stack([lab[:, 0] * 2.55, lab[:, 1] + 128, lab[:, 2] + 128], -1), 0, 255)
    body = b"mft1\0\0\0\0" + bytes([4, 3, grid, 0]) + fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
    body += bytes(range(256)) * 4 + levels.round().astype(np.uint8).tobytes() + bytes(range(256)) * 3
    return profile(b"prtr", b"CMYK", b"Lab ", [("A2B0", body)])
