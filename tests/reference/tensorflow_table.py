"""Writes a checkpoint's .index anew, in blocks of another size and packed with Snappy or not.

TensorFlow reads such tables; it writes blocks of 256 KiB, unpacked.
"""

import struct

import cramjam

FOOTER_BYTES, TRAILER_BYTES, MAGIC = 48, 5, 0xdb4775248b80fb57
RESTART_INTERVAL = 4


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def masked(crc):
    return (((crc >> 15) | (crc << 17)) + 0xa282ead8) & 0xffffffff


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7f) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def entries_of(block):
    count, = struct.unpack("<I", block[-4:])
    end, at, key = len(block) - 4 - 4 * count, 0, b""
    while at < end:
        shared, at = read_varint(block, at)
        fresh, at = read_varint(block, at)
        length, at = read_varint(block, at)
        key = key[:shared] + block[at:at + fresh]
        at += fresh
        yield key, block[at:at + length]
        at += length


def block_of(entries):
    out, restarts, last = bytearray(), [], b""
    for number, (key, value) in enumerate(entries):
        shared = 0
        if number % RESTART_INTERVAL == 0:
            restarts.append(len(out))
        else:
            while shared < min(len(key), len(last)) and key[shared] == last[shared]:
                shared += 1
        out += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        last = key
    restarts = restarts or [0]
    return bytes(out) + struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts))


def rewrite(src, dst, block_bytes, packed):
    table = src.read_bytes()
    footer = table[-FOOTER_BYTES:]
    _, at = read_varint(footer, 0)
    _, at = read_varint(footer, at)
    offset, at = read_varint(footer, at)
    size, at = read_varint(footer, at)
    entries = []
    for _, handle in entries_of(table[offset:offset + size]):
        begin, at = read_varint(handle, 0)
        length, _ = read_varint(handle, at)
        entries += entries_of(table[begin:begin + length])

    out = bytearray()

    def emit(block):
        raw, kind = block, 0
        if packed:
            raw, kind = bytes(cramjam.snappy.compress_raw(block)), 1
        handle = varint(len(out)) + varint(len(raw))
        out.extend(raw + bytes([kind]) + struct.pack("<I", masked(crc32c(raw + bytes([kind])))))
        return handle

    index, group = [], []
    for entry in entries:
        group.append(entry)
        if sum(len(key) + len(value) for key, value in group) >= block_bytes:
            index.append((entry[0], emit(block_of(group))))
            group = []
    if group:
        index.append((group[-1][0], emit(block_of(group))))
    footer = emit(block_of([])) + emit(block_of(index))
    dst.write_bytes(bytes(out) + footer.ljust(FOOTER_BYTES - 8, b"\0") + struct.pack("<Q", MAGIC))
