"""Wires: pure translation between our requests and results and a provider's HTTP.

A wire never opens a socket, sleeps, reads the clock, logs or retries.
"""

from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

import msgspec

from genmux.contract.http import HttpReply, HttpRequest, WireEvent
from genmux.contract.model import Model
from genmux.types.chat import ChatRequest
from genmux.types.money import TokenCount
from genmux.types.parts import Part
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

Q = TypeVar("Q")
R_co = TypeVar("R_co", covariant=True)


class Encoded(msgspec.Struct, frozen=True):
    """The one request to send, and what could not be carried in it."""

    http: HttpRequest
    warnings: tuple[Warning, ...] = ()


class Sent(msgspec.Struct, Generic[Q], frozen=True):
    """What a reply is read against."""

    request: Q
    model: Model
    http: HttpRequest


class Reader(Protocol):
    """Turns the events of one stream into parts. Both methods may raise ProviderError."""

    def feed(self, event: WireEvent) -> Iterable[Part]:
        """Read one event."""
        ...

    def close(self) -> Iterable[Part]:
        """The stream has ended: give what was held back; raise when the end came too early."""
        ...


class CallWire(Protocol[Q, R_co]):
    """A request, then a result."""

    def encode(self, request: Q, model: Model, *, stream: bool = False) -> Encoded:
        """Write the request. The body names `model.wire_id`."""
        ...

    def decode(self, reply: HttpReply, sent: "Sent[Q]") -> R_co:
        """Read a successful reply. Raises ProviderError when it is an error in disguise or malformed."""
        ...


class StreamWire(CallWire[Q, R_co], Protocol[Q, R_co]):
    """A call whose result can also come in parts."""

    def reader(self, sent: "Sent[Q]") -> Reader:
        """Start reading one stream."""
        ...


class TokenCounter(Protocol):
    """Optional half of a chat wire: the provider counts the tokens of a request without answering it."""

    def encode_count(self, request: ChatRequest, model: Model) -> Encoded:
        """Write the request that counts."""
        ...

    def decode_count(self, reply: HttpReply) -> TokenCount:
        """Read the count."""
        ...
