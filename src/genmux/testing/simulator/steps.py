"""What a reply is made of on the wire: bytes, pauses, and ways to break off; and how heads and chunks are written."""

from collections.abc import Iterator
from enum import Enum
from http import HTTPStatus

from genmux.contract.dialect import Answer
from genmux.contract.local import Pause


class Cut(Enum):
    """Ways to stop that no server should know."""

    FIN = "say no more, and close the sending side of the connection"
    RESET = "tear the connection down"
    STALL = "say no more, and keep the connection open until the client leaves"


Step = bytes | Pause | Cut
Steps = Iterator[Step]
"""One reply; the connection plays it step by step. Closing the iterator means that the client has left."""

Headers = tuple[tuple[str, str], ...]

JSON: Headers = (("content-type", "application/json"),)
EVENT_STREAM: Headers = (("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-cache"))
CHUNKED: Headers = (("transfer-encoding", "chunked"),)
LAST_CHUNK = b"0\r\n\r\n"

_REASONS = {status.value: status.phrase for status in HTTPStatus}


def head(status: int, headers: Headers) -> bytes:
    """The head of a reply."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {status} {_REASONS.get(status, 'Unusual')}\r\n{lines}\r\n".encode("latin-1")


def whole(status: int, headers: Headers, body: bytes) -> bytes:
    """A whole reply that tells its length."""
    return head(status, (*headers, ("content-length", str(len(body))))) + body


def whole_answer(answer: Answer) -> bytes:
    """A dialect's answer as a whole reply."""
    return whole(answer.status, answer.headers, answer.body)


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body; nothing for no data, which would end the body."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""
