"""Faults as the engine's callers see them: who failed, after how many attempts, and no secret in it."""

import asyncio
import traceback
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest

from genmux.contract.auth import query
from genmux.contract.http import Framing, HttpRequest
from genmux.engine import aiohttp_transport
from genmux.engine.aiohttp_transport import AiohttpTransport
from genmux.engine.deadlines import Timeouts
from genmux.engine.engine import Engine
from genmux.engine.limits import SizeLimits
from genmux.engine.retry import RetryPolicy
from genmux.types.errors import ErrorKind, ProviderError, Retry
from tests.engine_doubles import CREDENTIAL, KEY, Permitted, Sleeps, post, provider
from tests.faults.server import FaultServer

LUMEN = provider()
NO_RETRY = RetryPolicy(attempts=1)


@pytest.fixture
def sleeps() -> Sleeps:
    return Sleeps()


@pytest.fixture
async def engine(sleeps: Sleeps) -> AsyncIterator[Engine]:
    made = Permitted(AiohttpTransport(), sleep=sleeps, random=lambda: 0.5, limits=SizeLimits(event=1_000))
    yield made
    await made.aclose()


async def failed_call(engine: Engine, server: FaultServer, request: HttpRequest, **options: object) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await engine.call(LUMEN, CREDENTIAL, request, base_url=server.url, model="dream", **options)  # type: ignore[arg-type]
    return caught.value


# Retries


async def test_a_refusal_is_retried_and_the_attempts_are_counted(
    engine: Engine, server: FaultServer, sleeps: Sleeps
) -> None:
    called = await engine.call(LUMEN, CREDENTIAL, post("/status?code=429&ok_after=2"), base_url=server.url)
    assert (called.attempts, called.reply.body) == (3, b'{"ok":true}')
    assert sleeps == [0.75, 1.5]


async def test_a_stream_is_retried_before_it_began(engine: Engine, server: FaultServer, sleeps: Sleeps) -> None:
    stream = await engine.open(LUMEN, CREDENTIAL, post("/status?code=529&ok_after=2"), base_url=server.url)
    assert (stream.attempts, stream.status) == (3, 200)
    assert [event.data async for batch in stream for event in batch] == [b'{"ok":true}']
    assert len(sleeps) == 2


async def test_after_the_last_attempt_the_error_says_everything(engine: Engine, server: FaultServer) -> None:
    error = await failed_call(engine, server, post("/status?code=429&header=x-request-id:r1"))
    assert (error.kind, error.status, error.attempts) == (ErrorKind.RATE_LIMIT, 429, 3)
    assert (error.provider, error.model, error.request_id) == ("lumen", "dream", "r1")
    assert server.saw["/status"] == 3


@pytest.mark.parametrize("code", [400, 401, 403, 404, 422, 500, 502])
async def test_what_may_be_billed_or_is_wrong_is_sent_once(code: int, engine: Engine, server: FaultServer) -> None:
    error = await failed_call(engine, server, post(f"/status?code={code}"))
    assert (error.status, error.attempts, server.saw["/status"]) == (code, 1, 1)


@pytest.mark.parametrize("path", ["/read_then_fin", "/read_then_reset", "/half_body", "/bad_gzip"])
async def test_a_request_that_may_have_been_accepted_is_sent_once(
    path: str, engine: Engine, server: FaultServer
) -> None:
    error = await failed_call(engine, server, post(path))
    assert (error.retry, error.attempts, server.saw[path]) == (Retry.UNSURE, 1, 1)


@pytest.mark.parametrize(
    ("request_", "policy"),
    [
        (post("/read_then_fin", idempotency_key="k1"), RetryPolicy()),
        (post("/read_then_fin", read_only=True), RetryPolicy()),
        (HttpRequest(method="GET", url="/read_then_fin"), RetryPolicy()),
        (post("/read_then_fin"), RetryPolicy(retry_unsure=True)),
    ],
    ids=["idempotency key", "read only", "GET", "retry_unsure"],
)
async def test_what_is_harmless_to_repeat_is_repeated(
    request_: HttpRequest, policy: RetryPolicy, engine: Engine, server: FaultServer
) -> None:
    error = await failed_call(engine, server, request_, policy=policy)
    assert (error.attempts, server.saw["/read_then_fin"]) == (3, 3)


async def test_a_retry_after_is_honored(engine: Engine, server: FaultServer, sleeps: Sleeps) -> None:
    await engine.call(LUMEN, CREDENTIAL, post("/status?code=429&ok_after=1&header=retry-after:7"), base_url=server.url)
    assert sleeps == [pytest.approx(7.35)]


async def test_a_retry_after_that_is_too_long_is_raised(engine: Engine, server: FaultServer, sleeps: Sleeps) -> None:
    error = await failed_call(engine, server, post("/status?code=429&header=retry-after:61"))
    assert (error.retry_after, error.attempts, sleeps) == (61, 1, [])


async def test_a_wait_that_does_not_fit_into_the_total_is_not_begun(
    engine: Engine, server: FaultServer, sleeps: Sleeps
) -> None:
    request = post("/status?code=429&header=retry-after:30")
    error = await failed_call(engine, server, request, timeouts=Timeouts.within(20))
    assert (error.kind, error.attempts, sleeps) == (ErrorKind.RATE_LIMIT, 1, [])


async def test_a_request_that_was_not_sent_is_retried(sleeps: Sleeps) -> None:
    engine = Permitted(AiohttpTransport(), sleep=sleeps)
    with pytest.raises(ProviderError) as caught:
        await engine.call(LUMEN, CREDENTIAL, post("/x"), base_url="http://127.0.0.1:1")
    await engine.aclose()
    assert (caught.value.kind, caught.value.retry, caught.value.attempts) == (ErrorKind.NETWORK, Retry.SAFE, 3)


async def test_a_redirect_is_a_configuration_error(engine: Engine, server: FaultServer) -> None:
    error = await failed_call(engine, server, post(f"/redirect?code=307&to={server.url}/ok"))
    assert (error.kind, error.status, error.retry) == (ErrorKind.CONFIGURATION, 307, Retry.NEVER)
    assert server.saw["/ok"] == 0


# Deadlines


@pytest.mark.parametrize("path", ["/drip", "/no_reply", "/stalled_body"])
async def test_the_total_ends_everything(path: str, engine: Engine, server: FaultServer) -> None:
    error = await failed_call(engine, server, post(path), timeouts=Timeouts(total=0.1))
    assert (error.kind, error.retry, error.attempts) == (ErrorKind.TIMEOUT, Retry.UNSURE, 1)
    assert "0.1 s (total)" in error.message
    await server.until(lambda: server.open_connections == 0)


async def test_the_stream_deadline_ends_a_stream_that_does_not_begin(engine: Engine, server: FaultServer) -> None:
    with pytest.raises(ProviderError, match=r"0\.1 s \(stream\)"):
        await engine.open(LUMEN, CREDENTIAL, post("/no_reply"), base_url=server.url, timeouts=Timeouts(stream=0.1))
    await server.until(lambda: server.open_connections == 0)


async def test_the_stream_deadline_ends_a_stream_that_never_ends(engine: Engine, server: FaultServer) -> None:
    request = post("/endless_events", framing=Framing.SSE)
    stream = await engine.open(LUMEN, CREDENTIAL, request, base_url=server.url, timeouts=Timeouts(stream=0.2))
    with pytest.raises(ProviderError, match="did not end within") as caught:
        async for _ in stream:
            pass
    assert (caught.value.kind, caught.value.provider) == (ErrorKind.TIMEOUT, "lumen")
    await server.until(lambda: server.open_connections == 0)


async def test_waiting_at_the_gate_counts_and_leaves_no_doubt(server: FaultServer) -> None:
    engine = Permitted(AiohttpTransport(), concurrency={"lumen": 1})
    first = await engine.open(LUMEN, CREDENTIAL, post("/events_then_silence"), base_url=server.url)
    for way in (engine.call, engine.open):
        with pytest.raises(ProviderError) as caught:
            await way(LUMEN, CREDENTIAL, post("/ok"), base_url=server.url, timeouts=Timeouts(total=0.05, stream=0.05))
        assert (caught.value.kind, caught.value.retry) == (ErrorKind.TIMEOUT, Retry.SAFE)
    assert server.saw["/ok"] == 0
    await first.aclose()
    called = await engine.call(LUMEN, CREDENTIAL, post("/ok"), base_url=server.url)
    assert called.attempts == 1
    await engine.aclose()


# Streams


async def events(engine: Engine, server: FaultServer, path: str, framing: Framing = Framing.SSE) -> list[bytes]:
    stream = await engine.open(LUMEN, CREDENTIAL, post(path, framing=framing), base_url=server.url)
    async with stream:
        return [event.data async for batch in stream for event in batch]


@pytest.mark.parametrize("path", ["/events_in_pieces", "/events_without_type"])
async def test_events_are_whole_however_they_arrive(path: str, engine: Engine, server: FaultServer) -> None:
    assert await events(engine, server, path) == [b'{"n":1}', b'{"n":2}']


async def test_lines_are_events(engine: Engine, server: FaultServer) -> None:
    assert await events(engine, server, "/lines", Framing.NDJSON) == [b'{"n":1}', b'{"n":2}', b'{"n":3}']


async def test_bytes_and_events_come_together(engine: Engine, server: FaultServer) -> None:
    stream = await engine.open(LUMEN, CREDENTIAL, post("/events", framing=Framing.SSE), base_url=server.url)
    raw, found = b"", []
    while (batch := await stream.read()) is not None:
        raw += batch[0]
        found += [event.data for event in batch[1]]
    assert raw == b'data: {"n":1}\n\ndata: {"n":2}\n\ndata: [DONE]\n\n'
    assert found == [b'{"n":1}', b'{"n":2}', b"[DONE]"]
    assert await stream.read() is None


async def test_a_cut_stream_gives_all_its_events_and_then_a_network_error(engine: Engine, server: FaultServer) -> None:
    stream = await engine.open(LUMEN, CREDENTIAL, post("/events_then_fin", framing=Framing.SSE), base_url=server.url)
    found: list[bytes] = []

    async def read() -> None:
        async for batch in stream:
            found.extend(event.data for event in batch)

    with pytest.raises(ProviderError) as caught:
        await read()
    assert found == [b'{"n":1}', b'{"n":2}']
    assert (caught.value.kind, caught.value.retry) == (ErrorKind.NETWORK, Retry.UNSURE)
    assert (caught.value.provider, caught.value.attempts, server.saw["/events_then_fin"]) == ("lumen", 1, 1)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/events_then_reset", ErrorKind.NETWORK),
        ("/events_then_garbage", ErrorKind.MALFORMED_REPLY),
        ("/events_then_silence", ErrorKind.TIMEOUT),
    ],
)
async def test_a_stream_that_breaks_is_a_typed_error_and_is_not_asked_for_again(
    path: str, kind: ErrorKind, engine: Engine, server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aiohttp_transport, "LOOK", 0.05)
    request = post(path, framing=Framing.SSE, idempotency_key="k")
    stream = await engine.open(LUMEN, CREDENTIAL, request, base_url=server.url, timeouts=Timeouts(idle=0.5))
    assert [event.data for event in await anext(stream)] == [b'{"n":1}']
    await engine.call(LUMEN, CREDENTIAL, post("/ok"), base_url=server.url)
    with pytest.raises(ProviderError) as caught:
        await anext(stream)
    assert (caught.value.kind, caught.value.retry, server.saw[path]) == (kind, Retry.UNSURE, 1)
    await server.until(lambda: server.open_connections == 1)


async def test_an_event_over_the_limit_is_refused(engine: Engine, server: FaultServer) -> None:
    with pytest.raises(ProviderError) as caught:
        await events(engine, server, document("data:" + "x" * 2_000, "text/event-stream"))
    assert caught.value.kind is ErrorKind.MALFORMED_REPLY


def document(body: str, kind: str) -> str:
    """A path that answers with this body."""
    return f"/document?type={kind}&body={quote(body)}"


ERROR = '{"error":{"message":"too many","code":"rate_limit_exceeded"}}'


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream", "text/plain"])
async def test_an_error_document_in_place_of_a_stream_is_that_error(
    kind: str, engine: Engine, server: FaultServer
) -> None:
    with pytest.raises(ProviderError) as caught:
        await events(engine, server, document("\n" + ERROR, kind))
    assert (caught.value.kind, caught.value.message) == (ErrorKind.RATE_LIMIT, "too many")
    await server.until(lambda: server.open_connections == 1)


@pytest.mark.parametrize("kind", ["text/html", "text/event-stream"])
async def test_a_page_in_place_of_a_stream_is_a_malformed_reply(kind: str, engine: Engine, server: FaultServer) -> None:
    with pytest.raises(ProviderError) as caught:
        await events(engine, server, document("<html>sign in</html>", kind))
    assert (caught.value.kind, caught.value.retry) == (ErrorKind.MALFORMED_REPLY, Retry.UNSURE)
    assert caught.value.body == "<html>sign in</html>"


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
async def test_an_answer_in_one_piece_is_handed_over_whole(kind: str, engine: Engine, server: FaultServer) -> None:
    request = post(document('{"choices":[]}', kind), framing=Framing.SSE)
    stream = await engine.open(LUMEN, CREDENTIAL, request, base_url=server.url)
    assert [batch async for batch in stream] == []
    assert stream.whole is not None
    assert stream.whole.body == b'{"choices":[]}'


async def test_an_empty_reply_in_place_of_a_stream_has_no_events(engine: Engine, server: FaultServer) -> None:
    assert await events(engine, server, "/document?body=") == []


# Where credentials go


async def test_a_credential_does_not_leave_its_provider(engine: Engine, server: FaultServer) -> None:
    async with FaultServer() as elsewhere:
        error = await failed_call(engine, server, post(elsewhere.url + "/ok"))
        assert (error.kind, error.attempts) == (ErrorKind.INVALID_REQUEST, 0)
        assert elsewhere.saw.total() == 0
        friends = provider(api_hosts=(f"127.0.0.1:{elsewhere.port}",))
        await engine.call(friends, CREDENTIAL, post(elsewhere.url + "/ok"), base_url=server.url)
        assert elsewhere.seen[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("path", ["/read_then_fin", "/garbage", "/half_body", "/bad_gzip", "/status?code=401"])
async def test_a_key_in_the_url_is_in_no_error(path: str, server: FaultServer) -> None:
    engine = Permitted(AiohttpTransport())
    with pytest.raises(ProviderError) as caught:
        await engine.call(provider(auth=query("key")), CREDENTIAL, post(path), base_url=server.url)
    await engine.aclose()
    assert f"key={KEY}" in server.seen[0].target
    assert KEY not in told(caught.value)


@pytest.mark.parametrize("path", ["/garbage", "/read_then_fin", f"/status?code=401&body=bad%20key%20{KEY}"])
async def test_a_key_in_a_header_is_in_no_error(path: str, engine: Engine, server: FaultServer) -> None:
    error = await failed_call(engine, server, post(path))
    assert KEY in server.seen[0].headers["authorization"]
    assert KEY not in told(error)


def told(error: BaseException) -> str:
    """Everything that a log, a traceback or a curious person can get out of an error."""
    parts = ["".join(traceback.format_exception(error))]
    link: BaseException | None = error
    while link is not None:
        parts += [str(link), repr(link), repr(link.args), repr(vars(link))]
        link = link.__cause__ or link.__context__
    return "\n".join(parts)


# Cancellation


async def test_cancelling_a_stream_that_is_read_closes_its_connection(engine: Engine, server: FaultServer) -> None:
    request = post("/events_then_silence", framing=Framing.SSE)
    stream = await engine.open(LUMEN, CREDENTIAL, request, base_url=server.url)
    await anext(stream)
    reading = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await server.until(lambda: server.open_connections == 0)
    assert await stream.read() is None
    await stream.aclose()


async def test_a_stream_that_is_forgotten_closes_its_connection(engine: Engine, server: FaultServer) -> None:
    request = post("/events_then_silence", framing=Framing.SSE)
    async for _ in await engine.open(LUMEN, CREDENTIAL, request, base_url=server.url):
        break
    await server.until(lambda: server.open_connections == 0)
    assert server.saw["/events_then_silence"] == 1


async def test_a_closed_engine_says_so(engine: Engine, server: FaultServer) -> None:
    await engine.aclose()
    await engine.aclose()
    error = await failed_call(engine, server, post("/ok"))
    assert (error.kind, error.message) == (ErrorKind.CONFIGURATION, "this client is closed; make a new one")
