"""Every leg is paid for before it is gone, and all legs together keep to the limits."""

import pytest

from genmux.flows.call.options import CallOptions
from genmux.types.errors import (
    BudgetExceededError,
    ProviderError,
)
from genmux.types.routes import Route
from tests.unit.flows.call.house import answer, failing, limited, request
from tests.unit.flows.call.keepers import Kept, budget
from tests.unit.flows.call.roads import Town

MODELS = ("acme/one", "bolt/one", "core/one")


async def test_a_dearer_model_is_paid_for_before_it_is_asked() -> None:
    town = Town({"r": Route(models=("acme/one", "acme/three"))})
    kept = Kept(town.app, budget())
    town.plays("acme/one", failing(503, "overloaded"))

    await town.app.calls.chat(request(name="route/r", max_tokens=100))

    (held,) = kept.ledger.holds
    cheap = town.app.calls.estimate(request(name="acme/one", max_tokens=100)).high
    assert cheap is not None
    assert held.amount >= 2 * cheap * 1_000_000
    assert held.end is not None
    assert held.end[0] == "settled"


async def test_a_model_that_nobody_can_pay_for_is_skipped_and_the_next_is_asked() -> None:
    town = Town({"r": Route(models=("acme/three", "acme/one"))})
    most = town.app.calls.estimate(request(name="acme/one", max_tokens=100)).high
    assert most is not None
    kept = Kept(town.app, budget(int(most * 1_000_000) + 200))

    result = await town.app.calls.chat(request(name="route/r", max_tokens=100))

    assert town.models == ["acme/one"]
    assert [(step.model, step.outcome) for step in result.steps] == [
        ("acme/three", "skipped"),
        ("acme/one", "answered"),
    ]
    assert "budget_exceeded" in (result.steps[0].reason or "")
    assert [row.status for row in kept.rows] == ["completed"]


async def test_where_nobody_can_be_paid_that_is_the_error() -> None:
    town = Town({"r": Route(models=("acme/three", "acme/one"))})
    kept = Kept(town.app, budget(1))

    with pytest.raises(BudgetExceededError):
        await town.app.calls.chat(request(name="route/r", max_tokens=100))

    assert (town.sent, kept.ledger.held, kept.ledger.holds) == ([], 0, [])


async def test_where_the_next_model_cannot_be_paid_the_first_is_asked_again() -> None:
    town = Town({"r": Route(models=("acme/one", "acme/three"))})
    most = town.app.calls.estimate(request(name="acme/one", max_tokens=100)).high
    assert most is not None
    kept = Kept(town.app, budget(int(most * 1_000_000) + 200))
    town.plays("acme/one", failing(503, "overloaded"), answer("there"))

    result = await town.app.calls.chat(request(name="route/r", max_tokens=100))

    assert (result.text, town.models) == ("there", ["acme/one", "acme/one"])
    assert [step.outcome for step in result.steps] == ["failed", "skipped", "answered"]
    assert len(kept.ledger.holds) == 1


async def test_what_may_have_been_billed_stays_presumed_while_the_next_model_is_held_anew() -> None:
    town = failing_town(2)
    kept = Kept(town.app, budget())
    town.plays("bolt/one", answer())

    await town.app.calls.chat(request(name="route/r", max_tokens=100))

    first, second = kept.ledger.holds
    assert first.end == ("presumed", first.amount)
    assert second.end is not None
    assert second.end[0] == "settled"
    assert first.subject != second.subject


async def test_the_limit_of_a_call_holds_for_all_its_legs_together() -> None:
    town = failing_town(3)
    most = town.app.calls.estimate(request(name="acme/one", max_tokens=100)).high
    assert most is not None

    await ask_with(town, limited(str(2 * most)))

    assert town.models == ["acme/one", "bolt/one"]  # a third one could have cost more than that


async def ask_with(town: Town, options: CallOptions) -> None:
    """Fail under a budget."""
    with pytest.raises(ProviderError):
        await town.app.calls.chat(request(name="route/r", max_tokens=100), options)


def failing_town(models: int) -> Town:
    """A town in which nobody knows what became of anything."""
    town = Town({"r": Route(models=MODELS[:models], retry_unsure=True)})
    for model in MODELS:
        town.plays(model, failing(500))
    return town
