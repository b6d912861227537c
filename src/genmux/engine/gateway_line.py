"""One's own gateway, asked by HTTP."""

from collections.abc import Iterable

from genmux.contract.http import HttpReply, HttpRequest
from genmux.engine.aiohttp_transport import AiohttpTransport
from genmux.engine.deadlines import Timeouts
from genmux.engine.limits import SizeLimits
from genmux.engine.transport import Transport
from genmux.types.errors import ConfigurationError, ProviderError
from genmux.types.version import VERSION


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
        sent = [*headers]
        if self._key:
            sent.append(("authorization", f"Bearer {self._key}"))
        request = HttpRequest(
            method=method,
            url=f"{self._url}{path}" + (f"?{query}" if query else ""),
            headers=tuple(sent),
            body=body or None,
        )
        try:
            return await self._transport.send(request, timeouts=Timeouts(), limits=SizeLimits())
        except ProviderError as error:
            error.message = f"the gateway at {self._url} does not answer: {error.message}"
            raise

    async def aclose(self) -> None:
        """Close the connection."""
        await self._transport.aclose()
