"""Jobs of models that are priced in the provider's own credits."""

from decimal import Decimal

import msgspec
import pytest

from genmux.contract.jobs import Steps
from genmux.contract.provider import Provider
from genmux.services.budgets.admin import NewBudget
from genmux.testing.simulator.media.providers import simulated_provider
from genmux.testing.simulator.media.providers.wire import SimulatedWire
from genmux.types.budgets import Scope
from genmux.types.errors import BudgetExceededError
from genmux.types.jobs import Completed, JobState, JobStatus, Ticket
from genmux.types.money import Price
from genmux.types.principal import NOBODY
from genmux.types.usage import Usage
from tests.jobs import House, picture

CENT = 10_000
IN_CREDITS = Price(meter="images.output", amount=Decimal(3), credit_type="credits")
"""Three credits at one cent."""


class SaysNoCost(SimulatedWire):
    """Leaves out what the simulator says of the cost."""

    def poll(self, ticket: Ticket) -> Steps[JobState]:
        state = yield from super().poll(ticket)
        return msgspec.structs.replace(state, usage=Usage()) if isinstance(state, Completed) else state


def price_in_credits(here: House) -> None:
    """Let a picture of `sim-none` cost credits."""
    manifest = simulated_provider("sim-none", poll_first=0.02, poll_every=0.05).manifest
    model = msgspec.structs.replace(manifest.models["picture"], prices=(IN_CREDITS,))
    priced = msgspec.structs.replace(
        manifest,
        models={**manifest.models, "picture": model},
        credit_types=("credits",),
        credit_rates={"credits": Decimal("0.01")},
    )
    here.app.registry.register(Provider(manifest=priced, wires={"job": SaysNoCost(priced)}), replace=True)


async def test_what_costs_credits_is_held_in_dollars_and_says_how_many_credits(here: House) -> None:
    price_in_credits(here)
    budget = (
        await here.app.kept().budgets.create(
            "default", NewBudget(scope=Scope("organisation", "default"), limit=Decimal(1), period="total")
        )
    ).budget
    job = await here.jobs.submit(picture("sim-none", "x [[stuck]]"), NOBODY)
    assert job.estimate is not None
    assert job.estimate.high == Decimal("0.03")
    assert job.estimate.credits["credits"].high == Decimal(3)
    assert (await here.app.kept().budgets.get("default", budget.id)).held == 3 * CENT
    await here.jobs.cancel(job.id, NOBODY)
    await here.jobs.wait(job.id, NOBODY, 20)


async def test_a_limit_in_dollars_holds_for_what_costs_credits(here: House) -> None:
    price_in_credits(here)
    with pytest.raises(BudgetExceededError):
        await here.jobs.submit(picture("sim-none", budget_limit=Decimal("0.02")), NOBODY)


async def test_what_costs_credits_is_settled_by_what_was_asked_for(here: House) -> None:
    price_in_credits(here)
    job = await here.jobs.submit(picture("sim-none", "x [[work 0.05]]"), NOBODY)
    done = await here.jobs.wait(job.id, NOBODY, 20)
    assert done.status is JobStatus.COMPLETED
    assert done.cost is not None
    assert done.cost.amount == Decimal("0.03")
