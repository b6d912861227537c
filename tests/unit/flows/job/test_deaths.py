"""A process dies before and after everything that is written of a job: the next one goes on, and nothing is billed twice."""

import asyncio
import datetime
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import pytest

from genmux.flows.job import recovering
from genmux.testing.simulator.media import MediaSimulator
from genmux.types.jobs import Job, JobStatus
from genmux.types.principal import NOBODY
from tests.jobs import QUICK, House, app_for, picture
from tests.losing import STEPS, Step, at_step, die, hasten, prompt

TRAITS = {**QUICK, "lookup_after": 0.0}
MINUTES = datetime.timedelta(minutes=5)
When = Literal["before", "after"]


@asynccontextmanager
async def living(store: str, simulator: MediaSimulator) -> AsyncIterator[House]:
    """A process on a store."""
    app = app_for(store, simulator.url("generic"), traits=TRAITS)
    try:
        await app.ready()
        here = House(app, simulator)
        hasten(here)
        yield here
    finally:
        await app.aclose()


async def submit_and_die(store: str, simulator: MediaSimulator, provider: str, step: Step, when: When) -> str:
    """A job of a process that dies at a step."""
    reached = asyncio.Event()

    async def around(write: Any) -> Any:
        if when == "after":
            await write()
        reached.set()
        await asyncio.Event().wait()

    async with living(store, simulator) as here:
        at_step(here, step, around)
        job = await here.jobs.submit(picture(provider, prompt(step)), NOBODY)
        async with asyncio.timeout(20):
            await reached.wait()
        await die(here)
    return job.id


async def gone_on_with(store: str, simulator: MediaSimulator, job: str) -> Job:
    """What another process makes of it, some minutes later."""
    async with living(store, simulator) as here:
        now = here.desk.rows._now  # noqa: SLF001
        here.desk.rows._now = lambda: now() + MINUTES  # noqa: SLF001
        found = await here.jobs.wait(job, NOBODY, 30)
        assert (await here.told(job)).count("generation.started") <= 1
        assert not await here.app.kept().budgets.verify()
        return found


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("provider", ["sim-idempotent", "sim-lookup", "sim-none"])
async def test_who_dies_at_a_step_of_a_job_loses_nothing_and_bills_nothing_twice(
    sqlite_store_url: str, monkeypatch: pytest.MonkeyPatch, provider: str, step: Step, when: When
) -> None:
    monkeypatch.setattr(recovering, "SEND_WINDOW", 0.0)
    async with MediaSimulator("generic") as simulator:
        job = await submit_and_die(sqlite_store_url, simulator, provider, step, when)
        found = await gone_on_with(sqlite_store_url, simulator, job)

        unsure = provider == "sim-none" and (step, when) in {("intended", "after"), ("taken", "before")}
        assert found.status is (JobStatus.OUTCOME_UNKNOWN if unsure else JobStatus.COMPLETED)
        assert len(simulator.bills()) == (0 if unsure and step == "intended" else 1)
