"""Cuts the bytes of a streamed reply into events, however the network has cut them before."""

from genmux.contract.http import WireEvent
from genmux.types.errors import ProviderError

EVENT_LIMIT = 16 * 1024 * 1024
"""How many bytes one event may have, unless the caller says otherwise."""

_BOM = b"\xef\xbb\xbf"


class SseSplitter:
    """Cuts server-sent events.

    Follows the WHATWG event stream rules (HTML Living Standard §9.2.6, 2026-11): lines end in LF, CRLF or CR, one byte
    order mark at the start is skipped, lines that begin with a colon are comments, `id` and `retry` are ignored, an event
    without a `data` line is none. It differs in two things: data stays bytes, so broken UTF-8 is the reader's to judge, and
    an event that the end of the stream cuts off before its blank line is given by `flush` (real providers do end so).
    """

    __slots__ = ("_after_cr", "_ends_in_lf", "_head", "_limit", "_pieces", "_size")

    def __init__(self, limit: int = EVENT_LIMIT) -> None:
        self._limit = limit
        self._pieces: list[bytes] = []
        self._size = 0
        self._head: bytes | None = b""
        self._after_cr = False
        self._ends_in_lf = False

    def feed(self, chunk: bytes) -> list[WireEvent]:
        """Take the next bytes, give the events that they complete.

        Raises ProviderError(malformed_reply) when one event is larger than the limit.
        """
        if self._head is not None:
            chunk = self._without_bom(chunk)
        elif not self._size and chunk[-2:] == b"\n\n" and b"\r" not in chunk and len(chunk) <= self._limit:
            # The usual case, whole events and nothing before them: no state to keep.
            return _events(chunk[:-2].split(b"\n\n"))
        if self._after_cr or b"\r" in chunk:
            chunk = self._with_line_feeds(chunk)
        if not chunk:
            return []
        closes = b"\n\n" in chunk or (self._ends_in_lf and chunk[0] == 0x0A)
        self._ends_in_lf = chunk[-1] == 0x0A
        self._pieces.append(chunk)
        self._size += len(chunk)
        if not closes:
            if self._size > self._limit:
                raise _too_large(self._limit)
            return []
        *blocks, rest = b"".join(self._pieces).split(b"\n\n")
        if self._size > self._limit and max(map(len, (*blocks, rest))) > self._limit:
            raise _too_large(self._limit)
        self._pieces = [rest] if rest else []
        self._size = len(rest)
        self._ends_in_lf = rest.endswith(b"\n")
        return _events(blocks)

    def flush(self) -> list[WireEvent]:
        """The stream has ended: give the event that no blank line completed, if there is one."""
        block = (self._head or b"") + b"".join(self._pieces)
        self._pieces, self._size, self._head = [], 0, None
        return _events([block]) if block else []

    def _without_bom(self, chunk: bytes) -> bytes:
        """Hold back the first bytes until it is sure whether they are a byte order mark."""
        head = (self._head or b"") + chunk
        if len(head) < len(_BOM) and _BOM.startswith(head):
            self._head = head
            return b""
        self._head = None
        return head.removeprefix(_BOM)

    def _with_line_feeds(self, chunk: bytes) -> bytes:
        """Make every line end a LF; the LF of a CRLF may be the first byte of the next chunk."""
        if not chunk:
            return chunk
        if self._after_cr and chunk[0] == 0x0A:
            chunk = chunk[1:]
        self._after_cr = chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _events(blocks: list[bytes]) -> list[WireEvent]:
    """Read blocks of lines, each of which is one event at most."""
    events: list[WireEvent] = []
    for block in blocks:
        # Nearly every event is one line of data, or a name and one line of data: no loop over lines for these.
        if block.startswith(b"data: ") and b"\n" not in block:
            events.append(WireEvent(block[6:]))
            continue
        name, separator, data = block.partition(b"\ndata: ")
        if separator and name.startswith(b"event: ") and b"\n" not in name and b"\n" not in data:
            events.append(WireEvent(data, name[7:].decode("utf-8", "replace") or None))
        elif (event := _event(block)) is not None:
            events.append(event)
    return events


def _event(block: bytes) -> WireEvent | None:
    """Read one block line by line, as the standard says."""
    data: list[bytes] = []
    name = b""
    for line in block.split(b"\n"):
        field, _, text = line.partition(b":")
        if field == b"data":
            data.append(text.removeprefix(b" "))
        elif field == b"event":
            name = text.removeprefix(b" ")
    if not data:
        return None
    return WireEvent(b"\n".join(data), name.decode("utf-8", "replace") or None)


def _too_large(limit: int) -> ProviderError:
    from genmux.engine.limits import too_large

    return too_large("one event of the stream", limit)
