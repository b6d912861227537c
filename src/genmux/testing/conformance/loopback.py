"""A transport that lets everything that is meant for a provider's hosts arrive at the simulator instead."""

from urllib.parse import urlsplit

import msgspec

from genmux.contract.http import HttpReply, HttpRequest
from genmux.engine.deadlines import Timeouts
from genmux.engine.limits import SizeLimits
from genmux.engine.transport import OpenReply, Transport


class Loopback:
    """What goes to another host than the simulator's is sent to `base_url`, with the same path: nothing leaves this machine."""

    def __init__(self, transport: Transport, base_url: str) -> None:
        self._transport = transport
        self._base_url = base_url
        self._host = urlsplit(base_url).netloc

    async def send(self, request: HttpRequest, *, timeouts: Timeouts, limits: SizeLimits) -> HttpReply:
        """The whole reply, whatever its status."""
        return await self._transport.send(self._moved(request), timeouts=timeouts, limits=limits)

    async def open(self, request: HttpRequest, *, timeouts: Timeouts) -> OpenReply:
        """The reply as soon as its head is there."""
        return await self._transport.open(self._moved(request), timeouts=timeouts)

    async def leave(self) -> None:
        """Close the connections of the running event loop."""
        await self._transport.leave()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    def _moved(self, request: HttpRequest) -> HttpRequest:
        parts = urlsplit(request.url)
        if parts.netloc == self._host:
            return request
        query = f"?{parts.query}" if parts.query else ""
        return msgspec.structs.replace(request, url=f"{self._base_url}{parts.path}{query}")
