"""HTTP as values: what a wire asks to be sent and what it gets to read. Nothing here opens a socket."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

import msgspec

from genmux.types.errors import ErrorKind, ProviderError, Retry

T = TypeVar("T")

_WHOLE = (("content-type", "application/json"), ("accept", "application/json"))
_STREAMED = (("content-type", "application/json"), ("accept", "text/event-stream"))


class Framing(StrEnum):
    """How a streamed reply is cut into events by the engine."""

    SSE = "sse"
    NDJSON = "ndjson"
    RAW = "raw"


class FileBody(msgspec.Struct, frozen=True, kw_only=True):
    """A file on this machine that the engine reads piece by piece as it sends it; `size` is in bytes."""

    path: str
    size: int
    media_type: str = "application/octet-stream"
    name: str = "file"


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a form: a text, bytes, or a file."""

    name: str
    value: str | bytes | FileBody
    media_type: str | None = None
    file_name: str | None = None


class Form(msgspec.Struct, frozen=True):
    """A `multipart/form-data` body; the engine writes it."""

    fields: tuple[Field, ...]


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request. `url` is absolute, or a path that is added to the provider's base URL.

    `read_only` requests may be repeated freely; `idempotency_key`, where a provider honours one, makes others repeatable.
    `free` ones cost nothing, though they change something: an upload, a cancellation. `unsigned` ones go without the
    credential, to any host: an address that the provider gave for one upload. `root` is where a path is meant in place of the
    provider's base URL, as `https://uploads.acme.example`; with another base URL than the provider's own, it is meant there.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | Form | FileBody | None = None
    framing: Framing = Framing.RAW
    read_only: bool = False
    idempotency_key: str | None = None
    free: bool = False
    unsigned: bool = False
    root: str | None = None

    @property
    def document(self) -> bytes | None:
        """The body where it is bytes, such as JSON; None for a form or a file, and where there is none."""
        return self.body if isinstance(self.body, bytes) else None

    def with_headers(self, headers: Iterable[tuple[str, str]]) -> "HttpRequest":
        """The same request with further headers."""
        return msgspec.structs.replace(self, headers=(*self.headers, *headers))


class HttpReply(msgspec.Struct, frozen=True, kw_only=True):
    """One whole reply; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def read(self, decoder: "msgspec.json.Decoder[T]") -> T:
        """Decode the body. Raises ProviderError(malformed_reply) when it does not fit."""
        try:
            return decoder.decode(self.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise malformed(f"the reply does not have the expected form: {error}", status=self.status) from error


class WireEvent(msgspec.Struct, frozen=True, gc=False):
    """One event of a streamed reply: its name, if it has one, and its data."""

    data: bytes
    event: str | None = None

    def read(self, decoder: "msgspec.json.Decoder[T]") -> T:
        """Decode the data. Raises ProviderError(malformed_reply) when it does not fit."""
        try:
            return decoder.decode(self.data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise malformed(f"an event of the stream does not have the expected form: {error}") from error


def json_request(url: str, body: Any, *, stream: bool = False, method: str = "POST") -> HttpRequest:
    """A request with a JSON body; a streamed one expects server-sent events."""
    return json_bytes(url, msgspec.json.encode(body), stream=stream, method=method)


def json_bytes(url: str, body: bytes, *, stream: bool = False, method: str = "POST") -> HttpRequest:
    """The same with a body that is JSON already."""
    return HttpRequest(
        method=method,
        url=url,
        headers=_STREAMED if stream else _WHOLE,
        body=body,
        framing=Framing.SSE if stream else Framing.RAW,
    )


def malformed(message: str, *, status: int | None = None) -> ProviderError:
    """The error for a reply that cannot be understood; it may well have been billed."""
    return ProviderError(message, kind=ErrorKind.MALFORMED_REPLY, status=status, retry=Retry.UNSURE)
