"""How a download goes on after it broke: asked for the rest, on condition that the file is still the same."""

import re
from collections.abc import Mapping

import msgspec

_CONTENT_RANGE = re.compile(r"(?ai)bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")


class Resumption(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a file of which a part is there: how the server recognizes it, and how long it is."""

    validator: str
    size: int | None

    def headers(self, received: int) -> tuple[tuple[str, str], ...]:
        """Ask for everything after so many bytes, or for all of it when it is another file by now."""
        return (("range", f"bytes={received}-"), ("if-range", self.validator))

    def fits(self, headers: Mapping[str, str], received: int) -> bool:
        """Whether a partial reply (206) goes on where the first one broke off."""
        found = _CONTENT_RANGE.fullmatch(headers.get("content-range", ""))
        if found is None or int(found[1]) != received:
            return False
        return found[3] == "*" or self.size is None or int(found[3]) == self.size


def resumption_of(headers: Mapping[str, str], size: int | None) -> Resumption | None:
    """How to go on with a reply that begins; None where it can only begin anew.

    That takes a server that gives parts, a strong validator (RFC 9110, 13.1.5), and bytes that are not encoded on the way.
    """
    if headers.get("accept-ranges", "").strip().lower() != "bytes" or headers.get("content-encoding"):
        return None
    tag = headers.get("etag", "").strip()
    return Resumption(validator=tag, size=size) if tag.startswith('"') else None


def total_of(headers: Mapping[str, str]) -> int | None:
    """The length of the whole file, as a partial reply tells it."""
    found = _CONTENT_RANGE.fullmatch(headers.get("content-range", ""))
    return int(found[3]) if found is not None and found[3] != "*" else None


def length_of(headers: Mapping[str, str]) -> int | None:
    """How long the body is, where that is said and means the bytes that will be read."""
    told = headers.get("content-length", "").strip()
    return (
        int(told)
        if told.isascii() and told.isdecimal() and len(told) <= 18 and not headers.get("content-encoding")
        else None
    )
