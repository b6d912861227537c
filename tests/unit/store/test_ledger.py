"""The ledger's rules, the same on SQLite and on PostgreSQL."""

import asyncio
import datetime
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from genmux.store.database import Tx
from genmux.types.budgets import Budget, EntryKind
from genmux.types.errors import BudgetExceededError, NotFoundError
from genmux.types.ledger import BudgetRefusedError, Ending, HeldAlreadyError, HoldAsk, SliceChange, SliceState
from tests.ledgers import Clock, Desk, desk


def ask(subject: str, *budgets: Budget, amount: int | None = 100, **more: Any) -> HoldAsk:
    return HoldAsk(subject=subject, budgets=budgets, amounts=(amount,) * len(budgets), **more)


async def hold(one: Desk, subject: str, *budgets: Budget, amount: int | None = 100, **more: Any) -> None:
    left: list[str] = []
    await one.store.hold(ask(subject, *budgets, amount=amount, **more), left.append)
    assert not left


async def change(one: Desk, worker: str, **facts: Any) -> SliceState:
    def work(tx: Tx) -> SliceState:
        _, (state,) = one.store.flush_in(tx, worker, [], [SliceChange(**facts)])
        return state

    return await one.database.write(work)


async def kinds(one: Desk, subject: str) -> list[EntryKind]:
    return [line.kind for line in await one.store.lines("default", subject)]


@pytest_asyncio.fixture
async def here(ledger_url: str) -> AsyncIterator[Desk]:
    async with desk(ledger_url) as one:
        yield one
        assert not await one.store.verify()


@pytest_asyncio.fixture
async def embedded(sqlite_store_url: str) -> AsyncIterator[Desk]:
    """On SQLite the clock is the test's own."""
    async with desk(sqlite_store_url) as one:
        yield one
        assert not await one.store.verify()


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


# ---------------------------------------------------------------- slices
async def test_a_slice_is_leased_used_and_given_back(here: Desk) -> None:
    budget = await here.make(limit=100_000)
    await here.store.enter("one", "", lasts=60)

    assert (await change(here, "one", budget=budget.id, turn=1, wanted=800)).leased == 800
    assert await here.balance(budget) == (0, 800, 0)
    used = await change(here, "one", budget=budget.id, turn=2, used=500, presumed=(("p", 100),))
    assert used.leased == 200
    assert [(one.spent, one.total) for one in used.booked] == [(600, 600)]
    assert await here.balance(budget) == (600, 200, 100)
    assert (await change(here, "one", budget=budget.id, turn=3, returned=200)).leased == 0
    assert await here.balance(budget) == (600, 0, 100)
    await here.store.end([Ending("p", "settle", 30)])
    assert await here.balance(budget) == (530, 0, 0)
    await here.store.leave("one")
    assert not (await here.store.beat("one", lasts=60)).alive


async def test_a_change_of_a_slice_counts_once_however_often_it_is_written(here: Desk) -> None:
    budget = await here.make(limit=100_000)
    await here.store.enter("one", "", lasts=60)

    for _ in range(3):
        leased = await change(here, "one", budget=budget.id, turn=1, wanted=800)
        assert leased.leased == 800
    for _ in range(3):
        used = await change(here, "one", budget=budget.id, turn=2, used=300, returned=100)
        assert used.leased == 400

    assert await here.balance(budget) == (300, 400, 0)


async def test_a_slice_is_at_most_a_hundredth_of_the_limit_and_an_eighth_of_what_is_left(here: Desk) -> None:
    budget = await here.make(limit=100_000)
    await here.store.enter("one", "", lasts=60)
    await here.store.enter("two", "", lasts=60)

    assert (await change(here, "one", budget=budget.id, turn=1, wanted=50_000)).leased == 1_000
    await hold(here, "a", budget, amount=93_000)
    assert (await change(here, "two", budget=budget.id, turn=1, wanted=50_000)).leased == 750


async def test_near_the_limit_nothing_is_leased_and_slices_are_called_back(here: Desk) -> None:
    budget = await here.make(limit=100_000)
    await here.store.enter("one", "", lasts=60)
    await here.store.enter("two", "", lasts=60)
    await change(here, "one", budget=budget.id, turn=1, wanted=1_000)
    assert (await here.store.beat("one", lasts=60)).tight == frozenset()

    await hold(here, "a", budget, amount=96_000)

    assert (await here.store.beat("one", lasts=60)).tight == {budget.id}
    assert (await change(here, "two", budget=budget.id, turn=1, wanted=1_000)).leased == 0


async def test_slices_can_be_called_back_for_somebody_who_needs_more(here: Desk) -> None:
    budget = await here.make(limit=100_000)
    await here.store.enter("one", "", lasts=60)
    await change(here, "one", budget=budget.id, turn=1, wanted=500)

    await here.store.tighten(budget.id, lasts=60)

    assert (await here.store.beat("one", lasts=60)).tight == {budget.id}
    assert (await change(here, "one", budget=budget.id, turn=2, wanted=500)).leased == 500


async def test_what_a_dead_worker_had_is_presumed_spent_less_what_it_had_booked(here: Desk) -> None:
    budget = await here.make(limit=100_000)
    await here.store.enter("dead", "", lasts=0.0)
    await change(here, "dead", budget=budget.id, turn=1, wanted=1_000)
    await change(here, "dead", budget=budget.id, turn=2, used=300)
    await hold(here, "a", budget, amount=50, worker="dead")
    await hold(here, "b", budget, amount=40)

    assert await here.store.is_due()
    workers, ended = await here.store.sweep()

    assert workers == ["dead"]
    assert [one.ending.subject for one in ended] == ["a"]
    assert await here.balance(budget) == (300 + 700 + 50, 40, 750)


async def test_a_worker_that_was_taken_for_dead_books_what_it_had_done_and_not_twice(here: Desk) -> None:
    budget = await here.make(limit=100_000)
    await here.store.enter("dead", "", lasts=0.0)
    await change(here, "dead", budget=budget.id, turn=1, wanted=1_000)
    await here.store.sweep()
    assert await here.balance(budget) == (1_000, 0, 1_000)

    for _ in range(2):
        late = await change(here, "dead", budget=budget.id, turn=2, used=300, returned=600)
        assert late.dead
    assert await here.balance(budget) == (400, 0, 100)
    await change(here, "dead", budget=budget.id, turn=3, used=250)
    assert await here.balance(budget) == (550, 0, 0)


async def test_an_overrun_of_a_slice_is_booked_beyond_what_was_leased(here: Desk) -> None:
    budget = await here.make(limit=100_000)
    await here.store.enter("one", "", lasts=60)
    await change(here, "one", budget=budget.id, turn=1, wanted=500)

    state = await change(here, "one", budget=budget.id, turn=2, used=9_000)

    assert state.leased == 0
    assert await here.balance(budget) == (9_000, 0, 0)


# ---------------------------------------------------------------- periods
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
