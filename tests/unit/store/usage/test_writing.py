"""Rows are written once, whatever comes twice, and come back as they were."""

import datetime
from decimal import Decimal

import msgspec
import pytest

from genmux.store.database import Database
from genmux.store.usage.records import UsageTables
from tests.unit.store.usage_rows import added, asking, many, put, row, told


async def test_a_row_written_twice_counts_once(database: Database, tables: UsageTables):
    rows = list(many(10))
    assert await put(database, *rows[:6]) == 6
    assert await put(database, *rows) == 4
    assert await put(database, *rows, rows[0]) == 0
    assert told(await tables.groups(asking("model"))) == added(rows, asking("model"))


@pytest.mark.parametrize("before", [0, 1, 29, 30, 36, 75])
async def test_a_large_batch_is_written_whole_whatever_is_there_already(
    database: Database, tables: UsageTables, before: int
):
    rows = list(many(75))
    await put(database, *rows[:before])
    assert await put(database, *rows) == 75 - before
    assert told(await tables.groups(asking("model"))) == added(rows, asking("model"))


async def test_a_row_twice_in_one_batch_counts_once(database: Database, tables: UsageTables):
    assert await put(database, row(1), row(1), row(2)) == 2
    assert (await tables.groups(asking())).groups[0].sums.requests == 2


async def test_records_come_back_as_they_were(database: Database, tables: UsageTables):
    rows = [
        *many(30),
        row(500, meters={}, cost=None, cost_source="unknown", latency=None),
        row(501, meters={"tokens.input": 0, "calls.web_search": 2, "images.output": 3}, tags={'a"b': "c'd", "ü": "\n"}),
        row(502, team="t", account="openai/main", route="route/fast", error="rate_limit", status="failed", attempts=3),
        row(503, cost=Decimal("0.000001"), end_user="ann@example.com", first_token=0.123456),
    ]
    await put(database, *rows)
    found = await tables.records(asking(limit=100))
    expected = [msgspec.structs.replace(one, cost_source="unknown") if one.cost is None else one for one in rows]
    assert list(found) == sorted(expected, key=lambda one: (one.at, one.id), reverse=True)


async def test_records_are_given_in_pages_the_newest_first(database: Database, tables: UsageTables):
    rows = [row(number // 3, id=f"x{number}") for number in range(20)]  # three at each time
    await put(database, *rows)
    seen: list[str] = []
    before = None
    while page := await tables.records(asking(limit=4), before=before):
        seen += [one.id for one in page]
        before = (
            (page[-1].at - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)) // datetime.timedelta(microseconds=1),
            page[-1].id,
        )
    assert seen == [one.id for one in sorted(rows, key=lambda one: (one.at, one.id), reverse=True)]
