"""A gateway in this process whose requests come piece by piece, as different callers."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from genmux.app import App
from genmux.server.callers import PRINCIPAL
from genmux.server.gateway import Gateway
from genmux.types.principal import Principal

GONE = None
"""In place of a piece: the caller goes away."""


class Reply(msgspec.Struct, frozen=True):
    """A whole answer; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes
    pieces: int

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Asking:
    """Asks a gateway."""

    def __init__(self, gateway: Gateway, caller: Principal | None) -> None:
        self.gateway = gateway
        self.caller = caller

    async def __call__(
        self,
        method: str,
        path: str,
        *pieces: bytes | None,
        json: Any = None,
        status: int | None = None,
        caller: Principal | None = None,
        **headers: str,
    ) -> Reply:
        """One request; the names of headers have `_` for `-`."""
        body: Sequence[bytes | None] = pieces or (b"" if json is None else msgspec.json.encode(json),)
        messages = [
            {"type": "http.disconnect"}
            if piece is GONE
            else {"type": "http.request", "body": piece, "more_body": number < len(body) - 1}
            for number, piece in enumerate(body)
        ]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if messages:
                return messages.pop(0)
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: Any) -> None:
            sent.append(dict(message))

        told = {"content-type": "application/json"} if json is not None else {}
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        place, _, query = path.partition("?")
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "http",
            "method": method,
            "path": place,
            "raw_path": place.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [
                (b"host", b"127.0.0.1:8484"),
                *((name.encode(), value.encode()) for name, value in told.items()),
            ],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8484),
        }
        if (who := caller or self.caller) is not None:
            scope[PRINCIPAL] = who
        await self.gateway(scope, receive, send)
        if not sent:
            return Reply(0, {}, b"", 0)
        head = {name.decode().lower(): value.decode("latin-1") for name, value in sent[0]["headers"]}
        bodies = [one.get("body", b"") for one in sent[1:]]
        reply = Reply(sent[0]["status"], head, b"".join(bodies), len([one for one in bodies if one]))
        if status is not None:
            assert reply.status == status, reply.body
        return reply


@asynccontextmanager
async def gateway(app: App, caller: Principal | None = None) -> AsyncIterator[Asking]:
    """The gateway of an App, running."""
    await app.open(role="command", about="a test", usual=True)
    try:
        yield Asking(Gateway(app), caller)
    finally:
        await app.aclose()
