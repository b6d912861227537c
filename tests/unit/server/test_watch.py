"""Work for a caller ends when the caller has gone, and only then."""

import asyncio

import pytest

from genmux.engine.deadlines import AlarmClock
from genmux.server.watch import Watch
from tests.unit.server.asgi import Line


def watching(line: Line) -> tuple[Watch, AlarmClock]:
    clock = AlarmClock(asyncio.get_running_loop())
    return Watch(line.receive, clock), clock


async def test_work_of_a_caller_who_has_gone_is_cancelled_and_the_task_goes_on():
    line = Line()
    watch, clock = watching(line)
    stopped = False
    line.left.set()
    with watch:
        watch.ring()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            stopped = True
            raise
    assert stopped
    assert watch.gone
    assert asyncio.current_task().cancelling() == 0
    assert len(clock) == 0


async def test_a_request_that_is_quick_costs_no_task():
    line = Line()
    watch, clock = watching(line)
    with watch:
        assert len(clock) == 1
        await asyncio.sleep(0)
    assert (len(clock), len(asyncio.all_tasks()), line.looked.is_set()) == (0, 1, False)


async def test_after_a_while_somebody_looks():
    line = Line()
    watch, _ = watching(line)
    with watch:
        await line.looked.wait()
        assert len(asyncio.all_tasks()) == 2
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == 1


async def test_a_complete_answer_is_not_cut_off_by_a_caller_who_leaves_then():
    line = Line()
    watch, _ = watching(line)
    with watch:
        watch.ring()
        await line.looked.wait()
        line.left.set()
        watch.stop()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert not watch.gone


async def test_a_late_alarm_does_nothing():
    watch, _ = watching(Line())
    with watch:
        watch.stop()
        watch.ring()
    assert len(asyncio.all_tasks()) == 1


async def test_an_error_of_the_work_is_not_swallowed():
    watch, _ = watching(Line())
    with pytest.raises(ValueError, match="mine"), watch:
        raise ValueError("mine")


async def test_work_that_answers_its_cancellation_with_an_error_keeps_it():
    line = Line()
    watch, _ = watching(line)
    line.left.set()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ValueError("mine") from None

    with pytest.raises(ValueError, match="mine"), watch:  # noqa: PT012 — it rings inside
        watch.ring()
        await work()
    assert asyncio.current_task().cancelling() == 0


async def test_the_end_of_the_gateway_is_not_taken_for_a_caller_who_leaves():
    line = Line()

    async def work() -> None:
        watch, _ = watching(line)
        with watch:
            watch.ring()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await line.looked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_both_at_once_is_the_end_of_the_gateway():
    line = Line()

    async def work() -> None:
        watch, _ = watching(line)
        with watch:
            watch.ring()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await line.looked.wait()
    line.left.set()
    while not task.cancelling():  # noqa: ASYNC110 — the very moment between the two
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
