"""Deadlines, against a clock that only the test moves."""

import asyncio
import math
from collections.abc import Callable

import pytest

from genmux.engine.deadlines import GRAIN, AlarmClock, AlarmClocks, Deadline, Timeouts
from genmux.types.errors import ConfigurationError


class Handle:
    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Loop:
    """As much of an event loop as an alarm clock needs."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[tuple[float, Callable[[], None], Handle]] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[[], None]) -> Handle:
        handle = Handle()
        self.timers.append((when, callback, handle))
        return handle

    @property
    def armed(self) -> list[float]:
        return sorted(when for when, _, handle in self.timers if not handle.cancelled)

    def advance(self, to: float) -> None:
        while True:
            due = [timer for timer in self.timers if not timer[2].cancelled and timer[0] <= to]
            if not due:
                break
            timer = min(due, key=lambda each: each[0])
            self.timers.remove(timer)
            self.now = max(self.now, timer[0])
            timer[1]()
        self.now = to


class Bell:
    def __init__(self, when: float) -> None:
        self.when = when
        self.rung = 0

    def ring(self) -> None:
        self.rung += 1


@pytest.fixture
def loop() -> Loop:
    return Loop()


@pytest.fixture
def clock(loop: Loop) -> AlarmClock:
    return AlarmClock(loop)  # type: ignore[arg-type]


def test_an_alarm_rings_once_at_its_time(loop: Loop, clock: AlarmClock) -> None:
    bell = Bell(5.0)
    clock.set(bell)
    loop.advance(4.9)
    assert bell.rung == 0
    loop.advance(5.0)
    loop.advance(50.0)
    assert bell.rung == 1
    assert len(clock) == 0


def test_many_alarms_need_one_timer(loop: Loop, clock: AlarmClock) -> None:
    bells = [Bell(10.0 + number) for number in range(100)]
    for bell in bells:
        clock.set(bell)
    assert loop.armed == [10.0]
    loop.advance(59.5)
    assert [bell.rung for bell in bells] == [1] * 50 + [0] * 50
    assert len(loop.armed) == 1


def test_a_nearer_alarm_moves_the_timer(loop: Loop, clock: AlarmClock) -> None:
    far, near = Bell(100.0), Bell(1.0)
    clock.set(far)
    clock.set(near)
    assert loop.armed == [1.0]
    loop.advance(1.0)
    assert (far.rung, near.rung, loop.armed) == (0, 1, [100.0])


def test_an_alarm_that_was_moved_later_does_not_ring_early(loop: Loop, clock: AlarmClock) -> None:
    bell = Bell(1.0)
    clock.set(bell)
    bell.when = 9.0
    loop.advance(8.9)
    assert bell.rung == 0
    loop.advance(9.0)
    assert bell.rung == 1


def test_a_dropped_alarm_is_silent(loop: Loop, clock: AlarmClock) -> None:
    bell = Bell(1.0)
    clock.set(bell)
    clock.drop(bell)
    clock.drop(bell)
    loop.advance(10.0)
    assert (bell.rung, loop.armed) == (0, [])


def test_an_alarm_set_while_another_rings_is_heard(loop: Loop, clock: AlarmClock) -> None:
    later = Bell(2.0)

    class Setting(Bell):
        def ring(self) -> None:
            super().ring()
            clock.set(later)

    clock.set(Setting(1.0))
    loop.advance(3.0)
    assert later.rung == 1


def test_a_burst_of_deadlines_costs_a_bounded_number_of_looks(loop: Loop, clock: AlarmClock) -> None:
    bells = [Bell(1.0 + number / 10_000) for number in range(1_000)]  # within a tenth of a second
    for bell in bells:
        clock.set(bell)
    looks = 0
    while loop.armed:
        loop.advance(loop.armed[0])
        looks += 1
    assert all(bell.rung == 1 for bell in bells)
    assert looks <= 0.1 / GRAIN + 2


def test_an_alarm_without_a_time_needs_no_timer(loop: Loop, clock: AlarmClock) -> None:
    clock.set(Bell(math.inf))
    assert loop.armed == []


async def test_each_event_loop_has_its_clock() -> None:
    clocks = AlarmClocks()
    assert clocks.here() is clocks.here()
    assert clocks.here().loop is asyncio.get_running_loop()


def test_clocks_of_closed_event_loops_are_forgotten() -> None:
    clocks = AlarmClocks()

    async def here() -> AlarmClock:
        return clocks.here()

    first, second = asyncio.run(here()), asyncio.run(here())
    assert first is not second
    assert len(clocks) == 1


# Deadlines end what a task does


@pytest.fixture
def alarms() -> AlarmClocks:
    return AlarmClocks()


async def test_what_lasts_too_long_is_ended(alarms: AlarmClocks) -> None:
    with pytest.raises(TimeoutError), Deadline(alarms.here(), 0.01):
        await asyncio.Event().wait()
    assert len(alarms.here()) == 0


async def test_what_is_quick_is_left_alone(alarms: AlarmClocks) -> None:
    with Deadline(alarms.here(), 10) as deadline:
        await asyncio.sleep(0)
    assert not deadline.passed
    assert len(alarms.here()) == 0


async def test_no_limit_is_no_limit(alarms: AlarmClocks) -> None:
    with Deadline(alarms.here(), None) as deadline:
        await asyncio.sleep(0)
        assert deadline.remaining == math.inf


async def test_a_deadline_can_be_moved_both_ways(alarms: AlarmClocks) -> None:
    deadline = Deadline(alarms.here(), 100)

    async def wait() -> None:
        with deadline:
            deadline.move(None)
            assert deadline.remaining == math.inf
            deadline.move(0.01)
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await wait()
    deadline.move(5)  # over: nothing is set any more
    assert len(alarms.here()) == 0


async def test_a_cancellation_from_outside_stays_a_cancellation(alarms: AlarmClocks) -> None:
    async def wait() -> None:
        with Deadline(alarms.here(), 10):
            await asyncio.Event().wait()

    task = asyncio.ensure_future(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_that_meets_the_deadline_wins(alarms: AlarmClocks) -> None:
    async def wait() -> None:
        with Deadline(alarms.here(), 10) as deadline:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            deadline.ring()
            await asyncio.Event().wait()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.ensure_future(wait())


async def test_the_inner_of_two_deadlines_ends_only_its_own_part(alarms: AlarmClocks) -> None:
    with Deadline(alarms.here(), 10) as outer:
        with pytest.raises(TimeoutError), Deadline(alarms.here(), 0.01):
            await asyncio.Event().wait()
        await asyncio.sleep(0)
    assert not outer.passed


async def test_another_error_at_the_deadline_is_kept(alarms: AlarmClocks) -> None:
    async def fail() -> None:
        with Deadline(alarms.here(), 0.01):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                raise KeyError("its own") from None

    with pytest.raises(KeyError):
        await asyncio.ensure_future(fail())


async def test_a_deadline_needs_a_task() -> None:
    loop = asyncio.get_running_loop()
    found: asyncio.Future[BaseException | None] = loop.create_future()

    def outside_of_tasks() -> None:
        try:
            with Deadline(AlarmClock(loop), 1):
                found.set_result(None)
        except RuntimeError as error:
            found.set_result(error)

    loop.call_soon(outside_of_tasks)
    assert isinstance(await found, RuntimeError)


# Timeouts


@pytest.mark.parametrize("seconds", [0, -1, math.nan])
@pytest.mark.parametrize("name", ["connect", "first_byte", "idle", "total", "stream"])
def test_a_timeout_that_is_none_is_refused_by_name(name: str, seconds: float) -> None:
    with pytest.raises(ConfigurationError, match=f"`{name}` is {seconds}"):
        Timeouts(**{name: seconds})


def test_within_limits_every_phase() -> None:
    assert Timeouts.within(3) == Timeouts(connect=3, first_byte=3, idle=3, total=3, stream=3)
    assert Timeouts.within(1_000).connect == Timeouts().connect
    assert Timeouts.within(10_000).stream == 10_000
