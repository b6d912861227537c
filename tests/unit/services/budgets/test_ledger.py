"""Holding for a request: out of slices where there is enough, exactly where there is not, and refused at the limit."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from genmux.services.budgets import BudgetChange, Held, NewBudget
from genmux.types.budgets import LARGEST, Budget, Scope
from genmux.types.errors import InvalidRequestError, NotFoundError, StoreError
from genmux.types.ledger import BudgetRefusedError
from genmux.types.principal import Principal
from tests.ledgers import Desk, desk


@pytest_asyncio.fixture
async def here(ledger_url: str) -> AsyncIterator[Desk]:
    async with desk(ledger_url) as one:
        yield one
        await one.keeper.flush()
        assert not await one.store.verify()


@pytest_asyncio.fixture
async def embedded(sqlite_store_url: str) -> AsyncIterator[Desk]:
    async with desk(sqlite_store_url) as one:
        yield one
        await one.keeper.flush()
        assert not await one.store.verify()


async def warm(one: Desk, *budgets: Budget, amount: int = 10) -> None:
    """Ask until there are slices."""
    for _ in range(5):
        held = one.ledger.try_hold("warm", budgets, amount)
        if held is not None:
            held.release()
            return
        await one.keeper.flush()
    raise AssertionError("there is no slice")


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


# ---------------------------------------------------------------- slices
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


# ---------------------------------------------------------------- faults
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


# ---------------------------------------------------------------- administration
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
