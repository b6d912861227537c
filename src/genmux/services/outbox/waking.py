"""Waiting until somebody says that there is something to do, or until it is time to look anyway."""

import asyncio
import contextlib
import threading


class Bell:
    """Rung from any thread, heard in the event loop that made it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """There is something to do."""
        if threading.get_ident() == self._thread:
            self._rung.set()
        elif not self._rung.is_set():
            with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody waits in it
                self._loop.call_soon_threadsafe(self._rung.set)

    async def heard(self, seconds: float | None) -> bool:
        """Wait until it is rung, or so many seconds; whether it was. What was done until now counts as done."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):  # `wait_for` of Python 3.11 may lose a cancellation
                await self._rung.wait()
        rung = self._rung.is_set()
        self._rung.clear()
        return rung
