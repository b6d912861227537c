"""Processes that are killed at random lose no money and invent none; many at once spend exactly the limit.

`GENMUX_CRASH_KILLS=50` kills more often than the suite has time for.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import update

from genmux.store.database import Tx
from genmux.store.ledger.store import LedgerStore
from genmux.store.ledger.tables import holds, ledger_workers
from genmux.store.opening import open_store
from genmux.types.budgets import Budget, BudgetState, Scope
from tests.ledgers import NOON

ROOT = Path(__file__).parents[2]
KILLS = pytest.mark.parametrize("kills", [int(os.environ.get("GENMUX_CRASH_KILLS", "8"))])
HUGE = 10**12


class Workers:
    """Processes that spend from the same budgets."""

    def __init__(self, url: str, folder: Path, budgets: list[int]) -> None:
        self.url = url
        self.oracle = folder / "oracle"
        self.oracle.touch()
        self.budgets = ",".join(map(str, budgets))
        self.running: list[subprocess.Popen[bytes]] = []
        self.seeds = iter(range(1_000))

    def start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.crash.ledger_worker", self.url, str(self.oracle), self.budgets]
        process = subprocess.Popen([*command, str(next(self.seeds))], cwd=ROOT)
        self.running.append(process)
        return process

    def kill(self, process: "subprocess.Popen[bytes]") -> None:
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        self.running.remove(process)

    def billed(self) -> tuple[int, int]:
        """How many requests were sent, and what the provider billed for them."""
        lines = self.oracle.read_text("utf-8").splitlines()
        return len(lines), sum(int(line.split()[2]) for line in lines)

    async def until_sent(self, more: int) -> None:
        """Wait until so many more requests were sent."""
        goal = self.oracle.stat().st_size + more * 36
        async with asyncio.timeout(90):
            while self.oracle.stat().st_size < goal:  # noqa: ASYNC110 — other processes write it
                await asyncio.sleep(0.01)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[LedgerStore]:
    store = await open_store(url, role="command")
    try:
        yield LedgerStore(store.database, lambda: NOON)
    finally:
        await store.aclose()


@pytest.fixture
def workers() -> list[Workers]:
    """What was started is ended whatever happens."""
    return []


@pytest.fixture(autouse=True)
def ended(workers: list[Workers]):
    yield
    for one in workers:
        for process in list(one.running):
            one.kill(process)


async def make(url: str, limit: int) -> list[int]:
    async with opened(url) as store:
        return [
            (
                await store.create(
                    Budget(id=0, tenant="default", scope=Scope("key", name), limit=limit, period="total")
                )
            ).id
            for name in ("narrow", "wide")
        ]


async def bury(store: LedgerStore, pids: list[int] | None) -> None:
    """Let the database take these processes for dead at once, and not only when their time is up."""

    def die(tx: Tx) -> None:
        late = update(ledger_workers).values(expires_at=0)
        if pids is not None:
            late = late.where(ledger_workers.c.about.in_([str(pid) for pid in pids]))
        tx.core.execute(late)

    await store._database.write(die)  # noqa: SLF001 — no clock can be moved in a real server
    await store.sweep()


async def states_of(store: LedgerStore, budgets: list[int]) -> list[BudgetState]:
    return [await store.state("default", number) for number in budgets]


async def all_buried(store: LedgerStore, budgets: list[int]) -> None:
    """Bury everybody, until nothing is held any more: the server may still work for a process that was killed just now."""
    async with asyncio.timeout(30):
        while True:
            await store._database.write(lambda tx: tx.core.execute(update(holds).values(expires_at=0)))  # noqa: SLF001 — as above
            await bury(store, None)
            if not any(state.held for state in await states_of(store, budgets)):
                return
            await asyncio.sleep(0.05)


async def verify_all_is_told(url: str, budgets: list[int], workers: Workers) -> None:
    """Nothing lost: all that was billed is spent. Nothing invented: all that is known to be spent was billed."""
    sent, billed = workers.billed()
    assert sent > 0
    async with opened(url) as store:
        await all_buried(store, budgets)
        assert await store.verify() == []
        for state in await states_of(store, budgets):
            assert state.held == state.leased == 0
            assert state.spent - state.presumed <= billed <= state.spent
            assert state.spent <= state.budget.limit


@pytest.mark.timeout(600)  # as many kills as were asked for
@KILLS
async def test_killed_gateways_on_postgresql_lose_and_invent_no_money(
    postgres_store_url: str, tmp_path: Path, workers: list[Workers], kills: int
) -> None:
    chance = random.Random(kills)  # noqa: S311 — a test's
    budgets = await make(postgres_store_url, HUGE)
    group = Workers(postgres_store_url, tmp_path, budgets)
    workers.append(group)
    for _ in range(3):
        group.start()
    async with opened(postgres_store_url) as store:
        for _ in range(kills):
            await group.until_sent(chance.randint(1, 300))
            victim = chance.choice(group.running)
            group.kill(victim)
            await bury(store, [victim.pid])
            group.start()
    for process in list(group.running):
        group.kill(process)

    await verify_all_is_told(postgres_store_url, budgets, group)


@pytest.mark.timeout(600)  # as above
@KILLS
async def test_a_killed_process_on_sqlite_loses_and_invents_no_money(
    sqlite_store_url: str, tmp_path: Path, workers: list[Workers], kills: int
) -> None:
    chance = random.Random(kills)  # noqa: S311 — a test's
    budgets = await make(sqlite_store_url, HUGE)
    group = Workers(sqlite_store_url, tmp_path, budgets)
    workers.append(group)
    for _ in range(kills // 2):
        process = group.start()
        await group.until_sent(chance.randint(1, 300))
        group.kill(process)

    await verify_all_is_told(sqlite_store_url, budgets, group)


@pytest.mark.timeout(300)  # eight interpreters at once, on a busy machine
async def test_eight_processes_on_postgresql_spend_exactly_the_limit(
    postgres_store_url: str, tmp_path: Path, workers: list[Workers]
) -> None:
    budgets = await make(postgres_store_url, 20_000)
    group = Workers(postgres_store_url, tmp_path, budgets)
    workers.append(group)
    for _ in range(8):
        group.start()

    for process in group.running:
        assert await asyncio.to_thread(process.wait, 110) == 0
    group.running.clear()

    _, billed = group.billed()
    assert billed == 20_000
    async with opened(postgres_store_url) as store:
        assert await store.verify() == []
        for state in await states_of(store, budgets):
            assert (state.spent, state.held, state.presumed) == (20_000, 0, 0)
