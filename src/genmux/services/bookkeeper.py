"""Writes what the request path leaves behind, in batches: what was spent, what was used, who asked."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from genmux.services.ports import Batch, Sink
from genmux.types.errors import StoreError

Write = Callable[[Callable[[Any], None]], Awaitable[None]]
"""Does something in one transaction of the store; raises StoreError when the database fails."""

MANY = 2_000
"""So many things waiting are written at once. Each writing costs as much as some hundred of the things that it writes."""

EVERY = 0.2
"""Seconds that anything waits at most."""

PATIENCE = 5.0
"""Seconds for which the database may fail before nothing more is let through that costs money."""

LONGEST_PAUSE = 5.0
"""Seconds between two attempts at most, while the database fails."""

ROUNDS = 1_000
"""So often at most a flush asks for more."""

_log = logging.getLogger("genmux.bookkeeper")


class Bookkeeper:
    """Takes what the sinks have and writes it in one transaction, so that it is all there or nothing is.

    It lives in the event loop that started it; `nudge` and `flush` may be called from anywhere. When the database fails,
    the same batches are written again until that succeeds, with growing pauses. After `patience` seconds `fault` says so.
    """

    def __init__(
        self,
        write: Write,
        monotonic: Callable[[], float],
        *,
        many: int = MANY,
        every: float = EVERY,
        patience: float = PATIENCE,
    ) -> None:
        self._write = write
        self._monotonic = monotonic
        self._many = many
        self._every = every
        self._patience = patience
        self._sinks: tuple[Sink, ...] = ()
        self._left: list[Batch] = []
        self._waiting = 0
        self._armed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._wake = asyncio.Event()
        self._turn = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._failing_since: float | None = None
        self._failure: StoreError | None = None
        self._pause = 0.0

    def add(self, *sinks: Sink) -> None:
        """Take from these too; in the order in which they are given, after those that were given before."""
        self._sinks = (*self._sinks, *sinks)

    def start(self) -> None:
        """Begin in the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._task = asyncio.create_task(self._run(), name="genmux-bookkeeper")

    def nudge(self) -> None:
        """Something waits. It is written soon, at once when there is much."""
        if not self._armed:
            self._armed = True
            self._call(self._arm)
        self._waiting += 1
        if self._waiting == self._many:
            self._call(self._wake.set)

    def fault(self) -> StoreError | None:
        """Why nothing may be let through that costs money; None when all is well."""
        since = self._failing_since
        if since is None or self._monotonic() - since < self._patience:
            return None
        why = self._failure or StoreError()
        return StoreError(
            f"what was spent could not be booked for {self._monotonic() - since:.0f} s: {why.message}",
            reason=why.reason,
        )

    async def flush(self) -> None:
        """Write everything that waits. Raises StoreError when the database fails; it is tried again later then."""
        loop = self._loop
        if loop is None or loop is asyncio.get_running_loop():
            await self._flush()
        else:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._flush(), loop))

    async def stop(self) -> None:
        """Write what waits and end. What cannot be written is given up, and told in the log. May be called again."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        try:
            await self._flush()
        except StoreError as error:
            _log.error("the store fails at the end, and what was spent last is not booked: %s", error.message)
            for batch in self._left:
                batch.undo()
        self._disarm()
        self._loop = None

    # ---------------------------------------------------------------- inside the loop
    def _call(self, do: Callable[[], object]) -> None:
        loop = self._loop
        if loop is None:
            return  # the first flush after the start takes it
        try:
            if threading.get_ident() == self._thread:
                do()  # waking the loop from within would be a system call, at which other threads take the interpreter
            else:
                loop.call_soon_threadsafe(do)
        except RuntimeError:
            return  # the loop has ended, and the bookkeeper with it

    def _arm(self, seconds: float | None = None) -> None:
        if self._timer is None and self._loop is not None:
            self._timer = self._loop.call_later(self._every if seconds is None else seconds, self._wake.set)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _run(self) -> None:
        self._wake.set()
        while True:
            await self._wake.wait()
            try:
                written = await self._flush(rounds=1)
            except StoreError as error:
                _log.warning("the store fails, and what was spent waits: %s", error.message)
                self._pause = min(max(self._every, self._pause * 2), LONGEST_PAUSE)
                self._arm(self._pause)
                continue
            self._pause = 0.0
            if written:
                self._arm()  # a sink may have more than it gives at once

    async def _flush(self, rounds: int = ROUNDS) -> bool:
        """Write what waits, and say whether that was anything."""
        written = False
        async with self._turn:
            for _ in range(rounds):
                self._wake.clear()
                self._disarm()
                self._waiting, self._armed = 0, False  # before taking: who comes later, nudges again
                batches = self._left or [batch for sink in self._sinks if (batch := sink.take()) is not None]
                if not batches:
                    break
                self._left = batches
                await self._write_all(batches)
                written = True
        return written

    async def _write_all(self, batches: Sequence[Batch]) -> None:
        def work(tx: Any) -> None:
            for batch in batches:
                batch.write(tx)

        try:
            await self._write(work)
        except StoreError as error:
            self._fail(error)
            raise
        except Exception:  # noqa: BLE001 — whatever it is, one of them is to blame: find out which
            if len(batches) > 1:
                await self._write_each(batches)
                return
            self._left = []
            _log.error("something cannot be booked: %r", batches[0], exc_info=True)
            batches[0].undo()
            error = StoreError("something cannot be booked; the log says what", reason="failed")
            self._fail(error)
            raise error from None
        self._left = []
        self._failing_since = self._failure = None
        for batch in batches:
            batch.done()

    async def _write_each(self, batches: Sequence[Batch]) -> None:
        """Write each by itself, so that what cannot be written does not keep the others back."""
        failure: StoreError | None = None
        left: list[Batch] = []
        for batch in batches:
            try:
                await self._write_all([batch])
            except StoreError as error:
                failure = error
                left += self._left
        self._left = left
        if failure is not None:
            self._fail(failure)
            raise failure

    def _fail(self, error: StoreError) -> None:
        self._failure = error
        if self._failing_since is None:
            self._failing_since = self._monotonic()
