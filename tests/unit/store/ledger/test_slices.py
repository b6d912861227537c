"""Slices: leased, used, given back, called back, and those of the dead."""

from genmux.types.ledger import Ending
from tests.ledgers import Desk
from tests.unit.store.ledger_asks import change, hold


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
