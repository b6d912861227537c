"""The table of faults: for each its kind, whether the request may be repeated, and how often the server saw it."""

import ssl
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple

import aiohttp
import pytest
import trustme

from genmux.contract.http import HttpRequest
from genmux.engine.aiohttp_transport import AiohttpTransport
from genmux.engine.deadlines import Timeouts
from genmux.engine.limits import SizeLimits
from genmux.types.errors import ErrorKind, ProviderError, Retry
from tests.faults import sockets
from tests.faults.played import MEGABYTE
from tests.faults.server import FaultServer, turns

NETWORK, TIMEOUT, MALFORMED = ErrorKind.NETWORK, ErrorKind.TIMEOUT, ErrorKind.MALFORMED_REPLY
SAFE, UNSURE, NEVER = Retry.SAFE, Retry.UNSURE, Retry.NEVER
SHORT = Timeouts(connect=0.15, first_byte=0.15, idle=0.15, total=None, stream=None)
LIMITS = SizeLimits(reply=MEGABYTE, error=1_000)


def request(url: str, *, method: str = "POST", body: bytes | None = b"{}") -> HttpRequest:
    return HttpRequest(method=method, url=url, headers=(("content-type", "application/json"),), body=body)


async def failure(transport: AiohttpTransport, url: str, *, timeouts: Timeouts = SHORT) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await transport.send(request(url), timeouts=timeouts, limits=LIMITS)
    return caught.value


class Row(NamedTuple):
    path: str
    kind: ErrorKind
    retry: Retry
    saw: int = 1


ROWS = [
    Row("/read_then_fin", NETWORK, UNSURE),
    Row("/read_then_reset", NETWORK, UNSURE),
    Row("/half_head", NETWORK, UNSURE),
    Row("/half_body", NETWORK, UNSURE),
    Row("/half_chunk", NETWORK, UNSURE),
    Row("/no_final_chunk", NETWORK, UNSURE),
    Row("/stalled_body", TIMEOUT, UNSURE),
    Row("/bad_chunk_size", MALFORMED, UNSURE),
    Row("/garbage", MALFORMED, UNSURE),
    Row("/huge_header", MALFORMED, UNSURE),
    Row("/many_headers", MALFORMED, UNSURE),
    Row("/endless_headers", MALFORMED, UNSURE),
    Row("/two_lengths", MALFORMED, UNSURE),
    Row("/length_and_chunked", MALFORMED, UNSURE),
    Row("/longer_than_it_says", MALFORMED, UNSURE),
    Row("/bad_gzip", MALFORMED, UNSURE),
    Row("/bomb", MALFORMED, NEVER),
    Row("/endless", MALFORMED, NEVER),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.path)
async def test_a_fault_of_the_server_is_one_typed_error_and_one_request(
    row: Row, server: FaultServer, transport: AiohttpTransport
) -> None:
    error = await failure(transport, server.url + row.path)
    assert (error.kind, error.retry) == (row.kind, row.retry), error
    assert server.saw[row.path] == row.saw
    await server.until(lambda: server.open_connections == 0)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/close_at_second", "/reset_at_second"])
async def test_no_method_is_repeated_silently_on_a_connection_that_died(
    method: str, path: str, server: FaultServer, transport: AiohttpTransport
) -> None:
    url = server.url + path
    await transport.send(request(url, method=method, body=None), timeouts=SHORT, limits=LIMITS)
    with pytest.raises(ProviderError) as caught:
        await transport.send(request(url, method=method, body=None), timeouts=SHORT, limits=LIMITS)
    assert (caught.value.kind, caught.value.retry) == (NETWORK, UNSURE)
    assert server.saw[path] == 2
    assert server.connections == 1


async def test_a_connection_that_the_server_closed_while_idle_is_replaced(
    server: FaultServer, transport: AiohttpTransport
) -> None:
    for _ in range(5):
        reply = await transport.send(request(server.url + "/ok_then_closes"), timeouts=SHORT, limits=LIMITS)
        assert reply.body == b'{"ok":true}'
        await server.until(lambda: server.open_connections == 0)
        await turns()
    assert server.saw["/ok_then_closes"] == 5


async def test_a_race_with_the_closing_of_an_idle_connection_never_runs_a_request_twice(
    server: FaultServer, transport: AiohttpTransport
) -> None:
    async def once() -> ProviderError | None:
        try:
            await transport.send(request(server.url + "/ok_then_closes"), timeouts=SHORT, limits=LIMITS)
        except ProviderError as error:
            return error
        return None

    ends = [await once() for _ in range(100)]  # the server closes after each reply: the next request may meet the FIN
    assert {(end.kind, end.retry) for end in ends if end} <= {(NETWORK, UNSURE)}
    assert server.saw["/ok_then_closes"] == ends.count(None)


class Early(NamedTuple):
    place: Callable[[], AbstractAsyncContextManager[int]]
    kind: ErrorKind
    retry: Retry
    scheme: str = "http"


EARLY = {
    "closed at once": Early(lambda: sockets.at_accept(sockets.close_at_once), NETWORK, UNSURE),
    "reset at once": Early(lambda: sockets.at_accept(sockets.reset_at_once), NETWORK, UNSURE),
    "connect hangs": Early(sockets.full, TIMEOUT, SAFE),
    "TLS peer is mute": Early(sockets.mute, TIMEOUT, SAFE, "https"),
}


@pytest.mark.parametrize("row", EARLY.values(), ids=EARLY)
async def test_a_connection_that_fails_early_is_a_typed_error(row: Early, transport: AiohttpTransport) -> None:
    async with row.place() as port:
        error = await failure(transport, f"{row.scheme}://127.0.0.1:{port}/")
    assert error.kind is row.kind
    # What fails at once after the connection was made may also fail while it is made: then it is surely not sent.
    assert error.retry is row.retry or (row.retry is UNSURE and error.retry is SAFE)


async def test_a_refused_connection_may_be_repeated(transport: AiohttpTransport) -> None:
    error = await failure(transport, f"http://127.0.0.1:{sockets.refused_port()}/")
    assert (error.kind, error.retry) == (NETWORK, SAFE)
    assert isinstance(error.__cause__, aiohttp.ClientConnectorError)


async def test_a_name_that_cannot_be_resolved_may_be_repeated(
    transport: AiohttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def resolve(*_: object, **__: object) -> None:
        raise OSError(-2, "Name or service not known")

    monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", resolve)
    error = await failure(transport, "http://provider.test/")
    assert (error.kind, error.retry) == (NETWORK, SAFE)
    assert "resolved" in error.message


async def test_a_name_that_is_none_is_never_repeated(transport: AiohttpTransport) -> None:
    error = await failure(transport, f"http://{'a' * 70}.test/")
    assert error.retry in {SAFE, NEVER}


async def test_a_line_break_in_a_header_is_never_sent(server: FaultServer, transport: AiohttpTransport) -> None:
    wrong = HttpRequest(method="GET", url=server.url + "/ok", headers=(("authorization", "Bearer a\r\nx: y"),))
    with pytest.raises(ProviderError) as caught:
        await transport.send(wrong, timeouts=SHORT, limits=LIMITS)
    assert (caught.value.kind, caught.value.retry) == (ErrorKind.INVALID_REQUEST, NEVER)
    assert server.saw.total() == 0


async def test_a_scheme_that_is_not_http_is_never_sent(transport: AiohttpTransport) -> None:
    error = await failure(transport, "ftp://127.0.0.1/")
    assert (error.kind, error.retry) == (ErrorKind.INVALID_REQUEST, NEVER)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def tls_for(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def trusting(authority: trustme.CA) -> AiohttpTransport:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return AiohttpTransport(ssl_context=context)


async def test_a_trusted_certificate_is_accepted(authority: trustme.CA) -> None:
    transport = trusting(authority)
    async with FaultServer(tls=tls_for(authority, "127.0.0.1")) as server:
        reply = await transport.send(request(server.url + "/ok"), timeouts=SHORT, limits=LIMITS)
        assert reply.status == 200
        await transport.aclose()


async def test_an_untrusted_certificate_is_never_repeated(authority: trustme.CA, transport: AiohttpTransport) -> None:
    async with FaultServer(tls=tls_for(authority, "127.0.0.1")) as server:
        error = await failure(transport, server.url + "/ok")
    assert (error.kind, error.retry) == (NETWORK, NEVER)
    assert server.saw.total() == 0


async def test_a_certificate_for_another_host_is_never_repeated(authority: trustme.CA) -> None:
    transport = trusting(authority)
    async with FaultServer(tls=tls_for(authority, "provider.test")) as server:
        error = await failure(transport, server.url + "/ok")
    await transport.aclose()
    assert (error.kind, error.retry) == (NETWORK, NEVER)
    assert server.saw.total() == 0


async def test_a_server_that_wants_a_client_certificate_gets_no_request(authority: trustme.CA) -> None:
    context = tls_for(authority, "127.0.0.1")
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    transport = trusting(authority)
    async with FaultServer(tls=context) as server:
        error = await failure(transport, server.url + "/ok")
    await transport.aclose()
    assert error.kind is NETWORK
    assert server.saw.total() == 0


async def test_plain_http_behind_https_may_be_repeated(server: FaultServer, transport: AiohttpTransport) -> None:
    error = await failure(transport, server.url.replace("http:", "https:") + "/ok")
    assert error.retry in {SAFE, NEVER}
    assert server.saw.total() == 0


async def test_every_fault_keeps_its_cause(server: FaultServer, transport: AiohttpTransport) -> None:
    error = await failure(transport, server.url + "/read_then_fin")
    assert isinstance(error.__cause__, aiohttp.ServerDisconnectedError)


async def test_a_reply_that_breaks_off_while_it_is_read_is_a_network_error(
    server: FaultServer, transport: AiohttpTransport
) -> None:
    opened = await transport.open(request(server.url + "/half_body_then_reset"), timeouts=Timeouts())
    assert await opened.read() == b'{"ok":'
    await transport.send(request(server.url + "/ok"), timeouts=SHORT, limits=LIMITS)
    with pytest.raises(ProviderError) as caught:
        await opened.read()
    assert (caught.value.kind, caught.value.retry) == (NETWORK, UNSURE)
    with pytest.raises(ProviderError):
        await opened.read()
