"""The benchmark of usage, with few rows: what it builds is what the tables would have been told."""

import datetime
import time
from pathlib import Path

from benchmarks.usage import MODELS, UNTIL, build
from genmux.store.sqlite.database import SqliteDatabase
from genmux.store.usage.records import UsageTables
from genmux.types.usage_report import UsageQuestion

ROWS, DAYS = 30_000, 60


async def test_a_month_by_model_is_the_same_from_sums_and_from_rows_and_quick(tmp_path: Path):
    build(tmp_path / "usage.db", ROWS, DAYS)
    database = SqliteDatabase(tmp_path / "usage.db")
    tables = UsageTables(database)
    month = UNTIL - datetime.timedelta(days=30)
    asked = UsageQuestion(since=month, until=UNTIL, group_by=("model",))
    try:
        begun = time.perf_counter()
        from_sums = await tables.groups(asked)
        took = time.perf_counter() - begun
        from_rows = await tables.groups(
            UsageQuestion(since=month, until=UNTIL, group_by=("model",), where={"route": ("",)})
        )
        users = await tables.groups(UsageQuestion(since=month, until=UNTIL, group_by=("end_user",), limit=10))
    finally:
        await database.aclose()
    assert len(from_sums.groups) == MODELS
    for one, other in zip(from_sums.groups, from_rows.groups, strict=True):
        assert one.keys == other.keys
        assert one.sums.requests == other.sums.requests
        assert one.sums.cost == other.sums.cost
        assert one.sums.meters == other.sums.meters
        assert one.sums.latencies == other.sums.latencies
    assert from_sums.totals[0].sums.requests == ROWS // 2
    assert users.more
    assert users.totals[0].sums.requests == ROWS // 2
    assert took < 2
