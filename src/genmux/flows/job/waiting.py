"""Who waits for jobs in this process."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager

from genmux.contract.jobs import PartialOutput

MOST_SHOWN = 16
"""So many unfinished pictures wait for somebody who looks at them; then the oldest goes."""


class Waiters:
    """Wakes those who wait when something happened to a job. Only a hint: whoever is woken looks for itself."""

    def __init__(self) -> None:
        self._events: dict[str, set[asyncio.Event]] = {}
        self._lookers: dict[str, list[deque[PartialOutput]]] = {}

    @contextmanager
    def waiting(self, job: str) -> Generator[Callable[[float], Awaitable[None]]]:
        """Gives what waits until something happens to a job, or so many seconds."""
        event = asyncio.Event()
        self._events.setdefault(job, set()).add(event)

        async def woken(seconds: float) -> None:
            """Wait."""
            try:
                async with asyncio.timeout(seconds):
                    await event.wait()
            except TimeoutError:
                return

        try:
            yield woken
        finally:
            others = self._events[job]
            others.discard(event)
            if not others:
                del self._events[job]

    def wake(self, job: str) -> None:
        """Something happened to a job."""
        for event in self._events.get(job, ()):
            event.set()

    @contextmanager
    def looking(self, job: str) -> Generator[deque[PartialOutput]]:
        """Gives a queue into which come the unfinished pictures of a job that this process makes."""
        shown: deque[PartialOutput] = deque(maxlen=MOST_SHOWN)
        self._lookers.setdefault(job, []).append(shown)
        try:
            yield shown
        finally:
            others = self._lookers[job]
            others[:] = [one for one in others if one is not shown]
            if not others:
                del self._lookers[job]

    def show(self, job: str, partial: PartialOutput) -> None:
        """There is an unfinished picture of a job; who looks sees it, and nobody keeps it."""
        lookers = self._lookers.get(job, ())
        for shown in lookers:
            shown.append(partial)
        if lookers:
            self.wake(job)
