"""How jobs are claimed, adopted and fenced, on both databases."""

import itertools
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from genmux.store.jobs.claiming import Assigned, Waits
from genmux.store.jobs.intake import Incoming
from genmux.store.jobs.store import JobTables
from genmux.store.opening import open_store
from genmux.types.generation import GenerationRequest
from genmux.types.jobs import Completed, JobStatus, Processing
from genmux.types.jobs_stored import Details, JobRow
from genmux.types.periods import SECOND, to_moment
from tests.ledgers import NOON

numbers = itertools.count()
USUAL = Assigned("acme:usual", "usual")


def anybody(_row: JobRow, _full: frozenset[str]) -> Assigned:
    return USUAL


def row(tenant: str = "default", provider: str = "acme", *, rank: int = 0, created: int = 0) -> JobRow:
    number = next(numbers)
    return JobRow(
        id=f"job_{number:06}",
        tenant=tenant,
        status=JobStatus.QUEUED,
        operation="text_to_image",
        provider=provider,
        model="picture",
        request=GenerationRequest(operation="text_to_image", model="acme/picture"),
        request_hash="0",
        callback_token=f"token {number}",
        created_at=created,
        updated_at=created,
        next_at=0,
        rank=rank,
        details=Details(),
    )


@pytest_asyncio.fixture
async def tables(ledger_url: str) -> AsyncIterator[JobTables]:
    store = await open_store(ledger_url, role="command")
    yield JobTables(store.database, lambda _tx, _ask: None, lambda: NOON)
    await store.aclose()


async def put(tables: JobTables, *rows: JobRow) -> list[str]:
    for one in rows:
        await tables.take_in(Incoming(one, None, lambda _tx: None))
    return [one.id for one in rows]


async def test_claims_go_round_the_tenants_whoever_has_more_waiting(tables: JobTables) -> None:
    await put(tables, *(row("many") for _ in range(20)), row("few"), row("few"))
    claimed = await tables.claim("me", 4, anybody, {})
    assert sorted(one.tenant for one in claimed) == ["few", "few", "many", "many"]


async def test_the_highest_priority_and_then_the_oldest_is_first(tables: JobTables) -> None:
    low, high, old = row(rank=5), row(rank=-5), row()
    await put(tables, low, high, old)
    claimed = [one.id for one in await tables.claim("me", 3, anybody, {})]
    assert claimed == [high.id, old.id, low.id]


async def test_an_account_gets_no_more_than_its_cap_and_another_one_the_rest(tables: JobTables) -> None:
    await put(tables, *(row() for _ in range(6)))

    def assign(_row: JobRow, full: frozenset[str]) -> Assigned | None:
        return next((one for one in (Assigned("a", "a", 2), Assigned("b", "b", 1)) if one.account not in full), None)

    claimed = await tables.claim("me", 10, assign, {})
    assert sorted(one.account or "" for one in claimed) == ["a", "a", "b"]
    assert await tables.claim("me", 10, assign, {}) == []


async def test_a_provider_gets_no_more_than_its_cap(tables: JobTables) -> None:
    await put(tables, *(row() for _ in range(6)), row(provider="other"))
    claimed = await tables.claim("me", 10, anybody, {"acme": 2})
    assert sorted(one.provider for one in claimed) == ["acme", "acme", "other"]


async def test_a_job_without_an_account_waits_and_says_why(tables: JobTables) -> None:
    (job,) = await put(tables, row())
    assert await tables.claim("me", 10, lambda _row, _full: Waits("no account", 30.0), {}) == []
    found = await tables.find(job)
    assert found is not None
    assert (found.status, found.details.waiting) == (JobStatus.QUEUED, "no account")
    assert await tables.claim("me", 10, anybody, {}) == []  # not before its time


async def test_nothing_is_claimed_of_a_provider_that_pauses(tables: JobTables) -> None:
    await put(tables, row(), row(provider="other"))
    await tables.pause("acme", "maintenance")
    assert [one.provider for one in await tables.claim("me", 10, anybody, {})] == ["other"]
    assert await tables.resume("acme")
    assert [one.provider for one in await tables.claim("me", 10, anybody, {})] == ["acme"]


async def test_two_workers_never_claim_the_same_job(tables: JobTables) -> None:
    ids = await put(tables, *(row() for _ in range(10)))
    mine = [one.id for one in await tables.claim("me", 4, anybody, {})]
    yours = [one.id for one in await tables.claim("you", 10, anybody, {})]
    assert sorted(mine + yours) == sorted(ids)


async def test_the_writes_of_a_worker_that_was_taken_for_dead_are_refused(tables: JobTables) -> None:
    await put(tables, row())
    (mine,) = await tables.claim("me", 1, anybody, {})
    (yours,) = await tables.adopt_all("you", "another")
    assert await tables.move(mine, {"status": JobStatus.RUNNING}) is None
    moved = await tables.move(yours, {"status": JobStatus.RUNNING})
    assert moved is not None
    assert (moved.status, moved.owner) == (JobStatus.RUNNING, "you")


async def test_even_its_own_earlier_life_is_fenced(tables: JobTables) -> None:
    await put(tables, row())
    (before,) = await tables.claim("me", 1, anybody, {})
    await tables.release("me")
    (after,) = await tables.claim("me", 1, anybody, {})
    assert after.id == before.id
    assert await tables.move(before, {"progress": 0.5}) is None
    assert await tables.move(after, {"progress": 0.5}) is not None


async def test_jobs_of_a_silent_worker_are_adopted_as_they_stand(tables: JobTables) -> None:
    await put(tables, row(), row())
    claimed = await tables.claim("gone", 1, anybody, {})
    running = await tables.move(claimed[0], {"status": JobStatus.RUNNING, "ticket": {"id": "7"}})
    assert running is not None
    adopted, _ = await tables.beat("me", "a worker", ttl=9.0, most=10)
    assert [(one.id, one.status, one.ticket) for one in adopted] == [(running.id, JobStatus.RUNNING, {"id": "7"})]
    assert (await tables.beat("me", "a worker", ttl=9.0, most=10))[0] == []
    other, _ = await tables.beat("you", "another", ttl=9.0, most=10)
    assert other == []  # whoever has them lives


async def test_a_cancellation_reaches_the_owner_with_its_beat(tables: JobTables) -> None:
    await put(tables, row())
    (mine,) = await tables.claim("me", 1, anybody, {})
    asked = await tables.ask_to_cancel(mine, 0.0)
    assert asked is not None
    _, signals = await tables.beat("me", "a worker", ttl=9.0, most=10)
    assert [(one.job, one.cancel_at is not None) for one in signals] == [(mine.id, True)]
    assert await tables.move(mine, {"intent_at": 1}, unless_cancelled=True) is None


async def test_a_late_webhook_does_not_take_back_that_a_job_is_over(tables: JobTables) -> None:
    (job,) = await put(tables, row())
    (mine,) = await tables.claim("me", 1, anybody, {})
    for state in (Processing(), Completed(), Processing()):
        assert await tables.hint(mine, state)
    found = await tables.find(job)
    assert found is not None
    assert found.hint == Completed()


async def test_a_wrong_clock_of_this_machine_is_set_right_by_that_of_the_database(tables: JobTables) -> None:
    if tables.kind == "sqlite":
        return  # one process has the file, and its clock counts
    now = await tables.clock()
    assert abs(tables.moment() - now) < 60 * SECOND
    assert abs(to_moment(NOON) - now) > 60 * SECOND


@pytest.mark.parametrize("limit", [1, 2, 7])
async def test_pages_give_every_job_once(tables: JobTables, limit: int) -> None:
    from genmux.types.jobs import JobFilter

    ids = await put(tables, *(row() for _ in range(5)))
    seen: list[str] = []
    after = None
    while page := await tables.page("default", JobFilter(), after=after, limit=limit):
        seen += [one.id for one in page]
        after = (page[-1].created_at, page[-1].id)
    assert sorted(seen) == sorted(ids)
    assert await tables.page("another", JobFilter(), limit=10) == []
