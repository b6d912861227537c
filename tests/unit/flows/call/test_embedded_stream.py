"""An embedded engine streams like a provider, and is stopped when its stream ends, however it ends."""

import asyncio

import pytest

from genmux.contract.local import Pause
from genmux.flows.call.options import CallOptions
from genmux.flows.call.stream import PartStream
from genmux.types.content import Text
from genmux.types.errors import ProviderError, RateLimitError, RequestTimeoutError
from genmux.types.parts import BlockStart, ErrorPart, ExtraPart, Part, Start, TextDelta
from tests.unit.flows.call.house import local, request, total

BEGUN = (Start(id="l1"), BlockStart(0, Text("")), TextDelta(0, "hel"))


async def parts_of(stream: PartStream) -> list[Part]:
    return [part async for part in stream]


async def test_an_embedded_engine_streams_and_its_first_fault_comes_at_once() -> None:
    house, engine = local(*BEGUN, ExtraPart({"service_tier": "flex"}))
    stream = await house.calls.stream(request(name="inside/one"))
    source = stream._source  # noqa: SLF001
    assert [part async for part in stream] == [*BEGUN, ExtraPart({"service_tier": "flex"})]
    assert await source.read() is None
    assert engine.stopped == 1
    await house.aclose()

    house, engine = local(RateLimitError("busy"))
    with pytest.raises(RateLimitError) as caught:
        await house.calls.stream(request(name="inside/one"))
    assert caught.value.provider == "inside"
    assert total(house, "inside/one") == (0, 1, 0)
    await house.aclose()


async def test_an_embedded_engine_is_stopped_when_its_stream_is_left() -> None:
    house, engine = local(*BEGUN, *BEGUN)

    async with await house.calls.stream(request(name="inside/one")) as stream:
        await anext(stream)

    assert engine.stopped == 1
    assert engine.given < 2 * len(BEGUN)
    await house.aclose()


async def test_an_embedded_engine_is_stopped_when_its_time_is_up_or_its_reader_is_cancelled() -> None:
    house, engine = local(BEGUN[0], Pause(3_600))
    stream = await house.calls.stream(request(name="inside/one"), CallOptions(timeout=0.01))
    with pytest.raises(RequestTimeoutError) as caught:
        await parts_of(stream)
    assert caught.value.model == "one"
    assert engine.stopped == 1
    await house.aclose()

    house, engine = local(BEGUN[0], Pause(3_600))
    stream = await house.calls.stream(request(name="inside/one"))
    await stream.read()
    task = asyncio.ensure_future(stream.read())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert engine.stopped == 1
    await house.aclose()


async def test_an_embedded_engine_is_stopped_after_the_part_that_another_task_waits_for() -> None:
    house, engine = local(*BEGUN, Pause(0.01), *BEGUN)
    stream = await house.calls.stream(request(name="inside/one"))
    for _ in BEGUN:
        await stream.read()
    waiting = asyncio.ensure_future(stream.read())
    await asyncio.sleep(0)

    await stream.aclose()

    assert await waiting is None
    assert engine.stopped == 1
    assert total(house, "inside/one")[:2] == (1, 0)
    await house.aclose()


async def test_an_error_part_of_an_embedded_engine_is_raised_after_what_came_before() -> None:
    house, engine = local(*BEGUN, ErrorPart(ProviderError("out of memory", kind="server")))
    stream = await house.calls.stream(request(name="inside/one"))

    seen = [await anext(stream) for _ in BEGUN]
    with pytest.raises(ProviderError, match="out of memory") as caught:
        await anext(stream)

    assert seen == [*BEGUN]
    assert caught.value.provider == "inside"
    assert engine.stopped == 1
    assert total(house, "inside/one")[:2] == (0, 1)
    await house.aclose()
