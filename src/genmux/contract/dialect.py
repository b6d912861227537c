"""A dialect is a wire that many providers share, in both directions: as a client of a provider and as a server of a caller."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

import msgspec

from genmux.contract.http import HttpReply, HttpRequest, WireEvent
from genmux.contract.model import Model
from genmux.contract.wires import Sent, StreamWire
from genmux.types.chat import ChatRequest, ChatResult, FinishReason
from genmux.types.embed import EmbedRequest, EmbedResult
from genmux.types.errors import ProviderError
from genmux.types.money import TokenCount
from genmux.types.parts import Part
from genmux.types.usage import Usage
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """A caller's request, understood. `include_usage` says whether the caller wants the usage of a stream."""

    request: ChatRequest
    stream: bool = False
    include_usage: bool = False
    warnings: tuple[Warning, ...] = ()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What goes back to the caller."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)


class Writer(Protocol):
    """Writes the parts of one stream as the bytes of server-sent events."""

    def write(self, part: Part) -> bytes:
        """The bytes for one part; empty when the dialect has nothing to say for it."""
        ...

    def close(self) -> bytes:
        """The bytes that end a stream."""
        ...

    def fail(self, error: ProviderError) -> bytes:
        """The bytes that end a stream in which something failed after it had begun."""
        ...


class Watcher(Protocol):
    """Looks on while a stream of the same dialect passes through as bytes.

    `usage` and `finish` are what was seen so far; `text_length` counts the characters that went by, for streams that
    end without usage. `complete` says whether the stream said that it is at its end: until then `usage` is provisional.
    """

    usage: Usage | None
    finish: FinishReason | None
    text_length: int
    complete: bool

    def see(self, event: WireEvent) -> bool:
        """Look at one event; False means that the caller did not ask for it and must not get it."""
        ...


class ServerHalf(Protocol):
    """The half of a dialect that faces the caller."""

    def accept(self, body: bytes) -> Accepted:
        """Understand a request. Raises ProviderError(invalid_request) that names the field and what is wrong with it."""
        ...

    def respond(self, result: ChatResult, accepted: Accepted) -> Answer:
        """Write a result."""
        ...

    def writer(self, accepted: Accepted) -> Writer:
        """Start writing a stream."""
        ...

    def refuse(self, error: ProviderError) -> Answer:
        """Write an error, with the HTTP status that the dialect uses for its kind."""
        ...

    def watcher(self, accepted: Accepted, sent: Sent[ChatRequest]) -> Watcher:
        """Look on while a stream passes."""
        ...

    def usage_of(self, reply: HttpReply) -> tuple[Usage, FinishReason | None]:
        """Read only the usage and the finish reason of a whole reply that passes through."""
        ...


@runtime_checkable
class HeedingServer(Protocol):
    """Optional part of a server half: what a caller says in HTTP headers belongs to its request."""

    def heed(self, accepted: Accepted, headers: Mapping[bytes, bytes]) -> Accepted:
        """The request with what its headers say; names are lower case."""
        ...


class PassingWire(Protocol):
    """Optional part of a chat wire: the bytes of a caller of the same dialect go to the host, not our own."""

    def pass_on(self, body: bytes, accepted: Accepted, model: Model) -> HttpRequest | None:
        """The caller's bytes with the model's name (and what usage and the host's names for fields need) replaced.

        None when this host would need them in another form.
        """
        ...


class CountingServer(Protocol):
    """Optional part of a server half: counts tokens without answering."""

    def accept_count(self, body: bytes) -> Accepted:
        """Understand a request to count. Raises ProviderError(invalid_request)."""
        ...

    def respond_count(self, count: TokenCount) -> Answer:
        """Write a count."""
        ...


class EmbedServer(Protocol):
    """The server half of a dialect for embeddings."""

    def accept(self, body: bytes) -> "AcceptedEmbed":
        """Understand a request. Raises ProviderError(invalid_request)."""
        ...

    def respond(self, result: EmbedResult, accepted: "AcceptedEmbed") -> Answer:
        """Write a result."""
        ...


class AcceptedEmbed(msgspec.Struct, frozen=True, kw_only=True):
    """A caller's request for embeddings, understood. `encoding` is how the vectors are wanted: `float` or `base64`."""

    request: EmbedRequest
    encoding: str = "float"
    warnings: tuple[Warning, ...] = ()


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """Both halves of a chat dialect under one name.

    `client(options)` builds the wire for one provider; unknown options raise ConfigurationError. `paths` are the
    endings of HTTP paths by which recorded traffic is recognized.
    """

    name: str
    client: Callable[[Mapping[str, Any]], StreamWire[ChatRequest, ChatResult]]
    server: ServerHalf
    paths: tuple[str, ...] = ()
