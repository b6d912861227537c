"""ASGI without a server: a request that is at hand, and what is sent in answer to it."""

import asyncio
from collections.abc import Iterable
from typing import Any

from genmux.engine.deadlines import AlarmClock
from genmux.server.http import Request


class Line:
    """The two ends of one request: gives messages, then waits, and keeps what was sent."""

    def __init__(self, messages: Iterable[dict[str, Any]] = ()) -> None:
        self.messages = list(messages)
        self.sent: list[dict[str, Any]] = []
        self.left = asyncio.Event()
        self.looked = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        if self.messages:
            return self.messages.pop(0)
        self.looked.set()
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    @property
    def head(self) -> dict[str, str]:
        """The headers that were sent."""
        return {name.decode(): value.decode("latin-1") for name, value in self.sent[0]["headers"]}

    @property
    def body(self) -> bytes:
        """The body that was sent."""
        return b"".join(message.get("body", b"") for message in self.sent)


def piece(body: bytes, *, more: bool = False) -> dict[str, Any]:
    """A piece of a body."""
    return {"type": "http.request", "body": body, "more_body": more}


class NoClock:
    """For requests that wait for nothing."""


def asking(line: Line | None = None, clock: AlarmClock | None = None, /, **headers: str) -> Request:
    """A request with these headers."""
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {"method": "POST", "path": "/", "query_string": b"", "headers": raw}
    ends = line or Line()
    return Request(scope, ends.receive, ends.send, NoClock() if clock is None else clock)
