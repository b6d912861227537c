"""The transport for what the URL guard let through: it connects to the addresses that were checked, and to no others."""

import ipaddress
import socket
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from genmux.contract.http import HttpRequest
from genmux.engine.aiohttp_faults import explain, faults
from genmux.engine.aiohttp_transport import AiohttpReply, AiohttpTransport, Line
from genmux.engine.deadlines import Timeouts
from genmux.engine.url_guard import Checked

if TYPE_CHECKING:
    import aiohttp

_CHECKED: ContextVar[Checked | None] = ContextVar("genmux_checked", default=None)
"""Where the task that is connecting may connect to; None for a proxy, which is not what was asked for."""


class GuardedTransport(AiohttpTransport):
    """Fetches URLs that were checked.

    A proxy is asked for a checked address in place of the name, so that it does not look the name up once more (unless
    only the proxy can).
    """

    async def fetch(self, request: HttpRequest, checked: Checked, *, timeouts: Timeouts) -> AiohttpReply:
        """The reply as soon as its head is there; the request's URL is the one that was checked."""
        token = _CHECKED.set(checked)
        try:
            return await self.open(request, timeouts=timeouts)
        finally:
            _CHECKED.reset(token)

    def _connecting(self) -> dict[str, Any]:
        return {"resolver": _resolver(), "use_dns_cache": False, "socket_factory": _socket}

    async def _request(
        self, line: Line, request: HttpRequest, timeouts: Timeouts, body: Any
    ) -> "aiohttp.ClientResponse":
        _, proxy = line.route(request.url)
        checked = _CHECKED.get()
        if proxy is None or checked is None:
            return await super()._request(line, request, timeouts, body)
        token = _CHECKED.set(None)
        try:
            return await self._by_proxy(line, request, timeouts, checked, body)
        except faults() as error:
            raise explain(error) from error
        finally:
            _CHECKED.reset(token)

    async def _by_proxy(
        self, line: Line, request: HttpRequest, timeouts: Timeouts, checked: Checked, body: Any
    ) -> "aiohttp.ClientResponse":
        """Ask the proxy for one of the checked addresses; certificate and `host` stay those of the name."""
        url, proxy = line.route(request.url)
        name = checked.origin.host.strip("[]")
        place = url.with_host(checked.addresses[0]) if checked.addresses else url
        return await line.session.request(
            request.method,
            place,
            headers=(*request.headers, ("host", url.raw_authority)),
            data=body,
            proxy=proxy,
            ssl=self._ssl_context or True,
            server_hostname=name if url.scheme == "https" else None,
            timeout=line.limits(timeouts.connect),
            allow_redirects=False,
        )


def _resolver() -> Any:
    """Gives the checked addresses in place of what a name server would say now."""
    from aiohttp.abc import AbstractResolver, ResolveResult
    from aiohttp.resolver import ThreadedResolver

    class Resolver(AbstractResolver):
        """See above."""

        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            """The addresses of a host."""
            checked = _CHECKED.get()
            if checked is None:
                return await ThreadedResolver().resolve(host, port, family)
            return [
                ResolveResult(hostname=host, host=one, port=port, family=_family(one), proto=0, flags=_NUMERIC)
                for one in checked.addresses
            ]

        async def close(self) -> None:
            """Nothing is held."""

    return Resolver()


_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


def _family(address: str) -> int:
    return socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET


def _socket(info: tuple[Any, ...]) -> socket.socket:
    """A socket for an address, which must be one of those that were checked."""
    family, kind, protocol, _, place = info
    checked = _CHECKED.get()
    if checked is not None and str(ipaddress.ip_address(place[0])) not in checked.addresses:
        raise OSError(f"{place[0]} is not the address that was checked")
    return socket.socket(family=family, type=kind, proto=protocol)
