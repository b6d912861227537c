"""Takes one row a request and has them written off the request path."""

import logging
from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Any

from genmux.services.usage.ports import Teller, UsageStore
from genmux.types.usage_record import UsageRecord

MOST_WAITING = 100_000
"""So many rows wait at most for a database that is down: some 100 MB."""

BATCH = 2_000
"""So many rows are written in one transaction."""

SHED = 0.1
"""This part of them is dropped at once when too many wait, so that dropping costs little."""

_log = logging.getLogger("genmux.usage")


class UsageBook:
    """Usage rows that wait to be written; a sink of the bookkeeper. Safe to share between threads.

    `record` only appends: it neither waits nor fails. When the database is down for long, the rows that are worth least are
    dropped: first what cost nothing, then what has no known cost, last what carries money, the oldest first. That is
    counted in `dropped`, logged and told as the event `usage.dropped`. `nudge` tells the bookkeeper that something waits.
    """

    def __init__(
        self,
        store: UsageStore,
        *,
        nudge: Callable[[], object] | None = None,
        teller: Teller | None = None,
        most: int = MOST_WAITING,
        batch: int = BATCH,
    ) -> None:
        self._store = store
        self._nudge = nudge
        self._teller = teller
        self._most = most
        self._batch = batch
        self._waiting: deque[UsageRecord] = deque()
        self._gate = Lock()
        self.dropped = 0

    def __len__(self) -> int:
        """How many rows wait."""
        return len(self._waiting)

    def attach(self, nudge: Callable[[], object]) -> None:
        """Set whom to tell that something waits, once that one exists."""
        self._nudge = nudge

    def record(self, row: UsageRecord) -> None:
        """Take a row. It is written soon, together with others."""
        waiting = self._waiting
        waiting.append(row)
        if len(waiting) > self._most:
            self._shed()
        if self._nudge is not None:
            self._nudge()

    def take(self) -> "UsageBatch | None":
        """What is written next, None when nothing waits."""
        rows: list[UsageRecord] = []
        with self._gate:
            try:
                while len(rows) < self._batch:
                    rows.append(self._waiting.popleft())
            except IndexError:
                pass  # other threads append meanwhile; what they added later is taken the next time
        return UsageBatch(self, self._store, rows) if rows else None

    def give_back(self, rows: list[UsageRecord]) -> None:
        """Let rows wait again that could not be written."""
        self._waiting.extendleft(reversed(rows))
        if len(self._waiting) > self._most:
            self._shed()

    def _shed(self) -> None:
        """Drop the rows that are worth least."""
        with self._gate:
            excess = len(self._waiting) - int(self._most * (1 - SHED))
            if excess <= 0:
                return
            rows = [self._waiting.popleft() for _ in range(len(self._waiting))]
            order = sorted(range(len(rows)), key=lambda place: (_worth(rows[place]), place))
            gone = {*order[:excess]}
            self._waiting.extendleft(reversed([row for place, row in enumerate(rows) if place not in gone]))
            self.dropped += len(gone)
        paid = [row for place, row in enumerate(rows) if place in gone and _worth(row) > 1]
        _log.error(
            "the store does not take usage rows: %d were dropped, %d of them with a cost; %d in all since the start",
            len(gone),
            len(paid),
            self.dropped,
        )
        if self._teller is not None:
            told = {"dropped": len(gone), "with_cost": len(paid), "in_all": self.dropped}
            self._teller.publish("usage.dropped", data=told)


def _worth(row: UsageRecord) -> int:
    """0 for what cost nothing, 1 for what may have cost something, 2 for what carries money."""
    if row.cost is None:
        return 0 if row.status == "refused" else 1
    return 2 if row.cost else 0


class UsageBatch:
    """Rows on their way into the database."""

    def __init__(self, book: UsageBook, store: UsageStore, rows: list[UsageRecord]) -> None:
        self._book = book
        self._store = store
        self.rows = rows

    def write(self, tx: Any) -> None:
        """Write them in this transaction. May be done again after a failure: no row is written twice."""
        self._store.write(tx, self.rows)

    def done(self) -> None:
        """Forget them: they are durable."""
        self.rows = []

    def undo(self) -> None:
        """Let them wait again: the transaction failed."""
        self._book.give_back(self.rows)
        self.rows = []
