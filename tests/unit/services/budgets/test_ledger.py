"""Holding for a request: out of slices where there is enough, exactly where there is not, and refused at the limit."""

import asyncio
from typing import Any

import pytest

from genmux.services.budgets import BudgetChange, Held
from genmux.types.budgets import LARGEST, Scope
from genmux.types.errors import InvalidRequestError, NotFoundError
from genmux.types.ledger import BudgetRefusedError
from genmux.types.principal import Principal
from tests.ledgers import Desk, desk, warm


async def test_a_hold_is_settled_when_the_bookkeeper_writes(here: Desk) -> None:
    budget = await here.make()
    held = await here.ledger.hold("a", (budget,), 300)
    assert (held.subject, held.amount, held.budgets, held.spent) == ("a", 300, (budget,), None)

    held.settle(120)

    assert held.spent == 120
    await here.keeper.flush()
    assert await here.balance(budget) == (120, 0, 0)


async def test_a_hold_ends_once(here: Desk) -> None:
    budget = await here.make()
    held = await here.ledger.hold("a", (budget,), 300)
    held.settle(120)

    held.settle(120)
    held.release()
    held.presume()
    with pytest.raises(InvalidRequestError, match="settled with 120"):
        held.settle(121)
    back = await here.ledger.hold("b", (budget,), 300)
    back.release()
    with pytest.raises(InvalidRequestError, match="given back"):
        back.settle(1)

    await here.keeper.flush()
    assert await here.balance(budget) == (120, 0, 0)


async def test_what_nobody_knows_is_presumed_until_it_is_settled(here: Desk) -> None:
    budget = await here.make(limit=100_000)
    exact = await here.ledger.hold("a", (budget,), 300)
    await warm(here, budget)
    sliced = here.ledger.try_hold("b", (budget,), 10)
    assert sliced is not None
    exact.presume()
    sliced.presume()
    await here.keeper.flush()
    assert (await here.balance(budget))[::2] == (310, 310)

    exact.settle(100)
    sliced.settle(4)
    await here.keeper.flush()

    assert (await here.balance(budget))[::2] == (104, 0)


async def test_without_budgets_nothing_is_asked_of_the_database(here: Desk) -> None:
    held = here.ledger.try_hold("a", (), 300)

    assert held is not None
    held.settle(10_000)
    await (await here.ledger.hold("b", (), 5)).top_up(50)
    assert here.ledger.take() is None


@pytest.mark.parametrize("amount", [-1, LARGEST + 1, 1.5, float("nan"), True, None, "1"])
async def test_what_is_no_amount_is_refused_everywhere(embedded: Desk, amount: Any) -> None:
    budget = await embedded.make()
    held = await embedded.ledger.hold("a", (budget,), 1)

    for ask in (lambda: embedded.ledger.try_hold("b", (), amount), lambda: held.settle(amount)):
        with pytest.raises(InvalidRequestError, match="no amount"):
            ask()
    with pytest.raises(InvalidRequestError, match="no amount"):
        await embedded.ledger.hold("c", (budget,), amount)
    with pytest.raises(InvalidRequestError, match="no amount"):
        await held.top_up(amount)


@pytest.mark.parametrize("subject", ["", "x" * 201, "a\0b", None])
async def test_what_names_no_request_is_refused(embedded: Desk, subject: Any) -> None:
    budget = await embedded.make()

    with pytest.raises(InvalidRequestError, match="names no request"):
        await embedded.ledger.hold(subject, (budget,), 1)


async def test_another_currency_is_refused_and_not_converted(embedded: Desk) -> None:
    euros = await embedded.make(currency="EUR")

    with pytest.raises(InvalidRequestError, match="is in EUR, and the price is in USD"):
        embedded.ledger.try_hold("a", (euros,), 1)
    with pytest.raises(InvalidRequestError, match="EUR"):
        await embedded.ledger.hold("a", (euros,), 1)
    assert (await embedded.ledger.hold("a", (euros,), 1, currency="EUR")).amount == 1


# ---------------------------------------------------------------- raising and keeping
async def test_a_hold_is_raised_or_kept_as_it_was(here: Desk) -> None:
    budget = await here.make(limit=1_000)
    held = await here.ledger.hold("a", (budget,), 300)

    await held.top_up(800)
    with pytest.raises(BudgetRefusedError):
        await held.top_up(1_001)
    await held.top_up(900)
    await held.top_up(5)

    assert held.amount == 900
    assert await here.balance(budget) == (0, 900, 0)
    held.settle(850)
    await here.keeper.flush()
    assert await here.balance(budget) == (850, 0, 0)
    with pytest.raises(InvalidRequestError, match="ended"):
        await held.top_up(1_000)


@pytest.mark.parametrize(("end", "spent"), [(900, 900), (3, 3), (None, 0)])
async def test_a_hold_out_of_slices_is_raised_exactly_where_they_have_too_little(
    here: Desk, end: int | None, spent: int
) -> None:
    budget = await here.make(limit=100_000)
    await warm(here, budget)
    held = here.ledger.try_hold("a", (budget,), 10)
    assert held is not None

    await held.top_up(20_000)
    if end is None:
        held.release()
    else:
        held.settle(end)
    await here.keeper.flush()

    spent_now, kept, _ = await here.balance(budget)
    assert spent_now == spent
    assert kept == (await here.store.state("default", budget.id)).leased


async def test_a_raised_hold_out_of_slices_that_is_presumed_can_be_settled(here: Desk) -> None:
    budget = await here.make(limit=100_000)
    await warm(here, budget)
    held = here.ledger.try_hold("a", (budget,), 10)
    assert held is not None
    await held.top_up(20_000)
    held.presume()
    await here.keeper.flush()
    assert (await here.balance(budget))[::2] == (20_000, 20_000)

    held.settle(700)
    await here.keeper.flush()

    assert (await here.balance(budget))[::2] == (700, 0)


async def test_a_hold_can_be_extended_until_it_has_expired(embedded: Desk) -> None:
    budget = await embedded.make()
    held = await embedded.ledger.hold("a", (budget,), 300, lasts=60)
    embedded.clock.move(seconds=59)
    await held.extend(60)
    embedded.clock.move(seconds=59)
    assert not (await embedded.store.sweep())[1]
    embedded.clock.move(seconds=2)
    await embedded.store.sweep()

    with pytest.raises(NotFoundError, match="presumed"):
        await held.extend(60)

    assert await embedded.balance(budget) == (300, 0, 300)


async def test_everything_that_is_left_is_held_where_the_price_is_not_known(here: Desk) -> None:
    strict = await here.make(limit=5_000, unknown_price="use_limit")
    other = await here.make("key:k", limit=900, unknown_price="warn")
    await warm(here, strict)

    held = await here.ledger.hold_all("a", (strict, other))

    assert held.amount == 5_000
    assert (await here.balance(strict), await here.balance(other)) == ((0, 5_000, 0), (0, 0, 0))
    with pytest.raises(BudgetRefusedError):
        await here.ledger.hold("b", (strict,), 1)
    held.settle(40)
    await here.keeper.flush()
    assert (await here.balance(strict), await here.balance(other)) == ((40, 0, 0), (40, 0, 0))


async def test_a_caller_that_leaves_while_it_waits_leaves_nothing_held(here: Desk) -> None:
    budget = await here.make()

    task = asyncio.create_task(here.ledger.hold("a", (budget,), 300))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    held = await here.ledger.hold("b", (budget,), 1)  # after it, in the same line
    held.release()
    await here.keeper.flush()

    assert await here.balance(budget) == (0, 0, 0)


# ---------------------------------------------------------------- who, and how many
async def test_the_first_request_of_somebody_unknown_is_held_in_a_budget_of_their_own(here: Desk) -> None:
    await here.make("end_user:*", limit=100)
    bob = Principal(end_user="bob")
    budgets = here.ledger.budgets_for(bob)
    assert here.ledger.try_hold("a", budgets, 60) is None

    held = await here.ledger.hold("a", budgets, 60)

    assert held.budgets == here.ledger.budgets_for(bob)
    assert held.budgets[0].scope == Scope("end_user", "bob")
    with pytest.raises(BudgetRefusedError):
        await here.ledger.hold("b", here.ledger.budgets_for(bob), 41)
    await here.ledger.hold("c", here.ledger.budgets_for(Principal(end_user="eve")), 100)


async def test_many_callers_spend_exactly_the_limit(sqlite_store_url: str) -> None:
    async with desk(sqlite_store_url, every=0.01) as one:
        budget = await one.make(limit=10_000)
        budgets = (budget,)
        done: list[Held] = []

        async def caller(number: int) -> None:
            for turn in range(1_000):
                subject = f"{number}.{turn}"
                try:
                    held = one.ledger.try_hold(subject, budgets, 7 + number % 2)
                    held = held or await one.ledger.hold(subject, budgets, 7 + number % 2)
                except BudgetRefusedError:
                    return
                await asyncio.sleep(0)
                held.settle(held.amount)
                done.append(held)

        await asyncio.gather(*(caller(number) for number in range(64)))
        await one.keeper.flush()
        change = BudgetChange(unknown_price="use_limit")
        whole = (await one.budgets.update("default", budget.id, change)).budget
        rest = await one.ledger.hold_all("rest", (whole,))
        rest.settle(rest.amount)
        await one.keeper.flush()

        assert await one.balance(budget) == (10_000, 0, 0)
        assert sum(held.spent or 0 for held in done) + rest.amount == 10_000
        assert rest.amount < 8


async def test_an_alert_is_told_once_in_a_period(embedded: Desk) -> None:
    budget = await embedded.make(limit=1_000, period="day", alerts=(0.5, 1.0), name="mine")

    async def spend(subject: str, amount: int) -> None:
        (await embedded.ledger.hold(subject, (budget,), amount)).settle(amount)
        await embedded.keeper.flush()

    await spend("a", 400)
    assert not embedded.told.of("budget.alert")
    await spend("b", 200)
    await embedded.store.correct("b", 0)
    await spend("c", 250)
    assert [(one["threshold"], one["spent"], one["name"]) for one in embedded.told.of("budget.alert")] == [
        (0.5, 600, "mine")
    ]
    await spend("d", 350)
    assert [one["threshold"] for one in embedded.told.of("budget.alert")] == [0.5, 1.0]
    embedded.clock.move(days=1)
    await spend("e", 600)
    assert [one["threshold"] for one in embedded.told.of("budget.alert")] == [0.5, 1.0, 0.5]


async def test_what_has_ended_here_and_waits_to_be_booked_is_no_reason_to_refuse(here: Desk) -> None:
    budget = await here.make(limit=1_000)
    first = await here.ledger.hold("a", (budget,), 900)
    first.settle(10)

    second = await here.ledger.hold("b", (budget,), 900)

    second.settle(10)
    await here.keeper.flush()
    assert await here.balance(budget) == (20, 0, 0)


async def test_nobodys_name_makes_a_line_of_the_log(embedded: Desk, caplog: pytest.LogCaptureFixture) -> None:
    budget = await embedded.make("end_user:eve\nWARNING all is well", limit=10)

    (await embedded.ledger.hold("a", (budget,), 10)).settle(10)
    await embedded.keeper.flush()

    assert "eve\\nWARNING" in caplog.text
    assert "eve\nWARNING" not in caplog.text
