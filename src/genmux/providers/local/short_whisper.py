"""Whisper that computes no more than was said. Imported where a model is loaded, since it brings its library with it."""

from typing import Any

import faster_whisper
import numpy as np

LEAST, MARGIN = 1_500, 800
"""Frames of 10 ms: that are encoded at least, and of silence after what was said. Whisper learned that speech is followed by
silence, and says things again where there is too little of it: of 90 sounds, some of them from a browser's microphone, the tiny
model repeated itself in 9 with (500, 300), in 2 with (700, 500), in none with (1,000, 800) and more; the base model in 1 of 90
with (1,000, 300)."""


class ShortWhisper(faster_whisper.WhisperModel):
    """Encodes the sound and some silence, where the original fills up each window to 30 seconds.

    For a question of two seconds that is half of the work.
    """

    def encode(self, features: Any) -> Any:
        """What the model makes of a window: bands of a spectrum, in frames. Those that only fill up are zero."""
        return super().encode(np.ascontiguousarray(features[:, : frames_of(features)]))


def frames_of(features: Any) -> int:
    """How many frames of a window are worth encoding; an even number, as Whisper takes two at a time."""
    heard = np.flatnonzero(features.any(axis=0))
    said = int(heard[-1]) + 1 if len(heard) else 0
    frames = max(LEAST, said + MARGIN)
    return min(features.shape[1], frames + frames % 2)
