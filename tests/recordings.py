"""Recorded traffic of providers, where it is at hand: in $GENMUX_RECORDINGS, or beside the checkout in shared/recorded.

The recordings are no part of this repository. `exchanges` yields nothing without them, so that tests still pass;
tests that need one mark themselves with `needs_recordings`.
"""

import base64
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import pytest

Message: TypeAlias = dict[str, Any]
"""A recorded request or reply: method, host, path or status, headers and at most one body."""


def _folder() -> Path:
    chosen = os.environ.get("GENMUX_RECORDINGS")
    return Path(chosen) if chosen else Path(__file__).resolve().parents[2] / "shared" / "recorded"


RECORDINGS = _folder()
recordings_available = (RECORDINGS / "index.json").is_file()
needs_recordings = pytest.mark.skipif(
    not recordings_available, reason=f"no recordings at {RECORDINGS}; set GENMUX_RECORDINGS"
)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the index: a file and what is in it."""

    file: str
    provider: str
    capability: str
    api: str
    features: tuple[str, ...] = ()
    fidelity: str = "recorded"


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One request and its reply. `request` is None where only the reply was kept; `hint` then tells host and path."""

    file: str
    index: int
    provider: str
    api: str
    request: Message | None
    response: Message
    hint: Message
    capability: str
    features: tuple[str, ...]
    fidelity: str

    @property
    def id(self) -> str:
        """A name for test ids and messages."""
        return f"{self.file}#{self.index}"

    @property
    def path(self) -> str:
        """The path of the request, with its query; empty where nobody knows."""
        return (self.request or self.hint).get("path", "")

    @property
    def status(self) -> int:
        """The HTTP status of the reply."""
        return self.response["status"]

    @property
    def request_body(self) -> bytes:
        """The bytes of the request's body; empty without one."""
        return body_of(self.request or {})

    @property
    def response_body(self) -> bytes:
        """The bytes of the reply's body; empty without one, and for `chunks`, whose framing was not kept."""
        return body_of(self.response)


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """One WebSocket session: its frames in order, sent and received."""

    file: str
    index: int
    provider: str
    api: str
    frames: tuple[Message, ...]
    features: tuple[str, ...]

    @property
    def id(self) -> str:
        """A name for test ids and messages."""
        return f"{self.file}#{self.index}"


def exchanges(
    *, api: str | None = None, provider: str | None = None, capability: str | None = None
) -> Iterator[Exchange]:
    """All recorded HTTP exchanges of one API, provider or capability, always in the same order."""
    for entry, number, exchange in _matching(api, provider, capability):
        if "response" in exchange:
            yield Exchange(
                file=entry.file,
                index=number,
                provider=exchange.get("provider", entry.provider),
                api=exchange.get("api", entry.api),
                request=exchange.get("request"),
                response=exchange["response"],
                hint=exchange.get("request_hint") or {},
                capability=entry.capability,
                features=entry.features,
                fidelity=entry.fidelity,
            )


def conversations(*, api: str | None = None, provider: str | None = None) -> Iterator[Conversation]:
    """All recorded WebSocket sessions of one API or provider, always in the same order."""
    for entry, number, exchange in _matching(api, provider, None):
        if "frames" in exchange:
            yield Conversation(
                file=entry.file,
                index=number,
                provider=exchange.get("provider", entry.provider),
                api=exchange.get("api", entry.api),
                frames=tuple(exchange["frames"]),
                features=entry.features,
            )


def body_of(message: Message) -> bytes:
    """The bytes of a recorded body. JSON is written anew: its spelling was not kept, its meaning was."""
    if "json" in message:
        return msgspec.json.encode(message["json"])
    if "body_b64" in message:
        return base64.b64decode(message["body_b64"])
    return (message.get("sse") or message.get("text") or "").encode()


@cache
def index() -> tuple[Entry, ...]:
    """What recordings there are, sorted by file; empty without any."""
    if not recordings_available:
        return ()
    entries = msgspec.json.decode((RECORDINGS / "index.json").read_bytes(), type=list[Entry])
    return tuple(sorted(entries, key=lambda entry: entry.file))


def _matching(api: str | None, provider: str | None, capability: str | None) -> Iterator[tuple[Entry, int, Message]]:
    for entry in index():
        mixed = "mixed-providers" in entry.features  # each exchange then has a provider and an API of its own
        named = (entry.provider, entry.api)
        if (capability and entry.capability != capability) or not (mixed or _fits(named, provider, api)):
            continue
        recording = msgspec.json.decode((RECORDINGS / entry.file).read_bytes())
        for number, exchange in enumerate(recording["exchanges"]):
            own = (exchange.get("provider", entry.provider), exchange.get("api", entry.api))
            if _fits(own, provider, api):
                yield entry, number, exchange


def _fits(named: tuple[str, str], provider: str | None, api: str | None) -> bool:
    return (provider is None or named[0] == provider) and (api is None or named[1] == api)
