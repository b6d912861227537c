"""Proxies from the environment and from a setting."""

import base64
import ssl

import pytest
import trustme

from genmux.contract.http import HttpRequest
from genmux.engine.aiohttp_transport import AiohttpTransport
from genmux.engine.deadlines import Timeouts
from genmux.engine.limits import SizeLimits
from genmux.types.errors import ConfigurationError, ErrorKind, ProviderError, Retry
from tests.faults.proxy import Proxy
from tests.faults.server import FaultServer
from tests.faults.sockets import refused_port

GET = "http://provider.test/ok"


async def status(transport: AiohttpTransport, url: str) -> int:
    request = HttpRequest(method="GET", url=url, headers=(("authorization", "Bearer k"),))
    reply = await transport.send(request, timeouts=Timeouts(), limits=SizeLimits())
    return reply.status


@pytest.mark.parametrize("name", ["http_proxy", "all_proxy", "HTTP_PROXY"])
async def test_a_proxy_of_the_environment_is_used(
    name: str, server: FaultServer, transport: AiohttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Proxy(server.port) as proxy:
        monkeypatch.setenv(name, proxy.url)
        assert await status(transport, GET) == 200
        assert proxy.asked == [f"GET {GET}"]
        assert server.seen[0].headers["host"] == "provider.test"


async def test_the_environment_is_ignored_when_told(monkeypatch: pytest.MonkeyPatch, server: FaultServer) -> None:
    transport = AiohttpTransport(trust_env=False)
    async with Proxy(server.port) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("all_proxy", proxy.url)
        assert await status(transport, server.url + "/ok") == 200
        assert proxy.asked == []
    await transport.aclose()


async def test_this_machine_is_reached_directly(
    server: FaultServer, transport: AiohttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{refused_port()}")
    assert await status(transport, server.url + "/ok") == 200


async def test_a_proxy_of_the_setting_wins_and_gets_its_credentials(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{refused_port()}")
    async with Proxy(server.port) as proxy:
        transport = AiohttpTransport(proxy=f"http://me:pa%3Ass@127.0.0.1:{proxy.port}")
        assert await status(transport, GET) == 200
        await transport.aclose()
        assert proxy.authorizations == ["Basic " + base64.b64encode(b"me:pa:ss").decode()]


async def test_https_goes_through_a_tunnel(monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("provider.test").configure_cert(theirs)
    ours = ssl.create_default_context()
    authority.configure_trust(ours)
    transport = AiohttpTransport(ssl_context=ours)
    async with FaultServer(tls=theirs) as server, Proxy(server.port) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        assert await status(transport, "https://provider.test/ok") == 200
        assert proxy.asked == ["CONNECT provider.test:443"]
        await transport.aclose()


@pytest.mark.parametrize(("code", "retry"), [(403, Retry.NEVER), (407, Retry.NEVER), (502, Retry.SAFE)])
async def test_a_proxy_that_refuses_a_tunnel_is_a_typed_error(
    code: int, retry: Retry, transport: AiohttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Proxy(1, refuse=code) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        with pytest.raises(ProviderError, match="proxy") as caught:
            await status(transport, "https://provider.test/ok")
    assert (caught.value.kind, caught.value.retry) == (ErrorKind.NETWORK, retry)


async def test_a_proxy_that_is_not_there_may_be_tried_again(
    transport: AiohttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{refused_port()}")
    with pytest.raises(ProviderError, match="proxy") as caught:
        await status(transport, GET)
    assert (caught.value.kind, caught.value.retry) == (ErrorKind.NETWORK, Retry.SAFE)


async def test_a_proxy_of_a_kind_we_do_not_speak_is_a_configuration_error(
    transport: AiohttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "socks5://me:secret@127.0.0.1:1080")
    with pytest.raises(ConfigurationError, match=r"socks5://127\.0\.0\.1") as caught:
        await status(transport, GET)
    assert "secret" not in str(caught.value)
