"""What somebody decides of a job, and what is asked for many jobs at once."""

import asyncio
import datetime
from decimal import Decimal
from typing import Any

import pytest

from genmux.flows.job.options import JobOptions
from genmux.types.errors import InvalidRequestError
from genmux.types.job_settings import JobSettings
from genmux.types.jobs import Job, JobFilter, JobStatus
from genmux.types.principal import NOBODY, Principal
from tests.jobs import House, house, picture

DAY = datetime.timedelta(days=1)


async def unknown(here: House) -> Job:
    job = await here.jobs.submit(picture("sim-none", "x [[lost-reply]]"), NOBODY)
    job = await here.jobs.wait(job.id, NOBODY, 20)
    assert job.status is JobStatus.OUTCOME_UNKNOWN
    return job


@pytest.mark.parametrize(
    ("resolution", "told", "words"),
    [
        ("billed", {"cost": Decimal(-1)}, "0 or more"),
        ("billed", {"cost": Decimal("NaN")}, "0 or more"),
        ("billed", {"cost": Decimal("1e30")}, "0 or more"),
        ("not_billed", {"cost": Decimal(1)}, "belongs to the resolution 'billed'"),
        ("resubmit", {"ticket": {"id": "1"}}, "belongs to the resolution 'adopt'"),
        ("adopt", {}, "`ticket` is missing"),
    ],
)
async def test_a_decision_takes_only_what_belongs_to_it(
    embedded: House, resolution: Any, told: dict[str, Any], words: str
) -> None:
    job = await unknown(embedded)
    with pytest.raises(InvalidRequestError, match=words):
        await embedded.jobs.resolve(job.id, NOBODY, resolution, **told)
    assert (await embedded.jobs.get(job.id, NOBODY)).status is JobStatus.OUTCOME_UNKNOWN


async def test_the_ticket_of_another_job_is_not_adopted_whosever_it_is(here: House) -> None:
    job = await unknown(here)
    other = Principal(organisation="others")
    made = await here.jobs.submit(picture("sim-none", "x [[work 0.05]]"), other)
    made = await here.jobs.wait(made.id, other, 20)
    assert made.ticket
    with pytest.raises(InvalidRequestError, match="belongs to another job"):
        await here.jobs.resolve(job.id, NOBODY, "adopt", ticket=dict(made.ticket))


async def test_what_is_resubmitted_has_as_long_to_begin_as_a_new_job_and_is_not_to_be_cancelled_any_more(
    here: House,
) -> None:
    job = await unknown(here)
    long_ago = {"expires_at": 1, "cancel_at": 1}
    await here.desk.rows.change_idle(job.id, job.status, lambda _row: long_ago, lambda _tx, _row: None)
    await here.jobs.pause("sim-none", "")
    again = await here.jobs.resolve(job.id, NOBODY, "resubmit")
    assert again.expires_at is not None
    assert again.expires_at > datetime.datetime.now(datetime.UTC) + DAY / 2
    assert not again.cancel_requested
    assert await here.jobs.expire() == 0
    assert (await here.jobs.get(job.id, NOBODY)).status is JobStatus.QUEUED


async def test_what_is_to_be_cancelled_is_not_sent_again_by_a_policy(
    sqlite_store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(sqlite_store_url, settings=JobSettings(unknown="resubmit")) as here:
        call, sent, going = here.app.engine.call, asyncio.Event(), asyncio.Event()

        async def held(*asked: Any, **how: Any) -> Any:
            if how.get("permit") is not None:
                sent.set()
                await going.wait()
            return await call(*asked, **how)

        monkeypatch.setattr(here.app.engine, "call", held)
        job = await here.jobs.submit(picture("sim-none", "x [[lost-reply]]"), NOBODY)
        await sent.wait()
        await here.jobs.cancel(job.id, NOBODY)
        going.set()
        job = await here.jobs.wait(job.id, NOBODY, 20)
        assert job.status is JobStatus.CANCELLED
        assert job.cost is None  # it may have been billed
        assert len(here.bills()) == 1


async def test_each_of_several_jobs_has_its_own_options(embedded: House) -> None:
    options = [JobOptions(priority=5, end_user="ann"), JobOptions(end_user="bob")]
    jobs = await embedded.jobs.submit_many([picture("sim-none", "1"), picture("sim-none", "2")], NOBODY, options)
    told = [(one.priority, one.end_user) for one in jobs if isinstance(one, Job)]
    assert told == [(5, "ann"), (0, "bob")]


async def test_a_page_of_jobs_asks_once_for_all_that_they_made(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = [picture("sim-none", f"{number} [[work 0.05]]") for number in range(3)]
    jobs = [await here.jobs.submit(one, NOBODY) for one in wanted]
    ended = [await here.jobs.wait(one.id, NOBODY, 20) for one in jobs]
    read, reads = here.kept.store.database.read, 0

    async def counted(work: Any) -> Any:
        nonlocal reads
        reads += 1
        return await read(work)

    monkeypatch.setattr(here.kept.store.database, "read", counted)
    found = await here.jobs.list(NOBODY, JobFilter(status=(JobStatus.COMPLETED,)))
    assert reads == 2
    assert {one.id: [asset.id for asset in one.assets] for one in found} == {
        one.id: [asset.id for asset in one.assets] for one in ended
    }
    assert all(one.assets for one in found)
