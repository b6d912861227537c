"""An MP4 file with nothing but `struct`: boxes around a few pictures of H.264 (ISO/IEC 14496-12 and -15)."""

import struct

from genmux.providers.mock.h264 import first_picture, parameters, same_picture, sequence

_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_UNDETERMINED = 0x55C4
"""The language `und`."""


def mp4(seconds: float, fps: int, size: tuple[int, int], key: object) -> bytes:
    """A video of so many seconds whose sides are even; the same key gives the same one."""
    width, height = size
    count = max(1, round(seconds * fps))
    units = [first_picture(width, height, key)]
    units += [same_picture(width, height, number) for number in range(1, count)]
    samples = [struct.pack(">I", len(unit)) + unit for unit in units]
    head = _box(b"ftyp", b"isom", struct.pack(">I", 512), b"isomiso2avc1mp41")
    start = len(head) + len(_movie(samples, fps, size, 0)) + 8
    return head + _movie(samples, fps, size, start) + _box(b"mdat", *samples)


def _movie(samples: list[bytes], fps: int, size: tuple[int, int], start: int) -> bytes:
    """The index; the samples lie one after the other from `start` on."""
    length = len(samples)
    header = _full(
        b"mvhd",
        struct.pack(">4I", 0, 0, fps, length),
        struct.pack(">IH10x", 0x10000, 0x100),
        _MATRIX,
        bytes(24),
        struct.pack(">I", 2),
    )
    track = _full(
        b"tkhd",
        struct.pack(">5I", 0, 0, 1, 0, length),
        bytes(16),
        _MATRIX,
        struct.pack(">2I", size[0] << 16, size[1] << 16),
        flags=3,
    )
    media = _full(b"mdhd", struct.pack(">4I2H", 0, 0, fps, length, _UNDETERMINED, 0))
    handler = _full(b"hdlr", bytes(4), b"vide", bytes(12), b"pictures\0")
    data = _box(b"dinf", _full(b"dref", struct.pack(">I", 1), _full(b"url ", flags=1)))
    table = _box(
        b"stbl",
        _full(b"stsd", struct.pack(">I", 1), _description(size)),
        _full(b"stts", struct.pack(">3I", 1, length, 1)),
        _full(b"stss", struct.pack(">2I", 1, 1)),
        _full(b"stsc", struct.pack(">4I", 1, 1, length, 1)),
        _full(b"stsz", struct.pack(f">{2 + length}I", 0, length, *map(len, samples))),
        _full(b"stco", struct.pack(">2I", 1, start)),
    )
    information = _box(b"minf", _full(b"vmhd", bytes(8), flags=1), data, table)
    return _box(b"moov", header, _box(b"trak", track, _box(b"mdia", media, handler, information)))


def _description(size: tuple[int, int]) -> bytes:
    rules, picture = sequence(*size), parameters()
    settings = _box(
        b"avcC",
        bytes([1, *rules[1:4], 0xFF, 0xE1]),
        struct.pack(">H", len(rules)) + rules,
        bytes([1]) + struct.pack(">H", len(picture)) + picture,
    )
    look = struct.pack(">6xH16x2H2I4xH32xHh", 1, *size, 0x480000, 0x480000, 1, 24, -1)
    return _box(b"avc1", look, settings)


def _box(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I", 8 + len(content)) + kind + content


def _full(kind: bytes, *parts: bytes, flags: int = 0) -> bytes:
    """A box with a version (0) and flags."""
    return _box(kind, struct.pack(">I", flags), *parts)
