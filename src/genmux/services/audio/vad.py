"""When somebody speaks, found out of how likely each moment is speech. Knows no model, no sound and no clock.

Time is counted in frames of 32 ms, in which whoever listens tells the likelihood.
"""

from collections.abc import Iterator
from enum import Enum
from typing import Literal

import msgspec

RATE = 16_000
FRAME = 512
"""Samples of a frame."""

FRAME_MS = FRAME * 1_000 / RATE

VadKind = Literal["suspected", "dismissed", "began", "paused", "resumed", "ended"]
"""`suspected`: something may be speech; `dismissed`: it was none, or `began`: it is. `paused`: it is silent, for how long nobody
knows; `resumed`: not long, or `ended`: long enough."""


class VadSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How soon speech begins and ends.

    A frame that is at least `threshold` likely is speech, one below `release` is silence; what is between them is what was
    before. One that is at least `suspicion` likely may be the beginning of speech, whose first sounds are soft. Speech of less
    than `speech_ms` is a noise. After `pause_ms` of silence it pauses, after `silence_ms` it ends. `pad_ms` before and after it
    belong to it.
    """

    threshold: float = 0.5
    release: float = 0.35
    suspicion: float = 0.2
    speech_ms: float = 250
    pause_ms: float = 100
    silence_ms: float = 400
    pad_ms: float = 100


class VadEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something happened. All times are milliseconds since the beginning.

    `at_ms` is when it was known, `start_ms` when the speech began and `end_ms` when it ended, with their pads.
    """

    kind: VadKind
    at_ms: float
    start_ms: float
    end_ms: float | None = None


class _State(Enum):
    QUIET = 1
    SUSPECTED = 2
    SPEAKING = 3
    PAUSED = 4


class SpeechGate:
    """Is told the likelihood of speech, frame by frame, and tells when it begins, pauses and ends."""

    def __init__(self, settings: VadSettings | None = None) -> None:
        self.settings = settings or VadSettings()
        self._state = _State.QUIET
        self._frames = 0
        self._voiced = 0
        self._silent = 0
        self._unlikely = 0
        self._start = 0.0
        self._before = 0.0
        self._loud = False

    @property
    def is_speaking(self) -> bool:
        """Whether speech has begun and not ended; a pause is a part of it."""
        return self._state in (_State.SPEAKING, _State.PAUSED)

    @property
    def now_ms(self) -> float:
        """How much was heard."""
        return self._frames * FRAME_MS

    def feed(self, likelihood: float) -> Iterator[VadEvent]:
        """What one more frame changes."""
        limit = self.settings.release if self._loud else self.settings.threshold
        self._loud = likelihood >= limit
        self._frames += 1
        self._silent = 0 if self._loud else self._silent + 1
        self._unlikely = 0 if likelihood >= min(limit, self.settings.suspicion) else self._unlikely + 1
        if self._state in (_State.QUIET, _State.SUSPECTED):
            yield from self._quiet()
        else:
            yield from self._speaking()

    def close(self) -> Iterator[VadEvent]:
        """The sound is over: what was spoken ends."""
        if self.is_speaking:
            yield self._end()
        elif self._state is _State.SUSPECTED:
            self._state = _State.QUIET
            yield self._event("dismissed")

    def _quiet(self) -> Iterator[VadEvent]:
        if self._unlikely == 0 and self._state is _State.QUIET:
            self._state, self._voiced = _State.SUSPECTED, 0
            self._start = max(self._before, self.now_ms - FRAME_MS - self.settings.pad_ms)
            yield self._event("suspected")
        if self._state is _State.QUIET:
            return
        self._voiced += self._loud
        if self._voiced * FRAME_MS >= self.settings.speech_ms:
            self._state = _State.SPEAKING
            yield self._event("began")
        elif self._unlikely * FRAME_MS >= self.settings.pause_ms:
            self._state = _State.QUIET
            yield self._event("dismissed")

    def _speaking(self) -> Iterator[VadEvent]:
        if self._loud:
            if self._state is _State.PAUSED:
                self._state = _State.SPEAKING
                yield self._event("resumed")
            return
        if self._state is _State.SPEAKING and self._silent_ms >= self.settings.pause_ms:
            self._state = _State.PAUSED
            yield self._event("paused", end=True)
        if self._silent_ms >= self.settings.silence_ms:
            yield self._end()

    def _end(self) -> VadEvent:
        ended = self._event("ended", end=True)
        self._state, self._before = _State.QUIET, ended.end_ms or 0.0
        return ended

    @property
    def _silent_ms(self) -> float:
        return self._silent * FRAME_MS

    def _event(self, kind: VadKind, *, end: bool = False) -> VadEvent:
        last = min(self.now_ms, self.now_ms - self._silent_ms + self.settings.pad_ms)
        return VadEvent(kind=kind, at_ms=self.now_ms, start_ms=self._start, end_ms=last if end else None)
