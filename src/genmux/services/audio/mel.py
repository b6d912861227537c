"""What Whisper, and models made of it, hear in place of sound: how loud eighty bands of tones are in each hundredth of a second.

The bands are those of the mel scale after Slaney (Auditory Toolbox, 1998); the numbers are those of OpenAI's program.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

RATE = 16_000
WINDOW, STEP, BANDS = 400, 160, 80
FAINTEST = 1e-10
DEPTH = 8.0
"""Powers of ten below the loudest at which everything is taken for equally faint."""

_LINEAR, _BEND, _GROWTH = 200 / 3, 1_000.0, np.log(6.4) / 27
"""Below the bend a mel is so many Hz; above it, each is larger than the one before by so much of it."""

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


def loudness_of_bands(sound: Floats) -> Floats:
    """A row for each band and a column for each hundredth of a second; the sound is first made equally loud as any other."""
    even = (sound - sound.mean()) / np.sqrt(sound.var() + 1e-7)
    padded = np.pad(even.astype(np.float64), WINDOW // 2, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::STEP][: len(sound) // STEP]
    power = np.abs(np.fft.rfft(windows * np.hanning(WINDOW + 1)[:-1], axis=1)) ** 2
    logs = np.log10(np.maximum(power @ _bands(), FAINTEST)).T
    return ((np.maximum(logs, logs.max() - DEPTH) + 4) / 4).astype(np.float32)


@cache
def _bands() -> Doubles:
    """How much each tone counts in each band: triangles that overlap, all of the same area."""
    tones = np.linspace(0, RATE / 2, WINDOW // 2 + 1)
    corners = _hertz(np.linspace(0, _mels(RATE / 2), BANDS + 2))
    lower, middle, upper = corners[:-2], corners[1:-1], corners[2:]
    rising = (tones[:, None] - lower) / (middle - lower)
    falling = (upper - tones[:, None]) / (upper - middle)
    return np.maximum(0, np.minimum(rising, falling)) * 2 / (upper - lower)


def _mels(hertz: float) -> float:
    return float(_BEND / _LINEAR + np.log(hertz / _BEND) / _GROWTH)


def _hertz(mels: Doubles) -> Doubles:
    bend = _BEND / _LINEAR
    return np.where(mels < bend, mels * _LINEAR, _BEND * np.exp(_GROWTH * (mels - bend)))
