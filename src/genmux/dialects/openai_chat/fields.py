"""The border: a decoded JSON object, of which known fields are taken. What is left over is carried as `extra`.

So nothing that a host adds is lost, and a known field of an odd type is carried instead of breaking anything.

In `extra` a key with the value None is a mark: it says in which of several fields something stood (`reasoning` or
`reasoning_content`, say), so that it goes back there. Nothing is lost where a mark is dropped.
"""

from typing import Any, TypeVar

import msgspec

from genmux.dialects.openai_chat.schema import OBJECT
from genmux.types.content import Cache, Fields
from genmux.types.errors import InvalidRequestError

T = TypeVar("T")

_NAMES: dict[type, str] = {
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}


def read_object(body: bytes) -> Fields:
    """Decode a caller's body. Raises InvalidRequestError when it is not a JSON object."""
    try:
        return OBJECT.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequestError(f"the body is not a JSON object in UTF-8: {error}") from error


def take(fields: Fields, key: str, kind: type[T]) -> T | None:
    """Take a field of exactly this type. A null is taken as well and counts as absent; any other value stays."""
    value = fields.get(key)
    if type(value) is kind:
        del fields[key]
        return value
    if value is None:
        fields.pop(key, None)
    return None


def demand(fields: Fields, key: str, kind: type[T], place: str | None = "") -> T | None:
    """Take a field that a caller may leave out; `place` is what stands before its name in errors.

    Raises InvalidRequestError that names it when it has another type. Without a place (None: it stands in a reply, not
    in a request) an odd value just stays.
    """
    value = take(fields, key, kind)
    if value is None and place is not None and key in fields:
        raise wrong(f"{place}{key}", f"must be {_NAMES[kind]}, not {fields[key]!r:.60}")
    return value


def demand_number(fields: Fields, key: str) -> float | None:
    """Take a number that a caller may leave out."""
    value = take(fields, key, int)
    return demand(fields, key, float) if value is None else value


def take_cache(fields: Fields) -> Cache | None:
    """Take OpenRouter's `cache_control` (openrouter.ai/docs/features/prompt-caching, 2026-11)."""
    marker = fields.get("cache_control")
    if not isinstance(marker, dict) or marker.get("type") != "ephemeral":
        return None
    del fields["cache_control"]
    rest = {key: value for key, value in marker.items() if key != "type"}
    return Cache(ttl=take(rest, "ttl", str), extra=rest or None)


def json_text(value: Any) -> str:
    """A value that should have been a string, as JSON text: some hosts parse what they should quote."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def wrong(place: str, fault: str) -> InvalidRequestError:
    """The error for a caller's field."""
    return InvalidRequestError(f"`{place}` {fault}", param=place)
