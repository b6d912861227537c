"""What is held in the budgets of the account that a job goes through."""

from decimal import Decimal

from genmux.services.budgets.admin import NewBudget
from genmux.types.budgets import Budget, Scope
from genmux.types.errors import ErrorKind
from genmux.types.jobs import JobStatus
from genmux.types.principal import NOBODY
from tests.jobs import House, picture

CENT = 10_000


async def limited_account(here: House, limit: int) -> Budget:
    """A budget of the one account of `sim-none`, and none of its caller."""
    first = await here.jobs.submit(picture("sim-none", "x [[work 0.02]]"), NOBODY)
    first = await here.jobs.wait(first.id, NOBODY, 20)
    scope = Scope("account", f"sim-none/{first.account}")
    wanted = NewBudget(scope=scope, limit=Decimal(limit) / 1_000_000, period="total")
    return (await here.kept.budgets.create("default", wanted)).budget


async def test_the_budget_of_an_account_is_kept_although_its_caller_has_none(here: House) -> None:
    await limited_account(here, CENT - 1)
    before = len(here.bills())
    job = await here.jobs.submit(picture("sim-none", "y [[work 0.02]]"), NOBODY)
    job = await here.jobs.wait(job.id, NOBODY, 20)
    assert job.status is JobStatus.REJECTED
    assert job.error is not None
    assert job.error.kind is ErrorKind.BUDGET_EXCEEDED
    assert len(here.bills()) == before


async def test_what_is_held_for_an_account_is_held_once_however_often_a_job_is_turned_away(here: House) -> None:
    budget = await limited_account(here, 5 * CENT)
    here.simulator.upcoming("slots-full 0.2")
    job = await here.jobs.submit(picture("sim-none", "z"), NOBODY)
    here.simulator.script("work 0.05")
    job = await here.jobs.wait(job.id, NOBODY, 20)
    assert job.status is JobStatus.COMPLETED
    assert job.attempts == 2
    state = await here.kept.budgets.get("default", budget.id)
    assert (state.spent, state.held) == (CENT, 0)
