"""A job is cancelled in each of its states."""

import asyncio
from typing import Any

import msgspec
import pytest

from genmux.types.errors import InvalidRequestError
from genmux.types.jobs import Job, JobFilter, JobStatus
from genmux.types.principal import NOBODY
from tests.jobs import House, picture
from tests.losing import Step, at_step, breaking, hasten
from tests.receiver import until


async def cancelled_at(here: House, step: Step, prompt: str, provider: str = "sim-none") -> Job:
    """A job of which somebody asks for the cancellation just before a step is written."""

    async def around(write: Any) -> Any:
        await here.jobs.cancel((await here.jobs.list(NOBODY, JobFilter()))[0].id, NOBODY)
        return await write()

    at_step(here, step, around)
    job = await here.jobs.submit(picture(provider, prompt), NOBODY)
    return await here.jobs.wait(job.id, NOBODY, 20)


async def test_one_that_is_submitted_but_not_yet_intended_is_never_sent(here: House) -> None:
    job = await cancelled_at(here, "intended", "x")
    assert job.status is JobStatus.CANCELLED
    assert here.bills() == []


async def test_one_that_is_being_sent_is_cancelled_at_its_provider_once_that_has_it(here: House) -> None:
    job = await cancelled_at(here, "taken", "x [[stuck]]")
    assert job.status is JobStatus.CANCELLED
    assert [bill.state for bill in here.bills()] == ["cancelled"]


async def test_one_that_is_turned_away_does_not_wait_for_another_turn(here: House) -> None:
    here.simulator.upcoming("slots-full 60")

    async def around(write: Any) -> Any:
        moved = await write()
        await here.jobs.cancel(moved.id, NOBODY)
        return moved

    at_step(here, "intended", around)
    job = await here.jobs.submit(picture("sim-none", "x"), NOBODY)
    job = await here.jobs.wait(job.id, NOBODY, 10)
    assert job.status is JobStatus.CANCELLED
    assert here.bills() == []


async def test_one_that_its_provider_never_took_is_not_sent_again(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genmux.flows.job.recovering.SEND_WINDOW", 0.0)
    bench = here.jobs._bench  # noqa: SLF001
    bench.settings = msgspec.structs.replace(bench.settings, submit_seconds=0.2)

    async def around(write: Any) -> Any:
        moved = await write()
        await here.jobs.cancel(moved.id, NOBODY)
        return moved

    at_step(here, "intended", around)
    job = await here.jobs.submit(picture("sim-lookup", "x [[lost-request]]"), NOBODY)
    job = await here.jobs.wait(job.id, NOBODY, 20)
    assert job.status is JobStatus.CANCELLED
    assert here.bills() == []


async def test_one_that_is_worked_on_is_left_to_its_grace(here: House) -> None:
    job = await here.jobs.submit(picture("sim-none", "x [[work 600]]"), NOBODY)
    async for seen in here.jobs.watch(job.id, NOBODY):
        if seen.started_at is not None:
            break
    await here.jobs.cancel(job.id, NOBODY, grace=600.0)
    polls = here.simulator.polls
    await until(lambda: here.simulator.polls > polls + 2)
    here.simulator.advance(600)

    assert (await here.jobs.wait(job.id, NOBODY, 20)).status is JobStatus.COMPLETED


async def test_who_asks_again_with_a_shorter_grace_is_obeyed(here: House) -> None:
    job = await here.jobs.submit(picture("sim-none", "x [[stuck]]"), NOBODY)
    async for seen in here.jobs.watch(job.id, NOBODY):
        if seen.started_at is not None:
            break
    await here.jobs.cancel(job.id, NOBODY, grace=600.0)
    await here.jobs.cancel(job.id, NOBODY, grace=900.0)
    await here.jobs.cancel(job.id, NOBODY, grace=0.0)

    assert (await here.jobs.wait(job.id, NOBODY, 20)).status is JobStatus.CANCELLED


async def test_one_that_is_made_already_is_collected_all_the_same(here: House) -> None:
    job = await cancelled_at(here, "downloading", "x [[work 0.05]]")
    assert job.status is JobStatus.COMPLETED
    assert len(job.assets) == 1


async def test_one_that_is_made_but_cannot_be_collected_ends_and_costs_what_it_did_cost(here: House) -> None:
    hasten(here)
    breaking(here, times=10_000)
    job = await here.jobs.submit(picture("sim-none", "x [[work 0.05]]"), NOBODY)
    async for seen in here.jobs.watch(job.id, NOBODY):
        if seen.waiting:
            break
    await here.jobs.cancel(job.id, NOBODY)
    job = await here.jobs.wait(job.id, NOBODY, 10)

    assert job.status is JobStatus.CANCELLED
    assert job.cost is not None
    assert job.cost.amount == here.bills()[0].charged


async def test_one_whose_outcome_is_unknown_is_resolved_and_not_cancelled(here: House) -> None:
    job = await here.jobs.submit(picture("sim-none", "x [[lost-reply]]"), NOBODY)
    job = await here.jobs.wait(job.id, NOBODY, 20)
    with pytest.raises(InvalidRequestError, match="outcome_unknown; resolve it"):
        await here.jobs.cancel(job.id, NOBODY)


async def test_one_that_has_ended_stays_as_it_is(here: House) -> None:
    job = await here.jobs.submit(picture("sim-none", "x [[work 0.05]]"), NOBODY)
    job = await here.jobs.wait(job.id, NOBODY, 20)
    with pytest.raises(InvalidRequestError, match="completed; there is nothing left to cancel"):
        await here.jobs.cancel(job.id, NOBODY)
    assert (await here.jobs.get(job.id, NOBODY)).status is JobStatus.COMPLETED


async def test_all_that_are_cancelled_at_once_end(here: House) -> None:
    jobs = [await here.jobs.submit(picture("sim-none", f"{n} [[stuck]]"), NOBODY) for n in range(5)]
    await asyncio.gather(*(here.jobs.cancel(job.id, NOBODY) for job in jobs))
    assert {(await here.jobs.wait(job.id, NOBODY, 20)).status for job in jobs} == {JobStatus.CANCELLED}
