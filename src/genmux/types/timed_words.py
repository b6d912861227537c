"""Words and sentences with their times."""

import msgspec


class Word(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A word, from `start` to `end` in seconds. `confidence` is between 0 and 1."""

    text: str
    start: float
    end: float
    speaker: str | None = None
    confidence: float | None = None


class Segment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A sentence or so, from `start` to `end` in seconds."""

    text: str
    start: float
    end: float
    speaker: str | None = None
