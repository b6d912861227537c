"""Usage rows for tests, and databases with the tables of usage."""

import datetime
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from genmux.store.database import Database, Tx
from genmux.store.metadata import all_tables
from genmux.store.postgres.database import PostgresDatabase
from genmux.store.sqlite.database import SqliteDatabase
from genmux.store.upkeep.retention import RETENTION
from genmux.store.usage.records import UsageTables
from genmux.types.money import micros
from genmux.types.usage_record import UsageRecord
from genmux.types.usage_report import UsageGroups, UsageQuestion

FIRST = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)


def make(tx: Tx) -> None:
    """Make the tables as they are described."""
    tables = all_tables().tables
    for name in ("usage_days", *(one.table for one in RETENTION.values())):  # they all go the same way
        tables[name].create(tx.core)


@asynccontextmanager
async def opened(kind: str, request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """A database with the tables of usage and nothing in them."""
    if kind == "sqlite":
        folder: Path = request.getfixturevalue("tmp_path")
        database: SqliteDatabase | PostgresDatabase = SqliteDatabase(folder / "usage.db")
    else:
        database = PostgresDatabase(request.getfixturevalue("postgres_url"))
    try:
        await database.write(make)
        yield database
    finally:
        await database.aclose()


def row(number: int = 0, **fields: Any) -> UsageRecord:
    """A row; rows with different numbers are different requests, an hour after one another."""
    told: dict[str, Any] = {
        "id": f"r{number}",
        "at": FIRST + number * HOUR,
        "operation": "chat",
        "provider": "openai",
        "model": "gpt",
        "status": "completed",
        "meters": {"tokens.input": 10, "tokens.output": 5},
        "cost": Decimal("0.001"),
        "cost_source": "computed",
        "latency": 1.5,
        **fields,
    }
    return UsageRecord(**told)


def asking(*group_by: str, since: datetime.datetime = FIRST, days: float = 365, **more: Any) -> UsageQuestion:
    """A question about a stretch of time."""
    return UsageQuestion(since=since, until=since + datetime.timedelta(days=days), group_by=group_by, **more)


def many(count: int) -> Iterator[UsageRecord]:
    """Rows of all kinds, some seven hours after one another."""
    for number in range(count):
        yield row(
            number * 7,
            id=f"m{number}",
            provider=("openai", "anthropic")[number % 2],
            model=("a", "b", "c")[number % 3],
            status=("completed", "completed", "failed", "cancelled")[number % 4],
            tenant=("default", "other")[number % 5 == 0],
            key=(None, "k1", "k2")[number % 3],
            end_user=(None, "ann", "bob")[number % 3],
            tags={"env": "prod", "f": str(number % 2)} if number % 3 else {},
            meters={"tokens.input": number, "seconds.output.video": 1.5}
            if number % 7 == 0
            else {"tokens.input": number},
            cost=None if number % 6 == 0 else Decimal(number) / 1000,
            cost_source=("reported", "computed", "estimated")[number % 3],
            latency=None if number % 9 == 0 else (number % 50) / 10,
            first_token=0.25 if number % 2 else None,
            request_id=f"gen-{number}",
        )


async def put(database: Database, *rows: UsageRecord) -> int:
    return await database.write(lambda tx: UsageTables(database).write(tx, rows))


def added(rows: Sequence[UsageRecord], question: UsageQuestion) -> dict[Any, list[Any]]:
    """What rows add up to, counted by hand: requests, failures, unknown, cost, input tokens, latencies."""
    zone = ZoneInfo(question.time_zone)
    found: dict[Any, list[Any]] = defaultdict(lambda: [0, 0, 0, 0, 0, 0])
    for one in map(known, rows):
        if not question.since <= one.at < question.until:
            continue
        if any((getattr(one, name) or "") not in values for name, values in question.where.items()):
            continue
        if any(one.tags.get(name, "") != value for name, value in question.tags.items()):
            continue
        local = one.at.astimezone(zone)
        times: dict[str, Any] = {
            "day": local.date().toordinal() - datetime.date(1970, 1, 1).toordinal(),
            "hour": int(one.at.timestamp()) // 3600,
            "month": local.year * 100 + local.month,
        }
        key = tuple(
            times[name]
            if name in times
            else one.tags.get(name[4:], "")
            if name[:4] == "tag:"
            else getattr(one, name) or ""
            for name in question.group_by
        )
        cost = None if one.cost is None else micros(one.cost)
        sums = found[key]
        more = (1, one.status != "completed", cost is None, cost or 0, one.meters.get("tokens.input", 0))
        found[key] = [*map(sum, zip(sums, more)), sums[5] + (one.latency is not None)]  # noqa: B905 — the last is added here
    return dict(found)


def told(groups: UsageGroups) -> dict[Any, list[Any]]:
    return {
        group.keys: [
            *(group.sums.requests, group.sums.failed, group.sums.unknown, group.sums.cost),
            *(group.sums.meters[0], group.sums.latency_count),
        ]
        for group in groups.groups
    }


def known(one: UsageRecord) -> UsageRecord:
    return msgspec.structs.replace(one, cost_source="unknown") if one.cost is None else one
