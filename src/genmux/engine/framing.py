"""How the bytes of a streamed reply are cut into events."""

from typing import Protocol

from genmux.contract.http import Framing, WireEvent

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

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[WireEvent]:
        """The lines that these bytes complete."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        return [WireEvent(line) for piece in lines if (line := piece.strip())]

    def flush(self) -> list[WireEvent]:
        """The last line, when it has no end."""
        line, self._rest = self._rest.strip(), b""
        return [WireEvent(line)] if line else []


class RawSplitter:
    """One event for each piece that arrived."""

    __slots__ = ()

    def feed(self, chunk: bytes) -> list[WireEvent]:
        """The piece as it is."""
        return [WireEvent(chunk)] if chunk else []

    def flush(self) -> list[WireEvent]:
        """Nothing is held back."""
        return []


def splitter_for(framing: Framing) -> Splitter:
    """A new splitter."""
    match framing:
        case Framing.SSE:
            from genmux.engine.sse import SseSplitter

            return SseSplitter()
        case Framing.NDJSON:
            return LineSplitter()
        case Framing.RAW:
            return RawSplitter()


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
