"""Where two JSON documents differ, in words that name the place."""

from collections.abc import Iterator
from typing import Any

import msgspec

FILLERS: tuple[Any, ...] = ({"data": "", "expires_at": 0, "id": "", "transcript": ""},)
"""Tables with which hosts fill fields that they do not use: `audio` (Snowflake)."""

_SHOWN = 80


def differing(recorded: Any, written: Any, place: str) -> Iterator[str]:
    """Every place at which the two are not equal. Key order makes no difference, nor does 1 or 1.0."""
    match recorded, written:
        case dict(), dict():
            for key in {**recorded, **written}:
                yield from _field(recorded, written, key, place)
        case list() | tuple(), list() | tuple() if len(recorded) == len(written):
            for number, (one, other) in enumerate(zip(recorded, written, strict=True)):
                yield from differing(one, other, f"{place}[{number}]")
        case _ if not equal(recorded, written):
            yield f"{place}: recorded {shown(recorded)}, written {shown(written)}"
        case _:
            pass


def _field(recorded: dict[str, Any], written: dict[str, Any], key: str, place: str) -> Iterator[str]:
    if key not in written:
        yield f"{place}.{key}: recorded {shown(recorded[key])}, written nothing"
    elif key not in recorded:
        yield f"{place}.{key}: recorded nothing, written {shown(written[key])}"
    else:
        yield from differing(recorded[key], written[key], f"{place}.{key}")


def lost(recorded: Any, written: Any, place: str) -> Iterator[str]:
    """Every place at which something that was recorded is not in what was written. Empty values say nothing and are not missed."""
    if is_empty(recorded):
        return
    match recorded, written:
        case dict(), dict():
            for key, value in recorded.items():
                yield from lost(value, written.get(key), f"{place}.{key}")
        case list(), list() if len(recorded) == len(written):
            for number, (one, other) in enumerate(zip(recorded, written, strict=True)):
                yield from lost(one, other, f"{place}[{number}]")
        case _ if not equal(recorded, written):
            yield f"{place}: recorded {shown(recorded)}, written {'nothing' if written is None else shown(written)}"
        case _:
            pass


def places(document: Any, place: str = "") -> Iterator[str]:
    """The places of all values that say something; the items of a list count as one place."""
    match document:
        case dict():
            for key, value in document.items():
                yield from places(value, f"{place}.{key}" if place else key)
        case list():
            for item in document:
                yield from places(item, f"{place}[]")
        case _ if not is_empty(document):
            yield place
        case _:
            pass


def is_empty(value: Any) -> bool:
    """Whether a value says nothing: null, an empty text, a filler, or a list or table of nothing but such."""
    match value:
        case None | "":
            return True
        case dict():
            return value in FILLERS or all(is_empty(inner) for inner in value.values())
        case list():
            return all(is_empty(inner) for inner in value)
        case _:
            return False


def equal(one: Any, other: Any) -> bool:
    """Equal as JSON: unlike in Python, true is not 1."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def shown(value: Any) -> str:
    """A value as short JSON."""
    text = msgspec.json.encode(value).decode("utf-8", "replace")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
