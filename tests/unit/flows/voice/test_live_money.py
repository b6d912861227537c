"""What sessions cost that only speak or only listen."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from genmux.flows.call.options import DEFAULT_OPTIONS
from genmux.flows.voice.heard_money import HeardMoney
from genmux.flows.voice.spoken_money import STEP, SpokenMoney, whole_steps
from genmux.types.errors import BudgetExceededError, MessageError
from genmux.types.money import Cost
from genmux.types.realtime import CreateResponse, SendText
from genmux.types.usage import Usage


class Run:
    closed = False
    started = False
    held = None
    left = 0

    def leave(self) -> None:
        self.left += 1


class Door:
    """Books what goes through it; of more than `most` characters or seconds the money cannot be held."""

    def __init__(self, most: int = 10_000) -> None:
        self.most = most
        self.held: list[float] = []
        self.booked: list[tuple[str, Any]] = []

    async def enter(self, *_: Any) -> Any:
        return Run()

    async def admit(self, _run: Any, request: Any, _target: Any, *, ahead: bool) -> None:
        del ahead
        size = len(request.text) if hasattr(request, "text") else request.seconds
        if size > self.most:
            raise BudgetExceededError("too much")
        self.held.append(size)

    def begin(self, run: Run) -> None:
        run.started = True

    def release(self, run: Run) -> None:
        assert not run.started
        run.closed = True
        self.booked.append(("released", None))

    def complete(self, run: Any, usage: Usage, **_: Any) -> Cost:
        run.closed = True
        self.booked.append(("completed", {**usage.meters}))
        return Cost(amount=Decimal(1))

    def fail(self, run: Any, error: Any, *, usage: Usage | None = None) -> None:
        run.closed = True
        self.booked.append((type(error).__name__, usage and {**usage.meters}))


class Target:
    class model:  # noqa: N801 — as it is called there
        reference = "acme/talker"


def money(kind: Any, door: Door) -> Any:
    return kind(door, Target(), DEFAULT_OPTIONS)


def used(meter: str, quantity: float) -> Usage:
    return Usage(meters={meter: quantity})


async def test_money_is_held_in_steps_while_a_text_is_written_and_settled_with_its_answer() -> None:
    door = Door()
    purse = money(SpokenMoney, door)
    await purse.hold(0.0)
    for _ in range(12):
        await purse.say(SendText("x" * 100, answer=False))
    await purse.say(CreateResponse())
    assert door.held == [STEP, 2 * STEP, 3 * STEP]
    assert whole_steps(STEP) == 2 * STEP
    await purse.say(SendText("next"))
    assert purse.settle(used("characters.input", 1_200)) is not None
    assert purse.settle(used("characters.input", 4)) is not None
    assert purse.settle(used("characters.input", 4)) is None
    await purse.hold(0.0)
    purse.drop(0.0)
    assert door.booked == [
        ("completed", {"characters.input": 1_200}),
        ("completed", {"characters.input": 4}),
        ("released", None),
    ]
    assert len(purse.spent) == 2


async def test_what_was_sent_of_a_text_counts_when_the_connection_breaks() -> None:
    door = Door()
    purse = money(SpokenMoney, door)
    await purse.say(SendText("all of it"))
    await purse.say(SendText("a half", answer=False))
    purse.lose(0.0)
    purse.drop(0.0)
    assert door.booked == [("ProviderError", {"characters.input": 9}), ("ProviderError", {"characters.input": 6})]


async def test_a_text_for_which_no_money_is_left_is_not_counted() -> None:
    door = Door(most=STEP)
    purse = money(SpokenMoney, door)
    with pytest.raises(BudgetExceededError):
        await purse.say(SendText("x" * 600))
    await purse.say(SendText("short"))
    purse.drop(0.0)
    assert door.booked == [("ProviderError", {"characters.input": 5})]


async def test_sound_is_settled_when_it_is_told_and_the_rest_at_the_end() -> None:
    door = Door()
    purse = money(HeardMoney, door)
    await purse.hold(0.0)
    assert purse.told(used("seconds.input.audio", 2.0)) is not None
    await purse.hold(2.0)
    assert purse.told(used("seconds.input.audio", 2.0)) is None
    assert purse.settle(None) is None
    purse.lose(3.0)
    await purse.hold(3.0)
    assert purse.told(used("seconds.input.audio", 1.0)) is not None  # of another connection
    await purse.hold(4.0)
    purse.drop(4.5)
    purse.drop(4.5)
    seconds = [told["seconds.input.audio"] for _, told in door.booked]
    assert seconds == [2.0, 1.0, 1.0, 0.5]
    assert {kind for kind, _ in door.booked} == {"completed"}


@pytest.mark.parametrize("held_before", [True, False])
async def test_a_session_that_ends_while_money_is_asked_for_leaves_none_held(held_before: bool) -> None:
    class Slow(Door):
        waits = False
        go = asyncio.Event()

        async def admit(self, run: Any, request: Any, target: Any, *, ahead: bool) -> None:
            if self.waits:
                await self.go.wait()
            await super().admit(run, request, target, ahead=ahead)

    door = Slow()
    purse = money(SpokenMoney, door)
    if held_before:
        await purse.hold(0.0)
    door.waits = True
    saying = asyncio.create_task(purse.say(SendText("x" * (STEP + 1), answer=False)))
    for _ in range(5):
        await asyncio.sleep(0)
    purse.drop(0.0)
    door.go.set()
    with pytest.raises(MessageError, match="has ended"):
        await saying
    assert door.booked == [("released", None)]
