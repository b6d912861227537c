"""The events themselves: written in anybody's transaction, read so that none is ever skipped.

On PostgreSQL a lower number may be committed after a higher one. So each event has the number of its transaction, and only
those below the oldest transaction that still runs are read: behind what was read, nothing can appear any more before it.
A transaction that runs for long, of whomever on the same server, therefore holds events up, and loses none.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Text, cast, exists, func, literal, or_, select, tuple_
from sqlalchemy.dialects import postgresql

from genmux.store.database import Database, Tx
from genmux.store.events.rows import event_values, told_of
from genmux.store.events.tables import events
from genmux.store.sqlite.prepared import Prepared
from genmux.types.events import ALL_TENANTS, NOBODYS, Event, EventFilter, EventPage, Place

LAST = 2**63 - 1
"""The largest number that the database knows."""

_COLUMNS = ("id", "tenant", "type", "subject", "provider", "model", "key", "at", "data")
_ADD = f"INSERT OR IGNORE INTO events (xact, {', '.join(_COLUMNS)}) VALUES (0, {', '.join('?' * len(_COLUMNS))})"  # noqa: S608 — our own names
_HERE = Prepared(select(func.max(events.c.seq)))


class EventLog:
    """Keeps events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def shared(self) -> bool:
        """Whether other processes use the same database."""
        return self._database.kind == "postgresql"

    def add_in(self, tx: Any, told: Sequence[Event]) -> None:
        """Write events within the transaction of whoever calls; those that are there already are left out."""
        rows = [event_values(event) for event in told]
        if tx.raw is not None:
            tx.raw.executemany(_ADD, [tuple(row[name] for name in _COLUMNS) for row in rows])
        elif rows:
            add = postgresql.insert(events).on_conflict_do_nothing().values(xact=_own_transaction())
            tx.core.execute(add, rows)

    async def here(self) -> Place:
        """The end of what is told now: whatever is committed later stands behind it."""
        return await self._database.read(end_of)

    async def after(self, place: Place, which: EventFilter, limit: int) -> EventPage:
        """The first events behind a place. Where to go on is behind the last of them or, when there are no more, the end."""
        return await self._database.read(lambda tx: _after(tx, place, which, limit))

    async def event(self, tenant: str, event_id: str) -> Event | None:
        """One event of an organisation (`*` for any)."""
        asked = select(events).where(events.c.id == event_id)
        if tenant != ALL_TENANTS:
            asked = asked.where(events.c.tenant == tenant)

        def work(tx: Tx) -> Event | None:
            """In one transaction."""
            found = tx.core.execute(asked).mappings().first()
            return None if found is None else told_of(found).event

        return await self._database.read(work)


def end_of(tx: Tx) -> Place:
    """The end of what is told, in a transaction."""
    if tx.raw is not None:
        return Place(0, _HERE.rows(tx)[0][0] or 0)
    return Place(int(tx.core.execute(select(_horizon())).scalar_one()) - 1, LAST)


def read_after(tx: Tx, place: Place, limit: int, *also: ColumnElement[bool]) -> Sequence[Mapping[Any, Any]]:
    """Rows behind a place in their order, as far as they can be read without skipping any."""
    c = events.c
    if tx.raw is not None:
        asked = select(events).where(c.seq > place.seq, *also).order_by(c.seq)
    else:
        behind = tuple_(c.xact, c.seq) > tuple_(literal(place.xact, BigInteger), literal(place.seq, BigInteger))
        asked = select(events).where(behind, c.xact < _horizon(), *also).order_by(c.xact, c.seq)
    return tx.core.execute(asked.limit(limit)).mappings().all()


def are_held(tx: Tx, end: Place) -> bool:
    """Whether there are events behind the end that may not be read yet."""
    if tx.raw is not None:
        return False
    return bool(tx.core.execute(select(exists().where(events.c.xact > end.xact))).scalar())


def _after(tx: Tx, place: Place, which: EventFilter, limit: int) -> EventPage:
    end = end_of(tx)
    if place > end and tx.raw is None:
        place = Place(0, place.seq)  # it is of a database that this one was restored from
    told = tuple(map(told_of, read_after(tx, place, limit, *_meant(which))))
    if len(told) == limit:
        return EventPage(told, told[-1].place)
    return EventPage(told, max(end, place), are_held(tx, end))


def _meant(which: EventFilter) -> list[ColumnElement[bool]]:
    c = events.c
    asked: list[ColumnElement[bool]] = []
    if which.tenant != ALL_TENANTS:
        asked.append(c.tenant == (which.tenant or NOBODYS))
    if which.subject is not None:
        asked.append(c.subject == which.subject)
    if which.key is not None:
        asked.append(c.key == which.key)
    if which.types:
        asked.append(or_(*(_named(one) for one in which.types)))
    return asked


def _named(one: str) -> ColumnElement[bool]:
    return events.c.type.startswith(one[:-1], autoescape=True) if one.endswith("*") else events.c.type == one


def _own_transaction() -> ColumnElement[int]:
    return cast(cast(func.pg_current_xact_id(), Text), BigInteger)


def _horizon() -> ColumnElement[int]:
    """All transactions below it have ended."""
    return cast(cast(func.pg_snapshot_xmin(func.pg_current_snapshot()), Text), BigInteger)
