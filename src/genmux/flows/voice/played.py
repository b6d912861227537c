"""A connection whose other side is played in this process: what happens later is kept until its time has come."""

import asyncio
import heapq
import itertools
from collections.abc import Callable, Sequence

from genmux.contract.cascades import Peer, Timed
from genmux.contract.sessions import Goodbye
from genmux.types.realtime import Command
from genmux.types.realtime_events import RealtimeEvent
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning


class PlayedLink:
    """Plays one peer. `clock` gives seconds; events come no earlier than their time."""

    def __init__(self, peer: Peer, clock: Callable[[], float], *, warnings: tuple[Warning, ...] = ()) -> None:
        self.capabilities = peer.capabilities
        self.input = peer.input
        self.output = peer.output
        self.goodbye = Goodbye(reconnect=False)
        self.warnings = warnings
        self._peer = peer
        self._clock = clock
        self._begun = clock()
        self._due: list[tuple[float, int, Timed]] = []
        self._numbers = itertools.count()
        self._changed = asyncio.Event()
        self._over = False
        self.ended_by: str | None = None

    async def begin(self) -> None:
        """What comes first."""
        self._take(self._peer.begin())

    async def send(self, command: Command) -> None:
        """Let the other side hear it."""
        self._take(self._peer.hear(command, (self._clock() - self._begun) * 1_000))

    async def receive(self) -> Sequence[RealtimeEvent] | None:
        """What is due."""
        while not self._over:
            ready = self._ready()
            if ready is None:
                self._over = True
                break
            if ready:
                return ready
            self._changed.clear()
            wait = self._due[0][0] - self._clock() if self._due else None
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                continue
        return None

    async def close(self, reason: str = "") -> None:
        """End it."""
        self._over, self.ended_by = True, reason
        self._due.clear()
        self._changed.set()

    def _take(self, timed: Sequence[Timed]) -> None:
        now = self._clock()
        for one in timed:
            if one.withdraws is not None:
                self._due = [  # what is due already has come
                    due
                    for due in self._due
                    if due[0] <= now or due[2].event is None or due[2].event.response_id != one.withdraws
                ]
                heapq.heapify(self._due)
            if one.event is not None or one.ends:
                heapq.heappush(self._due, (now + one.after_ms / 1_000, next(self._numbers), one))
        self._changed.set()

    def _ready(self) -> list[RealtimeEvent] | None:
        """What is due now; None when the other side has hung up."""
        now, ready = self._clock(), list[RealtimeEvent]()
        while self._due and self._due[0][0] <= now:
            if self._due[0][2].ends:
                if not ready:
                    return None
                break
            event = heapq.heappop(self._due)[2].event
            if event is not None:
                ready.append(event)
        return ready
