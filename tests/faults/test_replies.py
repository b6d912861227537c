"""What is right, and must stay so: odd but valid replies, uploads, limits, redirects, cookies."""

import asyncio
import tracemalloc

import pytest

from genmux.contract.http import HttpRequest
from genmux.engine.aiohttp_transport import PIECE, AiohttpTransport
from genmux.engine.deadlines import Timeouts
from genmux.engine.limits import SizeLimits
from genmux.types.errors import ErrorKind, ProviderError, Retry
from tests.faults.played import FIRST, MEGABYTE, SECOND
from tests.faults.server import FaultServer, turns

USUAL = Timeouts()
LIMITS = SizeLimits()


def request(url: str, *, method: str = "POST", body: bytes | None = b"{}") -> HttpRequest:
    return HttpRequest(method=method, url=url, headers=(("X-Mine", "1"),), body=body)


@pytest.mark.parametrize("path", ["/ok", "/early_hints", "/until_close"])
async def test_an_odd_but_valid_reply_is_read(path: str, server: FaultServer, transport: AiohttpTransport) -> None:
    reply = await transport.send(request(server.url + path), timeouts=USUAL, limits=LIMITS)
    assert (reply.status, reply.body) == (200, b'{"ok":true}')


async def test_header_names_are_lower_case_and_a_long_header_is_taken(
    server: FaultServer, transport: AiohttpTransport
) -> None:
    reply = await transport.send(request(server.url + "/long_header"), timeouts=USUAL, limits=LIMITS)
    assert len(reply.headers["x-policy"]) == 20_000


async def test_we_say_who_we_are_and_add_nothing_else(server: FaultServer) -> None:
    transport = AiohttpTransport(user_agent="genmux/test")
    await transport.send(request(server.url + "/ok"), timeouts=USUAL, limits=LIMITS)
    await transport.aclose()
    headers = server.seen[0].headers
    assert headers["user-agent"] == "genmux/test"
    assert headers["x-mine"] == "1"
    assert set(headers) == {
        "host",
        "x-mine",
        "accept",
        "accept-encoding",
        "user-agent",
        "content-length",
        "content-type",
    }


async def test_a_reply_that_nobody_asked_for_is_not_given_to_the_next_request(
    server: FaultServer, transport: AiohttpTransport
) -> None:
    for path in ("/second_reply", "/ok"):
        reply = await transport.send(request(server.url + path), timeouts=USUAL, limits=LIMITS)
        assert reply.body == b'{"ok":true}'


async def test_connections_are_used_again(server: FaultServer, transport: AiohttpTransport) -> None:
    for _ in range(5):
        await transport.send(request(server.url + "/ok"), timeouts=USUAL, limits=LIMITS)
    assert server.connections == 1


@pytest.mark.parametrize("code", ["301", "302", "303", "307", "308"])
async def test_redirects_are_not_followed(code: str, server: FaultServer, transport: AiohttpTransport) -> None:
    async with FaultServer() as elsewhere:
        url = f"{server.url}/redirect?code={code}&to={elsewhere.url}/ok"
        reply = await transport.send(request(url), timeouts=USUAL, limits=LIMITS)
        assert reply.status == int(code)
        assert elsewhere.saw.total() == 0


async def test_cookies_are_forgotten(server: FaultServer, transport: AiohttpTransport) -> None:
    for _ in range(2):
        await transport.send(request(server.url + "/cookie"), timeouts=USUAL, limits=LIMITS)
    assert "cookie" not in server.seen[1].headers


async def test_the_url_is_sent_as_it_is_written(server: FaultServer, transport: AiohttpTransport) -> None:
    path = "/ok?a=%2F%2b&b=x+y&empty=&%C3%A9=1"
    await transport.send(request(server.url + path), timeouts=USUAL, limits=LIMITS)
    assert server.seen[0].target == path


# Sizes


@pytest.mark.parametrize("path", ["/bomb", "/endless"])
async def test_a_reply_over_the_limit_costs_no_more_memory_than_the_limit(
    path: str, server: FaultServer, transport: AiohttpTransport
) -> None:
    await transport.send(request(server.url + "/ok"), timeouts=USUAL, limits=LIMITS)
    tracemalloc.start()
    try:
        with pytest.raises(ProviderError, match="larger than") as caught:
            await transport.send(request(server.url + path), timeouts=USUAL, limits=SizeLimits(reply=MEGABYTE))
        assert tracemalloc.get_traced_memory()[1] < 16 * MEGABYTE
    finally:
        tracemalloc.stop()
    assert (caught.value.kind, caught.value.retry) == (ErrorKind.MALFORMED_REPLY, Retry.NEVER)
    await server.until(lambda: server.open_connections == 0)


@pytest.mark.parametrize("path", ["/endless?code=500", "/bomb?status=500"])
async def test_of_a_refusal_only_the_beginning_is_read(
    path: str, server: FaultServer, transport: AiohttpTransport
) -> None:
    reply = await transport.send(request(server.url + path), timeouts=USUAL, limits=SizeLimits(error=1_000))
    assert (reply.status, len(reply.body)) == (500, 1_000)


async def test_a_small_reply_over_the_limit_is_refused_too(server: FaultServer, transport: AiohttpTransport) -> None:
    with pytest.raises(ProviderError, match="larger than 5 bytes"):
        await transport.send(request(server.url + "/ok"), timeouts=USUAL, limits=SizeLimits(reply=5))


async def test_a_refusal_in_one_piece_is_cut_to_its_limit(server: FaultServer, transport: AiohttpTransport) -> None:
    url = f"{server.url}/status?code=500&body={'x' * 3_000}"
    reply = await transport.send(request(url), timeouts=USUAL, limits=SizeLimits(error=1_000))
    assert (reply.status, len(reply.body)) == (500, 1_000)


async def test_a_refusal_that_is_cut_still_says_what_it_said(server: FaultServer, transport: AiohttpTransport) -> None:
    reply = await transport.send(request(server.url + "/refused_and_cut"), timeouts=USUAL, limits=LIMITS)
    assert (reply.status, reply.body) == (429, b'{"error":{"message":"slow')


async def test_a_slow_consumer_holds_back_the_server(server: FaultServer, transport: AiohttpTransport) -> None:
    opened = await transport.open(request(server.url + "/endless_events"), timeouts=USUAL)
    await opened.read()
    before = -1
    while server.sent != before:  # until the server is stuck
        before = server.sent
        for _ in range(2_000):
            await asyncio.sleep(0)
    opened.close()
    assert server.sent < 32 * MEGABYTE


# Uploads


@pytest.mark.parametrize("size", [0, 1, PIECE, PIECE + 1, 5 * MEGABYTE])
async def test_a_body_of_any_size_arrives_whole(size: int, server: FaultServer, transport: AiohttpTransport) -> None:
    body = bytes(range(256)) * (size // 256 + 1)
    await transport.send(request(server.url + "/echo", body=body[:size]), timeouts=USUAL, limits=LIMITS)
    opened = await transport.open(request(server.url + "/echo", body=body[:size]), timeouts=USUAL)
    assert await opened.read() == str(size).encode()
    assert [seen.body for seen in server.seen] == [body[:size]] * 2
    assert server.seen[0].headers["content-length"] == str(size)


async def test_a_slow_upload_does_not_count_as_waiting(transport: AiohttpTransport) -> None:
    timeouts = Timeouts(first_byte=1.0, idle=1.0)  # what is in the kernel's buffer counts as taken: up to 0.6 s
    body = bytes(10 * MEGABYTE)  # taken 64 KB every 10 ms: 1.6 s
    async with FaultServer(receive_buffer=65_536) as server:
        opened = await transport.open(request(server.url + "/slow_upload", body=body), timeouts=timeouts)
        assert opened.status == 200
        opened.close()


@pytest.mark.parametrize("way", ["send", "open"])
async def test_an_upload_that_nobody_takes_ends(way: str, server: FaultServer, transport: AiohttpTransport) -> None:
    timeouts = Timeouts(first_byte=0.2, idle=0.2)
    upload = request(server.url + "/never_reads", body=bytes(32 * MEGABYTE))
    ways = {
        "send": lambda: transport.send(upload, timeouts=timeouts, limits=LIMITS),
        "open": lambda: transport.open(upload, timeouts=timeouts),
    }
    with pytest.raises(ProviderError) as caught:
        await ways[way]()
    assert (caught.value.kind, caught.value.retry) == (ErrorKind.TIMEOUT, Retry.UNSURE)


async def test_a_refusal_before_the_body_was_read_is_the_reply(
    server: FaultServer, transport: AiohttpTransport
) -> None:
    url = server.url + "/refused_before_the_body_was_read"
    reply = await transport.send(request(url, body=bytes(4 * MEGABYTE)), timeouts=USUAL, limits=LIMITS)
    assert (reply.status, reply.body) == (401, b'{"error":{"message":"no"}}')


# Streams


async def test_what_arrived_before_a_cut_is_read_before_the_fault(
    server: FaultServer, transport: AiohttpTransport
) -> None:
    opened = await transport.open(request(server.url + "/events_then_fin"), timeouts=USUAL)
    await server.until(lambda: server.open_connections == 0)
    await turns()
    assert await opened.read() == FIRST + SECOND
    with pytest.raises(ProviderError) as caught:
        await opened.read()
    assert (caught.value.kind, caught.value.retry) == (ErrorKind.NETWORK, Retry.UNSURE)


async def test_a_stream_that_falls_silent_ends(server: FaultServer, transport: AiohttpTransport) -> None:
    opened = await transport.open(request(server.url + "/events_then_silence"), timeouts=Timeouts(idle=0.1))
    assert await opened.read() == FIRST
    with pytest.raises(ProviderError, match=r"nothing came for 0\.1 s") as caught:
        await opened.read()
    assert (caught.value.kind, caught.value.retry) == (ErrorKind.TIMEOUT, Retry.UNSURE)
    await server.until(lambda: server.open_connections == 0)


async def test_a_reply_that_does_not_begin_ends(server: FaultServer, transport: AiohttpTransport) -> None:
    with pytest.raises(ProviderError, match=r"first_byte = 0\.1") as caught:
        await transport.open(request(server.url + "/no_reply"), timeouts=Timeouts(first_byte=0.1))
    assert (caught.value.kind, caught.value.retry) == (ErrorKind.TIMEOUT, Retry.UNSURE)
    await server.until(lambda: server.open_connections == 0)


async def test_an_idle_time_does_not_run_while_nobody_reads(server: FaultServer, transport: AiohttpTransport) -> None:
    opened = await transport.open(request(server.url + "/events_then_silence"), timeouts=Timeouts(idle=0.05))
    assert await opened.read() == FIRST
    async with asyncio.timeout(10):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.15):
                await asyncio.Event().wait()
    assert server.open_connections == 1
    with pytest.raises(ProviderError):
        await opened.read()


async def test_closing_wakes_a_read_that_waits(server: FaultServer, transport: AiohttpTransport) -> None:
    opened = await transport.open(request(server.url + "/events_then_silence"), timeouts=USUAL)
    assert await opened.read() == FIRST
    reading = asyncio.ensure_future(opened.read())
    await asyncio.sleep(0)
    opened.close()
    opened.close()
    with pytest.raises(ProviderError) as caught:
        await reading
    assert caught.value.kind is ErrorKind.CANCELLED
    await server.until(lambda: server.open_connections == 0)


async def test_a_stream_read_to_its_end_gives_its_connection_back(
    server: FaultServer, transport: AiohttpTransport
) -> None:
    for _ in range(3):
        opened = await transport.open(request(server.url + "/events"), timeouts=USUAL)
        while await opened.read():
            pass
        opened.close()
        assert await opened.read() == b""
    assert server.connections == 1
