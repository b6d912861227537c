"""Holding out of slices, and what becomes of it when the database fails."""

from typing import Any

import pytest

from genmux.types.errors import StoreError
from genmux.types.ledger import BudgetRefusedError
from tests.ledgers import Desk, desk, warm


async def test_holds_come_out_of_slices_once_a_budget_is_used_often(here: Desk) -> None:
    budget = await here.make(limit=1_000_000)
    budgets = (budget,)
    assert here.ledger.try_hold("a", budgets, 100) is None
    await warm(here, budget, amount=100)

    held = [here.ledger.try_hold(f"s{number}", budgets, 100) for number in range(5)]

    spent, kept, _ = await here.balance(budget)
    assert spent == 0
    assert kept >= 500
    for one in held:
        assert one is not None
        one.settle(90)
    await here.keeper.flush()
    assert (await here.balance(budget))[0] == 450


async def test_all_slices_or_none(here: Desk) -> None:
    wide, narrow = await here.make(limit=1_000_000), await here.make("key:k", limit=10_000)
    await warm(here, wide, narrow)
    leased = (await here.store.state("default", narrow.id)).leased

    assert here.ledger.try_hold("a", (wide, narrow), leased + 1) is None
    held = here.ledger.try_hold("b", (wide, narrow), leased)

    assert held is not None
    held.release()


async def test_slices_are_given_back_when_nobody_uses_them(embedded: Desk) -> None:
    budget = await embedded.make(limit=1_000_000)
    await warm(embedded, budget)
    assert (await embedded.balance(budget))[1] > 0

    embedded.clock.move(seconds=4)
    assert embedded.ledger.slices.is_idle()
    await embedded.keeper.flush()

    assert await embedded.balance(budget) == (0, 0, 0)


async def test_slices_are_given_back_at_the_end(ledger_url: str) -> None:
    async with desk(ledger_url) as one:
        budget = await one.make(limit=1_000_000)
        await warm(one, budget)
        await one.stop()
        assert await one.balance(budget) == (0, 0, 0)
        assert one.ledger.try_hold("a", (budget,), 1) is None


async def test_without_beats_nothing_is_taken_from_slices(postgres_store_url: str) -> None:
    async with desk(postgres_store_url) as one:
        budget = await one.make(limit=1_000_000)
        await warm(one, budget)

        one.clock.move(seconds=11)

        assert one.ledger.try_hold("a", (budget,), 1) is None


async def test_the_last_money_is_called_back_from_slices_before_anybody_is_refused(embedded: Desk) -> None:
    budget = await embedded.make(limit=10_000)
    await warm(embedded, budget)
    assert (await embedded.balance(budget))[1] > 0

    held = await embedded.ledger.hold("a", (budget,), 10_000)

    assert await embedded.balance(budget) == (0, 10_000, 0)
    with pytest.raises(BudgetRefusedError):
        await embedded.ledger.hold("b", (budget,), 1)
    held.release()


async def test_an_overrun_out_of_slices_is_booked_and_told(embedded: Desk) -> None:
    budget = await embedded.make(limit=10_000)
    await warm(embedded, budget)
    held = embedded.ledger.try_hold("a", (budget,), 10)
    assert held is not None

    held.settle(20_000)
    await embedded.keeper.flush()

    assert (await embedded.balance(budget))[0] == 20_000
    (told,) = embedded.told.of("budget.overrun")
    assert (told["subject"], told["held"], told["spent"], told["budget"]) == ("a", 10, 20_000, budget.id)
    with pytest.raises(BudgetRefusedError):
        await embedded.ledger.hold("b", (budget,), 1)


class Failing:
    """A database that fails when it is told to."""

    def __init__(self, desk: Desk) -> None:
        self.error: Exception | None = None
        self.write = desk.database.write
        desk.keeper._write = self._write  # noqa: SLF001 — between the bookkeeper and the database

    async def _write(self, work: Any) -> Any:
        if self.error is not None:
            raise self.error
        return await self.write(work)


async def test_when_nothing_can_be_booked_for_long_nothing_more_is_let_through(embedded: Desk) -> None:
    budget = await embedded.make(limit=1_000_000)
    await warm(embedded, budget)
    database = Failing(embedded)
    database.error = StoreError("the disk is full", reason="full")
    held = embedded.ledger.try_hold("a", (budget,), 5)
    assert held is not None
    held.settle(5)
    with pytest.raises(StoreError):
        await embedded.keeper.flush()
    assert embedded.ledger.try_hold("b", (budget,), 1) is not None

    embedded.clock.move(seconds=6)

    assert embedded.ledger.try_hold("c", (budget,), 1) is None
    with pytest.raises(StoreError, match="could not be booked for 6 s: the disk is full"):
        await embedded.ledger.hold("d", (budget,), 1)
    database.error = None
    await embedded.keeper.flush()
    assert (await embedded.balance(budget))[0] == 5
    (await embedded.ledger.hold("e", (budget,), 1)).release()


async def test_what_was_committed_though_nobody_heard_counts_once(embedded: Desk) -> None:
    budget = await embedded.make(limit=1_000_000)
    await warm(embedded, budget)
    exact = await embedded.ledger.hold("a", (budget,), 300)
    sliced = embedded.ledger.try_hold("b", (budget,), 10)
    assert sliced is not None
    exact.settle(200)
    sliced.settle(7)

    async def deaf(work: Any) -> None:
        await embedded.database.write(work)
        raise StoreError("the connection was lost", retry="unsure")

    heard, embedded.keeper._write = embedded.keeper._write, deaf  # noqa: SLF001 — between the bookkeeper and the database
    with pytest.raises(StoreError):
        await embedded.keeper.flush()
    embedded.keeper._write = heard  # noqa: SLF001 — as above
    await embedded.keeper.flush()

    assert (await embedded.balance(budget))[0] == 207
