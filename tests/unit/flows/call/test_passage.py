"""Where caller and provider speak the same dialect, bytes pass, and are checked, counted and booked all the same."""

import asyncio
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from genmux.app import App
from genmux.contract.http import HttpReply, WireEvent
from genmux.dialects import load_dialect
from genmux.flows.call.options import CallOptions
from genmux.flows.call.passage import Passage, PassageFlow, PassingStream, frame
from genmux.types.errors import BudgetExceededError, NetworkError, RateLimitError
from tests.unit.flows.call.house import DONE, USED, answer, app, failing, limited, listen, local, said, streamed, total

SERVER = load_dialect("openai_chat").server
PLAIN = CallOptions()


def body(*, stream: bool = False, **fields: Any) -> bytes:
    """What a caller sends."""
    messages = [{"role": "user", "content": "hi"}]
    return msgspec.json.encode(
        {"model": "acme/one", "messages": messages, "odd": [1], **({"stream": True} if stream else {}), **fields}
    )


WITH_USAGE = {"stream_options": {"include_usage": True}}


def passage(house: App, sent: bytes, options: CallOptions = PLAIN, dialect: str = "openai_chat") -> Passage | None:
    server = load_dialect(dialect).server
    accepted = server.accept(sent)
    return PassageFlow(house.calls).prepare(dialect, server, sent, accepted, options)


async def passing(house: App, sent: bytes, options: CallOptions = PLAIN, **fields: str) -> PassingStream:
    prepared = passage(house, sent, options, **fields)
    assert prepared is not None
    return await PassageFlow(house.calls).stream(prepared)


async def whole(house: App, sent: bytes, options: CallOptions = PLAIN) -> HttpReply:
    prepared = passage(house, sent, options)
    assert prepared is not None
    return (await PassageFlow(house.calls).whole(prepared))[1]


async def chunks_of(stream: PassingStream) -> list[bytes]:
    chunks: list[bytes] = []
    while (chunk := await stream.read()) is not None:
        chunks.append(chunk)
    return chunks


async def test_only_what_the_provider_understands_as_it_is_passes() -> None:
    house, _ = local()

    assert passage(house, body()) is not None
    assert passage(house, body(model="inside/one")) is None
    assert passage(house, body(), CallOptions(clamp=True)) is None
    spoken = CallOptions(credential={"api_key": "k"})
    assert passage(house, body(model="anthropic/claude-haiku-4-5", max_tokens=5), spoken) is None


async def test_a_whole_answer_passes_as_it_is() -> None:
    reply = answer(surprise={"a": 1})
    house, transport = app(reply)
    heard = listen(house)

    passed = await whole(house, body(temperature=9))

    assert passed.body == reply.pieces[0]
    sent = msgspec.json.decode(transport.requests[0].body or b"")
    assert (sent["model"], sent["odd"], sent["temperature"]) == ("one", [1], 9)
    assert total(house) == (1, 0, Decimal("0.0002"))
    assert heard[1].data["finish"] == "stop"


async def test_a_refusal_is_booked_and_knows_where_it_happened() -> None:
    house, _ = app(failing(429))

    with pytest.raises(RateLimitError) as caught:
        await whole(house, body(), CallOptions(retries=0))
    assert caught.value.provider == "acme"
    with pytest.raises(RateLimitError) as caught:
        await passing(house, body(stream=True), CallOptions(retries=0))
    assert caught.value.model == "one"

    assert total(house) == (0, 2, 0)


async def test_a_budget_holds_for_what_passes() -> None:
    house, transport = app(answer())

    for sent in (body(max_tokens=1_000), body(n=9, max_tokens=1_000), body(max_tokens=5, web_search_options={})):
        with pytest.raises(BudgetExceededError):
            await whole(house, sent, limited("0.011"))
    assert (await whole(house, body(max_tokens=5), limited("0.011"))).status == 200

    assert len(transport.requests) == 1


async def test_a_caller_who_asked_for_usage_gets_whole_events_as_they_came() -> None:
    pieces = (said("hel")[:30], said("hel")[30:] + said("lo", "stop"), USED + DONE)
    house, _ = app(streamed(*pieces))

    chunks = await chunks_of(await passing(house, body(stream=True, **WITH_USAGE)))

    assert b"".join(chunks) == b"".join(pieces)
    assert total(house) == (1, 0, Decimal("0.0002"))


async def test_a_caller_who_did_not_ask_for_usage_gets_none_and_it_is_booked() -> None:
    house, transport = app(streamed(said("hel"), said("lo", "stop"), USED, DONE))

    chunks = await chunks_of(await passing(house, body(stream=True)))

    assert b"".join(chunks) == said("hel") + said("lo", "stop") + DONE
    assert msgspec.json.decode(transport.requests[0].body or b"")["stream_options"] == {"include_usage": True}
    assert total(house) == (1, 0, Decimal("0.0002"))


async def test_without_usage_our_own_count_is_booked() -> None:
    house, _ = app(streamed(said("x" * 40, "stop"), DONE))

    await chunks_of(await passing(house, body(stream=True)))

    assert house.totals.snapshot()["acme/one"].meters["tokens.output"] == 10


async def test_a_stream_that_breaks_is_a_failed_call_and_books_what_came() -> None:
    house, transport = app(streamed(said("x" * 40), NetworkError("broke", retry="unsure")))
    stream = await passing(house, body(stream=True))

    with pytest.raises(NetworkError, match="broke") as caught:
        await chunks_of(stream)

    assert caught.value.provider == "acme"
    calls, failed, cost = total(house)
    assert (calls, failed) == (0, 1)
    assert cost > 0
    assert transport.replies[0].closed
    await stream.aclose()
    assert total(house)[:2] == (0, 1)


async def test_a_stream_that_ends_too_early_is_an_error() -> None:
    house, _ = app(streamed(said("hel")))

    with pytest.raises(NetworkError, match="in the middle of its answer"):
        await chunks_of(await passing(house, body(stream=True)))
    assert total(house)[:2] == (0, 1)


async def test_a_whole_answer_in_place_of_a_stream_is_streamed() -> None:
    house, _ = app(answer())

    chunks = await chunks_of(await passing(house, body(stream=True)))

    assert b"hello" in b"".join(chunks)
    assert chunks[-1].endswith(b"data: [DONE]\n\n")
    assert total(house) == (1, 0, Decimal("0.0002"))


async def test_a_stream_that_is_left_is_closed_and_booked_once() -> None:
    house, transport = app(streamed(said("hel"), asyncio.Event()))
    stream = await passing(house, body(stream=True))

    await stream.read()
    await stream.aclose()
    await stream.aclose()

    assert transport.replies[0].closed
    assert total(house)[:2] == (1, 0)


async def test_a_fault_of_a_dialect_keeps_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def watcher(*_: object) -> Any:
        message = "broken dialect"
        raise ValueError(message)

    house, transport = app(streamed())
    monkeypatch.setattr(type(SERVER), "watcher", watcher)

    with pytest.raises(ValueError, match="broken dialect"):
        await passing(house, body(stream=True))

    assert transport.replies[0].closed
    assert total(house) == (0, 1, 0)


def test_events_are_framed_with_their_name() -> None:
    assert frame(WireEvent(b'{"a": 1}')) == b'data: {"a": 1}\n\n'
    assert frame(WireEvent(b"1\n2", "ping")) == b"event: ping\ndata: 1\ndata: 2\n\n"
