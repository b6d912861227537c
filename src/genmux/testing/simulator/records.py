"""What the simulator's server saw: requests with their headers, and how each ended."""

import itertools
from collections import deque
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

SECRET_HEADERS = frozenset({
    "authorization", "x-api-key", "xi-api-key", "x-goog-api-key", "api-key", "cookie", "proxy-authorization",
})  # fmt: skip

Outcome = Literal["open", "answered", "faulted", "disconnected"]


class Seen(msgspec.Struct, kw_only=True):
    """One request as it came over the wire.

    `number` counts from 1, `connection` tells connections apart, `at` is in seconds of the event loop's clock. The server fills
    in later: `fault` by name, and `outcome`: still open, answered, faulted (we broke it off), or disconnected (the client
    left before the end).
    """

    number: int
    connection: int
    at: float
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    fault: str | None = None
    outcome: Outcome = "open"

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    def json(self) -> Any:
        """The body as JSON. Raises msgspec.DecodeError when it is none."""
        return msgspec.json.decode(self.body)

    def shown(self) -> dict[str, Any]:
        """The record for people to read, without secrets."""
        headers = {name: "***" if name in SECRET_HEADERS else value for name, value in self.headers.items()}
        try:
            body = self.json()
        except (msgspec.DecodeError, UnicodeDecodeError):
            body = self.body.decode("utf-8", "replace")
        facts = {
            name: getattr(self, name) for name in ("number", "connection", "at", "method", "target", "fault", "outcome")
        }
        return {**facts, "headers": headers, "body": body}


class Records:
    """Keeps the last `limit` requests."""

    def __init__(self, *, limit: int) -> None:
        self.kept: deque[Seen] = deque(maxlen=limit)
        self._numbers = itertools.count(1)

    def note(self, *, connection: int, at: float, method: str, target: str, headers: Mapping[str, str]) -> Seen:
        """Keep a request of which the head was read."""
        seen = Seen(
            number=next(self._numbers), connection=connection, at=at, method=method, target=target, headers=headers
        )
        self.kept.append(seen)
        return seen
