"""Which bytes of a file are asked for: one range of RFC 9110, section 14."""

import re
from collections.abc import Mapping

import msgspec

_ONE = re.compile(r"(?ai)\s*bytes\s*=\s*(?:(?P<start>\d{1,18})\s*-\s*(?P<end>\d{1,18})?|-\s*(?P<last>\d{1,18}))\s*")


class Span(msgspec.Struct, frozen=True):
    """The bytes from `start` to before `end`."""

    start: int
    end: int

    @property
    def size(self) -> int:
        """How many there are."""
        return self.end - self.start

    def content_range(self, size: int) -> str:
        """As the header says it, of a file of so many bytes."""
        return f"bytes {self.start}-{self.end - 1}/{size}"


class UnsatisfiableError(Exception):
    """The range lies behind the end of the file."""


def span_of(headers: Mapping[bytes, bytes], *, size: int, tag: str) -> Span | None:
    """The part of a file of `size` bytes that a request wants; None for all of it. Raises UnsatisfiableError.

    Several ranges, other units and what cannot be read are ignored, as the standard allows; so is a range of another
    version of the file (`if-range`).
    """
    told = headers.get(b"range", b"").decode("latin-1")
    found = _ONE.fullmatch(told) if told else None
    if found is None or headers.get(b"if-range", tag.encode()).strip() != tag.encode():
        return None
    if found["last"] is not None:
        count = min(int(found["last"]), size)
        if not count:
            raise UnsatisfiableError
        return Span(size - count, size)
    start = int(found["start"])
    end = size if found["end"] is None else min(int(found["end"]) + 1, size)
    if found["end"] is not None and int(found["end"]) < start:
        return None  # no valid range at all
    if start >= size:
        raise UnsatisfiableError
    return Span(start, end)


def is_known(headers: Mapping[bytes, bytes], tag: str) -> bool:
    """Whether the caller has this version already (`if-none-match`)."""
    told = headers.get(b"if-none-match", b"").decode("latin-1")
    tags = [one.strip().removeprefix("W/") for one in told.split(",")]
    return tag in tags or "*" in tags
