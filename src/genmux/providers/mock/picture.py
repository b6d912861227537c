"""A PNG file with nothing but zlib: squares of a few colors that belong to a key."""

import struct
import zlib

from genmux.providers.mock.chance import number

SQUARES = 8
"""On each side."""


def png(width: int, height: int, key: object) -> bytes:
    """A picture; the same key gives the same one."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", _pixels(width, height, key))
        + _chunk(b"IEND", b"")
    )


def color(*key: object) -> tuple[int, int, int]:
    """A color that is neither black nor white, from a key."""
    drawn = number(*key)
    red, green, blue = (32 + (drawn >> shift) % 192 for shift in (0, 16, 32))
    return red, green, blue


def _pixels(width: int, height: int, key: object) -> bytes:
    packer = zlib.compressobj(1)
    packed = bytearray()
    line, shown = b"", -1
    for y in range(height):
        row = y * SQUARES // height
        if row != shown:
            colors = [bytes(color(key, row, column)) for column in range(SQUARES)]
            line, shown = b"\0" + b"".join(colors[x * SQUARES // width] for x in range(width)), row
        packed += packer.compress(line)
    return bytes(packed + packer.flush())


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
