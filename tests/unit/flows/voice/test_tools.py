"""Tools of a session: run when the model really wants them, and told when all are done."""

import asyncio
import json
from typing import Any

import msgspec

from genmux.flows.voice.toolbox import Toolbox
from genmux.types.realtime import SendToolResult
from genmux.types.realtime_events import ResponseDone, ResponseStarted, ToolCalled, ToolCallsCancelled
from tests.unit.flows.voice.house import ABLE, House, Played, settled


def call(function: Any, arguments: str) -> Any:
    return function(**json.loads(arguments))


def weather(city: str) -> dict[str, Any]:
    """The weather."""
    return {"city": city, "degrees": 21}


def fails() -> str:
    """Never works."""
    raise ValueError("broken")


async def slow(city: str) -> str:
    """Takes a moment."""
    await asyncio.sleep(0)
    return f"slowly {city}"


def equipped(house: House, *functions: Any) -> None:
    box = Toolbox({one.__name__: one for one in functions}, call, house.session.send)
    house.session.use_tools(box)


def results(house: House) -> list[SendToolResult]:
    return [one for one in house.link.sent if isinstance(one, SendToolResult)]


def called(name: str, number: int = 1, **arguments: Any) -> ToolCalled:
    return ToolCalled(call_id=f"c{number}", name=name, arguments=json.dumps(arguments), response_id="r1")


async def test_tools_run_when_the_answer_is_complete_and_the_model_goes_on_after_the_last() -> None:
    house = House()
    async with house.session:
        equipped(house, weather, slow, fails)
        house.link.say(ResponseStarted(response_id="r1"), called("weather", city="Rome"))
        house.link.say(called("slow", 2, city="Bern"), called("fails", 3), called("not_ours", 4))
        await house.until(ToolCalled)
        assert results(house) == []
        house.link.say(ResponseDone(response_id="r1"))
        await settled(lambda: len(results(house)) == 3)

    told = {one.call_id: (one.output, one.answer) for one in results(house)}
    assert told["c1"] == ('{"city":"Rome","degrees":21}', False)
    assert told["c2"] == ("slowly Bern", False)
    assert told["c3"] == ('{"error":"ValueError: broken"}', True)


async def test_an_interrupted_answer_calls_no_tool() -> None:
    house = House()
    async with house.session:
        equipped(house, weather)
        house.link.say(ResponseStarted(response_id="r1"), called("weather", city="Rome"))
        house.link.say(ResponseDone(response_id="r1", status="cancelled"))
        await house.until(ResponseDone)
        await asyncio.sleep(0.01)
    assert results(house) == []


async def test_a_provider_that_goes_on_by_itself_is_told_at_once() -> None:
    house = House(Played(msgspec.structs.replace(ABLE, answers_tools=True)))
    async with house.session:
        equipped(house, weather)
        house.link.say(called("weather", city="Rome"))
        await settled(lambda: results(house))
    assert [one.call_id for one in results(house)] == ["c1"]


async def test_a_result_that_nobody_wants_any_more_is_not_told() -> None:
    house = House(Played(msgspec.structs.replace(ABLE, answers_tools=True)))
    gate = asyncio.Event()

    async def waits() -> str:
        """Waits."""
        await gate.wait()
        return "done"

    async with house.session:
        equipped(house, waits, weather)
        house.link.say(called("waits"), ToolCallsCancelled(call_ids=("c1",)))
        await house.until(ToolCallsCancelled)
        gate.set()
        house.link.say(called("weather", 2, city="Rome"))
        await settled(lambda: results(house))
    assert [one.call_id for one in results(house)] == ["c2"]


async def test_the_end_of_the_session_stops_tools() -> None:
    house = House(Played(msgspec.structs.replace(ABLE, answers_tools=True)))
    stopped = asyncio.Event()

    async def waits() -> str:
        """Waits."""
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
        return ""

    async with house.session:
        equipped(house, waits)
        house.link.say(called("waits"))
        await house.until(ToolCalled)
        await asyncio.sleep(0)
    await asyncio.wait_for(stopped.wait(), 5)
    assert results(house) == []
