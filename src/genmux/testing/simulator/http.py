"""Reads HTTP/1.1 requests from bytes; opens no socket (RFC 9112)."""

from collections.abc import Iterator, Mapping

import msgspec

HEAD_LIMIT = 64 * 1024
LINE_LIMIT = 1024
BODY_LIMIT = 64 * 1024 * 1024


class BadRequestError(ValueError):
    """What came is not an HTTP request; `status` is the answer to it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The head of a request; header names are lower case, of several equal ones the last counts."""

    method: str
    target: str
    version: str
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def keeps_alive(self) -> bool:
        """Whether further requests may follow on the connection."""
        said = self.headers.get("connection", "").lower()
        return "close" not in said if self.version == "HTTP/1.1" else "keep-alive" in said


class Request(msgspec.Struct, frozen=True):
    """A whole request."""

    head: Head
    body: bytes


class RequestParser:
    """Takes the bytes of one connection as they come."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._head: Head | None = None
        self._chunked = False
        self._length = 0
        self._body = bytearray()

    @property
    def idle(self) -> bool:
        """Whether nothing of a request was read."""
        return self._head is None and not self._buffer

    def feed(self, data: bytes) -> Iterator[Head | Request]:
        """Give each head as soon as it is there, and each request when it is whole. Raises BadRequestError."""
        self._buffer += data
        while True:
            if self._head is None:
                head = self._read_head()
                if head is None:
                    return
                self._head = head
                self._chunked, self._length = _framing(head.headers)
                yield head
            body = self._read_chunks() if self._chunked else self._read_length()
            if body is None:
                return
            whole = Request(self._head, body)
            self._head = None
            yield whole

    def _read_head(self) -> Head | None:
        while self._buffer.startswith(b"\r\n"):
            del self._buffer[:2]
        end = self._buffer.find(b"\r\n\r\n")
        if max(end, len(self._buffer) if end < 0 else 0) > HEAD_LIMIT:
            raise BadRequestError(431, f"the head of the request is longer than {HEAD_LIMIT} bytes")
        if end < 0:
            return None
        lines = self._buffer[:end].decode("latin-1").split("\r\n")
        del self._buffer[: end + 4]
        return _read_head(lines)

    def _read_length(self) -> bytes | None:
        if len(self._buffer) < self._length:
            return None
        body = bytes(self._buffer[: self._length])
        del self._buffer[: self._length]
        return body

    def _read_chunks(self) -> bytes | None:
        while True:
            end = self._buffer.find(b"\r\n", 0, LINE_LIMIT)
            if end < 0 and len(self._buffer) >= LINE_LIMIT:
                raise BadRequestError(400, "the size of a chunk never ends")
            if end < 0:
                return None
            size = _size(self._buffer[:end])
            if len(self._body) + size > BODY_LIMIT:
                raise BadRequestError(413, f"the body is larger than {BODY_LIMIT} bytes")
            if size == 0:
                return self._end_chunks(end)
            if len(self._buffer) < end + 2 + size + 2:
                return None
            if not self._buffer.startswith(b"\r\n", end + 2 + size):
                raise BadRequestError(400, "a chunk is longer than it says")
            self._body += self._buffer[end + 2 : end + 2 + size]
            del self._buffer[: end + 4 + size]

    def _end_chunks(self, end: int) -> bytes | None:
        """The last chunk has come; trailers may follow it."""
        if self._buffer.startswith(b"\r\n\r\n", end):
            last = end + 4
        elif (found := self._buffer.find(b"\r\n\r\n", end)) >= 0:
            last = found + 4
        else:
            return None
        del self._buffer[:last]
        body = bytes(self._body)
        self._body.clear()
        return body


def _read_head(lines: list[str]) -> Head:
    words = lines[0].split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise BadRequestError(400, f"the request line is {lines[0][:80]!r}; it must be METHOD TARGET HTTP/1.1")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise BadRequestError(400, f"{line[:80]!r} is no header")
        name = name.lower()
        value = value.strip()
        if name == "content-length" and headers.get(name, value) != value:
            raise BadRequestError(400, "two different values of content-length")
        headers[name] = value
    return Head(method=words[0], target=words[1], version=words[2], headers=headers)


def _framing(headers: Mapping[str, str]) -> tuple[bool, int]:
    """Whether the body comes in chunks, else its length."""
    coding, length = headers.get("transfer-encoding"), headers.get("content-length")
    if coding is not None:
        if coding.lower() != "chunked" or length is not None:
            raise BadRequestError(400, "transfer-encoding must be chunked, and without content-length")
        return True, 0
    if length is None:
        return False, 0
    if not (length.isascii() and length.isdecimal()):
        raise BadRequestError(400, f"content-length is {length!r}; it must be a number")
    if int(length) > BODY_LIMIT:
        raise BadRequestError(413, f"the body is larger than {BODY_LIMIT} bytes")
    return False, int(length)


def _size(line: bytes | bytearray) -> int:
    digits = bytes(line.partition(b";")[0]).strip()
    try:
        size = int(digits, 16) if digits.isalnum() else -1
    except ValueError:
        size = -1
    if size < 0:
        raise BadRequestError(400, f"the size of a chunk is {digits[:40]!r}; it must be a hexadecimal number")
    return size
