"""How the bytes of a streamed reply are cut into events."""

from typing import Protocol

from genmux.contract.http import Framing, WireEvent
from genmux.engine.limits import too_large

_NOT_EVENTS = frozenset(b"{[<")
"""No line of an event stream begins so, but every JSON document and every page of HTML does."""


class Splitter(Protocol):
    """Takes bytes however they arrive, gives whole events."""

    def feed(self, chunk: bytes) -> list[WireEvent]:
        """The events that these bytes complete."""
        ...

    def flush(self) -> list[WireEvent]:
        """The stream has ended: the event that lacks its end, if any."""
        ...


class LineSplitter:
    """One event for each line that is not empty (newline-delimited JSON)."""

    __slots__ = ("_limit", "_pieces", "_size")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[WireEvent]:
        """The lines that these bytes complete. Raises ProviderError(malformed_reply) when a line is too long."""
        *lines, rest = chunk.split(b"\n")
        if not lines:
            self._hold(rest)
            return []
        lines[0] = b"".join((*self._pieces, lines[0]))
        self._pieces, self._size = [], 0
        self._hold(rest)
        return [WireEvent(line) for piece in lines if (line := piece.strip())]

    def flush(self) -> list[WireEvent]:
        """The last line, when it has no end."""
        line = b"".join(self._pieces).strip()
        self._pieces, self._size = [], 0
        return [WireEvent(line)] if line else []

    def _hold(self, rest: bytes) -> None:
        self._pieces.append(rest)
        self._size += len(rest)
        if self._size > self._limit:
            raise too_large("one line of the stream", self._limit)


class RawSplitter:
    """One event for each piece that arrived."""

    __slots__ = ()

    def feed(self, chunk: bytes) -> list[WireEvent]:
        """The piece as it is."""
        return [WireEvent(chunk)] if chunk else []

    def flush(self) -> list[WireEvent]:
        """Nothing is held back."""
        return []


def splitter_for(framing: Framing, *, limit: int) -> Splitter:
    """A new splitter; one event may have `limit` bytes."""
    match framing:
        case Framing.SSE:
            from genmux.engine.sse import SseSplitter

            return SseSplitter(limit)
        case Framing.NDJSON:
            return LineSplitter(limit)
        case Framing.RAW:
            return RawSplitter()


def may_be_document(content_type: str, framing: Framing) -> bool:
    """Whether a look at the first bytes is needed before a reply can be taken for a stream."""
    match framing:
        case Framing.SSE:
            return not content_type.lower().startswith("text/event-stream")
        case Framing.NDJSON:
            return "html" in content_type.lower()
        case Framing.RAW:
            return False


def is_document(body: bytes, framing: Framing) -> bool:
    """Whether a reply that should be a stream begins like one JSON document or page instead.

    The content type is no help: some send event streams as `application/json`, others JSON errors as
    `text/event-stream`.
    """
    begin = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    match framing:
        case Framing.SSE:
            return begin != b"" and begin[0] in _NOT_EVENTS
        case Framing.NDJSON:
            return begin == b"<"
        case Framing.RAW:
            return False
