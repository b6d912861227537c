"""Hears when somebody speaks. Time is counted in the sound itself, so that no clock is needed."""

from typing import Literal

import msgspec

from genmux.providers.mock.live.tone import PIECE_MS, is_loud
from genmux.types.audio import AudioFormat

SILENCE_MS = 500
"""So much silence ends a turn where nobody says otherwise, as with OpenAI."""


class Noticed(msgspec.Struct, frozen=True):
    """Somebody begins or ceases to speak, `at_ms` after the beginning of all sound."""

    kind: Literal["started", "stopped"]
    at_ms: int


class LoudnessEars:
    """Whatever is not silence is speech. Listens in windows of 20 ms, of which `heard_ms` were heard."""

    def __init__(self, made: AudioFormat, silence_ms: int | None) -> None:
        self._window = made.size(PIECE_MS)
        self._silence = SILENCE_MS if silence_ms is None else silence_ms
        self._rest = bytearray()
        self.heard_ms = 0
        self._loud_until = 0
        self.speaks = False

    def feed(self, data: bytes) -> list[Noticed]:
        """Hear more."""
        self._rest += data
        noticed: list[Noticed] = []
        while len(self._rest) >= self._window:
            window = bytes(self._rest[: self._window])
            del self._rest[: self._window]
            self._listen(window, noticed)
        return noticed

    def reset(self) -> None:
        """The turn is over, whatever comes."""
        self.speaks = False

    def _listen(self, window: bytes, noticed: list[Noticed]) -> None:
        begun = self.heard_ms
        self.heard_ms += PIECE_MS
        if is_loud(window):
            self._loud_until = self.heard_ms
            if not self.speaks:
                self.speaks = True
                noticed.append(Noticed("started", begun))
        elif self.speaks and self.heard_ms - self._loud_until >= self._silence:
            self.speaks = False
            noticed.append(Noticed("stopped", self._loud_until))
