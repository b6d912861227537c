"""The outbox: what is told in a transaction is told exactly when that is committed, and to other processes too."""

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any

from genmux.services.outbox.ports import EventStore
from genmux.services.ports import NewId, Now
from genmux.types.events import Event

MOST_WAITING = 50_000
"""So many events wait at most for a database that is down."""

BATCH = 1_000
"""So many events are written in one transaction."""

REMEMBERED = 10_000
"""So many ids are remembered of events that this process has heard already, beside those that wait."""

_log = logging.getLogger("genmux.events")


class Outbox:
    """Tells events beyond this process.

    What belongs to something durable is told in its transaction (`tell_in`), and `nudge` says that it was committed. What
    happens on the way of a call is taken (`take_in`) and written later with other things: it is a sink of the bookkeeper,
    which `wake` tells that something waits. `told` is called when there is something new to read.
    """

    def __init__(  # noqa: PLR0913 — each is one who helps
        self,
        store: EventStore,
        *,
        now: Now,
        new_id: NewId,
        wants: Callable[[Event], bool],
        wake: Callable[[], object],
        told: Callable[[], None],
        most: int = MOST_WAITING,
    ) -> None:
        self._store = store
        self._now = now
        self._new_id = new_id
        self._wants = wants
        self._wake = wake
        self._told = told
        self._most = most
        self._waiting: deque[Event] = deque()
        self._gate = Lock()
        self._heard: dict[str, None] = {}
        self.dropped = 0

    def tell_in(  # noqa: PLR0913 — one field of the event each
        self,
        tx: Any,
        type_: str,
        *,
        tenant: str,
        subject: str | None = None,
        provider: str | None = None,
        model: str | None = None,
        key: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Tell something in a transaction that does more."""
        event = Event(
            type=type_,
            time=self._now(),
            id=self._new_id(),
            subject=subject,
            provider=provider,
            model=model,
            data=dict(data or {}),
            tenant=tenant,
            key=key,
        )
        self._store.add_in(tx, (event,))

    def nudge(self) -> None:
        """Something was committed. May be called from any thread."""
        self._told()

    def take_in(self, event: Event) -> None:
        """Take an event that everybody in this process has heard; it is written if anybody else wants it. Neither waits nor fails."""
        if not self._wants(event):
            return
        with self._gate:
            if len(self._waiting) >= self._most:
                self.dropped += 1
                if self.dropped.bit_count() == 1:  # at the first, second, fourth, eighth …
                    _log.error("the store does not take events: %d were not told to others", self.dropped)
                return
            self._waiting.append(event)
            self._heard[event.id] = None
            if len(self._heard) > REMEMBERED + len(self._waiting):
                del self._heard[next(iter(self._heard))]
        self._wake()

    def was_heard(self, event: Event) -> bool:
        """Whether an event that comes back from the store was heard in this process when it happened; asked once for each."""
        with self._gate:
            if event.id not in self._heard:
                return False
            del self._heard[event.id]
            return True

    def take(self) -> "EventBatch | None":
        """What is written next, None when nothing waits."""
        with self._gate:
            events = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
        return EventBatch(self, self._store, events) if events else None

    def give_back(self, events: Sequence[Event]) -> None:
        """Let events wait again that could not be written."""
        with self._gate:
            self._waiting.extendleft(reversed(events))


class EventBatch:
    """Events on their way into the database."""

    def __init__(self, box: Outbox, store: EventStore, events: Sequence[Event]) -> None:
        self._box = box
        self._store = store
        self._events = events

    def write(self, tx: Any) -> None:
        """Write them in this transaction. May be done again after a failure: no event is written twice."""
        self._store.add_in(tx, self._events)

    def done(self) -> None:
        """They are durable: let them be read."""
        self._events = ()
        self._box.nudge()

    def undo(self) -> None:
        """Let them wait again: the transaction failed."""
        self._box.give_back(self._events)
        self._events = ()
