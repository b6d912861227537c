"""Sounds that are joined while they come: each begins and ends in a few milliseconds of silence."""

import numpy as np

from genmux.types.audio import AudioFormat


class Seams:
    """Samples of 16 bits, sound after sound. The last `seconds` of what came are held back: they may be the end."""

    def __init__(self, made: AudioFormat, seconds: float) -> None:
        self._width = made.sample_bytes
        self._channels = made.channels
        self._size = made.size(seconds * 1_000)
        self._held = b""
        self._begun = False

    def feed(self, data: bytes) -> bytes:
        """What is ready after more of a sound came."""
        self._held += data
        size = self._size
        if not self._begun:
            if len(self._held) < 2 * size:
                return b""
            self._begun = True
            self._held = self._ramped(self._held[:size], rising=True) + self._held[size:]
        keep = size + len(self._held) % self._width
        at = max(0, len(self._held) - keep)
        ready, self._held = self._held[:at], self._held[at:]
        return ready

    def end(self) -> bytes:
        """The end of a sound; what comes next is another one."""
        held, begun = self._held[: len(self._held) // self._width * self._width], self._begun
        self._held, self._begun = b"", False
        if begun:
            return self._ramped(held, rising=False)
        half = len(held) // self._width // 2 * self._width  # shorter than both ramps together
        return self._ramped(held[:half], rising=True) + self._ramped(held[half:], rising=False)

    def _ramped(self, data: bytes, *, rising: bool) -> bytes:
        sound = np.frombuffer(data, np.int16).reshape(-1, self._channels)
        length = len(sound)
        ramp = (0.5 - 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / max(1, length)))[:, None]
        return (sound * (ramp if rising else ramp[::-1])).astype(np.int16).tobytes()
