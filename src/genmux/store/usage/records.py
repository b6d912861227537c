"""Usage in the database: rows, their sums, and what is asked of them."""

import datetime
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Delete, Update, and_, delete, func, or_, select, tuple_, update

from genmux.store.database import Database, Tx
from genmux.store.usage.groups import Span, Sums, needs_rows, spans, sums_of
from genmux.store.usage.rows import DAY, day_sums, kept_name, microseconds, moment, record_of, row_of
from genmux.store.usage.tables import RECORD_COLUMNS, usage_contents, usage_days, usage_records
from genmux.store.usage.writing import add_days, write_rows
from genmux.types.usage_record import UsageRecord
from genmux.types.usage_report import Forgotten, UsageGroup, UsageGroups, UsageQuestion, UsageSums

PIECE = 5_000
"""So many rows are changed in one transaction, so that nobody waits long."""

SORTED = 25_000
"""So many rows, about, are added up by one statement on SQLite, which sorts them: as many as it can sort in memory."""

MOST_PIECES = 400

Found = dict[tuple[Any, ...], UsageSums]
"""Sums by keys and currency."""


class UsageTables:
    """Keeps usage rows and what they add up to."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, tx: Tx, records: Sequence[UsageRecord]) -> int:
        """Write rows within the transaction of whoever calls; those that are there already are left out. Gives how many are new."""
        return write_rows(tx, [row_of(record) for record in records])

    async def groups(self, question: UsageQuestion) -> UsageGroups:
        """Add up what was asked for."""
        return await self._database.read(lambda tx: self._groups(tx, question))

    def _groups(self, tx: Tx, question: UsageQuestion) -> UsageGroups:
        kept, summed = _kept(tx)
        days, stretches = spans(question, kept, summed)
        pieces = stretches if self._database.kind == "postgresql" else _pieces(tx, stretches)
        found = self._added(tx, question, days, pieces, grouped=True)
        shown = sorted(found)[: question.limit]
        more = len(found) > len(shown)
        added: Found = {}
        if question.after is None:
            added = self._added(tx, question, days, pieces, grouped=False) if more else _together(found)
        return UsageGroups(
            groups=tuple(UsageGroup(keys=key[:-1], currency=key[-1], sums=found[key]) for key in shown),
            totals=tuple(UsageGroup(keys=(), currency=key[-1], sums=added[key]) for key in sorted(added)),
            more=more,
            since=_gap(question, kept, summed, stretches),
        )

    def _added(
        self, tx: Tx, question: UsageQuestion, days: Span | None, stretches: Sequence[Span], *, grouped: bool
    ) -> Found:
        sums = Sums(question, self._database.kind)
        width = len(question.group_by) + 1 if grouped else 1
        found: Found = {}
        statements = [sums.of_rows(stretch, grouped=grouped) for stretch in stretches if stretch.first < stretch.last]
        if days is not None and days.first < days.last:
            statements.append(sums.of_days(days, grouped=grouped))
        for statement in statements:
            for row in tx.core.execute(statement):
                key = tuple(row[:width])
                more = sums_of(row[width:])
                found[key] = found[key] + more if key in found else more
        return found

    async def records(
        self, question: UsageQuestion, *, before: tuple[int, str] | None = None
    ) -> tuple[UsageRecord, ...]:
        """The newest rows before a place in time and id."""
        c = usage_records.c
        asked = self._meant(question)
        if before is not None:
            asked = and_(asked, or_(c.at < before[0], and_(c.at == before[0], c.id < before[1])))
        statement = select(usage_records).where(asked).order_by(c.at.desc(), c.id.desc()).limit(question.limit)
        return await self._database.read(
            lambda tx: tuple(record_of(row) for row in tx.core.execute(statement).mappings())
        )

    async def forget(self, tenant: str, end_user: str) -> Forgotten:
        """Remove what an end user said, and the name from all rows."""
        c, k = usage_records.c, usage_contents.c
        tenant, end_user = kept_name(tenant), kept_name(end_user)
        said = select(k.record).where(k.tenant == tenant, k.end_user == end_user).limit(PIECE)
        named = select(c.at, c.id).where(c.end_user == end_user, c.tenant == tenant).limit(PIECE)
        gone = delete(usage_contents).where(k.record.in_(said))
        nameless = update(usage_records).where(tuple_(c.at, c.id).in_(named)).values(end_user="")
        return Forgotten(
            contents=await piecewise(self._database, gone),
            records=await piecewise(self._database, nameless),
        )

    async def open_costs(self, question: UsageQuestion, ids: Collection[str]) -> tuple[UsageRecord, ...]:
        """The rows with one of the provider's own ids of requests whose cost is unknown or estimated."""
        meant = self._meant(question)
        return await self._database.read(lambda tx: tuple(record_of(row) for row in _open(tx, meant, ids)))

    async def price(self, question: UsageQuestion, costs: Mapping[str, int]) -> int:
        """Give such rows the cost that the provider reported, in micro-units by its ids. Gives how many there were."""
        meant = self._meant(question)
        return await self._database.write(lambda tx: _price(tx, meant, costs))

    def _meant(self, question: UsageQuestion) -> ColumnElement[bool]:
        span = Span(microseconds(question.since), microseconds(question.until))
        return Sums(question, self._database.kind).rows(span)


def _open(tx: Tx, meant: ColumnElement[bool], ids: Collection[str]) -> list[Mapping[Any, Any]]:
    c = usage_records.c
    asked = select(usage_records).where(meant, c.cost_source.in_(("unknown", "estimated")), c.request_id.is_not(None))
    return [row for row in tx.core.execute(asked).mappings() if row["request_id"] in ids]


def _price(tx: Tx, meant: ColumnElement[bool], costs: Mapping[str, int]) -> int:
    c = usage_records.c
    old = _open(tx, meant, costs)
    new = [{**row, "cost": costs[row["request_id"]], "cost_source": "reported"} for row in old]
    for row in new:
        changed = update(usage_records).where(c.at == row["at"], c.id == row["id"])
        tx.core.execute(changed.values(cost=row["cost"], cost_source="reported"))
    add_days(tx, day_sums([tuple(row[name] for name in RECORD_COLUMNS) for row in old], sign=-1))
    add_days(tx, day_sums([tuple(row[name] for name in RECORD_COLUMNS) for row in new]))
    return len(new)


async def piecewise(database: Database, statement: Delete | Update) -> int:
    """Do the same until nothing is left to do. Gives how many rows were changed."""

    def once(tx: Tx) -> int:
        """Do it once."""
        return tx.core.execute(statement).rowcount

    total = 0
    while changed := await database.write(once):
        total += changed
    return total


def _kept(tx: Tx) -> tuple[Span, Span]:
    """From the first row to the last, and from the first day of which there are sums until after the last."""
    at, day = usage_records.c.at, usage_days.c.day
    ends = (select(func.min(at)), select(func.max(at)), select(func.min(day)), select(func.max(day)))
    first, last, first_day, last_day = tuple(tx.core.execute(select(*(end.scalar_subquery() for end in ends))).one())
    days = Span(0, 0) if first_day is None else Span(first_day, last_day + 1)
    return Span(first or 0, last or 0), days


def _pieces(tx: Tx, stretches: Sequence[Span]) -> tuple[Span, ...]:
    """Stretches cut into pieces with about as many rows as are sorted quickly; how many rows there are is told by the sums."""
    day = usage_days.c.day
    pieces: list[Span] = []
    for first, last in stretches:
        counted = select(func.sum(usage_days.c.requests)).where(day >= first // DAY, day <= last // DAY)
        rows = tx.core.execute(counted).scalar() or 0
        step = max(1, -(-(last - first) // max(1, min(MOST_PIECES, -(-int(rows) // SORTED)))))
        pieces += [Span(begin, min(begin + step, last)) for begin in range(first, last, step)]
    return tuple(pieces)


def _together(found: Found) -> Found:
    """All groups of one currency together."""
    added: Found = {}
    for key, sums in found.items():
        added[key[-1:]] = added[key[-1:]] + sums if key[-1:] in added else sums
    return added


def _gap(question: UsageQuestion, kept: Span, days: Span, stretches: Sequence[Span]) -> datetime.datetime | None:
    """From when on the answer is complete, if rows were needed that are no longer kept."""
    asked = microseconds(question.since) // DAY
    rows_since = kept.first // DAY if kept.last else days.last
    if max(asked, days.first) >= min(rows_since, days.last):
        return None
    if needs_rows(question):
        return moment(rows_since * DAY)
    lost = [stretch.last for stretch in stretches if days.first <= stretch.first // DAY < rows_since]
    return moment(max(lost)) if lost else None
