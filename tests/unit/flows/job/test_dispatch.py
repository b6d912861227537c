"""Who works on jobs, when clocks are wrong, processes stand still, and rows are not as they should be."""

import asyncio
from typing import Any

import pytest

from genmux.flows.job.dispatch import Shared
from genmux.types.jobs import JobStatus
from genmux.types.principal import NOBODY
from tests.jobs import House, house, picture
from tests.receiver import until


async def running(here: House) -> str:
    job = await here.jobs.submit(picture("sim-none", "x [[work 1000]]"), NOBODY)
    async for seen in here.jobs.watch(job.id, NOBODY):
        if seen.status is JobStatus.RUNNING:
            break
    return job.id


async def test_what_a_program_that_stood_still_lets_go_of_is_taken_up_again(postgres_store_url: str) -> None:
    async with house(postgres_store_url) as here:
        job = await running(here)
        assert isinstance(here.desk.worker, Shared)
        before = await here.desk.rows.find(job)
        assert before is not None
        bench = here.jobs._bench  # noqa: SLF001 — its clock goes as if the machine had slept
        bench.clock = lambda clock=bench.clock: clock() + 1_000.0

        async with asyncio.timeout(10):
            while (after := await here.desk.rows.find(job)) is None or after.fence < before.fence + 2:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        here.simulator.advance(2_000)
        assert (await here.jobs.wait(job, NOBODY, 20)).status is JobStatus.COMPLETED
        assert len(here.bills()) == 1


async def test_a_worker_that_has_not_begun_takes_up_nothing_that_another_lets_go_of(postgres_store_url: str) -> None:
    async with house(postgres_store_url) as here:
        worker = here.desk.worker
        assert isinstance(worker, Shared)
        worker.heard("released")
        worker.heard("queued")
        await here.jobs.pauses()
        assert await here.desk.rows.workers() == []


async def test_a_fault_in_one_round_of_claiming_does_not_end_all_claiming(
    embedded: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, rounds = embedded.desk.rows.claim, 0

    async def faulty(*asked: Any) -> Any:
        nonlocal rounds
        rounds += 1
        if rounds == 1:
            raise KeyError("nobody foresaw this")
        return await claim(*asked)

    monkeypatch.setattr(embedded.desk.rows, "claim", faulty)
    job = await embedded.jobs.submit(picture("sim-none", "x [[work 0.05]]"), NOBODY)
    assert (await embedded.jobs.wait(job.id, NOBODY, 20)).status is JobStatus.COMPLETED
    await until(lambda: rounds > 1)


async def test_the_steady_clock_never_goes_back() -> None:
    from genmux.app.jobs import steady

    first = steady()
    assert steady() >= first
