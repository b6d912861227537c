"""Where a long sound is best cut: where it is quiet."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

FRAME = 0.02
"""Seconds whose loudness is looked at together."""

QUIET = 0.3
"""Seconds that are to be quiet around a cut."""

SHORTEST = 0.6
"""A part is at least so much of what it would be if all were equally long."""

Levels = npt.NDArray[np.float32]


def levels_of(samples: npt.NDArray[np.int16], frame: int) -> Levels:
    """How loud each frame of so many samples is, in decibels below the loudest that there can be; the last one may be shorter."""
    missing = -len(samples) % frame
    padded = np.concatenate([samples, np.zeros(missing, np.int16)]) if missing else samples
    power = (padded.reshape(-1, frame).astype(np.float32) / 32_768) ** 2
    return 10 * np.log10(power.mean(axis=1) + 1e-10)


def cuts(levels: Levels, most: int) -> Iterator[int]:
    """The frames at which parts of at most `most` frames begin, after the first. Parts are about equally long."""
    begin, whole = 0, len(levels)
    around = max(1, min(round(QUIET / FRAME), most // 4))
    while whole - begin > most:
        count = -(-(whole - begin) // most)
        least = max(1, int((whole - begin) / count * SHORTEST))
        begin += _quietest(levels[begin + least : begin + most], around) + least
        yield begin


def _quietest(levels: Levels, around: int) -> int:
    """The middle of the quietest stretch; of several that are as quiet the last one."""
    if len(levels) <= around:
        return len(levels)
    sums = np.concatenate([[0.0], np.cumsum(levels, dtype=np.float64)])
    means = np.round((sums[around:] - sums[:-around]) / around, 1)
    last = len(means) - 1 - int(np.argmin(means[::-1]))
    return last + around // 2
