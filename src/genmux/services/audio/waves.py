"""The head of a WAV file (RIFF, "Multimedia Programming Interface and Data Specifications 1.0", 08/1991)."""

import struct

UNTOLD = 0xFFFFFFFF
"""Stands for a length that is not known yet, or is longer than 4 GB: until the end."""

HEAD = 44
"""Bytes of it."""


def wave_head(rate: int, channels: int, size: int | None) -> bytes:
    """For samples of 16 bits, `size` bytes of them; None where that is not known yet."""
    data = UNTOLD if size is None or size + HEAD > UNTOLD else size
    riff = UNTOLD if data == UNTOLD else data + HEAD - 8
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", riff, b"WAVE", b"fmt ", 16, 1, channels, rate),
        *(rate * channels * 2, channels * 2, 16, b"data", data),
    )


class WaveStream:
    """Puts the head before the samples."""

    def __init__(self, rate: int, channels: int) -> None:
        self._head = wave_head(rate, channels, None)

    def feed(self, data: bytes) -> bytes:
        """The same, after the head the first time."""
        head, self._head = (self._head, b"") if data else (b"", self._head)
        return head + data

    def close(self) -> bytes:
        """The head, where nothing came."""
        head, self._head = self._head, b""
        return head
