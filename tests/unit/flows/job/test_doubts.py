"""What is sent again while nobody knows whether it arrived before, and what a database does that is away."""

import asyncio
from typing import Any

import pytest

from genmux.flows.job.verdicts import verdict_of
from genmux.types.errors import ErrorKind, ProviderError, RateLimitError, Retry, StoreError
from genmux.types.jobs import Job, JobStatus
from genmux.types.principal import NOBODY
from tests.jobs import House, picture


@pytest.mark.parametrize(
    ("kind", "status", "retry", "verdict"),
    [
        (ErrorKind.RATE_LIMIT, 429, Retry.SAFE, "unsure"),
        (ErrorKind.NETWORK, None, Retry.SAFE, "unsure"),  # it was never sent, but the one before was
        (ErrorKind.AUTHENTICATION, 401, Retry.NEVER, "unsure"),
        (ErrorKind.INVALID_REQUEST, 409, Retry.NEVER, "unsure"),
        (ErrorKind.INVALID_REQUEST, 400, Retry.NEVER, "refused"),
        (ErrorKind.CONTENT_FILTERED, 400, Retry.NEVER, "refused"),
    ],
)
def test_what_becomes_of_a_second_sending_says_nothing_of_the_first_unless_the_request_itself_is_refused(
    kind: ErrorKind, status: int | None, retry: Retry, verdict: str
) -> None:
    assert verdict_of(ProviderError("no", kind=kind, status=status, retry=retry), doubtful=True) == verdict


async def submitted(here: House, provider: str, prompt: str) -> Job:
    job = await here.jobs.submit(picture(provider, prompt), NOBODY)
    return await here.jobs.wait(job.id, NOBODY, 20)


async def test_a_job_that_may_have_arrived_stays_with_its_account_when_it_is_turned_away_later(
    here: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, sent = here.app.engine.call, 0

    async def turning_away(*asked: Any, **how: Any) -> Any:
        nonlocal sent
        if how.get("permit") is None:
            return await call(*asked, **how)
        sent += 1
        if sent == 2:
            raise RateLimitError("too many", status=429, retry=Retry.SAFE)
        return await call(*asked, **how)

    monkeypatch.setattr(here.app.engine, "call", turning_away)
    statuses = watched(here, monkeypatch)
    job = await submitted(here, "sim-idempotent", "x [[lost-reply]] [[work 0.05]]")
    assert job.status is JobStatus.COMPLETED
    assert sent == 3
    assert len(here.bills()) == 1
    assert JobStatus.QUEUED not in statuses


def watched(here: House, monkeypatch: pytest.MonkeyPatch) -> list[JobStatus]:
    """The statuses that are written down."""
    statuses: list[JobStatus] = []
    move = here.desk.rows.move

    async def noting(row: Any, values: Any, **how: Any) -> Any:
        if "status" in values:
            statuses.append(values["status"])
        return await move(row, values, **how)

    monkeypatch.setattr(here.desk.rows, "move", noting)
    return statuses


async def test_a_store_that_fails_after_the_sending_neither_sends_again_nor_gives_the_money_back(
    here: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    move, failed = here.desk.rows.move, 0

    async def failing(row: Any, values: Any, **how: Any) -> Any:
        nonlocal failed
        if values.get("status") is JobStatus.RUNNING and not failed:
            failed += 1
            raise StoreError("somebody must mend it", reason="read_only")
        return await move(row, values, **how)

    monkeypatch.setattr(here.desk.rows, "move", failing)
    job = await submitted(here, "sim-none", "x [[work 0.05]]")
    assert failed == 1
    assert job.status is JobStatus.COMPLETED
    assert job.attempts == 1
    assert len(here.bills()) == 1


async def test_a_job_in_doubt_goes_on_when_the_store_is_back(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, asked = here.desk.rows.clock, 0

    async def failing() -> int:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise StoreError("away", reason="gone")
        return await clock()

    monkeypatch.setattr(here.desk.rows, "clock", failing)
    job = await submitted(here, "sim-idempotent", "x [[lost-reply]] [[work 0.05]]")
    assert asked > 1
    assert job.status is JobStatus.COMPLETED
    assert len(here.bills()) == 1


async def test_what_is_turned_away_after_somebody_cancelled_it_need_not_wait_for_a_turn(
    here: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, sending, going = here.app.engine.call, asyncio.Event(), asyncio.Event()

    async def turning_away(*asked: Any, **how: Any) -> Any:
        if how.get("permit") is None:
            return await call(*asked, **how)
        sending.set()
        await going.wait()
        raise RateLimitError("too many", status=429, retry=Retry.SAFE, retry_after=300)

    monkeypatch.setattr(here.app.engine, "call", turning_away)
    job = await here.jobs.submit(picture("sim-none"), NOBODY)
    await sending.wait()
    await here.jobs.cancel(job.id, NOBODY)
    going.set()
    assert (await here.jobs.wait(job.id, NOBODY, 10)).status is JobStatus.CANCELLED
