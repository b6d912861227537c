"""What happened, page by page or as it happens."""

import asyncio
import contextlib

import msgspec

from genmux.services.outbox.interest import Interest
from genmux.services.outbox.ports import EventStore, ListenerStore
from genmux.services.outbox.tail import Reader, Tail
from genmux.services.ports import NewId
from genmux.types.errors import InvalidRequestError, OverloadedError, ProviderError
from genmux.types.events import BEGINNING, EventFilter, Place, Told

MOST_LISTED = 500

MOST_READERS = 1_000
"""So many may follow in one process."""

LIFETIME = 45.0
"""Seconds for which others believe that somebody follows; said again at every beat."""

BEAT = 15.0
"""Seconds of silence after which whoever follows hears that the stream still stands."""

_LARGEST = 2**63


class StoryPage(msgspec.Struct, frozen=True):
    """Events, the oldest first, and the place from which to go on."""

    told: tuple[Told, ...]
    place: Place


class Stories:
    """Shows events of the store: for as long as they are kept, in the order in which they were told."""

    def __init__(
        self,
        store: EventStore,
        listeners: ListenerStore,
        tail: Tail,
        interest: Interest,
        *,
        new_id: NewId,
    ) -> None:
        self._store = store
        self._listeners = listeners
        self._tail = tail
        self._interest = interest
        self._new_id = new_id
        self._followers: set[Following] = set()
        self._leaving: set[asyncio.Task[None]] = set()

    async def page(self, which: EventFilter, place: Place = BEGINNING, *, limit: int = 100) -> StoryPage:
        """The first events behind a place. Raises InvalidRequestError, StoreError."""
        if not 1 <= limit <= MOST_LISTED:
            message = f"`limit` is {limit}; it must be 1 to {MOST_LISTED}"
            raise InvalidRequestError(message, param="limit")
        page = await self._store.after(place, which, limit)
        return StoryPage(page.told, page.told[-1].place if page.told else place)

    async def follow(self, which: EventFilter, place: Place | None = None) -> "Following":
        """What is told from now on, or behind a place; to be closed. Raises OverloadedError, StoreError.

        As long as somebody follows, all processes write down what he wants to hear: also calls, which nobody keeps else.
        """
        if len(self._followers) >= MOST_READERS:
            message = f"{MOST_READERS} follow the events of this gateway already; try again later"
            raise OverloadedError(message, status=503, retry_after=10.0)
        following = Following(self, self._tail.reader(which, place), which, self._new_id())
        self._followers.add(following)
        try:
            await following.begin()
        except BaseException:
            following.close()
            raise
        return following

    def close(self) -> None:
        """End everything that follows: the process ends."""
        for one in [*self._followers]:
            one.close()

    async def come(self, name: str, which: EventFilter) -> None:
        """Somebody follows, or still does."""
        self._interest.come(name, which)
        if self._store.shared:
            await self._listeners.say(name, which, LIFETIME)

    def leave(self, following: "Following", name: str) -> None:
        """Somebody follows no more."""
        self._followers.discard(following)
        self._interest.go(name)
        if self._store.shared:
            task = asyncio.ensure_future(self._forget(name))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def _forget(self, name: str) -> None:
        """Let other processes know that somebody left; else they believe it for a while that he did not."""
        with contextlib.suppress(ProviderError):
            await self._listeners.leave(name)

    async def aclose(self) -> None:
        """End everything that follows, and let others know. May be called again."""
        self.close()
        await asyncio.gather(*self._leaving, return_exceptions=True)


class Following:
    """One who follows."""

    def __init__(self, stories: Stories, reader: Reader, which: EventFilter, name: str) -> None:
        self._stories = stories
        self._reader = reader
        self._which = which
        self._name = name
        self._reading: asyncio.Task[list[Told]] | None = None
        self.closed = False

    async def begin(self) -> None:
        """From when this returns, nothing is missed."""
        await self._stories.come(self._name, self._which)
        await self._reader.ready()

    async def read(self, seconds: float = BEAT) -> list[Told]:
        """The next events; none after so many seconds of silence, and none when it was closed. Raises StoreError."""
        if self.closed:
            return []
        reading = self._reading or asyncio.ensure_future(self._reader.read())
        self._reading = reading
        await asyncio.wait([reading], timeout=seconds)
        if not reading.done():
            with contextlib.suppress(ProviderError):  # whoever reads goes on; what others write is missed at worst
                await self._stories.come(self._name, self._which)
        if not reading.done():
            return []
        self._reading = None
        return reading.result()

    def close(self) -> None:
        """Follow no more. May be called again."""
        if self.closed:
            return
        self.closed = True
        self._reader.close()  # which ends a read that waits
        self._stories.leave(self, self._name)


def read_place(text: str) -> Place:
    """A place as it was told. Raises InvalidRequestError for what was none."""
    xact, dash, seq = text.strip().partition("-")
    if not dash:
        xact, seq = "0", xact
    if all(part.isascii() and part.isdigit() and len(part) <= 19 for part in (xact, seq)):
        place = Place(int(xact), int(seq))
        if max(place) < _LARGEST:
            return place
    message = f"the place {text[:40]!r} is none; give the `id` of the last event that you have, or 0 for the beginning"
    raise InvalidRequestError(message, param="cursor")
