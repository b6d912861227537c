"""What becomes of jobs, for everything that providers do."""

from decimal import Decimal
from typing import Any

import pytest

from genmux.services.budgets.admin import NewBudget
from genmux.types.budgets import Budget, Scope
from genmux.types.errors import (
    BudgetExceededError,
    ErrorKind,
    InvalidRequestError,
    NetworkError,
    NotFoundError,
    Retry,
    ValidationError,
)
from genmux.types.jobs import Job, JobStatus
from genmux.types.principal import NOBODY, Principal
from tests.jobs import House, house, picture

STRANGER = Principal(organisation="others")
CENT = 10_000


async def run(here: House, provider: str, prompt: str = "a fish", **fields: object) -> Job:
    job = await here.jobs.submit(picture(provider, f"{prompt} [[work 0.05]]", **fields), NOBODY)
    return await here.jobs.wait(job.id, NOBODY, 20)


async def limited(here: House, limit: int) -> Budget:
    wanted = NewBudget(scope=Scope("organisation", "default"), limit=Decimal(limit) / 1_000_000, period="total")
    return (await here.app.kept().budgets.create("default", wanted)).budget


async def spent(here: House, budget: Budget) -> tuple[int, int]:
    state = await here.app.kept().budgets.get("default", budget.id)
    return state.spent, state.held


async def test_a_job_ends_with_its_files_its_cost_and_one_bill(here: House) -> None:
    job = await run(here, "sim-none")
    assert job.status is JobStatus.COMPLETED
    assert job.cost is not None
    assert job.cost.amount == Decimal("0.01")
    assert len(job.assets) == 1
    assert job.attempts == 1
    assert (await here.told(job.id))[:2] == ["generation.queued", "generation.started"]
    assert (await here.told(job.id))[-2:] == ["asset.generated", "generation.completed"]
    assert [bill.key for bill in here.bills()] == [job.id]


async def test_the_money_of_a_job_is_held_until_it_has_ended_and_then_spent(here: House) -> None:
    budget = await limited(here, 5 * CENT)
    job = await here.jobs.submit(picture("sim-none", "x [[stuck]]"), NOBODY)
    assert await spent(here, budget) == (0, CENT)
    done = await run(here, "sim-none")
    assert done.status is JobStatus.COMPLETED
    assert await spent(here, budget) == (CENT, CENT)
    await here.jobs.cancel(job.id, NOBODY)
    await here.jobs.wait(job.id, NOBODY, 20)
    assert (await spent(here, budget))[1] == 0


async def test_a_job_that_the_budget_cannot_pay_is_not_kept(here: House) -> None:
    await limited(here, CENT - 1)
    with pytest.raises(BudgetExceededError):
        await here.jobs.submit(picture("sim-none"), NOBODY)
    assert here.bills() == []


async def test_a_job_that_may_cost_more_than_its_own_limit_is_refused(here: House) -> None:
    with pytest.raises(BudgetExceededError, match="more than its `budget_limit`"):
        await here.jobs.submit(picture("sim-none", budget_limit=Decimal("0.009")), NOBODY)


@pytest.mark.parametrize(
    ("directive", "status", "kind"),
    [
        ("filtered no", JobStatus.FILTERED, ErrorKind.CONTENT_FILTERED),
        ("failed broken", JobStatus.FAILED, ErrorKind.SERVER),
        ("empty", JobStatus.FAILED, ErrorKind.MALFORMED_REPLY),
        ("refused", JobStatus.REJECTED, ErrorKind.INVALID_REQUEST),
        ("no-credit", JobStatus.REJECTED, ErrorKind.QUOTA_EXCEEDED),
        ("unauthorized", JobStatus.REJECTED, ErrorKind.AUTHENTICATION),
        ("refused-content", JobStatus.REJECTED, ErrorKind.CONTENT_FILTERED),
    ],
)
async def test_what_goes_wrong_is_told_by_its_status_and_kind(
    here: House, directive: str, status: JobStatus, kind: ErrorKind
) -> None:
    job = await run(here, "sim-none", f"x [[{directive}]]")
    assert job.error is not None
    assert (job.status, job.error.kind) == (status, kind)


@pytest.mark.parametrize("directive", ["lost-reply", "garbled", "error-after"])
async def test_an_unsure_submission_is_sent_again_where_the_key_is_honoured(here: House, directive: str) -> None:
    job = await run(here, "sim-idempotent", f"x [[{directive}]]")
    assert job.status is JobStatus.COMPLETED
    assert len(here.bills()) == 1


@pytest.mark.parametrize("directive", ["lost-reply", "garbled", "error-after", "lost-request"])
async def test_an_unsure_submission_waits_for_a_decision_where_nothing_can_be_known(
    here: House, directive: str
) -> None:
    budget = await limited(here, 5 * CENT)
    job = await run(here, "sim-none", f"x [[{directive}]]")
    assert job.status is JobStatus.OUTCOME_UNKNOWN
    assert job.resolvable
    assert await spent(here, budget) == (0, CENT)
    assert (await here.told(job.id))[-1] == "generation.outcome_unknown"


@pytest.mark.parametrize(
    ("resolution", "status", "money"),
    [("billed", JobStatus.FAILED, (CENT, 0)), ("not_billed", JobStatus.REJECTED, (0, 0))],
)
async def test_a_decision_ends_an_unknown_outcome_and_its_money(
    here: House, resolution: str, status: JobStatus, money: tuple[int, int]
) -> None:
    budget = await limited(here, 5 * CENT)
    job = await run(here, "sim-none", "x [[lost-reply]]")
    job = await here.jobs.resolve(job.id, NOBODY, resolution)
    assert job.status is status
    assert await spent(here, budget) == money


async def test_an_adopted_ticket_is_followed_to_its_end(here: House) -> None:
    job = await run(here, "sim-none", "x [[lost-reply]]")
    (bill,) = here.bills()
    await here.jobs.resolve(job.id, NOBODY, "adopt", ticket={"id": bill.job})
    job = await here.jobs.wait(job.id, NOBODY, 20)
    assert job.status is JobStatus.COMPLETED
    assert len(here.bills()) == 1


async def test_a_resubmission_is_a_decision_and_may_be_billed_twice(here: House) -> None:
    job = await run(here, "sim-none", "x [[lost-reply]]")
    here.simulator.upcoming("work 0.05")
    await here.jobs.resolve(job.id, NOBODY, "resubmit")
    job = await here.jobs.wait(job.id, NOBODY, 20)
    assert len(here.bills()) == 2


async def test_only_an_unknown_outcome_is_resolved(here: House) -> None:
    job = await run(here, "sim-none")
    with pytest.raises(InvalidRequestError, match="only one with an unknown outcome"):
        await here.jobs.resolve(job.id, NOBODY, "billed")


async def test_a_job_that_is_turned_away_waits_for_another_turn(here: House) -> None:
    here.simulator.upcoming("slots-full 0.2")
    job = await here.jobs.submit(picture("sim-none", "x"), NOBODY)
    here.simulator.script("work 0.05")
    job = await here.jobs.wait(job.id, NOBODY, 20)
    assert job.status is JobStatus.COMPLETED
    assert job.attempts == 2


async def test_the_same_key_and_body_is_the_same_job_and_another_body_a_conflict(here: House) -> None:
    first = await here.jobs.submit(picture("sim-none", idempotency_key="k"), NOBODY)
    again = await here.jobs.submit(picture("sim-none", idempotency_key="k"), NOBODY)
    assert first.id == again.id
    with pytest.raises(InvalidRequestError, match="was used for another request") as caught:
        await here.jobs.submit(picture("sim-none", "a bird", idempotency_key="k"), NOBODY)
    assert caught.value.status == 409
    other = await here.jobs.submit(picture("sim-none", "a bird", idempotency_key="k"), STRANGER)
    assert other.id != first.id


async def test_nobody_sees_the_jobs_of_another_tenant(here: House) -> None:
    job = await run(here, "sim-none")
    for look in (here.jobs.get, here.jobs.cancel, here.jobs.retry):
        with pytest.raises(NotFoundError):
            await look(job.id, STRANGER)


async def test_a_failed_job_is_tried_again_as_a_new_one_with_its_lineage(here: House) -> None:
    job = await run(here, "sim-none", "x [[failed no]]")
    again = await here.jobs.retry(job.id, NOBODY)
    assert again.retry_of == job.id
    assert again.id != job.id


async def test_several_jobs_keep_their_order_and_one_that_is_wrong_leaves_the_others_alone(here: House) -> None:
    wrong = picture("sim-none", params={"n": 99})
    jobs = await here.jobs.submit_many([picture("sim-none", "1"), wrong, picture("sim-none", "3")], NOBODY)
    assert isinstance(jobs[0], Job)
    assert isinstance(jobs[1], ValidationError)
    assert isinstance(jobs[2], Job)
    assert jobs[0].batch == jobs[2].batch
    assert (jobs[0].request.prompt, jobs[2].request.prompt) == ("1", "3")


async def test_all_faults_of_a_request_are_told_at_once(embedded: House) -> None:
    request = picture("sim-none", params={"n": 99, "colour": "red", "seed": "x"})
    with pytest.raises(ValidationError) as caught:
        await embedded.jobs.submit(request, NOBODY)
    assert len(caught.value.faults) == 3


async def test_a_queued_job_of_a_paused_provider_waits_and_can_be_cancelled(here: House) -> None:
    await here.jobs.pause("sim-none", "maintenance")
    job = await here.jobs.submit(picture("sim-none"), NOBODY)
    other = await run(here, "sim-lookup")
    assert other.status is JobStatus.COMPLETED
    assert (await here.jobs.get(job.id, NOBODY)).status is JobStatus.QUEUED
    cancelled = await here.jobs.cancel(job.id, NOBODY)
    assert cancelled.status is JobStatus.CANCELLED
    waiting = await here.jobs.submit(picture("sim-none", "y [[work 0.05]]"), NOBODY)
    assert await here.jobs.resume("sim-none")
    assert (await here.jobs.wait(waiting.id, NOBODY, 20)).status is JobStatus.COMPLETED


async def test_a_running_job_is_cancelled_at_its_provider(here: House) -> None:
    job = await here.jobs.submit(picture("sim-none", "x [[stuck]]"), NOBODY)
    async for seen in here.jobs.watch(job.id, NOBODY):
        if seen.status is JobStatus.RUNNING:
            await here.jobs.cancel(job.id, NOBODY)
            break
    job = await here.jobs.wait(job.id, NOBODY, 20)
    assert job.status is JobStatus.CANCELLED


async def test_a_grace_keeps_work_that_is_nearly_done(here: House) -> None:
    job = await here.jobs.submit(picture("sim-none", "x [[work 0.3]]"), NOBODY)
    async for seen in here.jobs.watch(job.id, NOBODY):
        if seen.status is JobStatus.RUNNING:
            await here.jobs.cancel(job.id, NOBODY, grace=10)
            break
    job = await here.jobs.wait(job.id, NOBODY, 20)
    assert job.status is JobStatus.COMPLETED


async def test_a_grace_is_kept_for_what_has_long_begun_and_the_shortest_one_counts(here: House) -> None:
    job = await here.jobs.submit(picture("sim-none", "x [[stuck]]"), NOBODY)
    async for seen in here.jobs.watch(job.id, NOBODY):
        if seen.started_at is not None:
            break
    asked = await here.jobs.cancel(job.id, NOBODY, grace=30)
    assert asked.cancel_requested
    assert (await here.jobs.wait(job.id, NOBODY, 0.3)).status is JobStatus.RUNNING
    await here.jobs.cancel(job.id, NOBODY, grace=0)
    assert (await here.jobs.wait(job.id, NOBODY, 20)).status is JobStatus.CANCELLED


async def test_a_cancellation_that_does_not_get_through_is_asked_for_again(
    embedded: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk, asked = embedded.app.engine.walk, 0

    async def cut(provider: Any, credential: Any, steps: Any, **how: Any) -> Any:
        nonlocal asked
        if steps.__name__ == "cancel":
            asked += 1
            if asked == 1:
                raise NetworkError("cut", retry=Retry.UNSURE)
        return await walk(provider, credential, steps, **how)

    monkeypatch.setattr(embedded.app.engine, "walk", cut)
    job = await embedded.jobs.submit(picture("sim-none", "x [[stuck]]"), NOBODY)
    async for seen in embedded.jobs.watch(job.id, NOBODY):
        if seen.status is JobStatus.RUNNING:
            await embedded.jobs.cancel(job.id, NOBODY)
            break
    assert (await embedded.jobs.wait(job.id, NOBODY, 20)).status is JobStatus.CANCELLED
    assert asked == 2


async def test_an_account_has_no_more_jobs_under_way_than_its_cap(ledger_url: str) -> None:
    async with house(ledger_url, traits={"max_concurrency": 3}) as here:
        here.simulator.limit(slots=3)
        jobs = await here.jobs.submit_many([picture("sim-none", f"{n} [[work 0.1]]") for n in range(12)], NOBODY)
        ended = [await here.jobs.wait(one.id, NOBODY, 30) for one in jobs if isinstance(one, Job)]
        assert {one.status for one in ended} == {JobStatus.COMPLETED}
        assert {one.attempts for one in ended} == {1}  # the provider had to turn nothing away
