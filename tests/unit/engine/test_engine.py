"""The engine over a transport that plays scripts: no socket, no waiting."""

import asyncio
import logging
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genmux.contract.auth import header, query
from genmux.contract.http import Framing, HttpRequest
from genmux.engine.deadlines import Timeouts
from genmux.engine.limits import SizeLimits
from genmux.engine.retry import RetryPolicy
from genmux.types.errors import (
    ConfigurationError,
    ErrorKind,
    InvalidRequestError,
    NetworkError,
    ProviderError,
    RateLimitError,
    RequestTimeoutError,
    Retry,
)
from tests.engine_doubles import BASE, CREDENTIAL, KEY, SSE, Sleeps, made, post, provider
from tests.fake_transport import Played

LUMEN = provider()
# What is sent


async def test_a_request_is_absolute_signed_and_otherwise_as_the_wire_wrote_it() -> None:
    engine, transport = made()
    request = HttpRequest(method="POST", url="/chat", headers=(("a", "b"),), body=b"body", framing=Framing.RAW)
    called = await engine.call(LUMEN, CREDENTIAL, request, base_url=BASE)
    (sent,) = transport.requests
    assert (called.attempts, called.reply.body) == (1, b"{}")
    assert (sent.method, sent.url, sent.body) == ("POST", BASE + "/chat", b"body")
    assert sent.headers == (("a", "b"), ("authorization", f"Bearer {KEY}"))


@pytest.mark.parametrize(
    ("base", "meant"), [(BASE, "https://files.lumen.test"), ("https://proxy.test/lumen", "https://proxy.test/lumen")]
)
async def test_another_host_of_a_provider_is_meant_only_where_its_base_url_is_its_own(base: str, meant: str) -> None:
    engine, transport = made()
    lumen = provider(base_url=BASE, api_hosts=("files.lumen.test",))
    request = HttpRequest(method="GET", url="/keys", root="https://files.lumen.test")
    await engine.call(lumen, CREDENTIAL, request, base_url=base)
    assert transport.requests[0].url == f"{meant}/keys"


async def test_the_manifest_s_headers_are_added_where_the_wire_has_none() -> None:
    engine, transport = made()
    versioned = provider(auth=header("x-api-key"), headers={"version": "1", "Title": "ours"})
    request = HttpRequest(method="POST", url="/", headers=(("title", "the wire's"),))
    await engine.call(versioned, CREDENTIAL, request, base_url=BASE)
    assert transport.requests[0].headers == (("title", "the wire's"), ("version", "1"), ("x-api-key", KEY))


async def test_the_timeouts_are_handed_on() -> None:
    engine, transport = made()
    await engine.call(LUMEN, {}, post("/"), base_url=BASE, timeouts=Timeouts.within(3))
    await engine.open(LUMEN, {}, post("/"), base_url=BASE, timeouts=Timeouts.within(4))
    assert transport.timeouts == [Timeouts.within(3), Timeouts.within(4)]


async def test_many_different_urls_are_not_all_remembered() -> None:
    engine, transport = made()
    for number in range(1_100):
        await engine.call(LUMEN, {}, post(f"/jobs/{number}"), base_url=BASE)
    assert len(engine._urls) <= 1_024  # noqa: SLF001 — the bound is the point
    assert transport.requests[-1].url == BASE + "/jobs/1099"


async def test_a_wrong_target_is_refused_before_anything_is_sent() -> None:
    engine, transport = made()
    with pytest.raises(InvalidRequestError) as caught:
        await engine.call(LUMEN, CREDENTIAL, post(f"https://evil.test/?key={KEY}"), base_url=BASE)
    assert (caught.value.provider, transport.requests) == ("lumen", [])
    with pytest.raises(ConfigurationError) as configuration:
        await engine.call(LUMEN, CREDENTIAL, post("/"), base_url=f"https://me:{KEY}@x")
    assert KEY not in str(configuration.value)


# Retries


async def test_retries_wait_longer_and_longer_and_then_succeed() -> None:
    sleeps = Sleeps()
    engine, transport = made(Played(b"{}", status=529), Played(b"{}", status=503), Played(b"ok"), sleeps=sleeps)
    called = await engine.call(LUMEN, CREDENTIAL, post("/"), base_url=BASE)
    assert (called.reply.body, called.attempts, sleeps) == (b"ok", 3, [0.5, 1.0])
    assert transport.requests[0] == transport.requests[2]


async def test_a_fault_before_sending_is_retried_for_streams_too() -> None:
    engine, _ = made(Played(error=NetworkError("refused", retry=Retry.SAFE)), Played(b"data: 1\n\n", headers=SSE))
    stream = await engine.open(LUMEN, CREDENTIAL, post("/", framing=Framing.SSE), base_url=BASE)
    assert stream.attempts == 2
    assert [event.data async for batch in stream for event in batch] == [b"1"]


@pytest.mark.parametrize(
    ("headers", "body", "wait"),
    [
        ({"retry-after": "3"}, b"{}", 3),
        ({"retry-after-ms": "1500"}, b"{}", 1.5),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:09 GMT"}, b"{}", 9),
        ({}, b'{"error":{"code":429,"message":"q","details":[{"retryDelay":"34.4s"}]}}', 34.4),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1m2s"}, b"{}", None),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "12s"}, b"{}", 12),
        ({"retry-after": "5", "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "12s"}, b"{}", 5),
        ({"retry-after": "61"}, b"{}", None),
    ],
)
async def test_a_provider_s_wish_to_wait_is_honored(headers: dict[str, str], body: bytes, wait: float | None) -> None:
    sleeps = Sleeps()
    engine, _ = made(Played(body, status=429, headers=headers), Played(b"ok"), sleeps=sleeps)
    if wait is None:
        with pytest.raises(RateLimitError) as caught:
            await engine.call(LUMEN, CREDENTIAL, post("/"), base_url=BASE)
        assert caught.value.retry_after in {61, 62}
        assert sleeps == []
    else:
        await engine.call(LUMEN, CREDENTIAL, post("/"), base_url=BASE)
        assert sleeps == [wait]


async def test_resets_say_nothing_about_a_wrong_request() -> None:
    engine, _ = made(Played(b"{}", status=400, headers={"ratelimit-remaining": "0", "ratelimit-reset": "9"}))
    with pytest.raises(ProviderError) as caught:
        await engine.call(LUMEN, CREDENTIAL, post("/"), base_url=BASE)
    assert caught.value.retry_after is None


statuses = st.lists(st.sampled_from([200, 400, 401, 429, 500, 503, 529]), min_size=1, max_size=6)
requests = st.sampled_from([post("/"), post("/", idempotency_key="k"), HttpRequest(method="GET", url="/")])
policies = st.builds(RetryPolicy, attempts=st.integers(1, 5), retry_unsure=st.booleans())


@settings(deadline=None)
@given(statuses, requests, policies)
def test_a_request_is_sent_as_often_as_its_verdicts_allow(
    script: list[int], request: HttpRequest, policy: RetryPolicy
) -> None:
    async def run() -> tuple[int, int]:
        engine, transport = made(*(Played(b"{}", status=status) for status in script))
        try:
            attempts = (await engine.call(LUMEN, {}, request, base_url=BASE, policy=policy)).attempts
        except ProviderError as error:
            attempts = error.attempts
        return attempts, len(transport.requests)

    repeatable = {429, 503, 529} | ({500} if policy.retry_unsure or request != post("/") else set())
    played = [*script, *[script[-1]] * 10]
    expected = next(
        (number for number, status in enumerate(played, 1) if status not in repeatable or number == policy.attempts)
    )
    assert asyncio.run(run()) == (expected, expected)


async def test_a_wait_beyond_the_total_is_not_begun() -> None:
    sleeps = Sleeps()
    engine, _ = made(Played(b"{}", status=429, headers={"retry-after": "30"}), sleeps=sleeps)
    with pytest.raises(RateLimitError):
        await engine.call(LUMEN, {}, post("/"), base_url=BASE, timeouts=Timeouts(total=29))
    assert sleeps == []


# Deadlines


@pytest.mark.parametrize("way", ["call", "open"])
async def test_silence_ends_at_the_deadline_in_doubt(way: str) -> None:
    engine, transport = made(Played(asyncio.Event()))
    ways: dict[str, Callable[..., object]] = {"call": engine.call, "open": engine.open}
    with pytest.raises(RequestTimeoutError) as caught:
        await ways[way](  # type: ignore[misc]
            LUMEN, {}, post("/", framing=Framing.SSE), base_url=BASE, timeouts=Timeouts(total=0.01, stream=0.01)
        )
    assert (caught.value.retry, caught.value.attempts, caught.value.provider) == (Retry.UNSURE, 1, "lumen")
    assert isinstance(caught.value.__cause__, TimeoutError)
    assert transport.replies[0].closed


# Gates


async def test_a_gate_lets_so_many_through_and_streams_keep_their_place() -> None:
    engine, transport = made(Played(b"data: 1\n\n", asyncio.Event(), headers=SSE), concurrency={"lumen": 2})
    request = post("/", framing=Framing.SSE)
    streams = [await engine.open(LUMEN, {}, request, base_url=BASE) for _ in range(2)]
    third = asyncio.ensure_future(engine.open(LUMEN, {}, request, base_url=BASE))
    for _ in range(10):
        await asyncio.sleep(0)
    assert (len(transport.requests), third.done()) == (2, False)
    await streams[0].aclose()
    await streams[0].aclose()
    assert (await third).status == 200


@pytest.mark.parametrize("status", [200, 400])
async def test_a_call_gives_its_place_back_however_it_ends(status: int) -> None:
    engine, transport = made(Played(b"{}", status=status), concurrency={"lumen": 1})
    for _ in range(3):
        for way in (engine.call, engine.open):
            try:
                await way(LUMEN, {}, post("/"), base_url=BASE)
            except ProviderError as error:
                assert error.status == status  # noqa: PT017 — both ends are right
    assert len(transport.requests) == 6


async def test_a_stream_that_cannot_be_opened_gives_its_place_back() -> None:
    engine, transport = made(Played(error=NetworkError("no", retry=Retry.NEVER)), concurrency={"lumen": 1})
    for _ in range(2):
        with pytest.raises(NetworkError):
            await engine.open(LUMEN, {}, post("/"), base_url=BASE)
    assert len(transport.requests) == 2


# Errors


async def test_an_error_knows_everything_and_tells_no_secret() -> None:
    body = f'{{"error":{{"message":"bad key {KEY}","code":"invalid_api_key","api_key":"zzzzzzzzzz"}}}}'.encode()
    engine, _ = made(Played(body, status=401, headers={"x-request-id": "r1"}))
    with pytest.raises(ProviderError) as caught:
        await engine.call(LUMEN, CREDENTIAL, post("/"), base_url=BASE, model="dream")
    error = caught.value
    assert (error.kind, error.status, error.code) == (ErrorKind.AUTHENTICATION, 401, "invalid_api_key")
    assert (error.provider, error.model, error.attempts, error.request_id) == ("lumen", "dream", 1, "r1")
    assert error.message == "bad key [redacted]"
    assert KEY not in repr(vars(error)) + repr(error.args)
    assert "zzzz" not in repr(vars(error))


async def test_the_places_that_an_error_already_knows_stay() -> None:
    engine, _ = made(Played(error=NetworkError("no", provider="inner", model="m", retry=Retry.NEVER)))
    with pytest.raises(NetworkError) as caught:
        await engine.call(LUMEN, CREDENTIAL, post("/"), base_url=BASE, model="dream")
    assert (caught.value.provider, caught.value.model) == ("inner", "m")


async def test_closing_is_final_and_may_be_repeated() -> None:
    engine, transport = made()
    await engine.aclose()
    await engine.aclose()
    for way in (engine.call, engine.open):
        with pytest.raises(ConfigurationError, match="closed"):
            await way(LUMEN, {}, post("/"), base_url=BASE)
    assert transport.requests == []


async def test_a_reply_over_the_limit_is_refused() -> None:
    engine, _ = made(Played(b"0123456789"), limits=SizeLimits(reply=5))
    with pytest.raises(ProviderError, match="larger than 5 bytes"):
        await engine.call(LUMEN, {}, post("/"), base_url=BASE)


# Logs


async def test_what_happens_is_logged_without_secrets_when_somebody_listens(caplog: pytest.LogCaptureFixture) -> None:
    engine, _ = made(Played(b"{}", status=429), Played(b"{}", status=401))
    with caplog.at_level(logging.DEBUG, logger="genmux"), pytest.raises(ProviderError):
        await engine.call(LUMEN, CREDENTIAL, post(f"/?key={KEY}"), base_url=BASE, model="dream")
    messages = [record.getMessage() for record in caplog.records]
    assert messages[0] == "HTTP 429: POST https://api.lumen.test/v1?key=[redacted]"
    assert messages[1].startswith("attempt 1 failed, trying again in 0.50 s: rate_limit:")
    assert messages[3].startswith("attempt 2 failed, gave up: authentication:")
    assert {record.name for record in caplog.records} == {"genmux.provider.lumen"}
    assert KEY not in caplog.text


async def test_a_key_is_known_wherever_it_stands(caplog: pytest.LogCaptureFixture) -> None:
    engine, transport = made()
    odd = provider(auth=query("k"))
    with caplog.at_level(logging.DEBUG, logger="genmux"):
        await engine.call(odd, {"api_key": "plainwords"}, post("/"), base_url=BASE)
    assert transport.requests[0].url.endswith("?k=plainwords")
    assert caplog.messages == ["HTTP 200: POST https://api.lumen.test/v1?k=[redacted]"]


async def test_nothing_is_logged_when_nobody_listens(caplog: pytest.LogCaptureFixture) -> None:
    engine, _ = made(Played(b"{}", status=429), Played(b"{}"))
    await engine.call(LUMEN, CREDENTIAL, post("/"), base_url=BASE)
    assert caplog.records == []
