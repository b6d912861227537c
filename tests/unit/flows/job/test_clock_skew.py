"""The machine's clock jumps by an hour, forwards and back: jobs end as they would have ended."""

import datetime

import msgspec
import pytest

from genmux.types.jobs import JobStatus
from genmux.types.principal import NOBODY
from tests.jobs import House, house, picture
from tests.losing import breaking, hasten
from tests.receiver import until

SHORT = {"deadline": 1_800.0, "result_lifetime": 600.0, "key_ttl": 600.0, "lookup_after": 0.0}
"""Spans that an hour exceeds."""
JUMPS = pytest.mark.parametrize("hours", [1, -1])


def jump(here: House, hours: int) -> None:
    """Put the machine's clock forward, or back."""
    now = here.desk.rows._now  # noqa: SLF001
    here.desk.rows._now = lambda: now() + datetime.timedelta(hours=hours)  # noqa: SLF001


@JUMPS
async def test_a_running_job_does_not_expire_because_of_the_clock(ledger_url: str, hours: int) -> None:
    async with house(ledger_url, traits=SHORT) as here:
        job = await here.jobs.submit(picture("sim-none", "x [[work 600]]"), NOBODY)
        async for seen in here.jobs.watch(job.id, NOBODY):
            if seen.started_at is not None:
                break
        jump(here, hours)
        polls = here.simulator.polls
        await until(lambda: here.simulator.polls > polls + 2)
        here.simulator.advance(600)

        assert (await here.jobs.wait(job.id, NOBODY, 20)).status is JobStatus.COMPLETED


@JUMPS
async def test_a_cancellation_does_not_wait_for_the_clock(ledger_url: str, hours: int) -> None:
    async with house(ledger_url, traits=SHORT) as here:
        job = await here.jobs.submit(picture("sim-none", "x [[stuck]]"), NOBODY)
        async for seen in here.jobs.watch(job.id, NOBODY):
            if seen.started_at is not None:
                break
        jump(here, hours)
        await here.jobs.cancel(job.id, NOBODY)

        assert (await here.jobs.wait(job.id, NOBODY, 10)).status is JobStatus.CANCELLED


@JUMPS
async def test_a_result_whose_address_lives_for_minutes_is_collected_whatever_the_clock_says(
    ledger_url: str, hours: int
) -> None:
    async with house(ledger_url, traits=SHORT) as here:
        hasten(here)
        breaking(here, times=3)
        job = await here.jobs.submit(picture("sim-none", "x [[work 0.05]]"), NOBODY)
        async for seen in here.jobs.watch(job.id, NOBODY):
            if seen.status is JobStatus.DOWNLOADING:
                break
        jump(here, hours)

        assert (await here.jobs.wait(job.id, NOBODY, 20)).status is JobStatus.COMPLETED


@JUMPS
@pytest.mark.parametrize("provider", ["sim-idempotent", "sim-lookup"])
async def test_an_unsure_submission_is_resolved_whatever_the_clock_says(
    ledger_url: str, hours: int, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genmux.flows.job.recovering.SEND_WINDOW", 0.0)
    async with house(ledger_url, traits=SHORT) as here:
        hasten(here)
        bench = here.jobs._bench  # noqa: SLF001
        bench.settings = msgspec.structs.replace(bench.settings, submit_seconds=0.2)
        job = await here.jobs.submit(picture(provider, "x [[work 0.05]] [[slow 0.3]] [[lost-reply]]"), NOBODY)
        await until(lambda: bool(here.bills()))
        jump(here, hours)

        assert (await here.jobs.wait(job.id, NOBODY, 20)).status is JobStatus.COMPLETED
        assert len(here.bills()) == 1


@JUMPS
async def test_a_job_that_waits_for_its_turn_does_not_wait_for_the_clock(ledger_url: str, hours: int) -> None:
    async with house(ledger_url, traits=SHORT) as here:
        here.simulator.upcoming("slots-full 1")
        job = await here.jobs.submit(picture("sim-none", "x [[work 0.05]]"), NOBODY)
        async for seen in here.jobs.watch(job.id, NOBODY):
            if seen.waiting:
                break
        jump(here, hours)

        assert (await here.jobs.wait(job.id, NOBODY, 20)).status is JobStatus.COMPLETED


@pytest.mark.parametrize("hours", [2, -2])
async def test_a_machine_whose_clock_is_not_the_servers_does_jobs_like_any_other(
    postgres_store_url: str, hours: int
) -> None:
    async with house(postgres_store_url, traits=SHORT) as here:
        hasten(here)
        breaking(here, times=3)
        jump(here, hours)
        job = await here.jobs.submit(picture("sim-none", "x [[work 0.2]]"), NOBODY)
        other = await here.jobs.submit(picture("sim-none", "x [[stuck]]"), NOBODY)
        async for seen in here.jobs.watch(other.id, NOBODY):
            if seen.started_at is not None:
                break
        await here.jobs.cancel(other.id, NOBODY)

        assert (await here.jobs.wait(job.id, NOBODY, 20)).status is JobStatus.COMPLETED
        assert (await here.jobs.wait(other.id, NOBODY, 20)).status is JobStatus.CANCELLED
