"""Several processes on one PostgreSQL: they hear of each other's budgets, needs and deaths."""

import asyncio
from typing import Any

from sqlalchemy import update

from genmux.store.database import Tx
from genmux.store.ledger.tables import ledger_workers
from genmux.types.principal import Principal
from tests.ledgers import Desk, desk, warm


async def tick(one: Desk) -> None:
    """A beat, now."""
    await one.ledger._worker._tick(1)  # noqa: SLF001 — a second is too long for a test


async def until(is_so: Any) -> None:
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110 — another connection tells
            await asyncio.sleep(0.01)


async def take_for_dead(one: Desk, worker: str) -> None:
    def die(tx: Tx) -> None:
        tx.core.execute(update(ledger_workers).where(ledger_workers.c.worker == worker).values(expires_at=0))

    await one.database.write(die)


async def test_a_budget_that_one_process_makes_limits_the_others(postgres_store_url: str) -> None:
    async with desk(postgres_store_url, prefix="a") as one, desk(postgres_store_url, prefix="b") as other:
        budget = await one.make()

        await until(lambda: other.ledger.budgets_for(Principal()) == (budget,))

        await tick(other)
        assert other.ledger.index.version == one.ledger.index.version


async def test_the_last_money_comes_back_from_other_processes(postgres_store_url: str) -> None:
    async with (
        desk(postgres_store_url, prefix="a", every=0.01) as one,
        desk(postgres_store_url, prefix="b", every=0.01) as other,
    ):
        budget = await one.make(limit=10_000)
        await warm(one, budget)
        assert (await one.balance(budget))[1] > 0

        held = await other.ledger.hold("all", (budget,), 10_000)

        assert await one.balance(budget) == (0, 10_000, 0)
        held.release()


async def test_a_process_that_was_taken_for_dead_begins_again_and_books_what_it_did(postgres_store_url: str) -> None:
    async with desk(postgres_store_url, prefix="a") as one, desk(postgres_store_url, prefix="b") as other:
        budget = await one.make(limit=1_000_000)
        budgets = (budget,)
        await warm(one, budget, amount=100)
        leased = (await one.balance(budget))[1]
        settled, late = (one.ledger.try_hold(name, budgets, 100) for name in ("settled", "late"))
        assert settled is not None
        assert late is not None
        settled.settle(60)
        former = one.ledger.slices.worker
        await take_for_dead(one, former)
        await other.store.sweep()
        assert await one.balance(budget) == (leased, 0, leased)

        await tick(one)
        assert one.ledger.slices.worker != former
        await one.keeper.flush()
        assert await one.balance(budget) == (160, 0, 100)

        late.settle(40)
        await one.keeper.flush()
        assert await one.balance(budget) == (100, 0, 0)
        await warm(one, budget, amount=100)
        assert not await one.store.verify()


async def test_the_death_is_also_noticed_when_something_is_booked(postgres_store_url: str) -> None:
    async with desk(postgres_store_url, prefix="a") as one:
        budget = await one.make(limit=1_000_000)
        await warm(one, budget, amount=100)
        held = one.ledger.try_hold("a", (budget,), 100)
        assert held is not None
        former = one.ledger.slices.worker
        await take_for_dead(one, former)
        await one.store.sweep()

        held.settle(30)
        await one.keeper.flush()
        await tick(one)
        await one.keeper.flush()

        assert one.ledger.slices.worker != former
        spent, kept, presumed = await one.balance(budget)
        assert (spent - presumed, kept) == (30, 0)
        assert not await one.store.verify()


async def test_after_a_restart_what_the_process_before_had_is_presumed_at_once(sqlite_store_url: str) -> None:
    async with desk(sqlite_store_url, prefix="a") as one:
        budget = await one.make(limit=1_000_000)
        await warm(one, budget, amount=100)
        leased = (await one.balance(budget))[1]
        await one.ledger.hold("a", (budget,), 7)

        after = Desk(one.database, one.clock, new_id=lambda: "b1")
        await after.start()

        assert await one.balance(budget) == (leased + 7, 0, leased + 7)
        await after.stop()
