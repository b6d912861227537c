"""Lets this process hear what was told in the store, by itself or by others on the same one."""

import asyncio
import contextlib
import datetime
import logging
from typing import Protocol

from genmux.services.outbox.box import Outbox
from genmux.services.outbox.tail import Reader, Tail
from genmux.services.ports import Now
from genmux.types.errors import ProviderError
from genmux.types.events import Event, EventFilter, Place

PAUSE = 1.0
"""Seconds before it is read again when the database fails."""

_log = logging.getLogger("genmux.events")


class Hearing(Protocol):
    """Who listens in this process."""

    @property
    def local(self) -> bool:
        """Whether anybody does."""
        ...

    def hand_in(self, event: Event) -> None:
        """Tell everybody of something that was told elsewhere."""
        ...


class Echo:
    """Hands events of the store to whoever listens in this process, as long as somebody does.

    What was heard when it happened is not heard again, and what happened before somebody listened is left out. It lives in
    the event loop that started it; `look` may be called from any thread.
    """

    def __init__(self, hearing: Hearing, tail: Tail, box: Outbox, now: Now) -> None:
        self._hearing = hearing
        self._tail = tail
        self._box = box
        self._now = now
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._place: Place | None = None
        self._since: datetime.datetime | None = None

    async def start(self) -> None:
        """Remember where the store stands now, and listen if anybody does. Raises StoreError."""
        self._loop = asyncio.get_running_loop()
        self._place = await self._tail.store.here()
        self.look()

    def look(self) -> None:
        """Somebody began to listen, or ended."""
        if self._hearing.local and self._since is None:
            self._since = self._now()
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._look)

    async def stop(self) -> None:
        """Hand over what was told until now, and end. May be called again."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        try:
            await self._drain()
        except ProviderError as error:
            _log.warning("the last events cannot be read: %s", error)
        self._loop = None

    def _look(self) -> None:
        if self._hearing.local and self._task is None and self._loop is not None:
            self._task = self._loop.create_task(self._listen(), name="genmux-echo")
        elif not self._hearing.local and self._task is not None:
            self._task.cancel()
            self._task = self._since = None

    async def _listen(self) -> None:
        reader = self._tail.reader(place=self._place)
        try:
            while True:
                await self._read(reader)
        finally:
            reader.close()

    async def _read(self, reader: Reader) -> None:
        try:
            told = await reader.read()
        except ProviderError:  # whoever reads for all has told it
            await asyncio.sleep(PAUSE)
            return
        for one in told:
            self._place = one.place
            self._hand_in(one.event)

    async def _drain(self) -> None:
        while self._place is not None:
            page = await self._tail.store.after(self._place, EventFilter(), 500)
            self._place = page.place if page.told else None
            for one in page.told:
                self._hand_in(one.event)

    def _hand_in(self, event: Event) -> None:
        if not self._box.was_heard(event) and self._since is not None and event.time >= self._since:
            self._hearing.hand_in(event)
