"""Events on their way to whoever listens: an interruption overtakes sound, and makes it void."""

import asyncio
from collections import deque
from collections.abc import Iterable

from genmux.types.realtime_events import AudioChunk, RealtimeEvent

MOST = 4_096
"""So many events may wait; beyond that the connection is not read on."""


class Mailbox:
    """A queue with one reader. `close` lets the reader end after what is there."""

    def __init__(self) -> None:
        self._events: deque[RealtimeEvent] = deque()
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._closed = False

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._events

    def put(self, event: RealtimeEvent) -> None:
        """Add one at the end."""
        self._events.append(event)
        self._arrived.set()
        if len(self._events) >= MOST:
            self._room.clear()

    def overtake(self, event: RealtimeEvent, void: Iterable[str | None]) -> int:
        """Put one before everything that waits, and throw away the sound of these answers; gives how many pieces of it."""
        gone = {one for one in void if one is not None}
        kept = [one for one in self._events if not (isinstance(one, AudioChunk) and one.response_id in gone)]
        dropped = len(self._events) - len(kept)
        self._events = deque([event, *kept])
        self._arrived.set()
        return dropped

    async def has_room(self) -> None:
        """Wait until less is waiting."""
        await self._room.wait()

    def close(self) -> None:
        """Nothing follows."""
        self._closed = True
        self._arrived.set()
        self._room.set()

    async def get(self) -> RealtimeEvent | None:
        """The next one; None after the last."""
        while not self._events:
            if self._closed:
                return None
            self._arrived.clear()
            await self._arrived.wait()
        event = self._events.popleft()
        if len(self._events) < MOST // 2:
            self._room.set()
        return event
