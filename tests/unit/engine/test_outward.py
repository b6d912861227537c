"""Posts to foreign addresses go through the guard, once, and follow nothing."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from genmux.engine.guarded_transport import GuardedTransport
from genmux.engine.outward import HEARD, OutwardPoster
from genmux.engine.url_guard import UrlGuard
from genmux.types.errors import ErrorKind, InvalidRequestError, NetworkError, ProviderError
from tests.receiver import Receiver

JSON = (("content-type", "application/json"), ("webhook-id", "e1"))


@pytest_asyncio.fixture
async def poster() -> AsyncIterator[OutwardPoster]:
    one = OutwardPoster(
        UrlGuard(("127.0.0.1",)), transport=GuardedTransport(user_agent="genmux/test"), clock=lambda: 0.0
    )
    yield one
    await one.aclose()


async def test_what_is_posted_arrives_as_it_is(poster: OutwardPoster) -> None:
    async with Receiver() as receiver:
        answer = await poster.post(receiver.url, headers=JSON, body=b'{"a": 1}', timeout=5)
    ((headers, body),) = receiver.got

    assert (answer.status, answer.said, answer.retry_after) == (204, "", None)
    assert body == b'{"a": 1}'
    assert (headers["webhook-id"], headers["content-type"], headers["user-agent"]) == (
        "e1",
        "application/json",
        "genmux/test",
    )


async def test_a_refusal_is_an_answer_with_its_words_and_its_wait(poster: OutwardPoster) -> None:
    async with Receiver() as receiver:
        receiver.answers = [(503, b"retry-after: 120\r\n", b"not now")]
        answer = await poster.post(receiver.url, headers=JSON, body=b"{}", timeout=5)

    assert (answer.status, answer.said, answer.retry_after) == (503, "not now", 120.0)


async def test_redirects_are_not_followed(poster: OutwardPoster) -> None:
    async with Receiver() as other, Receiver() as receiver:
        receiver.answers = [(307, f"location: {other.url}\r\n".encode(), b"")]
        answer = await poster.post(receiver.url, headers=JSON, body=b"{}", timeout=5)

    assert answer.status == 307
    assert other.got == []


async def test_of_a_long_answer_only_the_beginning_is_read(poster: OutwardPoster) -> None:
    async with Receiver() as receiver:
        receiver.answers = [(200, b"", b"x" * 1_000_000)]
        answer = await poster.post(receiver.url, headers=JSON, body=b"{}", timeout=5)

    assert answer.said == "x" * HEARD


async def test_a_receiver_that_says_nothing_is_given_up_in_time(poster: OutwardPoster) -> None:
    silent = asyncio.Event()

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silent.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    with pytest.raises(ProviderError, match=r"did not answer within 0\.1 s") as caught:
        await poster.post(url, headers=JSON, body=b"{}", timeout=0.1)
    silent.set()
    server.close()

    assert caught.value.kind is ErrorKind.TIMEOUT


async def test_an_answer_that_breaks_off_after_its_status_is_one(poster: OutwardPoster) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    answer = await poster.post(url, headers=JSON, body=b"{}", timeout=5)
    server.close()

    assert answer.status == 200


async def test_nobody_there_is_told_as_such(poster: OutwardPoster) -> None:
    async with Receiver() as receiver:
        url = receiver.url
    with pytest.raises(NetworkError):
        await poster.post(url, headers=JSON, body=b"{}", timeout=5)


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://[::1]/", "http://169.254.169.254/", "ftp://example.com/"])
async def test_what_must_not_be_reached_is_not(poster: OutwardPoster, url: str) -> None:
    with pytest.raises(InvalidRequestError):
        await poster.post(url, headers=JSON, body=b"{}", timeout=5)


async def test_a_name_that_leads_into_a_private_network_is_refused_with_the_way_out() -> None:
    async def resolve(_name: str, _port: int) -> tuple[str, ...]:
        return ("10.1.2.3",)

    poster = OutwardPoster(UrlGuard(resolve=resolve))
    with pytest.raises(InvalidRequestError, match=r"is not sent to; an operator can allow .* of \[webhooks\]"):
        await poster.post("https://innocent.example/", headers=JSON, body=b"{}", timeout=5)
    await poster.aclose()


async def test_a_proxy_gets_the_body_too() -> None:
    async with Receiver() as proxy:
        address = proxy.url.removesuffix("/hook")

        async def resolve(_name: str, _port: int) -> tuple[str, ...]:
            return ("93.184.216.34",)

        poster = OutwardPoster(UrlGuard(resolve=resolve), transport=GuardedTransport(proxy=address))
        answer = await poster.post("http://example.com/hook", headers=JSON, body=b'{"a": 1}', timeout=5)
        await poster.aclose()
    ((headers, body),) = proxy.got

    assert answer.status == 204
    assert body == b'{"a": 1}'
    assert headers["host"] == "example.com"
