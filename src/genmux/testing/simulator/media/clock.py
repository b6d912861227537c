"""The simulator's time: it runs like any other, and can be put forward, so that tests wait for nothing."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager


class Clock:
    """Unix time in seconds, with what is to be done at a time."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._held: float | None = None
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    def now(self) -> float:
        """What time it is for the jobs."""
        return time.time() + self._ahead if self._held is None else self._held

    @contextmanager
    def held(self) -> Generator[None]:
        """Let no time pass for the jobs until the end of the block."""
        self._held = self.now()
        try:
            yield
        finally:
            self._held = None

    def wall(self) -> float:
        """What time it is for everybody else: signatures are stamped with it."""
        return time.time()

    def at(self, when: float, do: Callable[[], object]) -> None:
        """Do something when that time has come; at `inf` never."""
        if when < float("inf"):
            heapq.heappush(self._due, (when, next(self._numbers), do))
            self._arm()

    def advance(self, seconds: float) -> None:
        """Put the clock forward; what became due is done at once."""
        self._ahead += seconds
        self._strike()

    def stop(self) -> None:
        """Do nothing any more."""
        self._due.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _strike(self) -> None:
        now = self.now()
        while self._due and self._due[0][0] <= now:
            heapq.heappop(self._due)[2]()
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._due:
            wait = max(0.0, self._due[0][0] - self.now())
            self._timer = asyncio.get_running_loop().call_later(wait, self._strike)
