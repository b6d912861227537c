"""Who waits for jobs in this process."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager


class Waiters:
    """Wakes those who wait when something happened to a job. Only a hint: whoever is woken looks for itself."""

    def __init__(self) -> None:
        self._events: dict[str, set[asyncio.Event]] = {}

    @contextmanager
    def waiting(self, job: str) -> Generator[Callable[[float], Awaitable[None]]]:
        """Gives what waits until something happens to a job, or so many seconds."""
        event = asyncio.Event()
        self._events.setdefault(job, set()).add(event)

        async def woken(seconds: float) -> None:
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
