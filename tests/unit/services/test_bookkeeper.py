"""What waits is written together, again where that failed, and whoever cannot write lets nothing more through."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from genmux.services.bookkeeper import Bookkeeper
from genmux.types.errors import StoreError


class Shelf:
    """A sink that keeps what it is given, and a batch at once."""

    def __init__(self, *, at_once: int = 1_000, broken: bool = False) -> None:
        self.waiting: list[int] = []
        self.done: list[int] = []
        self.undone: list[int] = []
        self.at_once = at_once
        self.broken = broken

    def take(self) -> "Pile | None":
        taken, self.waiting = self.waiting[: self.at_once], self.waiting[self.at_once :]
        return Pile(self, taken) if taken else None


class Pile:
    def __init__(self, shelf: Shelf, items: list[int]) -> None:
        self.shelf = shelf
        self.items = items

    def write(self, tx: list[int]) -> None:
        if self.shelf.broken:
            raise LookupError
        tx.extend(self.items)

    def done(self) -> None:
        self.shelf.done += self.items

    def undo(self) -> None:
        self.shelf.undone += self.items


class Paper:
    """A database: what was committed, transaction by transaction."""

    def __init__(self) -> None:
        self.written: list[list[int]] = []
        self.error: StoreError | None = None
        self.tried = 0
        self.wrote = asyncio.Event()

    async def __call__(self, work: Callable[[Any], None]) -> None:
        self.tried += 1
        if self.error is not None:
            self.wrote.set()
            raise self.error
        tx: list[int] = []
        work(tx)
        self.written.append(tx)
        self.wrote.set()


class Timer:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def keeper_of(paper: Paper, *shelves: Shelf, timer: Timer | None = None, **more: Any) -> Bookkeeper:
    keeper = Bookkeeper(paper, timer or Timer(), **{"every": 3_600.0, **more})
    keeper.add(*shelves)
    return keeper


async def test_all_sinks_are_written_in_one_transaction_in_their_order() -> None:
    paper, one, other = Paper(), Shelf(), Shelf()
    keeper = keeper_of(paper, one, other)
    one.waiting, other.waiting = [1, 2], [3]

    await keeper.flush()

    assert paper.written == [[1, 2, 3]]
    assert (one.done, other.done) == ([1, 2], [3])
    await keeper.flush()
    assert paper.tried == 1


async def test_a_nudge_has_it_written_soon() -> None:
    paper, shelf = Paper(), Shelf()
    keeper = keeper_of(paper, shelf, every=0.01)
    keeper.start()
    await asyncio.sleep(0)

    shelf.waiting.append(1)
    keeper.nudge()
    await asyncio.wait_for(paper.wrote.wait(), 5)

    assert paper.written == [[1]]
    await keeper.stop()


async def test_much_is_written_at_once_without_waiting() -> None:
    paper, shelf = Paper(), Shelf()
    keeper = keeper_of(paper, shelf, many=3)
    keeper.start()
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    for number in range(3):
        shelf.waiting.append(number)
        keeper.nudge()
    await asyncio.wait_for(paper.wrote.wait(), 5)

    assert paper.written == [[0, 1, 2]]
    await keeper.stop()


async def test_a_sink_that_has_more_than_it_gives_at_once_is_asked_again() -> None:
    paper, shelf = Paper(), Shelf(at_once=2)
    keeper = keeper_of(paper, shelf)
    shelf.waiting = [1, 2, 3, 4, 5]

    await keeper.flush()

    assert paper.written == [[1, 2], [3, 4], [5]]


async def test_what_failed_is_written_again_before_anything_else() -> None:
    paper, shelf = Paper(), Shelf()
    keeper = keeper_of(paper, shelf)
    paper.error = StoreError("locked", reason="locked")
    shelf.waiting = [1]
    with pytest.raises(StoreError):
        await keeper.flush()
    shelf.waiting = [2]
    paper.error = None

    await keeper.flush()

    assert paper.written == [[1], [2]]
    assert shelf.done == [1, 2]


async def test_it_tries_again_by_itself() -> None:
    paper, shelf = Paper(), Shelf()
    keeper = keeper_of(paper, shelf, every=0.01)
    keeper.start()
    paper.error = StoreError("locked", reason="locked")
    shelf.waiting = [1]
    keeper.nudge()
    await asyncio.wait_for(paper.wrote.wait(), 5)

    paper.error = None
    paper.wrote.clear()
    await asyncio.wait_for(paper.wrote.wait(), 5)

    assert paper.written == [[1]]
    await keeper.stop()


async def test_only_a_failure_that_lasts_is_a_fault() -> None:
    paper, shelf, timer = Paper(), Shelf(), Timer()
    keeper = keeper_of(paper, shelf, timer=timer, patience=5.0)
    paper.error = StoreError("the disk is full", reason="full")
    shelf.waiting = [1]
    with pytest.raises(StoreError):
        await keeper.flush()
    assert keeper.fault() is None

    timer.now = 5.0
    fault = keeper.fault()
    assert fault is not None
    assert (fault.reason, fault.status) == ("full", 503)

    paper.error = None
    await keeper.flush()
    assert keeper.fault() is None


async def test_what_cannot_be_written_does_not_keep_the_others_back() -> None:
    paper, good, bad = Paper(), Shelf(), Shelf(broken=True)
    keeper = keeper_of(paper, bad, good)
    good.waiting, bad.waiting = [1], [2]

    with pytest.raises(StoreError, match="cannot be booked"):
        await keeper.flush()

    assert paper.written == [[1]]
    assert (good.done, bad.undone) == ([1], [2])


async def test_the_end_writes_what_waits_and_gives_up_what_cannot_be_written() -> None:
    paper, shelf = Paper(), Shelf()
    keeper = keeper_of(paper, shelf)
    keeper.start()
    shelf.waiting = [1]
    await keeper.stop()
    await keeper.stop()
    assert paper.written == [[1]]

    keeper.start()
    paper.error = StoreError("gone", reason="gone")
    shelf.waiting = [2]
    await keeper.stop()

    assert shelf.undone == [2]


async def test_other_threads_may_nudge_and_flush() -> None:
    paper, shelf = Paper(), Shelf()
    keeper = keeper_of(paper, shelf)
    keeper.start()

    def elsewhere() -> None:
        shelf.waiting.append(1)
        keeper.nudge()
        asyncio.run(keeper.flush())

    thread = threading.Thread(target=elsewhere)
    thread.start()
    await asyncio.to_thread(thread.join)

    assert paper.written == [[1]]
    await keeper.stop()


def test_a_nudge_after_the_loop_has_ended_does_no_harm() -> None:
    paper, shelf = Paper(), Shelf()
    keeper = keeper_of(paper, shelf, many=2)

    async def begin() -> None:
        keeper.start()
        await asyncio.sleep(0)

    asyncio.run(begin())
    shelf.waiting = [1, 2]
    keeper.nudge()
    keeper.nudge()

    assert paper.written == []
    assert shelf.waiting == [1, 2]
