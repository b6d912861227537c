"""What a period has spent, and what a past one had."""

import datetime

import pytest

from genmux.store.database import Tx
from genmux.types.ledger import BudgetRefusedError, Ending
from tests.ledgers import Clock, Desk, desk
from tests.unit.store.ledger_asks import hold


async def test_a_new_period_begins_with_nothing_spent_and_keeps_what_is_held(embedded: Desk) -> None:
    budget = await embedded.make(limit=1_000, period="day")
    await hold(embedded, "a", budget, amount=600)
    await embedded.store.end([Ending("a", "settle", 600)])
    await hold(embedded, "b", budget, amount=400)

    embedded.clock.move(days=1)

    assert await embedded.balance(budget) == (0, 400, 0)
    with pytest.raises(BudgetRefusedError):
        await hold(embedded, "c", budget, amount=601)
    await hold(embedded, "c", budget, amount=600)
    await embedded.store.end([Ending("b", "settle", 300)])
    assert await embedded.balance(budget) == (300, 600, 0)


async def test_a_settlement_is_booked_in_the_period_in_which_it_comes(embedded: Desk) -> None:
    budget = await embedded.make(limit=1_000, period="day")
    await hold(embedded, "a", budget, amount=600)

    embedded.clock.move(days=1)
    await embedded.store.end([Ending("a", "settle", 600)])

    assert await embedded.balance(budget) == (600, 0, 0)


async def test_a_clock_that_goes_back_gives_nothing_back(embedded: Desk) -> None:
    budget = await embedded.make(limit=1_000, period="day")
    embedded.clock.move(days=1)
    await hold(embedded, "a", budget, amount=900)
    await embedded.store.end([Ending("a", "settle", 900)])

    embedded.clock.move(days=-1)

    with pytest.raises(BudgetRefusedError):
        await hold(embedded, "b", budget, amount=101)
    embedded.clock.move(days=1)
    with pytest.raises(BudgetRefusedError):
        await hold(embedded, "c", budget, amount=101)


async def test_a_sliding_period_forgets_what_is_older_than_it_is_long(embedded: Desk) -> None:
    budget = await embedded.make(limit=100, period="sliding", seconds=86_400)
    for hour in range(3):
        await hold(embedded, f"a{hour}", budget, amount=30)
        await embedded.store.end([Ending(f"a{hour}", "settle", 30)])
        embedded.clock.move(hours=1)

    with pytest.raises(BudgetRefusedError, match="forgotten after 86400 s"):
        await hold(embedded, "b", budget, amount=11)
    embedded.clock.move(hours=20, minutes=59)
    with pytest.raises(BudgetRefusedError):
        await hold(embedded, "c", budget, amount=11)
    embedded.clock.move(hours=1, minutes=1)
    await hold(embedded, "d", budget, amount=40)
    assert (await embedded.balance(budget))[0] == 60


async def test_a_correction_of_what_a_past_period_spent_leaves_the_present_one_alone(embedded: Desk) -> None:
    budget = await embedded.make(limit=1_000, period="day")
    await hold(embedded, "a", budget, amount=600)
    await embedded.store.end([Ending("a", "presume")])
    embedded.clock.move(days=1)
    await hold(embedded, "b", budget, amount=100)
    await embedded.store.end([Ending("b", "settle", 100)])

    for actual in (200, 700, 700):
        await embedded.store.correct("a", actual)

    assert await embedded.balance(budget) == (100, 0, 0)
    assert sum(line.spent for line in await embedded.store.lines("default", "a") if line.kind != "roll") == 700


async def test_a_correction_in_a_sliding_period_counts_where_it_was_spent(embedded: Desk) -> None:
    budget = await embedded.make(limit=1_000, period="sliding", seconds=86_400)
    await hold(embedded, "a", budget, amount=600)
    await embedded.store.end([Ending("a", "settle", 600)])
    embedded.clock.move(hours=5)

    await embedded.store.correct("a", 100)
    assert await embedded.balance(budget) == (100, 0, 0)
    embedded.clock.move(hours=21)
    await hold(embedded, "b", budget, amount=1_000)
    await embedded.store.correct("a", 900)

    assert await embedded.balance(budget) == (0, 1_000, 0)


async def test_a_reset_strikes_off_what_was_spent_and_later_corrections_of_it(embedded: Desk) -> None:
    for period in ("month", "sliding"):
        budget = await embedded.make(f"key:{period}", period=period, seconds=3_600 if period == "sliding" else None)
        await hold(embedded, f"{period} a", budget, amount=600)
        await embedded.store.end([Ending(f"{period} a", "settle", 600)])
        await hold(embedded, f"{period} b", budget, amount=100)

        await embedded.store.reset("default", budget.id, by=f"{period} reset")
        assert await embedded.balance(budget) == (0, 100, 0)
        await embedded.store.correct(f"{period} a", 10)

        assert await embedded.balance(budget) == (0, 100, 0)


async def test_old_lines_are_replaced_by_sums_and_everything_still_adds_up(embedded: Desk) -> None:
    budget = await embedded.make(limit=1_000, period="day")
    for day in range(4):
        await hold(embedded, f"a{day}", budget, amount=600)
        await embedded.store.end([Ending(f"a{day}", "settle", 500)])
        embedded.clock.move(days=1)
    await hold(embedded, "open", budget, amount=5)

    gone = await embedded.store.prune(embedded.clock.time - datetime.timedelta(days=1, hours=1))

    lines = await embedded.store.entries("default", budget.id)
    assert gone > 0
    assert "carry" in {line.kind for line in lines}
    assert {line.subject for line in lines} >= {"open"}
    assert await embedded.balance(budget) == (0, 5, 0)


async def test_whoever_changes_the_tables_is_found_out(sqlite_store_url: str) -> None:
    async with desk(sqlite_store_url, clock=Clock()) as one:
        budget = await one.make()
        await hold(one, "a", budget)

        def tamper(tx: Tx) -> None:
            assert tx.raw is not None
            tx.raw.execute("UPDATE budgets SET spent = 1, held = held - 1")

        await one.database.write(tamper)

        found = {(wrong.what, wrong.balance, wrong.sum) for wrong in await one.store.verify("default")}
        assert found == {
            ("held, by the lines", 99, 100),
            ("spent, by the lines", 1, 0),
            ("held, by open holds and slices", 99, 100),
        }
        assert await one.store.verify("other") == []
