"""One's own gateway, asked by HTTP."""

from collections.abc import AsyncIterator, Iterable

from genmux.contract.error_map import classify
from genmux.contract.http import FileBody, HttpReply, HttpRequest
from genmux.engine.aiohttp_transport import AiohttpTransport
from genmux.engine.deadlines import Timeouts
from genmux.engine.limits import SizeLimits
from genmux.engine.transport import Transport, read_whole
from genmux.types.errors import ConfigurationError, ProviderError
from genmux.types.version import VERSION

_PATIENT = Timeouts(first_byte=660.0, idle=660.0, total=None)
"""A gateway may be asked to wait for ten minutes."""


class GatewayLine:
    """Asks the gateway at `url`, with its key. Nothing is repeated."""

    def __init__(self, url: str, key: str | None = None, *, transport: Transport | None = None) -> None:
        if not url.startswith(("http://", "https://")):
            message = f"the gateway's address is {url!r}; it must begin with http:// or https://"
            raise ConfigurationError(message)
        self._url = url.rstrip("/").removesuffix("/v1")
        self._key = key
        self._transport = transport or AiohttpTransport(user_agent=f"genmux/{VERSION}")

    async def ask(
        self, method: str, path: str, *, query: str = "", headers: Iterable[tuple[str, str]] = (), body: bytes = b""
    ) -> HttpReply:
        """One request with its whole answer, whatever its status. Raises ProviderError when there is none."""
        return await self._sent(self._request(method, path, query=query, headers=headers, body=body or None))

    async def upload(self, path: str, body: FileBody) -> HttpReply:
        """Send a file, read as it is sent. Raises ProviderError when there is no answer."""
        return await self._sent(self._request("POST", path, headers=(("content-type", body.media_type),), body=body))

    async def download(self, path: str) -> AsyncIterator[bytes]:
        """The content at a path, as it comes. Raises ProviderError, also for an answer that is a refusal."""
        reply = await self._transport.open(self._request("GET", path), timeouts=Timeouts())
        try:
            if reply.status >= 300:
                whole = await read_whole(reply, limits=SizeLimits())
                raise classify(whole)
            while piece := await reply.read():
                yield piece
        finally:
            reply.close()

    def _request(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        headers: Iterable[tuple[str, str]] = (),
        body: bytes | FileBody | None = None,
    ) -> HttpRequest:
        sent = [*headers]
        if self._key:
            sent.append(("authorization", f"Bearer {self._key}"))
        url = f"{self._url}{path}" + (f"?{query}" if query else "")
        return HttpRequest(method=method, url=url, headers=tuple(sent), body=body)

    async def _sent(self, request: HttpRequest) -> HttpReply:
        try:
            return await self._transport.send(request, timeouts=_PATIENT, limits=SizeLimits())
        except ProviderError as error:
            error.message = f"the gateway at {self._url} does not answer: {error.message}"
            raise

    async def aclose(self) -> None:
        """Close the connection."""
        await self._transport.aclose()
