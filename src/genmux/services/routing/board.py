"""Remembers how each model has been doing, so that routes can choose."""

from collections.abc import Callable

from genmux.types.errors import ErrorKind, ProviderError

LONGEST_REST = 300.0
"""A model never rests longer than so many seconds, unless its provider said so."""

REMEMBERED = 1_024
"""So many models are remembered at most."""

_SHARE = 0.2
"""How much the newest answer counts in the mean of a model's latency."""

_OF_THE_PROVIDER = frozenset({
    ErrorKind.NETWORK, ErrorKind.OVERLOADED, ErrorKind.RATE_LIMIT, ErrorKind.SERVER, ErrorKind.TIMEOUT,
    ErrorKind.MALFORMED_REPLY,
})  # fmt: skip
"""Failures that tell something about the model, not about what was asked of it."""


class _Mark:
    """How one model has been doing."""

    __slots__ = ("failures", "latency", "rests", "until")

    def __init__(self) -> None:
        self.latency: float | None = None
        self.failures = 0
        self.rests = 0
        self.until = 0.0


class Board:
    """Latencies, failures and rests by model. `clock` gives seconds that never go backwards."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._marks: dict[str, _Mark] = {}

    def answered(self, model: str, seconds: float) -> None:
        """A model began to answer after so many seconds."""
        mark = self._mark(model)
        mark.latency = seconds if mark.latency is None else mark.latency + _SHARE * (seconds - mark.latency)
        mark.failures = mark.rests = 0
        mark.until = 0.0

    def failed(self, model: str, error: ProviderError, *, failures: int, rest: float) -> None:
        """A model failed. After `failures` in a row it rests for `rest` seconds, and twice as long each time again."""
        if error.kind not in _OF_THE_PROVIDER:
            return
        mark = self._mark(model)
        mark.failures += 1
        told = error.retry_after or 0.0
        if mark.failures >= failures:
            told = max(told, min(LONGEST_REST, rest * 2**mark.rests))
            mark.rests = min(mark.rests + 1, 16)
            mark.failures = failures - 1  # when its rest is over, one more failure is enough
        if told:
            mark.until = max(mark.until, self._clock() + told)

    def rest(self, model: str) -> float:
        """How many seconds a model still rests; 0 when it can be asked."""
        mark = self._marks.get(model)
        return 0.0 if mark is None else max(0.0, mark.until - self._clock())

    def wake(self, model: str) -> None:
        """A health check found that a model's provider is up: ask it again."""
        mark = self._marks.get(model)
        if mark is not None:
            mark.until = 0.0

    def latency(self, model: str) -> float | None:
        """The mean of seconds until a model began to answer, the newest ones first; None before the first."""
        mark = self._marks.get(model)
        return None if mark is None else mark.latency

    def resting(self) -> tuple[str, ...]:
        """The models that rest now."""
        return tuple(model for model in self._marks if self.rest(model))

    def _mark(self, model: str) -> _Mark:
        mark = self._marks.get(model)
        if mark is None:
            if len(self._marks) >= REMEMBERED:
                del self._marks[next(iter(self._marks))]
            mark = self._marks[model] = _Mark()
        return mark
