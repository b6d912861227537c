"""A stream gives parts as they come, and is settled exactly once however it ends."""

import asyncio
import gc
from decimal import Decimal
from typing import Any

import pytest

from genmux.flows.call.options import CallOptions
from genmux.flows.call.stream import PartStream
from genmux.types.content import Opaque, Refusal, Text
from genmux.types.errors import MalformedReplyError, NetworkError, ProviderError, RateLimitError
from genmux.types.parts import BlockStart, Part, Start, TextDelta, WarningPart
from tests.unit.flows.call.house import (
    DONE,
    USED,
    answer,
    app,
    chunk,
    failing,
    limited,
    listen,
    local,
    request,
    said,
    streamed,
    total,
)

BEGUN = (Start(id="l1"), BlockStart(0, Text("")), TextDelta(0, "hel"))
COST = Decimal("0.0002")


async def parts_of(stream: PartStream) -> list[Part]:
    return [part async for part in stream]


async def test_parts_come_as_they_are_sent_and_join_to_the_answer() -> None:
    house, transport = app(streamed())

    stream = await house.calls.stream(request())
    parts = await parts_of(stream)
    result = stream.result()

    assert isinstance(parts[0], Start)
    assert "".join(part.text for part in parts if isinstance(part, TextDelta)) == "hello"
    assert (result.text, result.finish.unified, result.usage.input) == ("hello", "stop", 100)
    assert (result.provider, result.request_id, result.attempts) == ("acme", "req-1", 1)
    assert result.cost is not None
    assert result.cost.amount == COST == total(house)[2]
    assert stream.ended
    assert transport.replies[0].closed
    assert await stream.read() is None


async def test_what_arrived_at_once_comes_at_once() -> None:
    house, _ = app(streamed(said("a") + said("b"), said("c", "stop"), USED + DONE))
    stream = await house.calls.stream(request())

    batches = [batch async for batch in stream.batches()]

    assert [sum(isinstance(part, TextDelta) for part in batch) for batch in batches[:2]] == [2, 1]
    assert all(batches)


async def test_parts_and_batches_may_be_mixed() -> None:
    house, _ = app(streamed(said("a") + said("b"), said("c", "stop"), USED + DONE))
    stream = await house.calls.stream(request())

    first = await anext(stream)
    rest = [part for batch in [batch async for batch in stream.batches()] for part in batch]

    assert isinstance(first, Start)
    assert "".join(part.text for part in rest if isinstance(part, TextDelta)) == "abc"


async def test_the_text_alone_is_that_of_the_first_answer() -> None:
    other = chunk(choices=[{"index": 1, "delta": {"content": "other"}}])
    house, _ = app(streamed(said("a") + other, said("b", "stop"), USED, DONE))

    assert [text async for text in (await house.calls.stream(request(n=2))).text()] == ["a", "b"]


async def test_a_refusal_is_no_text() -> None:
    house, _ = local(BlockStart(0, Refusal("")), TextDelta(0, "no"), BlockStart(1, Text("be")), TextDelta(1, "cause"))

    stream = await house.calls.stream(request(name="inside/one"))

    assert "".join([text async for text in stream.text()]) == "because"
    assert stream.result().message.refusal == "no"
    await house.aclose()


async def test_what_could_not_be_carried_comes_first() -> None:
    house, _ = app(streamed())

    stream = await house.calls.stream(
        request(Opaque("anthropic_messages", "x", {}), temperature=9), CallOptions(strict=False)
    )
    parts = await parts_of(stream)

    assert [part.warning.field for part in parts[:2] if isinstance(part, WarningPart)] == [
        "temperature",
        "messages[0].content[0]",
    ]
    assert len(stream.result().warnings) == 2


async def test_the_price_of_the_tier_that_answered_counts() -> None:
    house, _ = app(
        streamed(
            chunk(service_tier="flex", choices=[{"index": 0, "delta": {"content": "x"}, "finish_reason": "stop"}]),
            USED,
            DONE,
        )
    )

    stream = await house.calls.stream(request())
    await parts_of(stream)

    assert stream.cost is not None
    assert stream.cost.amount == Decimal("0.00015")


async def test_without_usage_our_own_count_is_booked_and_marked() -> None:
    house, _ = app(streamed(said("x" * 41), said("", "stop"), DONE))

    stream = await house.calls.stream(request())
    await parts_of(stream)

    usage = stream.result().usage
    assert usage.estimated
    assert usage.output == 11
    assert usage.input
    assert total(house)[:2] == (1, 0)


async def test_a_refusal_before_the_first_part_is_raised_at_once() -> None:
    house, _ = app(failing(429))

    with pytest.raises(RateLimitError):
        await house.calls.stream(request(), CallOptions(retries=0))
    assert total(house) == (0, 1, 0)


async def test_a_fault_in_the_middle_is_raised_in_its_turn_and_what_came_is_booked() -> None:
    broken = NetworkError("the connection broke", retry="unsure")
    house, transport = app(streamed(said("hel"), broken))
    heard = listen(house)
    stream = await house.calls.stream(request())

    seen = await stream.read()
    with pytest.raises(NetworkError, match="the connection broke") as caught:
        await parts_of(stream)

    assert any(isinstance(part, TextDelta) for part in seen or ())
    assert (caught.value.provider, caught.value.model) == ("acme", "one")
    calls, failed, cost = total(house)
    assert (calls, failed) == (0, 1)
    assert cost > 0
    assert [event.type for event in heard] == ["generation.started", "generation.failed"]
    assert transport.replies[0].closed
    assert not stream.ended
    assert stream.result().text == "hel"
    assert await stream.read() is None
    await stream.aclose()
    assert total(house)[:2] == (0, 1)


async def test_an_error_inside_the_stream_is_raised_after_what_came_with_it() -> None:
    error = b'data: {"error": {"message": "over capacity", "code": "overloaded"}}\n\n'
    house, _ = app(streamed(said("hel"), error))
    stream = await house.calls.stream(request())

    with pytest.raises(ProviderError, match="over capacity"):
        await parts_of(stream)
    assert total(house)[:2] == (0, 1)


async def test_a_stream_that_ends_too_early_is_an_error() -> None:
    house, _ = app(streamed(said("hel")))
    stream = await house.calls.stream(request())

    with pytest.raises(ProviderError) as caught:
        await parts_of(stream)

    assert caught.value.retry == "unsure"
    assert total(house)[:2] == (0, 1)


async def test_a_whole_answer_in_place_of_a_stream_is_given_in_parts() -> None:
    house, _ = app(answer())

    stream = await house.calls.stream(request())
    await parts_of(stream)

    assert stream.result().text == "hello"
    assert total(house) == (1, 0, COST)


async def test_what_is_left_early_is_closed_and_booked() -> None:
    house, transport = app(streamed(said("hel"), asyncio.Event()))
    heard = listen(house)

    async with await house.calls.stream(request()) as stream:
        async for part in stream:
            if isinstance(part, TextDelta):
                break

    assert transport.replies[0].closed
    assert stream.cost is not None
    assert total(house)[:2] == (1, 0)
    assert [event.type for event in heard] == ["generation.started", "generation.completed"]
    await stream.aclose()
    assert total(house)[:2] == (1, 0)
    assert await stream.read() is None


async def test_what_was_never_read_is_closed_and_booked() -> None:
    house, transport = app(streamed())

    await (await house.calls.stream(request())).aclose()

    assert transport.replies[0].closed
    assert total(house)[:2] == (1, 0)


async def test_a_cancelled_reader_closes_and_books_what_came() -> None:
    house, transport = app(streamed(said("hel"), asyncio.Event()))
    stream = await house.calls.stream(request())
    came = asyncio.Event()

    async def read() -> None:
        async for part in stream:
            if isinstance(part, TextDelta):
                came.set()

    task = asyncio.ensure_future(read())
    await came.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert transport.replies[0].closed
    assert total(house)[:2] == (1, 0)
    assert await stream.read() is None


async def test_a_reader_that_is_cancelled_before_the_first_part_leaves_a_cancelled_call() -> None:
    house, transport = app(streamed(asyncio.Event()))
    heard = listen(house)
    stream = await house.calls.stream(request())
    task = asyncio.ensure_future(stream.read())
    await asyncio.sleep(0)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert transport.replies[0].closed
    assert [event.type for event in heard] == ["generation.started", "generation.cancelled"]
    assert total(house) == (0, 1, 0)


async def test_it_may_be_closed_while_another_task_waits_for_a_part() -> None:
    house, _ = app(streamed(said("hel"), asyncio.Event()))
    stream = await house.calls.stream(request())
    await stream.read()
    waiting = asyncio.ensure_future(stream.read())
    await asyncio.sleep(0)

    await stream.aclose()
    with pytest.raises(ProviderError):
        await waiting

    assert total(house)[:2] == (1, 0)


async def test_what_is_dropped_unread_is_booked_all_the_same() -> None:
    house, transport = app(streamed(said("hel"), asyncio.Event()))
    stream = await house.calls.stream(request())
    await stream.read()

    del stream
    gc.collect()
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert total(house)[:2] == (1, 0)
    assert transport.replies[0].closed


async def test_a_fault_of_a_foreign_reader_keeps_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    house, transport = app(streamed())
    wire = house.targets.find("acme/one", "chat", CallOptions()).wire

    def broken(_sent: Any) -> Any:
        message = "broken wire"
        raise ValueError(message)

    monkeypatch.setattr(type(wire), "reader", lambda _self, sent: broken(sent))
    with pytest.raises(ValueError, match="broken wire"):
        await house.calls.stream(request())

    assert transport.replies[0].closed
    assert total(house) == (0, 1, 0)


async def test_an_event_that_cannot_be_read_closes_the_connection() -> None:
    house, transport = app(streamed(said("hel"), b"data: {nonsense\n\n", asyncio.Event()))
    stream = await house.calls.stream(request())

    with pytest.raises(MalformedReplyError) as caught:
        await parts_of(stream)

    assert caught.value.provider == "acme"
    assert transport.replies[0].closed


async def test_a_budget_holds_for_streams() -> None:
    house, transport = app(streamed())

    with pytest.raises(ProviderError, match="more than its `budget_limit`"):
        await house.calls.stream(request(max_tokens=1_000), limited("0.0001"))
    assert transport.requests == []


async def test_the_whole_time_of_the_call_is_that_of_the_stream() -> None:
    house, transport = app(streamed())

    await (await house.calls.stream(request(), CallOptions(timeout=3))).aclose()

    assert (transport.timeouts[0].stream, transport.timeouts[0].first_byte) == (3, 3)
