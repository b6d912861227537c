"""Why a WebSocket was refused, in a header: few clients can read the body of such an answer."""

from collections.abc import Mapping

REFUSED = "x-genmux-error"
"""In this header a gateway repeats the body of its refusal."""

LONGEST = 2_000


def spelt(body: bytes) -> str:
    """A JSON document as a header can carry it: one line of ASCII; empty where it is too long."""
    line = "".join(one if one.isascii() else "".join(map("\\u{:04x}".format, _units(one))) for one in body.decode())
    line = " ".join(line.split())
    return line if len(line) <= LONGEST else ""


def refusal_of(headers: Mapping[str, str]) -> bytes:
    """The document of a refusal, from the headers (names in lower case); empty where there is none."""
    return headers.get(REFUSED, "").encode()


def _units(letter: str) -> tuple[int, ...]:
    """The UTF-16 units of a letter, as JSON escapes them."""
    coded = letter.encode("utf-16-be")
    return tuple(int.from_bytes(coded[at : at + 2]) for at in range(0, len(coded), 2))
