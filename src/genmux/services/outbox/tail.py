"""What was told lately, read once for everybody in this process who reads along."""

import asyncio
import bisect
import logging
from collections.abc import Callable

from genmux.services.outbox.ports import EventStore
from genmux.services.outbox.waking import Bell
from genmux.types.errors import ProviderError
from genmux.types.events import BEGINNING, EventFilter, Place, Told

PAGE = 500
"""So many events are read at once."""

KEPT = 2_000
"""So many of the latest stay in memory; who is further behind asks the database."""

LOOK = 2.0
"""Seconds after which it is looked without being told, where other processes write: a hint can be lost."""

FIRST_PAUSE = 0.02
LONGEST_PAUSE = 0.5
"""Seconds before it is looked again when there is something that cannot be read yet, or the database fails."""

EVERYTHING = EventFilter()

_log = logging.getLogger("genmux.events")


class Tail:
    """Reads new events as long as anybody reads along; `run` does it, and `bell` wakes it."""

    def __init__(self, store: EventStore, bell: Bell) -> None:
        self.store = store
        self.bell = bell
        self._readers: set[Reader] = set()
        self._kept: list[Told] = []
        self._from = self._place = BEGINNING
        self._live = False
        self._beginning = asyncio.Lock()

    @property
    def readers(self) -> int:
        """How many read along."""
        return len(self._readers)

    def reader(self, which: EventFilter = EVERYTHING, place: Place | None = None) -> "Reader":
        """Begin to read what is told from now on, or behind a place."""
        reader = Reader(self, which, place, self._readers.discard)
        self._readers.add(reader)
        return reader

    def since(self, place: Place) -> list[Told] | None:
        """The latest events behind a place; None when they are not all here."""
        if not self._live or place < self._from:
            return None
        return self._kept[bisect.bisect_right(self._kept, place, key=_place_of) :]

    @property
    def place(self) -> Place:
        """How far was read."""
        return self._place

    async def begin(self) -> None:
        """Read along from here. Raises StoreError."""
        async with self._beginning:
            if not self._live:
                self._from = self._place = await self.store.here()
                self._kept = []
                self._live = True
                self.bell.ring()

    async def run(self) -> None:
        """Read what is new, until cancelled."""
        pause = 0.0
        while True:
            await self.bell.heard(pause or (LOOK if self.store.shared and self._readers else None))
            if not self._readers:
                self._live = False
                pause = 0.0
                continue
            try:
                await self.begin()
                held = await self._read()
            except ProviderError as error:
                if pause < LONGEST_PAUSE:
                    _log.warning("events cannot be read at the moment: %s", error)
                pause = LONGEST_PAUSE
            else:
                pause = min(max(FIRST_PAUSE, pause * 2), LONGEST_PAUSE) if held else 0.0

    async def _read(self) -> bool:
        """Read all that can be read; whether there is something that cannot be read yet."""
        while True:
            page = await self.store.after(self._place, EVERYTHING, PAGE)
            self._place = page.place
            if page.told:
                self._kept += page.told
                if (more := len(self._kept) - KEPT) > 0:
                    self._from = self._kept[more - 1].place
                    del self._kept[:more]
                for reader in self._readers:
                    reader.wake()
            if len(page.told) < PAGE:
                return page.held


class Reader:
    """Reads along. `close` when that is enough."""

    def __init__(self, tail: Tail, which: EventFilter, place: Place | None, left: "Callable[[Reader], None]") -> None:
        self._tail = tail
        self._which = which
        self._place = place
        self._behind = place is not None
        self._left = left
        self._news = asyncio.Event()
        self._closed = False

    async def ready(self) -> None:
        """From when this returns, nothing is missed. Raises StoreError."""
        await self._tail.begin()
        if self._place is None:
            self._place = self._tail.place

    async def read(self) -> list[Told]:
        """The next events that are meant; waits for them. None at all once it is closed. Raises StoreError."""
        await self.ready()
        while not self._closed:
            self._news.clear()
            if found := await self._look():
                return found
            await self._news.wait()
        return []

    async def _look(self) -> list[Told]:
        place = self._place or BEGINNING
        known = None if self._behind else self._tail.since(place)
        if known is None:
            page = await self._tail.store.after(place, self._which, PAGE)
            self._place = page.place
            self._behind = len(page.told) == PAGE
            return [*page.told]
        if known:
            self._place = known[-1].place
        return [one for one in known if self._which.fits(one.event)]

    def wake(self) -> None:
        """There is something new."""
        self._news.set()

    def close(self) -> None:
        """Read no more; whoever waits in `read` is told."""
        self._closed = True
        self._news.set()
        self._left(self)


def _place_of(told: Told) -> Place:
    return told.place
