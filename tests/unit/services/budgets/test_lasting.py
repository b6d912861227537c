"""Exact holds last as long as somebody may settle them, and what nobody waits for is not kept."""

import asyncio
import gc
from typing import Any

import pytest

from genmux.services.budgets.lasting import AT_ONCE
from genmux.services.budgets.ledger import LASTS
from genmux.store.ledger.line import HoldLine
from genmux.store.ledger.windows import Windows
from genmux.types.errors import StoreError
from genmux.types.ledger import HoldAsk
from tests.ledgers import Desk, warm
from tests.unit.services.budgets.test_worker import tick

SWEEP = 15
"""A beat at which it is swept."""


async def pass_time(one: Desk, seconds: float) -> None:
    """Let time pass in pieces of five minutes, with a beat and a sweep after each."""
    for _ in range(int(seconds // 300)):
        one.clock.move(seconds=300)
        await one.ledger._worker._tick(SWEEP)  # noqa: SLF001 — a second is too long for a test


async def test_a_hold_lasts_as_long_as_its_request(embedded: Desk) -> None:
    budget = await embedded.make()
    held = await embedded.ledger.hold("a", (budget,), 300)

    await pass_time(embedded, 4 * LASTS)

    assert await embedded.balance(budget) == (0, 300, 0)
    held.settle(100)
    await embedded.keeper.flush()
    assert await embedded.balance(budget) == (100, 0, 0)
    assert len(embedded.ledger._lasting) == 0  # noqa: SLF001


async def test_a_hold_that_was_lost_track_of_expires(embedded: Desk) -> None:
    budget = await embedded.make()
    await embedded.ledger.hold("a", (budget,), 300)
    gc.collect()

    await pass_time(embedded, 2 * LASTS)

    assert await embedded.balance(budget) == (300, 0, 300)
    assert len(embedded.ledger._lasting) == 0  # noqa: SLF001


async def test_the_exact_part_of_a_hold_out_of_slices_lasts_too(embedded: Desk) -> None:
    budget = await embedded.make(limit=100_000)
    await warm(embedded, budget)
    held = embedded.ledger.try_hold("a", (budget,), 10)
    assert held is not None
    await held.top_up(20_000)

    await pass_time(embedded, 2 * LASTS)

    assert (await embedded.balance(budget))[2] == 0
    held.settle(15_000)


async def test_many_holds_are_kept_in_few_statements(embedded: Desk) -> None:
    budget = await embedded.make(limit=1_000_000)
    kept = [await embedded.ledger.hold(f"h{number}", (budget,), 1) for number in range(AT_ONCE + 1)]
    asked: list[int] = []
    extend_all = embedded.store.extend_all

    async def counting(subjects: Any, lasts: float) -> None:
        asked.append(len(subjects))
        await extend_all(subjects, lasts)

    embedded.store.extend_all = counting  # type: ignore[method-assign]
    embedded.clock.move(seconds=LASTS / 2)
    await tick(embedded)
    await tick(embedded)

    assert asked == [AT_ONCE, 1]
    for held in kept:
        held.release()


async def test_keeping_is_tried_again_after_a_failure(embedded: Desk) -> None:
    budget = await embedded.make()
    held = await embedded.ledger.hold("a", (budget,), 300)
    extend_all = embedded.store.extend_all

    async def broken(*_: Any) -> None:
        raise StoreError("gone")

    embedded.store.extend_all = broken  # type: ignore[method-assign]
    embedded.clock.move(seconds=LASTS * 0.8)
    with pytest.raises(StoreError):
        await tick(embedded)
    embedded.store.extend_all = extend_all  # type: ignore[method-assign]
    await tick(embedded)

    embedded.clock.move(seconds=LASTS * 0.8)
    await embedded.store.sweep()
    assert await embedded.balance(budget) == (0, 300, 0)
    held.release()


# ---------------------------------------------------------------- nobody waits any more
async def test_what_was_raised_for_somebody_who_left_is_given_back(embedded: Desk) -> None:
    budget = await embedded.make(limit=100_000)
    await warm(embedded, budget)
    held = embedded.ledger.try_hold("a", (budget,), 10)
    assert held is not None
    store_hold = embedded.store._database.write  # noqa: SLF001
    written = asyncio.Event()

    async def slow(work: Any) -> Any:
        done = await store_hold(work)
        written.set()
        await asyncio.Event().wait()
        return done

    embedded.store._database.write = slow  # type: ignore[method-assign]  # noqa: SLF001
    task = asyncio.create_task(held.top_up(20_000))
    await written.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    embedded.store._database.write = store_hold  # type: ignore[method-assign]  # noqa: SLF001
    held.settle(7)
    await embedded.keeper.flush()

    assert await embedded.store.held("a") == {}
    assert (await embedded.balance(budget))[::2] == (7, 0)


async def test_all_that_was_held_for_somebody_who_left_is_given_back(embedded: Desk) -> None:
    budget = await embedded.make(unknown_price="use_limit")

    async def never(_subject: str) -> Any:
        await asyncio.Event().wait()

    held, embedded.store.held = embedded.store.held, never  # type: ignore[method-assign]
    task = asyncio.create_task(embedded.ledger.hold_all("a", (budget,)))
    while not await held("a"):  # noqa: ASYNC110 — the database tells
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    embedded.store.held = held  # type: ignore[method-assign]
    await embedded.keeper.flush()

    assert await embedded.balance(budget) == (0, 0, 0)


async def test_who_is_told_to_go_just_when_it_was_held_leaves_nothing_behind() -> None:
    abandoned: list[str] = []
    tasks: list[asyncio.Task[None]] = []

    class Quick:
        """A database that holds, and in that moment somebody goes away."""

        async def direct(self, _do: Any) -> list[Any]:
            asyncio.get_running_loop().call_soon(tasks[0].cancel)
            return []

    line = HoldLine(Quick(), Windows(), lambda: 0)
    tasks.append(
        asyncio.create_task(line.hold(HoldAsk(subject="a", budgets=(), amounts=()), abandoned.append))  # as any other
    )
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]

    assert abandoned == ["a"]


async def test_what_is_given_back_can_be_held_at_once(embedded: Desk) -> None:
    budget = await embedded.make(limit=300)
    held = await embedded.ledger.hold("a", (budget,), 300)

    held.release()
    again = await embedded.ledger.hold("a.1", (budget,), 300)

    assert await embedded.balance(budget) == (0, 300, 0)
    again.release()
