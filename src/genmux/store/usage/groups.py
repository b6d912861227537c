"""Sums of usage as SQL: which tables answer a question, and how."""

import datetime
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from genmux.store.database import DatabaseKind
from genmux.store.usage.rows import DAY, EPOCH, MICROSECONDS, kept_name, microseconds
from genmux.store.usage.tables import CLASSES, usage_days, usage_records
from genmux.types.usage_report import SUMMED, TAG, UsageQuestion, UsageSums

HOUR = 3_600 * MICROSECONDS
ONLY_ROWS = frozenset({"end_user", "route", "hour"})
"""What the sums by day do not tell apart."""

_MEASURED = ("latency", "latency_count", "first_token", "first_token_count")


class Span(NamedTuple):
    """A stretch of time, in microseconds or in days."""

    first: int
    last: int


def needs_rows(question: UsageQuestion) -> bool:
    """Whether only the rows themselves can answer."""
    if question.tags or any(
        name in ONLY_ROWS or name.startswith(TAG) for name in (*question.where, *question.group_by)
    ):
        return True
    return question.time_zone != "UTC" and not {"day", "month"}.isdisjoint(question.group_by)


def spans(question: UsageQuestion, kept: Span, summed: Span) -> tuple[Span | None, tuple[Span, ...]]:
    """Whole days that the sums answer, and the stretches for which rows are read.

    `kept` is from the first to the last row, `summed` from the first day with sums until after the last.
    """
    first, last = microseconds(question.since), microseconds(question.until)
    if needs_rows(question):
        return None, (Span(max(first, kept.first), min(last, kept.last + 1)),)
    begin = -(-first // DAY)
    end = last // DAY if last <= kept.last else max(last // DAY, -(-last // DAY))
    if begin >= end:
        return None, (Span(first, last),)
    edges = (Span(first, begin * DAY), Span(end * DAY, last))
    return Span(max(begin, summed.first), min(end, summed.last)), tuple(
        edge for edge in edges if edge.first < edge.last
    )


class Sums:
    """Builds the statements for one question on one kind of database."""

    def __init__(self, question: UsageQuestion, kind: DatabaseKind) -> None:
        self._question = question
        self._kind = kind
        self._zone = ZoneInfo(question.time_zone)

    def of_days(self, days: Span, *, grouped: bool = True) -> Select[Any]:
        """Add up sums by day."""
        c = usage_days.c
        found = self._where(c, and_(c.day >= days.first, c.day < days.last))
        keys = [self._day_key(name, days) for name in self._grouped(grouped)]
        counted = [func.sum(c[name]) for name in (*_MEASURED, *SUMMED, *CLASSES)]
        return self._outer(
            keys, c.currency, [*_split(c.status, c.cost_source, c.requests, c.attempts, c.cost), *counted], where=found
        )

    def of_rows(self, at: Span, *, grouped: bool = True) -> Select[Any]:
        """Add up rows. They are first added up by class of latency and by what else is told apart, which leaves few."""
        c = usage_records.c
        keys = [self._row_key(name, at).label(f"k{place}") for place, name in enumerate(self._grouped(grouped))]
        inner = (
            select(
                *keys,
                *(c.currency, c.status, c.cost_source, c.latency_class),
                func.count().label("requests"),
                func.sum(c.attempts).label("attempts"),
                func.sum(c.cost).label("cost"),
                *(func.sum(c[name]).label(name) for name in ("latency", "first_token", *SUMMED)),
                *(func.count(c[name]).label(f"{name}_count") for name in ("latency", "first_token")),
            )
            .where(self.rows(at))
            .group_by(*keys, c.currency, c.status, c.cost_source, c.latency_class)
            .subquery()
        )
        i = inner.c
        counted = [func.sum(i[name]) for name in (*_MEASURED, *SUMMED)]
        classes = [func.sum(case((i.latency_class == place, i.requests), else_=0)) for place in range(len(CLASSES))]
        split = _split(i.status, i.cost_source, i.requests, i.attempts, i.cost)
        return self._outer([i[key.name] for key in keys], i.currency, [*split, *counted, *classes])

    def rows(self, at: Span) -> ColumnElement[bool]:
        """Which rows are meant."""
        c = usage_records.c
        return self._where(c, and_(c.at >= at.first, c.at < at.last))

    def _grouped(self, grouped: bool) -> Sequence[str]:
        return self._question.group_by if grouped else ()

    def _outer(
        self,
        keys: Sequence[ColumnElement[Any]],
        currency: ColumnElement[Any],
        sums: Sequence[ColumnElement[Any]],
        *,
        where: ColumnElement[bool] | None = None,
    ) -> Select[Any]:
        """Groups in order, behind the one that was named, one more than are wanted."""
        ordered = [self._plain(key) for key in (*keys, currency)]
        statement = select(*keys, currency, *sums).group_by(*keys, currency)
        if where is not None:
            statement = statement.where(where)
        if keys:
            if self._question.after is not None:
                statement = statement.where(_behind(ordered, self._question.after))
            statement = statement.order_by(*ordered).limit(self._question.limit + 1)
        return statement

    def _plain(self, key: ColumnElement[Any]) -> ColumnElement[Any]:
        """Texts in the order of their characters, whatever the language of the database."""
        return key.collate("C") if self._kind == "postgresql" and isinstance(key.type, Text) else key

    def _where(self, c: Any, span: ColumnElement[bool]) -> ColumnElement[bool]:
        clauses = [span]
        clauses += [c[name].in_(map(kept_name, values)) for name, values in self._question.where.items()]
        clauses += [self._tag(name) == value for name, value in self._question.tags.items()]
        return and_(*clauses)

    def _tag(self, name: str) -> ColumnElement[str]:
        tags = usage_records.c.tags
        found: ColumnElement[Any] = (
            cast(tags, JSONB).op("->>")(literal(name, Text()))
            if self._kind == "postgresql"
            else tags.op("->>")(literal(f'$."{name}"', Text()))
        )
        return func.coalesce(cast(found, Text()), "", type_=Text())

    def _day_key(self, name: str, days: Span) -> ColumnElement[Any]:
        c = usage_days.c
        if name == "month":
            return _month(
                c.day, [(number, day) for number, day in self._months(days.first * DAY, days.last * DAY, DAY)]
            )
        return c[name]

    def _row_key(self, name: str, at: Span) -> ColumnElement[Any]:
        c = usage_records.c
        match name:
            case "hour":
                return _whole(c.at, HOUR)
            case "day":
                return self._local_day(at)
            case "month":
                return _month(c.at, self._months(at.first, at.last, 1))
            case _ if name.startswith(TAG):
                return self._tag(name.removeprefix(TAG))
            case _:
                return c[name]

    def _local_day(self, at: Span) -> ColumnElement[Any]:
        """The day in the time zone of the question: the offset from UTC changes a few times a year."""
        c = usage_records.c
        shifts = list(_shifts(self._zone, at))
        last = _whole(c.at + shifts[-1][1], DAY)
        if len(shifts) == 1:
            return last
        return case(*((c.at < until, _whole(c.at + offset, DAY)) for until, offset in shifts[:-1]), else_=last)

    def _months(self, first: int, last: int, unit: int) -> list[tuple[int, int]]:
        """The months in a stretch of time as numbers such as 202611, each with where it ends."""
        here = _local(first, self._zone)
        months: list[tuple[int, int]] = []
        year, month = here.year, here.month
        while True:
            following = (year + month // 12, month % 12 + 1)
            end = microseconds(datetime.datetime(*following, 1, tzinfo=self._zone))
            months.append((year * 100 + month, end // unit))
            if end >= last:
                return months
            year, month = following


def _split(*counted: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    """Requests, failures, attempts and costs by source, in the order of `UsageSums`."""
    status, source, requests, attempts, cost = counted
    return [
        func.sum(requests),
        func.sum(case((status != "completed", requests), else_=0)),
        func.sum(attempts),
        func.sum(case((source == "unknown", requests), else_=0)),
        func.coalesce(func.sum(cost), 0),
        *(
            func.coalesce(func.sum(case((source == name, cost), else_=0)), 0)
            for name in ("reported", "computed", "estimated")
        ),
    ]


def _behind(keys: Sequence[ColumnElement[Any]], after: Sequence[str | int]) -> ColumnElement[bool]:
    """Behind a group in the order of all keys."""
    clauses: list[ColumnElement[bool]] = []
    for place, (key, value) in enumerate(zip(keys, after, strict=True)):
        level = [one == other for one, other in zip(keys[:place], after[:place], strict=True)]
        clauses.append(and_(*level, key > value))
    return or_(*clauses)


def _whole(value: ColumnElement[Any], unit: int) -> ColumnElement[Any]:
    """How many whole units; times before 1970 do not occur."""
    return cast(value, BigInteger).op("/", return_type=BigInteger())(literal_column(str(unit), BigInteger()))


def _month(value: ColumnElement[Any], months: Iterable[tuple[int, int]]) -> ColumnElement[Any]:
    clauses = [(value < end, literal_column(str(number), BigInteger())) for number, end in months]
    return case(*clauses, else_=null())


def _local(at: int, zone: ZoneInfo) -> datetime.datetime:
    return (EPOCH + datetime.timedelta(microseconds=at)).astimezone(zone)


def _shifts(zone: ZoneInfo, at: Span) -> Iterable[tuple[int, int]]:
    """Stretches with one offset from UTC, each with where it ends and its offset, in microseconds."""
    here, offset = at.first, _offset(zone, at.first)
    while here < at.last:
        step = min(here + DAY, at.last)
        if _offset(zone, step) != offset:
            low, high = here, step
            while high - low > MICROSECONDS:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(zone, middle) == offset else (low, middle)
            until = -(-low // MICROSECONDS) * MICROSECONDS
            yield until, offset
            offset = _offset(zone, step)
        here = step
    yield at.last, offset


def _offset(zone: ZoneInfo, at: int) -> int:
    shift = _local(at, zone).utcoffset() or datetime.timedelta()
    return shift // datetime.timedelta(microseconds=1)


def sums_of(values: Sequence[Any]) -> UsageSums:
    """What a statement gave behind its keys and the currency, as sums."""
    plain, meters, classes = values[:12], values[12 : 12 + len(SUMMED)], values[12 + len(SUMMED) :]
    counts = tuple(int(value or 0) for value in plain)
    return UsageSums(
        *counts[:8],
        latency=float(plain[8] or 0),
        latency_count=counts[9],
        first_token=float(plain[10] or 0),
        first_token_count=counts[11],
        meters=tuple(
            float(value or 0) if name == "seconds" else int(value or 0)
            for name, value in zip(SUMMED, meters, strict=True)
        ),
        latencies=tuple(int(value or 0) for value in classes),
    )
