"""Budgets are made, changed and read; what makes none is refused."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from genmux.services.budgets import BudgetChange, NewBudget
from genmux.types.budgets import Scope
from genmux.types.errors import InvalidRequestError
from genmux.types.principal import Principal
from tests.ledgers import Desk, warm


async def test_a_budget_is_made_changed_read_and_deleted(here: Desk) -> None:
    made = await here.budgets.create("default", NewBudget(scope=Scope("key", "k"), limit=Decimal("1.25"), name="n"))
    assert made.budget.limit == 1_250_000
    key = Principal(key="k")
    assert here.ledger.budgets_for(key) == (made.budget,)

    changed = await here.budgets.update("default", made.budget.id, BudgetChange(limit=Decimal(2), name=None))
    assert (changed.budget.limit, changed.budget.name, changed.budget.alerts) == (2_000_000, None, (0.8, 1.0))
    assert here.ledger.budgets_for(key) == (changed.budget,)
    assert await here.budgets.list("default", scope=Scope("key", "*")) == [changed]
    assert (await here.budgets.get("default", made.budget.id)).left == 2_000_000

    await here.budgets.delete("default", made.budget.id)
    assert here.ledger.budgets_for(key) == ()
    assert await here.budgets.list("default") == []
    assert len(await here.budgets.list("default", deleted=True)) == 1
    assert await here.budgets.verify() == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"limit": Decimal(-1)}, "no amount of money"),
        ({"limit": Decimal("NaN")}, "no amount of money"),
        ({"limit": Decimal("1e30")}, "no amount of money"),
        ({"scope": Scope("organisation", "other")}, "cannot limit the organisation 'other'"),
        ({"scope": Scope("tag", "project")}, "names no tag; give it as name=value"),
        ({"scope": Scope("account", "openai")}, "provider/name"),
        ({"scope": Scope("key", "")}, "names no request"),
        ({"period": "sliding"}, "looks back over 60"),
        ({"period": "sliding", "seconds": 59}, "not 59"),
        ({"seconds": 60}, "only a sliding period"),
        ({"time_zone": "Mars/Olympus"}, "no time zone 'Mars/Olympus'"),
        ({"time_zone": "../etc/passwd"}, "no time zone"),
        ({"currency": "usd"}, "no currency"),
        ({"alerts": (0.0,)}, "alerts are"),
        ({"alerts": (float("nan"),)}, "alerts are"),
        ({"name": ""}, "1 to 200 characters"),
    ],
)
async def test_what_makes_no_budget_is_refused_in_words(embedded: Desk, fields: dict[str, Any], message: str) -> None:
    wanted = {"scope": Scope("key", "k"), "limit": Decimal(1), **fields}

    with pytest.raises(InvalidRequestError, match=message):
        await embedded.budgets.create("default", NewBudget(**wanted))

    assert await embedded.budgets.list("default") == []


async def test_a_correction_by_subject_and_a_reset_are_in_the_lines(embedded: Desk) -> None:
    budget = await embedded.make()
    (await embedded.ledger.hold("a", (budget,), 300)).settle(100)
    await embedded.keeper.flush()

    await embedded.budgets.correct("a", 150)
    state = await embedded.budgets.reset("default", budget.id)

    assert state.spent == 0
    assert [line.kind for line in await embedded.budgets.lines("default", "a")] == ["hold", "settle", "correct"]
    newest = (await embedded.budgets.entries("default", budget.id, limit=1))[0]
    assert (newest.kind, newest.spent) == ("reset", -150)
    with pytest.raises(InvalidRequestError, match="1 to 1000 rows"):
        await embedded.budgets.entries("default", budget.id, limit=0)


async def test_an_organisation_corrects_its_own_budgets_only(here: Desk) -> None:
    own = await here.make()
    foreign = await here.store.create(msgspec.structs.replace(own, id=0, tenant="other", scope=Scope("account", "a/b")))
    (await here.ledger.hold("a", (own, foreign), 300)).settle(100)
    await here.keeper.flush()

    await here.budgets.correct("a", 900, tenant="other")

    assert await here.balance(own) == (100, 0, 0)
    assert await here.balance(foreign) == (900, 0, 0)


@pytest.mark.parametrize("change", [BudgetChange(limit=Decimal(0)), None])
async def test_a_changed_budget_holds_at_once_also_for_what_was_leased(
    embedded: Desk, change: BudgetChange | None
) -> None:
    budget = await embedded.make(limit=1_000_000)
    await warm(embedded, budget)
    assert (await embedded.balance(budget))[1] > 0

    if change is None:
        await embedded.budgets.delete("default", budget.id)
    else:
        await embedded.budgets.update("default", budget.id, change)

    assert embedded.ledger.try_hold("a", (budget,), 1) is None
    assert (await embedded.balance(budget))[1] == 0
