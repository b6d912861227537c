"""Web pages that may call the gateway from a browser (CORS)."""

from collections.abc import Iterable, MutableMapping
from typing import Any

from genmux.contract.dialect import Answer
from genmux.server.http import Request, Send
from genmux.server.loopback import host_of, is_loopback

_SHOWN = (
    b"x-genmux-cost, x-genmux-job, x-genmux-warning, x-genmux-counted-by, x-genmux-exact, x-request-id, retry-after,"
    b" location, etag, content-range, tus-resumable, tus-version, upload-offset, upload-length, upload-expires,"
    b" x-genmux-asset"
)


class Pages:
    """Knows the pages that may call: the listed ones, and with `local` those that come from this machine."""

    def __init__(self, origins: Iterable[str], *, local: bool) -> None:
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)
        self._local = local

    def may_call(self, origin: str) -> bool:
        """Whether a page of this origin may call."""
        return origin.lower() in self._origins or (self._local and is_loopback(host_of(origin)))

    @staticmethod
    def preflight(request: Request) -> Answer:
        """What a browser hears that asks before it sends."""
        asked = request.header(b"access-control-request-headers") or "authorization, content-type, x-api-key"
        told = (
            ("access-control-allow-methods", "GET, HEAD, POST, PATCH, DELETE"),
            ("access-control-allow-headers", asked),
            ("access-control-max-age", "600"),
        )
        return Answer(status=204, body=b"", headers=told)

    @staticmethod
    def told(send: Send, origin: str) -> Send:
        """The same `send`, which also tells the browser that the page may read the answer."""
        told = [
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-expose-headers", _SHOWN),
            (b"vary", b"origin"),
        ]

        async def telling(message: MutableMapping[str, Any]) -> None:
            """Send a message, with more headers where it begins an answer."""
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *told]}
            await send(message)

        return telling
