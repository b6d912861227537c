"""Remembers what was asked, so that tests can look at it."""

import itertools
from collections import deque
from collections.abc import Callable

import msgspec

from genmux.contract.inputs import MediaRequest
from genmux.types.calls import VoiceRequest
from genmux.types.chat import ChatRequest
from genmux.types.embed import EmbedRequest

Kept = ChatRequest | EmbedRequest | MediaRequest | VoiceRequest


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """One request as it reached the model; `number` counts from 1, `at` is the time where the recorder was given a clock."""

    number: int
    model: str
    request: Kept
    at: float | None = None


MOST_BYTES = 64 * 1024 * 1024
"""Of requests that are kept, written as JSON."""


class Recorder:
    """Keeps the last `limit` requests, as far as they are not too large together."""

    def __init__(self, *, limit: int = 1000, clock: Callable[[], float] | None = None) -> None:
        self._kept: deque[Recorded] = deque()
        self._sizes: deque[int] = deque()
        self._limit = limit
        self._size = 0
        self._numbers = itertools.count(1)
        self._clock = clock

    def note(self, model: str, request: Kept) -> int:
        """Keep a request; returns its number."""
        number = next(self._numbers)
        at = self._clock() if self._clock else None
        self._kept.append(Recorded(number=number, model=model, request=request, at=at))
        self._sizes.append(len(msgspec.json.encode(request)))
        self._size += self._sizes[-1]
        while len(self._kept) > self._limit or (self._size > MOST_BYTES and self._kept):
            self._kept.popleft()
            self._size -= self._sizes.popleft()
        return number

    @property
    def requests(self) -> tuple[Recorded, ...]:
        """What is kept, oldest first."""
        return tuple(self._kept)

    def clear(self) -> None:
        """Forget what is kept; numbers go on."""
        self._kept.clear()
        self._sizes.clear()
        self._size = 0
