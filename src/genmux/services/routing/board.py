"""Remembers how each model has been doing, so that routes can choose.

A model that fails several times in a row rests. When its rest is over, one request at a time tries it: an answer ends the
matter, a failure makes it rest twice as long. A model whose provider told when to come back rests until then.
"""

import math
from collections.abc import Callable
from typing import Literal

from genmux.types.errors import ErrorKind, ProviderError

LONGEST_REST = 300.0
"""A model never rests longer than so many seconds, unless its provider said so."""

LONGEST_TOLD = 3_600.0
"""A provider's own `retry-after` is believed up to so many seconds."""

REMEMBERED = 1_024
"""So many models are remembered at most."""

STALE = 600.0
"""A latency is measured again after so many seconds: who was slow once may be quick by now."""

PATIENCE = 30.0
"""So many seconds others keep to an old latency while one request measures it again."""

TRIED = 0.001
"""How long a model rests, in seconds, that one request tries at the moment: nobody knows, but it is nearly there."""

_SHARE = 0.2
"""How much the newest answer counts in the mean of a model's latency."""

_MOST_RESTS = 16

_OF_THE_PROVIDER = frozenset({
    ErrorKind.NETWORK, ErrorKind.OVERLOADED, ErrorKind.RATE_LIMIT, ErrorKind.SERVER, ErrorKind.TIMEOUT,
    ErrorKind.MALFORMED_REPLY, ErrorKind.AUTHENTICATION, ErrorKind.PERMISSION, ErrorKind.QUOTA_EXCEEDED,
    ErrorKind.NOT_FOUND,
})  # fmt: skip
"""Failures that tell something about the model, its provider or our account there, not about what was asked."""

Turn = Literal["free", "trial", "rest"]
"""Whether a model can be asked: `free`, as the one request that tries whether it is back (`trial`), or not yet (`rest`)."""


class _Mark:
    """How one model has been doing; times are those of the clock, 0 for never."""

    __slots__ = ("asked", "failures", "latency", "measured", "rests", "told", "trial", "until")

    def __init__(self) -> None:
        self.latency: float | None = None
        self.measured = 0.0
        self.asked = 0.0
        self.failures = 0
        self.rests = 0
        self.until = 0.0
        self.told = 0.0
        self.trial = False

    @property
    def broken(self) -> bool:
        """Whether it failed too often, or told us to wait, and has not answered since."""
        return bool(self.rests or self.told)


class Board:
    """Latencies, failures and rests by model. `clock` gives seconds that never go backwards."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._marks: dict[str, _Mark] = {}

    def begin(self, model: str) -> Turn:
        """A model is about to be asked. A `trial` ends with `answered`, `failed` or `over`."""
        mark = self._marks.get(model)
        if mark is None:
            return "free"
        now = mark.asked = self._clock()
        if not mark.broken:
            return "free"
        if mark.trial or now < max(mark.until, mark.told):
            return "rest"
        mark.trial = True
        return "trial"

    def answered(self, model: str, seconds: float) -> None:
        """A model began to answer after so many seconds."""
        mark = self._measure(model, seconds)
        mark.failures = mark.rests = 0
        mark.until = mark.told = 0.0
        mark.trial = False

    def failed(self, model: str, error: ProviderError, *, failures: int, rest: float) -> None:
        """A model failed. After `failures` in a row it rests for `rest` seconds, and twice as long each time again.

        What fails while it rests was asked before, and makes no rest longer.
        """
        if error.kind not in _OF_THE_PROVIDER:
            return
        mark, now = self._mark(model), self._clock()
        resting = now < max(mark.until, mark.told)
        mark.trial = False
        told = error.retry_after or 0.0
        if told > 0 and math.isfinite(told):
            mark.told = max(mark.told, now + min(told, LONGEST_TOLD))
        if resting:
            return
        mark.failures += 1
        if mark.rests or mark.failures >= failures:
            mark.until = now + min(LONGEST_REST, rest * 2**mark.rests)
            mark.rests = min(mark.rests + 1, _MOST_RESTS)

    def outpaced(self, model: str, seconds: float) -> None:
        """A model had not begun to answer after so many seconds, when another one had: it takes at least so long."""
        mark = self._marks.get(model)
        if mark is None or mark.latency is None or seconds > mark.latency:
            self._measure(model, seconds)

    def over(self, model: str) -> None:
        """A trial ended without telling anything about the model: the next request tries it."""
        mark = self._marks.get(model)
        if mark is not None:
            mark.trial = False

    def rest(self, model: str) -> float:
        """How many seconds a model still rests; 0 when it can be asked."""
        mark = self._marks.get(model)
        if mark is None or not mark.broken:
            return 0.0
        left = max(mark.until, mark.told) - self._clock()
        return max(left, TRIED) if mark.trial else max(left, 0.0)

    def wake(self, model: str) -> None:
        """A health check found that a model's provider is up: try it now, unless the provider told when."""
        mark = self._marks.get(model)
        if mark is not None and mark.rests:
            mark.until = min(mark.until, self._clock())

    def latency(self, model: str) -> float | None:
        """The mean of seconds until a model began to answer, the newest counting most; None when it is to be measured."""
        mark = self._marks.get(model)
        if mark is None or mark.latency is None:
            return None
        now = self._clock()
        stale = now - mark.measured > STALE and now - mark.asked > PATIENCE
        return None if stale else mark.latency

    def resting(self) -> tuple[str, ...]:
        """The models that rest now after failures, but for those whose provider told when to come back."""
        now = self._clock()
        return tuple(model for model, mark in self._marks.items() if now < mark.until and now >= mark.told)

    def _measure(self, model: str, seconds: float) -> _Mark:
        mark = self._mark(model)
        mark.latency = seconds if mark.latency is None else mark.latency + _SHARE * (seconds - mark.latency)
        mark.measured = self._clock()
        return mark

    def _mark(self, model: str) -> _Mark:
        mark = self._marks.get(model)
        if mark is None:
            if len(self._marks) >= REMEMBERED:
                del self._marks[next(iter(self._marks))]
            mark = self._marks[model] = _Mark()
        return mark
