"""What holding money costs: holds a second in the database, and CPU time out of slices.

    python benchmarks/holds.py [--postgres URL] [--seconds 3]

Prints rows of a table. Without a URL, a PostgreSQL of its own is started if its programs are installed; it keeps its
promises (`fsync` is on), unlike that of the tests.
"""

import argparse
import asyncio
import datetime
import itertools
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from genmux.services.bookkeeper import Bookkeeper
from genmux.services.budgets import Budgets, Ledger, NewBudget
from genmux.store.ledger.store import LedgerStore
from genmux.store.opening import open_store
from genmux.types.budgets import Budget, Scope
from genmux.types.ledger import Ending, HoldAsk
from genmux.types.principal import Principal

CALLERS = 64
PASSES = 7
ROUND = 20_000
PROMISES = ("fsync", "synchronous_commit", "full_page_writes")
KEY = Principal(key="k", team="t")


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def new_id() -> str:
    return uuid.uuid4().hex


def nothing(_subject: str) -> None:
    return None


async def exact(url: str, seconds: float) -> tuple[float, float, float]:
    """Holds a second of one hot budget, CPU microseconds a hold, and ends of holds a second."""
    store = await open_store(url, role="command")
    ledger = LedgerStore(store.database, now)
    budget = await ledger.create(Budget(id=0, tenant="t", scope=Scope("team", new_id()), limit=10**15))
    numbers = itertools.count()
    until = time.perf_counter() + seconds
    prefix = new_id()

    async def caller() -> None:
        while time.perf_counter() < until:
            subject = f"{prefix}.{next(numbers)}"
            await ledger.hold(HoldAsk(subject=subject, budgets=(budget,), amounts=(3,)), nothing)

    started, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    took, used = time.perf_counter() - started, time.process_time() - used
    count = next(numbers)
    started = time.perf_counter()
    for first in range(0, count, 256):
        await ledger.end([Ending(f"{prefix}.{one}", "settle", 2) for one in range(first, min(first + 256, count))])
    ended = time.perf_counter() - started
    state = await ledger.state("t", budget.id)
    assert (state.held, state.spent) == (0, 2 * count), state
    assert not await ledger.verify("t")
    await store.aclose()
    return count / took, used / count * 1e6, count / ended


async def sliced(url: str) -> tuple[float, float]:
    """CPU microseconds of a hold and its settlement out of slices of three budgets, and of finding the budgets."""
    store = await open_store(url, role="command")
    ledger_store = LedgerStore(store.database, now)
    keeper = Bookkeeper(store.database.write, time.monotonic)
    ledger = Ledger(ledger_store, keeper, new_id=new_id, monotonic=time.monotonic)
    keeper.add(ledger)
    keeper.start()
    await ledger.start()
    admin = Budgets(ledger_store, ledger, new_id)
    for scope in (Scope("organisation", "default"), Scope("team", "t"), Scope("key", "k")):
        await admin.create("default", NewBudget(scope=scope, limit=Decimal(100_000_000)))
    budgets = ledger.budgets_for(KEY)
    best, found = float("inf"), float("inf")
    held = None
    for _ in range(100):  # until the slices are large enough
        held = ledger.try_hold("warm", budgets, 10_000_000)
        if held is not None:
            break
        await keeper.flush()
        await asyncio.sleep(0.02)
    assert held is not None
    held.settle(0)
    for _ in range(PASSES):
        started = time.process_time()
        for _ in range(ROUND):
            held = ledger.try_hold("s", budgets, 3)
            assert held is not None
            held.settle(2)
        best = min(best, time.process_time() - started)
        started = time.process_time()
        for _ in range(ROUND):
            ledger.budgets_for(KEY)
        found = min(found, time.process_time() - started)
        await keeper.flush()
    await ledger.stop()
    await keeper.stop()
    assert not await ledger_store.verify()
    await store.aclose()
    return best / ROUND * 1e6, found / ROUND * 1e6


@contextmanager
def postgres(url: str | None) -> Iterator[str | None]:
    """A server that is given, or one of our own; None when there is none."""
    if url is not None:
        yield url
        return
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests import postgres as started

    binaries = started.programs()
    if binaries is None:
        yield None
        return
    started.SETTINGS = tuple(one for one in started.SETTINGS if one[0] not in PROMISES)
    server = started.Server(binaries)
    try:
        assert server.sql("SHOW fsync").strip() == "on"
        yield server.url(server.create())
    finally:
        server.stop()


def row(what: str, value: str, budget: str) -> None:
    print(f"| {what} | {value} | {budget} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", default=os.environ.get("GENMUX_BENCH_POSTGRES"))
    parser.add_argument("--seconds", type=float, default=3.0)
    asked = parser.parse_args()
    print("| what | measured | budget |\n| --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        each, find = asyncio.run(sliced(f"{folder}/slices.db"))
        row("hold and settle out of slices, 3 budgets: CPU", f"{each:.1f} µs", "≤ 5 µs")
        row("find the budgets of a request: CPU", f"{find:.2f} µs", "≤ 1 µs")
        rate, used, ended = asyncio.run(exact(f"{folder}/holds.db", asked.seconds))
        row(f"holds embedded, {CALLERS} callers, durable", f"{rate:,.0f} /s ({used:.0f} µs CPU)", "≥ 10,000 /s")
        row("settlements embedded, 256 at once", f"{ended:,.0f} /s", "")
    with postgres(asked.postgres) as url:
        if url is not None:
            rate, used, ended = asyncio.run(exact(url, asked.seconds))
            row(
                f"holds on one hot PostgreSQL budget, {CALLERS} callers",
                f"{rate:,.0f} /s ({used:.0f} µs CPU)",
                "≥ 2,000 /s",
            )
            row("settlements on PostgreSQL, 256 at once", f"{ended:,.0f} /s", "")


if __name__ == "__main__":
    main()
