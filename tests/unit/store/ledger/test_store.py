"""The ledger's rules, the same on SQLite and on PostgreSQL."""

import asyncio

import pytest

from genmux.store.database import Tx
from genmux.types.budgets import Budget
from genmux.types.errors import BudgetExceededError, NotFoundError
from genmux.types.ledger import BudgetRefusedError, Ending, HeldAlreadyError
from tests.ledgers import Desk
from tests.unit.store.ledger_asks import ask, change, hold, kinds


async def test_what_is_held_becomes_what_is_spent(here: Desk) -> None:
    budget = await here.make(limit=1_000)
    await hold(here, "a", budget, amount=300)
    assert await here.balance(budget) == (0, 300, 0)

    (ended,) = await here.store.end([Ending("a", "settle", 120)])

    assert await here.balance(budget) == (120, 0, 0)
    assert [(one.kept, one.spent, one.total, one.limit) for one in ended.booked] == [(300, 120, 120, 1_000)]
    assert await kinds(here, "a") == ["hold", "settle"]


async def test_a_hold_that_would_pass_the_limit_is_refused_and_says_why(here: Desk) -> None:
    budget = await here.make(limit=1_000_000, name="mine")
    await hold(here, "a", budget, amount=600_000)
    await here.store.end([Ending("a", "settle", 500_000)])
    await hold(here, "b", budget, amount=400_000)

    with pytest.raises(BudgetRefusedError) as refused:
        await hold(here, "c", budget, amount=100_001)

    error = refused.value
    assert isinstance(error, BudgetExceededError)
    assert (error.status, error.refusal.limit, error.refusal.spent, error.refusal.held) == (
        402,
        1_000_000,
        500_000,
        400_000,
    )
    for part in (
        "'mine'",
        "organisation:default",
        "0.100001 USD",
        "0.1 USD of 1 USD",
        "spent 0.5 USD",
        "held 0.4 USD",
        "month ends",
    ):
        assert part in error.message
    await hold(here, "d", budget, amount=100_000)
    assert await kinds(here, "c") == []


async def test_several_budgets_hold_all_or_nothing(here: Desk) -> None:
    wide, narrow = await here.make(limit=1_000), await here.make("key:k", limit=50)

    with pytest.raises(BudgetRefusedError):
        await hold(here, "a", wide, narrow, amount=51)

    assert await here.balance(wide) == await here.balance(narrow) == (0, 0, 0)
    await hold(here, "a", wide, narrow, amount=50)
    assert await here.balance(wide) == await here.balance(narrow) == (0, 50, 0)


async def test_a_provider_that_bills_more_than_was_held_is_booked_and_blocks_what_follows(here: Desk) -> None:
    budget = await here.make(limit=1_000)
    await hold(here, "a", budget, amount=10)

    await here.store.end([Ending("a", "settle", 5_000)])

    assert await here.balance(budget) == (5_000, 0, 0)
    assert (await here.store.state("default", budget.id)).overrun == 4_000
    with pytest.raises(BudgetRefusedError):
        await hold(here, "b", budget, amount=0)


async def test_the_same_settlement_again_is_nothing_and_another_one_is_told(here: Desk) -> None:
    budget = await here.make()
    await hold(here, "a", budget)
    await here.store.end([Ending("a", "settle", 40)])

    same, other, back = await here.store.end(
        [Ending("a", "settle", 40), Ending("a", "settle", 41), Ending("a", "release")]
    )

    assert same.conflict is None
    assert not same.booked
    assert other.conflict is not None
    assert "settled with 40" in other.conflict
    assert back.conflict is not None
    assert await here.balance(budget) == (40, 0, 0)


async def test_two_ends_of_one_hold_in_one_batch_count_once(here: Desk) -> None:
    budget = await here.make()
    await hold(here, "a", budget)

    first, second = await here.store.end([Ending("a", "settle", 40), Ending("a", "settle", 41)])

    assert first.booked
    assert second.conflict is not None
    assert await here.balance(budget) == (40, 0, 0)


async def test_what_was_never_held_is_unknown_and_books_nothing(here: Desk) -> None:
    budget = await here.make()

    settled, released = await here.store.end([Ending("x", "settle", 40), Ending("y", "release")])

    assert settled.unknown
    assert released.unknown
    assert await here.balance(budget) == (0, 0, 0)


async def test_asking_again_for_the_same_hold_is_well_and_for_another_amount_is_not(here: Desk) -> None:
    budget = await here.make()
    await hold(here, "a", budget, amount=100)

    await hold(here, "a", budget, amount=100)

    with pytest.raises(HeldAlreadyError, match="'a'"):
        await hold(here, "a", budget, amount=101)
    await here.store.end([Ending("a", "release")])
    with pytest.raises(HeldAlreadyError):
        await hold(here, "a", budget, amount=100)
    assert await here.balance(budget) == (0, 0, 0)


async def test_a_hold_can_be_raised_in_turns(here: Desk) -> None:
    budget = await here.make(limit=300)
    await hold(here, "a", budget, amount=100)

    await hold(here, "a", budget, amount=150, turn=1)
    with pytest.raises(BudgetRefusedError):
        await hold(here, "a", budget, amount=51, turn=2)

    assert await here.store.held("a") == {budget.id: 250}
    await here.store.end([Ending("a", "settle", 20)])
    assert await here.balance(budget) == (20, 0, 0)


async def test_everything_that_is_left_can_be_held_once(here: Desk) -> None:
    budget = await here.make(limit=1_000)
    await hold(here, "a", budget, amount=300)

    await hold(here, "b", budget, amount=None)

    assert await here.store.held("b") == {budget.id: 700}
    with pytest.raises(BudgetRefusedError):
        await hold(here, "c", budget, amount=None)
    with pytest.raises(BudgetRefusedError):
        await hold(here, "d", budget, amount=1)


async def test_an_expired_hold_is_presumed_spent_until_it_is_known(here: Desk) -> None:
    budget = await here.make()
    await hold(here, "a", budget, amount=100, lasts=0.0)
    await hold(here, "b", budget, amount=30)

    _, ended = await here.store.sweep()

    assert [one.ending.subject for one in ended] == ["a"]
    assert await here.balance(budget) == (100, 30, 100)
    (known,) = await here.store.end([Ending("a", "settle", 60)])
    assert [one.spent for one in known.booked] == [-40]
    assert await here.balance(budget) == (60, 30, 0)
    same, other = await here.store.end([Ending("a", "settle", 60), Ending("a", "settle", 61)])
    assert same.conflict is None
    assert other.conflict is not None
    assert await kinds(here, "a") == ["hold", "expire", "correct"]


async def test_what_is_extended_does_not_expire(here: Desk) -> None:
    budget = await here.make()
    await hold(here, "a", budget, lasts=0.0)

    assert await here.store.extend("a", 60)
    assert not (await here.store.sweep())[1]
    assert not await here.store.extend("b", 60)


async def test_a_presumed_cost_that_turns_out_to_be_nothing_is_given_back(here: Desk) -> None:
    budget = await here.make()
    await hold(here, "a", budget)
    await here.store.end([Ending("a", "presume")])
    assert await here.balance(budget) == (100, 0, 100)

    await here.store.end([Ending("a", "release")])

    assert await here.balance(budget) == (0, 0, 0)


async def test_a_correction_sets_what_it_did_cost_and_may_be_said_again(here: Desk) -> None:
    budget = await here.make()
    await hold(here, "a", budget)
    await here.store.end([Ending("a", "settle", 50)])

    for actual in (80, 80, 20, 20):
        await here.store.correct("a", actual)
        assert await here.balance(budget) == (actual, 0, 0)

    assert await kinds(here, "a") == ["hold", "settle", "correct", "correct"]
    assert (await here.store.correct("never", 1)).unknown


async def test_what_was_spent_from_slices_is_corrected_by_what_was_booked_for_it(here: Desk) -> None:
    budget = await here.make(limit=100_000)
    await here.store.enter("one", "", lasts=60)
    await change(here, "one", budget=budget.id, turn=1, wanted=500)
    await change(here, "one", budget=budget.id, turn=2, used=500)

    for _ in range(2):
        await here.store.correct("call", 130, booked=100, counted=[budget])

    assert await here.balance(budget) == (530, 0, 0)


async def test_a_deleted_budget_books_what_it_held_and_holds_nothing_more(here: Desk) -> None:
    gone, stays = await here.make(limit=100), await here.make("key:k", limit=1_000)
    await hold(here, "a", gone, stays)

    await here.store.delete("default", gone.id)
    await hold(here, "b", gone, stays, amount=500)
    await here.store.end([Ending("a", "settle", 90), Ending("b", "settle", 400)])

    assert await here.balance(gone) == (90, 0, 0)
    assert await here.balance(stays) == (490, 0, 0)
    with pytest.raises(NotFoundError, match=f"{gone.id}"):
        await here.store.delete("default", gone.id)


async def test_a_lowered_limit_takes_nothing_back_and_lets_nothing_more_through(here: Desk) -> None:
    budget = await here.make(limit=1_000)
    await hold(here, "a", budget, amount=800)

    await here.store.update(Budget(id=budget.id, tenant="default", scope=budget.scope, limit=500))

    with pytest.raises(BudgetRefusedError):
        await hold(here, "b", budget, amount=1)
    await here.store.end([Ending("a", "settle", 450)])
    await hold(here, "b", budget, amount=50)


async def test_nobody_reaches_the_budgets_of_another_organisation(here: Desk) -> None:
    budget = await here.make()
    await hold(here, "a", budget)

    with pytest.raises(NotFoundError):
        await here.store.state("other", budget.id)
    with pytest.raises(NotFoundError):
        await here.store.reset("other", budget.id, by="r")
    with pytest.raises(NotFoundError):
        await here.store.update(Budget(id=budget.id, tenant="other", scope=budget.scope, limit=1))
    assert await here.store.states("other") == []
    assert await here.store.entries("other", budget.id) == []
    assert await here.store.lines("other", "a") == []


async def test_budgets_and_lines_come_in_pages(here: Desk) -> None:
    made = [await here.make(f"key:k{number}") for number in range(5)]
    for number in range(3):
        await hold(here, f"a{number}", made[0], amount=1)

    first = await here.store.states("default", limit=2)
    rest = await here.store.states("default", after=first[-1].budget.id)
    newest = await here.store.entries("default", made[0].id, limit=2)
    older = await here.store.entries("default", made[0].id, before=newest[-1].id)

    assert [one.budget for one in (*first, *rest)] == made
    assert [line.subject for line in (*newest, *older)] == ["a2", "a1", "a0"]


async def test_everyones_own_budget_is_made_once_and_follows_the_one_for_everyone(here: Desk) -> None:
    everyone = await here.make("end_user:*", limit=100)

    mine, same = await asyncio.gather(here.store.own(everyone.id, "bob"), here.store.own(everyone.id, "bob"))
    other = await here.store.own(everyone.id, "eve")

    assert mine is not None
    assert other is not None
    assert mine == same
    assert mine.id != other.id
    await here.store.update(Budget(id=everyone.id, tenant="default", scope=everyone.scope, limit=70))
    assert (await here.store.state("default", mine.id)).budget.limit == 70
    await here.store.delete("default", everyone.id)
    assert (await here.store.state("default", mine.id)).deleted_at is not None
    assert await here.store.own(everyone.id, "ann") is None


# ---------------------------------------------------------------- inside other transactions
async def test_a_hold_in_another_transaction_is_undone_with_it(here: Desk) -> None:
    budget = await here.make()

    def failing(tx: Tx) -> None:
        here.store.hold_in(tx, ask("a", budget))
        raise LookupError

    with pytest.raises(LookupError):
        await here.database.write(failing)

    assert await here.balance(budget) == (0, 0, 0)


async def test_a_refusal_in_another_transaction_leaves_nothing_of_the_hold_behind(here: Desk) -> None:
    wide, narrow = await here.make(limit=1_000), await here.make("key:k", limit=50)

    def work(tx: Tx) -> bool:
        try:
            here.store.hold_in(tx, ask("a", wide, narrow))
        except BudgetRefusedError:
            here.store.hold_in(tx, ask("b", wide))
            return True
        return False

    assert await here.database.write(work)
    assert (await here.balance(wide), await here.balance(narrow)) == ((0, 100, 0), (0, 0, 0))

    def end(tx: Tx) -> None:
        here.store.settle_in(tx, "b", 70)
        here.store.hold_in(tx, ask("c", wide))
        here.store.release_in(tx, "c")

    await here.database.write(end)
    assert await here.balance(wide) == (70, 0, 0)
