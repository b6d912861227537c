"""The database is lost at each step of a job, for a minute: the job goes on from where it stood, and is billed once."""

import asyncio
import time
from typing import Any

import pytest

from genmux.types.job_settings import JobSettings
from genmux.types.jobs import JobStatus
from genmux.types.principal import NOBODY
from tests.jobs import House, house, picture
from tests.losing import STEPS, Deadline, Losing, Step, at_step, hasten, prompt
from tests.receiver import until

PICTURE = "a fish [[work 0.05]]"


@pytest.mark.parametrize("step", STEPS)
async def test_a_database_that_is_lost_for_a_minute_costs_no_job_and_no_second_bill(here: House, step: Step) -> None:
    hasten(here)
    losing, clock = Losing(here.kept.store.database), Deadline(here)

    async def lost(write: Any) -> Any:
        losing.lost = True
        return await write()

    at_step(here, step, lost)
    job = await here.jobs.submit(picture("sim-none", prompt(step)), NOBODY)
    await until(lambda: losing.refused >= 3)
    clock.advance(60.0)
    losing.lost = False

    assert (await here.jobs.wait(job.id, NOBODY, 30)).status is JobStatus.COMPLETED
    assert len(here.bills()) == 1


@pytest.mark.parametrize("step", STEPS)
async def test_what_was_written_when_the_connection_broke_is_neither_lost_nor_done_twice(
    here: House, step: Step
) -> None:
    hasten(here)
    losing = Losing(here.kept.store.database)

    async def untold(write: Any) -> Any:
        losing.untold = True
        return await write()

    at_step(here, step, untold)
    job = await here.jobs.submit(picture("sim-none", prompt(step)), NOBODY)

    assert (await here.jobs.wait(job.id, NOBODY, 30)).status is JobStatus.COMPLETED
    assert len(here.bills()) == 1
    told = await here.told(job.id)
    assert (told.count("generation.started"), told.count("generation.completed")) == (1, 1)


@pytest.mark.parametrize(("provider", "status"), [("sim-idempotent", "completed"), ("sim-none", "outcome_unknown")])
async def test_a_submission_whose_outcome_is_unsure_waits_for_the_database_and_is_resolved_then(
    here: House, provider: str, status: str
) -> None:
    hasten(here)
    losing = Losing(here.kept.store.database)
    job = await here.jobs.submit(picture(provider, f"{PICTURE} [[slow 0.3]] [[lost-reply]]"), NOBODY)
    await until(lambda: bool(here.bills()))
    losing.lost = True
    await until(lambda: losing.refused >= 3)
    losing.lost = False

    assert (await here.jobs.wait(job.id, NOBODY, 30)).status == status
    assert len(here.bills()) == 1


async def test_a_job_that_is_turned_away_while_the_database_is_lost_waits_for_another_turn(here: House) -> None:
    hasten(here)
    losing = Losing(here.kept.store.database)
    here.simulator.upcoming("slots-full 0.1")

    async def then_lost(write: Any) -> Any:
        try:
            return await write()
        finally:
            losing.lost = True

    at_step(here, "intended", then_lost)
    job = await here.jobs.submit(picture("sim-none", PICTURE), NOBODY)
    await until(lambda: losing.refused >= 3)
    losing.lost = False

    assert (await here.jobs.wait(job.id, NOBODY, 30)).status is JobStatus.COMPLETED
    assert len(here.bills()) == 1


@pytest.mark.parametrize("reason", ["read_only", "refused"])
async def test_a_database_that_takes_nothing_until_somebody_mends_it_leaves_no_job_stuck(
    embedded: House, reason: Any
) -> None:
    from genmux.types.errors import StoreError

    hasten(embedded)
    tries = 0

    async def refused(write: Any) -> Any:
        nonlocal tries
        tries += 1
        if tries < 3:
            at_step(embedded, "taken", refused)
        if tries <= 3:
            raise StoreError("nothing can be written", reason=reason)
        return await write()

    at_step(embedded, "taken", refused)
    job = await embedded.jobs.submit(picture("sim-none", PICTURE), NOBODY)

    assert (await embedded.jobs.wait(job.id, NOBODY, 30)).status is JobStatus.COMPLETED
    assert tries == 3
    assert len(embedded.bills()) == 1


async def test_a_program_that_stood_still_takes_its_jobs_up_again(postgres_store_url: str) -> None:
    async with house(postgres_store_url, settings=JobSettings(lease=1.0)) as here:
        job = await here.jobs.submit(picture("sim-none", "a fish [[work 1.5]]"), NOBODY)
        async for seen in here.jobs.watch(job.id, NOBODY):
            if seen.status is JobStatus.RUNNING:
                break
        await asyncio.sleep(0.3)  # the watchdog looks four times a second
        time.sleep(0.85)  # noqa: ASYNC251 — nothing goes on, as if the machine had slept

        done = await here.jobs.wait(job.id, NOBODY, 30)
        assert done.status is JobStatus.COMPLETED
        assert done.fence > 2  # it was given up, and taken up
        assert len(here.bills()) == 1
