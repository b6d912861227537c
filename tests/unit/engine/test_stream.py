"""A streamed reply, from its first byte to its end, however it ends."""

import asyncio
import gc

import pytest

from genmux.contract.http import Framing
from genmux.engine.deadlines import Timeouts
from genmux.engine.retry import RetryPolicy
from genmux.types.errors import (
    ErrorKind,
    NetworkError,
    OverloadedError,
    ProviderError,
    RateLimitError,
    RequestTimeoutError,
    Retry,
)
from tests.engine_doubles import BASE, CREDENTIAL, KEY, SSE, made, post, provider
from tests.fake_transport import Played

LUMEN = provider()


async def test_a_stream_gives_events_in_the_batches_in_which_they_arrived() -> None:
    pieces = [b"data: 1\n\ndata: 2\n\n", b": still here\n\n", b"data: 3", b"\n\n", b"data: 4"]
    engine, transport = made(Played(*pieces, headers=SSE))
    async with await engine.open(LUMEN, {}, post("/", framing=Framing.SSE), base_url=BASE) as stream:
        batches = [[event.data for event in batch] async for batch in stream]
    assert batches == [[b"1", b"2"], [b"3"], [b"4"]]
    assert transport.replies[0].closed == 1


async def test_reading_gives_bytes_and_events() -> None:
    engine, _ = made(Played(b"data: 1\n\ndata: 2", headers=SSE))
    stream = await engine.open(LUMEN, {}, post("/", framing=Framing.SSE), base_url=BASE)
    first, last, end = [await stream.read() for _ in range(3)]
    assert first is not None
    assert last is not None
    assert (first[0], [event.data for event in first[1]]) == (b"data: 1\n\ndata: 2", [b"1"])
    assert (last[0], [event.data for event in last[1]], end) == (b"", [b"2"], None)


async def test_a_fault_in_a_stream_is_told_with_its_place_and_not_repeated() -> None:
    engine, transport = made(Played(b"data: 1\n\n", NetworkError(f"cut {KEY}", retry=Retry.SAFE), headers=SSE))
    stream = await engine.open(LUMEN, CREDENTIAL, post("/", framing=Framing.SSE), base_url=BASE, model="dream")
    await anext(stream)
    with pytest.raises(NetworkError) as caught:
        await anext(stream)
    assert (caught.value.provider, caught.value.model, caught.value.attempts) == ("lumen", "dream", 1)
    assert KEY not in str(caught.value)
    assert (len(transport.requests), transport.replies[0].closed) == (1, 1)
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


ERROR = b'\n{"type":"error","error":{"type":"overloaded_error","message":"later"}}'
DOCUMENTS: list[tuple[bytes, type[ProviderError]]] = [
    (ERROR, OverloadedError),
    (b'[{"error":{"code":503,"message":"later"}}]', OverloadedError),
    (b'{"object":"error","code":"rate_limit_exceeded","message":"slow"}', RateLimitError),
    (b'["odd"]', ProviderError),
]


@pytest.mark.parametrize("headers", [SSE, {"content-type": "application/json"}, {}], ids=["sse", "json", "none"])
@pytest.mark.parametrize(("body", "kind"), DOCUMENTS)
async def test_an_error_document_is_that_error(headers: dict[str, str], body: bytes, kind: type[ProviderError]) -> None:
    engine, transport = made(Played(body[:9], body[9:], headers=headers))

    async def read() -> None:
        stream = await engine.open(
            LUMEN, {}, post("/", framing=Framing.SSE), base_url=BASE, policy=RetryPolicy(attempts=1)
        )
        async for _ in stream:
            pass

    with pytest.raises(kind):
        await read()
    assert all(reply.closed for reply in transport.replies)


async def test_an_error_document_before_the_stream_is_retried() -> None:
    engine, _ = made(Played(ERROR, headers={}), Played(b"data: 1\n\n", headers=SSE))
    stream = await engine.open(LUMEN, {}, post("/", framing=Framing.SSE), base_url=BASE)
    assert stream.attempts == 2


@pytest.mark.parametrize("headers", [SSE, {}], ids=["sse", "none"])
async def test_a_page_is_a_malformed_reply_without_secrets(headers: dict[str, str]) -> None:
    engine, _ = made(Played(f"<html>{KEY}</html>".encode(), headers=headers))

    async def read() -> None:
        async for _ in await engine.open(LUMEN, CREDENTIAL, post("/", framing=Framing.SSE), base_url=BASE):
            pass

    with pytest.raises(ProviderError) as caught:
        await read()
    assert (caught.value.kind, caught.value.retry) == (ErrorKind.MALFORMED_REPLY, Retry.UNSURE)
    assert caught.value.body == "<html>[redacted]</html>"


@pytest.mark.parametrize("headers", [SSE, {}], ids=["sse", "none"])
async def test_a_whole_answer_is_handed_over(headers: dict[str, str]) -> None:
    engine, _ = made(Played(b'{"choi', b'ces":[]}', headers=headers))
    stream = await engine.open(LUMEN, {}, post("/", framing=Framing.SSE), base_url=BASE)
    assert [batch async for batch in stream] == []
    assert stream.whole is not None
    assert (stream.whole.status, stream.whole.body) == (200, b'{"choices":[]}')


async def test_blank_lines_before_the_first_event_do_not_hide_a_document() -> None:
    engine, _ = made(Played(b"\n", b"\r\n", b'{"error":{"message":"no"}}', headers=SSE))

    async def read() -> None:
        async for _ in await engine.open(LUMEN, {}, post("/", framing=Framing.SSE), base_url=BASE):
            pass

    with pytest.raises(ProviderError, match="no"):
        await read()


async def test_a_forgotten_stream_gives_back_what_it_held() -> None:
    engine, transport = made(Played(b"data: 1\n\n", asyncio.Event(), headers=SSE), concurrency={"lumen": 1})
    request = post("/", framing=Framing.SSE)
    stream = await engine.open(LUMEN, {}, request, base_url=BASE)
    await anext(stream)
    del stream
    gc.collect()
    await asyncio.sleep(0)
    assert transport.replies[0].closed == 1
    await engine.open(LUMEN, {}, request, base_url=BASE)


def test_a_stream_that_outlives_its_event_loop_is_forgotten_in_silence() -> None:
    engine, transport = made(Played(b"data: 1\n\n", headers=SSE))
    stream = asyncio.run(engine.open(LUMEN, {}, post("/", framing=Framing.SSE), base_url=BASE))
    del stream
    gc.collect()
    assert transport.replies[0].closed == 0


async def test_a_stream_is_cut_off_at_its_deadline_and_without_one_it_is_not() -> None:
    engine, _ = made(Played(b"data: 1\n\n", asyncio.Event(), headers=SSE))
    request = post("/", framing=Framing.SSE)
    stream = await engine.open(LUMEN, {}, request, base_url=BASE, timeouts=Timeouts(stream=0.01))
    assert [event.data for event in await anext(stream)] == [b"1"]
    with pytest.raises(RequestTimeoutError, match=r"0\.01 s \(stream\)"):
        await anext(stream)
    endless = await engine.open(LUMEN, {}, request, base_url=BASE, timeouts=Timeouts(stream=None))
    await anext(endless)
    assert len(engine._alarms.here()) == 0  # noqa: SLF001 — nothing is set
    await endless.aclose()
