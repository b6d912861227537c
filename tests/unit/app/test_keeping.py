"""What is kept on a store, and for how long."""

import asyncio
import datetime
from decimal import Decimal

import pytest

from genmux.app import App
from genmux.services.budgets import NewBudget
from genmux.services.settings import Settings
from genmux.types.budgets import Scope
from genmux.types.principal import Principal
from tests.ledgers import Clock


class Slept(BaseException):
    """A day would have passed."""


async def a_day(_seconds: float) -> None:
    raise Slept


async def test_lines_of_the_ledger_are_kept_as_long_as_usage_rows(sqlite_store_url: str) -> None:
    clock = Clock()
    house = App(Settings(), environ={}, store=sqlite_store_url)
    house.now = clock
    await house.ready()
    keeping = house.kept()
    scope = Scope("organisation", "default")
    made = await keeping.budgets.create("default", NewBudget(scope=scope, limit=Decimal(1), period="day"))
    for day in range(2):
        held = await keeping.ledger.hold(f"day{day}", keeping.ledger.budgets_for(Principal()), 5)
        held.settle(5)
        await keeping.bookkeeper.flush()
        clock.time += datetime.timedelta(days=399)

    with pytest.raises(Slept):
        await keeping._prune(sleep=a_day)  # noqa: SLF001 — a day is too long for a test
    lines = await keeping.budgets.entries("default", made.budget.id)

    assert {line.subject for line in lines} >= {"day1"}
    assert "day0" not in {line.subject for line in lines}
    assert "carry" in {line.kind for line in lines}
    assert await keeping.budgets.verify() == []
    await house.aclose()
    await asyncio.sleep(0)
