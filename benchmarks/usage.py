"""Usage rows in SQLite: how quickly they are written, and how quickly a month of them is added up.

`python benchmarks/usage.py [--rows 10000000] [--days 365] [--folder FOLDER]` builds so many rows, spread over so many
days, and prints what was measured as Markdown.
"""

import argparse
import asyncio
import datetime
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path

from genmux.services.usage import UsageBook
from genmux.store.metadata import all_tables
from genmux.store.sqlite.database import SqliteDatabase
from genmux.store.upkeep.retention import prune
from genmux.store.usage.records import UsageTables
from genmux.store.usage.tables import DAY_SUMS
from genmux.types.usage_record import UsageRecord
from genmux.types.usage_report import SUMMED, UsageQuestion

UNTIL = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
MODELS, KEYS, TEAMS, END_USERS = 40, 25, 5, 5_000

FILL = """
INSERT INTO usage_records
  ("at", "id", "tenant", "team", "key", "end_user", "provider", "model", "operation", "account", "route", "status",
   "error", "request_id", "cost", "currency", "cost_source", "latency", "first_token", "latency_class", "attempts",
   "tags", "meters", {meters})
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :rows),
  r AS MATERIALIZED (SELECT i, abs(random()) AS x FROM n)
SELECT :since + i * :step, lower(hex(randomblob(16))), 'default', 'team-' || (x % :teams), 'key-' || (x % :keys),
  CASE WHEN x % 3 = 0 THEN 'user-' || (x % :users) ELSE '' END, 'provider-' || (x % :models % 6), 'model-' || (x % :models),
  'chat', 'provider-' || (x % :models % 6) || '/configured', '', CASE WHEN x % 97 = 0 THEN 'failed' ELSE 'completed' END,
  NULL, NULL, CASE WHEN x % 50 = 0 THEN NULL ELSE x % 20000 END, 'USD',
  CASE WHEN x % 50 = 0 THEN 'unknown' ELSE 'computed' END, (x % 9000) / 1000.0, (x % 900) / 1000.0, x % 17, 1,
  CASE WHEN x % 4 = 0 THEN '{{"env":"prod","feature":"f' || (x % 7) || '"}}' END, NULL,
  x % 4000, x % 1000, 0, x % 800, x % 300, 0, 0, 0, 0, 0
FROM r
"""

ADD_UP = """
INSERT INTO usage_days
SELECT "at" / 86400000000, "tenant", "team", "key", "provider", "model", "operation", "account", "status", "cost_source",
  "currency", count(*), sum("attempts"), coalesce(sum("cost"), 0), {meters}, sum("latency"), count("latency"),
  sum("first_token"), count("first_token"), {classes}
FROM usage_records GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
"""


def build(path: Path, rows: int, days: int) -> float:
    """Make the tables and fill them; gives the seconds that it took."""
    from sqlalchemy import create_engine

    begun = time.perf_counter()
    engine = create_engine(f"sqlite:///{path}")
    all_tables().create_all(engine)
    engine.dispose()
    since = UNTIL - datetime.timedelta(days=days)
    told = {
        "rows": rows,
        "since": int(since.timestamp()) * 1_000_000,
        "step": max(1, days * 86_400_000_000 // rows),
        "models": MODELS,
        "keys": KEYS,
        "teams": TEAMS,
        "users": END_USERS,
    }
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA journal_mode = WAL")
        raw.execute("PRAGMA synchronous = OFF")
        raw.execute("PRAGMA cache_size = -500000")
        raw.execute(FILL.format(meters=", ".join(SUMMED)), told)
        classes = ", ".join(f'sum("latency_class" = {place})' for place in range(len(DAY_SUMS) - 7 - len(SUMMED)))
        raw.execute(ADD_UP.format(meters=", ".join(f"sum({name})" for name in SUMMED), classes=classes))
        raw.commit()
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    return time.perf_counter() - begun


async def timed(work: Callable[[], Awaitable[object]], *, passes: int = 3) -> float:
    """Seconds, the least of several passes."""
    found: list[float] = []
    for _ in range(passes):
        begun = time.perf_counter()
        await work()
        found.append(time.perf_counter() - begun)
    return min(found)


def some(number: int) -> list[UsageRecord]:
    """Rows as a gateway records them."""
    return [
        UsageRecord(
            id=f"{place:032x}",
            at=UNTIL + datetime.timedelta(milliseconds=place),
            operation="chat",
            provider=f"provider-{place % 6}",
            model=f"model-{place % MODELS}",
            status="completed",
            team=f"team-{place % TEAMS}",
            key=f"key-{place % KEYS}",
            end_user=f"user-{place % END_USERS}",
            meters={"tokens.input": place % 4_000, "tokens.output": place % 800},
            cost=Decimal("0.0123"),
            cost_source="computed",
            latency=1.5,
            first_token=0.3,
        )
        for place in range(number)
    ]


async def reading(tables: UsageTables) -> dict[str, float]:
    """Seconds of questions about a month, in groups."""
    month = UNTIL - datetime.timedelta(days=30)

    def asked(*group_by: str, since: datetime.datetime = month, **more: object) -> UsageQuestion:
        return UsageQuestion(since=since, until=UNTIL, group_by=group_by, **more)  # type: ignore[arg-type]

    questions = {
        "a month by model, from the sums by day": asked("model"),
        "a month by model, whose edges are no days": asked("model", since=month + datetime.timedelta(hours=7)),
        "a month by model, from the rows": asked("model", time_zone="UTC", where={"route": ("",)}),
        "a month by day of Berlin and model, from the rows": asked("day", "model", time_zone="Europe/Berlin"),
        "a month by tag, from the rows": asked("tag:feature"),
        "all of it by month and model": asked(
            "month", "model", since=datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
        ),
    }
    return {
        name: await timed(lambda question=question: tables.groups(question)) for name, question in questions.items()
    }


async def writing(database: SqliteDatabase, tables: UsageTables, days: int) -> dict[str, float]:
    """Rows a second in batches, durable; microseconds of `record`; and rows a second that are pruned, a fiftieth of all."""
    rows = some(40_000)
    begun = time.perf_counter()
    for place in range(0, len(rows), 2_000):
        piece = rows[place : place + 2_000]
        await database.write(lambda tx, piece=piece: tables.write(tx, piece))
    written = len(rows) / (time.perf_counter() - begun)
    book = UsageBook(tables, nudge=int)
    begun = time.process_time()
    for row in rows:
        book.record(row)
    recorded = (time.process_time() - begun) / len(rows) * 1e6
    begun = time.perf_counter()
    gone = (await prune(database, UNTIL - datetime.timedelta(days=days * 49 // 50), {"usage": 0}))["usage"]
    pruned = gone / (time.perf_counter() - begun)
    return {"rows written a second": written, "`record`, µs CPU": recorded, "rows pruned a second": pruned}


async def measure(folder: Path, rows: int, days: int) -> None:
    """Build, measure, print."""
    path = folder / "usage.db"
    if not path.exists():
        print(f"built in {build(path, rows, days):.0f} s, {path.stat().st_size / 1e6:,.0f} MB")
    database = SqliteDatabase(path)
    tables = UsageTables(database)
    print(f"\n| {rows:,} usage rows over {days} days in SQLite | |\n| --- | --- |")
    for name, seconds in (await reading(tables)).items():
        print(f"| {name} | {seconds * 1e3:,.0f} ms |")
    for name, rate in (await writing(database, tables, days)).items():
        print(f"| {name} | {rate:,.2f} |" if rate < 100 else f"| {name} | {rate:,.0f} |")
    await database.aclose()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--folder", type=Path, help="where the database is kept; by default in a folder that goes away")
    told = parser.parse_args()
    if told.folder is not None:
        told.folder.mkdir(parents=True, exist_ok=True)
        asyncio.run(measure(told.folder, told.rows, told.days))
        return
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), told.rows, told.days))


if __name__ == "__main__":
    main()
