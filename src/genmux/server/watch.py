"""Notices that a caller has gone, and ends the work that is done for it."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from types import TracebackType
from typing import Any, Self

from genmux.engine.deadlines import AlarmClock

GRACE = 0.05
"""So many seconds a request may take before anybody looks whether its caller is still there: most are done by then, and
a look costs a task."""


class Watch:
    """While in `with`, cancels the current task when the caller goes away, and swallows that cancellation.

    `gone` tells that it did. `stop` before the last bytes are sent: an answer that is complete is never cut off.
    """

    __slots__ = ("_before", "_clock", "_receive", "_task", "_watcher", "gone", "when")

    def __init__(self, receive: Callable[[], Awaitable[MutableMapping[str, Any]]], clock: AlarmClock) -> None:
        self._receive = receive
        self._clock = clock
        self._task: asyncio.Task[Any] | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._before = 0
        self.gone = False
        self.when = 0.0

    def ring(self) -> None:
        """The work takes long enough to be worth a look."""
        if self._task is not None:
            self._watcher = self._clock.loop.create_task(self._until_gone(), name="is the caller still there?")

    def stop(self) -> None:
        """Do not cancel any more. May be called again."""
        self._task = None
        self._clock.drop(self)
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.cancel()

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if self._task is not None:
            self.gone = True
            self._task.cancel()

    def __enter__(self) -> Self:
        self._task = task = asyncio.current_task()
        self._before = 0 if task is None else task.cancelling()
        self.when = self._clock.loop.time() + GRACE
        self._clock.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        task = asyncio.current_task()
        self.stop()
        if not self.gone or task is None:
            return False
        ours = task.uncancel() <= self._before  # otherwise the gateway stops as well
        return ours and kind is asyncio.CancelledError
