"""Workers that are killed and paused at random bill no job twice, lose none, and leave none stuck.

`GENMUX_CRASH_JOBS=1000 GENMUX_CRASH_KILLS=100 GENMUX_CRASH_PAUSES=20` does more than the suite has time for.
"""

import asyncio
import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from genmux.app import App
from genmux.services.budgets.admin import NewBudget
from genmux.testing.simulator.media import MediaSimulator
from genmux.testing.simulator.media.personalities.generic import Generic
from genmux.testing.simulator.media.providers import SIMULATED
from genmux.types.budgets import Scope
from genmux.types.jobs import JobFilter, JobStatus
from genmux.types.principal import NOBODY
from tests.crash.job_worker import SETTINGS, TRAITS, listening
from tests.jobs import app_for

ROOT = Path(__file__).parents[2]
JOBS = int(os.environ.get("GENMUX_CRASH_JOBS", "20"))
KILLS = int(os.environ.get("GENMUX_CRASH_KILLS", "3"))
PAUSES = int(os.environ.get("GENMUX_CRASH_PAUSES", "1"))
LIVE = {"queued", "submitting", "running", "downloading"}
ENOUGH = Decimal(1_000)
LOOK_BACK = 100
"""So many of the last jobs are wanted again after each blow: whoever was to submit them may be dead."""


class Patient(Generic):
    """Sends a webhook again for as long as nobody takes it."""

    hook_retries = (0.3,) * 2_000


class Workers:
    """Processes that do the same jobs, and hear webhooks at the same port."""

    def __init__(self, store: str, simulator: str, wanted: Path, port: int) -> None:
        self._command = [
            sys.executable, "-m", "tests.crash.job_worker", store, simulator, str(wanted), str(port)
        ]  # fmt: skip
        self._wanted = wanted
        self.running: list[subprocess.Popen[bytes]] = []
        self.ended = 0

    def want(self, first: int, end: int) -> None:
        """Have these jobs submitted."""
        said = self._wanted.with_suffix(".new")
        said.write_text(f"{first} {end}")
        said.replace(self._wanted)

    def start(self) -> None:
        self.running.append(subprocess.Popen(self._command, cwd=ROOT, stdout=subprocess.DEVNULL))

    def replace(self, place: int) -> None:
        """Kill one and start another."""
        worker = self.running.pop(place)
        worker.send_signal(signal.SIGKILL)
        worker.wait(30)
        self.start()

    async def pause(self, place: int, seconds: float) -> None:
        """Let one stand still. It finds that out by itself, and ends."""
        worker = self.running[place]
        worker.send_signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        worker.send_signal(signal.SIGCONT)

    def revive(self) -> None:
        """Start another one for each that ended by itself."""
        for worker in [one for one in self.running if one.poll() is not None]:
            self.running.remove(worker)
            self.ended += 1
            self.start()

    def stop(self) -> None:
        for worker in self.running:
            worker.send_signal(signal.SIGKILL)
            worker.wait(30)
        self.running.clear()


@asynccontextmanager
async def looking(store: str, simulator: MediaSimulator) -> AsyncIterator[App]:
    """The store, after everybody else has gone."""
    app = app_for(store, simulator.url("generic"), jobs=SETTINGS, traits=TRAITS)
    try:
        await app.ready()
        yield app
    finally:
        await app.aclose()


@pytest.mark.parametrize("processes", [pytest.param(1, id="sqlite"), pytest.param(3, id="postgresql")])
async def test_killed_and_paused_workers_bill_nothing_twice_and_lose_nothing(
    processes: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    name = "sqlite_store_url" if processes == 1 else "postgres_store_url"
    store, begun = str(request.getfixturevalue(name)), time.monotonic()
    chance = random.Random(processes)  # noqa: S311 — a test's
    with listening(0) as door:  # it never listens: it only keeps the port for the workers
        async with MediaSimulator(Patient()) as simulator:
            async with looking(store, simulator) as app:
                wanted = NewBudget(scope=Scope("organisation", "default"), limit=ENOUGH, period="total")
                budget = (await app.kept().budgets.create("default", wanted)).budget
            workers = Workers(store, simulator.url("generic"), tmp_path / "wanted", door.getsockname()[1])
            workers.want(0, 0)
            try:
                for _ in range(processes):
                    workers.start()
                await disturb(workers, simulator, chance)
                await settled(store, workers)
            finally:
                workers.stop()
            async with looking(store, simulator) as app:
                unknown = await judge(app, simulator)
                state = await app.kept().budgets.get("default", budget.id)
                charged = sum((bill.charged for bill in simulator.bills()), Decimal(0))
                assert state.held == 0
                assert Decimal(state.spent) / 1_000_000 == charged
                assert not await app.kept().budgets.verify()
            print(  # noqa: T201 — for whoever runs it with -s
                f"{JOBS} jobs at {len(SIMULATED)} providers, {KILLS} kills, {PAUSES} pauses after which {workers.ended} workers"
                f" ended by themselves: {len(simulator.bills())} bills, {len(simulator.ledger.doubles())} double, {unknown}"
                f" outcomes were unknown, {simulator.ledger.absorbed} repetitions recognized by their key,"
                f" {len(simulator.delivered)} webhooks sent, {time.monotonic() - begun:.0f} s"
            )


async def disturb(workers: Workers, simulator: MediaSimulator, chance: random.Random) -> None:
    """Kill and pause at random while jobs come in: some new ones before each blow."""
    blows = ["kill"] * KILLS + ["pause"] * PAUSES
    chance.shuffle(blows)
    for number, blow in enumerate(blows, start=1):
        come = JOBS * number // len(blows)
        workers.want(max(0, come - LOOK_BACK), come)
        await until_asked(simulator, chance.randint(1, 12))
        await asyncio.sleep(chance.uniform(0.0, 0.4))
        place = chance.randrange(len(workers.running))
        if blow == "kill":
            workers.replace(place)
        else:
            await workers.pause(place, SETTINGS.lease * chance.uniform(0.3, 1.5))
            await asyncio.sleep(0.5)
        workers.revive()
    workers.want(0, JOBS)


async def until_asked(simulator: MediaSimulator, more: int) -> None:
    """Wait until the provider was asked for something so much more often, or nothing comes any more."""
    goal = asked(simulator) + more
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(10):
            while asked(simulator) < goal:  # noqa: ASYNC110 — other processes ask
                await asyncio.sleep(0.01)


def asked(simulator: MediaSimulator) -> int:
    return simulator.polls + len(simulator.bills())


async def settled(store: str, workers: Workers) -> None:
    """Wait until all jobs are there, and nothing more happens to any of them."""
    counts: Counter[str] = Counter()
    try:
        async with asyncio.timeout(300):
            while counts.total() != JOBS or counts.keys() & LIVE:
                workers.revive()
                await asyncio.sleep(0.5)
                counts = Counter(dict(await seen(store, "SELECT status, count(*) FROM jobs GROUP BY status")))
    except TimeoutError:
        stuck = await seen(store, STUCK)
        who = await seen(store, "SELECT id, beat_at FROM job_workers")
        pytest.fail(f"of {JOBS} jobs there are {dict(counts)}; stuck are {stuck}; the workers are {who}")


STUCK = (
    "SELECT id, provider, status, owner, fence, attempts, intent_at, submitted_at, next_at, ticket, hint, cancel_at, details FROM jobs"
    " WHERE status IN ('queued', 'submitting', 'running', 'downloading') LIMIT 20"
)


async def seen(store: str, query: str) -> list[tuple[Any, ...]]:
    """What the database says, seen from outside."""
    if "://" not in store:
        with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
            return [tuple(row) for row in connection.execute(query)]
    connection = await asyncpg.connect(store)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def judge(app: App, simulator: MediaSimulator) -> int:
    """Every job has ended or waits for a decision; what is decided truly ends it too. No job has more than one bill.

    Gives how many waited for a decision.
    """
    jobs = app.kept().jobs
    found = await jobs.list(NOBODY, JobFilter(), limit=JOBS + 1)
    assert len(found) == JOBS
    bills = Counter(bill.key for bill in simulator.bills())
    twice = {key: count for key, count in bills.items() if count > 1}
    assert not twice
    tickets = {bill.key: bill.job for bill in simulator.bills()}
    unknown = 0
    for row in found:
        job = await jobs.wait(row.id, NOBODY, 60)
        if job.status is JobStatus.OUTCOME_UNKNOWN:
            unknown += 1
            if job.id in tickets:
                await jobs.resolve(job.id, NOBODY, "adopt", ticket={"id": tickets[job.id]})
            else:
                await jobs.resolve(job.id, NOBODY, "not_billed")
            job = await jobs.wait(row.id, NOBODY, 60)
        assert job.ended, job
        billed = job.id in tickets
        assert (job.status is JobStatus.COMPLETED) is billed, (job.status, job.error)
    return unknown
