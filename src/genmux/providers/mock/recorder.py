"""Remembers what was asked, so that tests can look at it."""

import itertools
from collections import deque
from collections.abc import Callable

import msgspec

from genmux.types.chat import ChatRequest
from genmux.types.embed import EmbedRequest


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """One request as it reached the model; `number` counts from 1, `at` is the time where the recorder was given a clock."""

    number: int
    model: str
    request: ChatRequest | EmbedRequest
    at: float | None = None


class Recorder:
    """Keeps the last `limit` requests."""

    def __init__(self, *, limit: int = 1000, clock: Callable[[], float] | None = None) -> None:
        self._kept: deque[Recorded] = deque(maxlen=limit)
        self._numbers = itertools.count(1)
        self._clock = clock

    def note(self, model: str, request: ChatRequest | EmbedRequest) -> int:
        """Keep a request; returns its number."""
        number = next(self._numbers)
        at = self._clock() if self._clock else None
        self._kept.append(Recorded(number=number, model=model, request=request, at=at))
        return number

    @property
    def requests(self) -> tuple[Recorded, ...]:
        """What is kept, oldest first."""
        return tuple(self._kept)

    def clear(self) -> None:
        """Forget what is kept; numbers go on."""
        self._kept.clear()
