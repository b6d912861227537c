"""Sound without a voice: tones in pieces of 20 ms that fit together, and whether a piece is loud."""

import array
import math
import sys
from functools import lru_cache

PIECE_MS = 20
LOUD = 500
"""Samples beyond this (of 32 767) are somebody who speaks."""

_AMPLITUDE = 6_000
_LOWEST, _STEP, _TONES = 400, 50, 12
"""In Hz: whole waves in 20 ms, so that a piece can be repeated without a click."""


def pitch_of(turn: int) -> int:
    """The tone of an answer in Hz: each has another one than the last."""
    return _LOWEST + _STEP * (turn % _TONES)


@lru_cache(maxsize=64)
def piece(rate: int, pitch: int) -> bytes:
    """20 ms of a tone in 16-bit samples."""
    count = rate * PIECE_MS // 1_000
    samples = array.array("h", (round(_AMPLITUDE * math.sin(2 * math.pi * pitch * n / rate)) for n in range(count)))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


def is_loud(data: bytes) -> bool:
    """Whether somebody speaks in 16-bit samples; the half of one at the end is passed over."""
    samples = array.array("h", data[: len(data) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    return bool(samples) and (max(samples) > LOUD or min(samples) < -LOUD)
