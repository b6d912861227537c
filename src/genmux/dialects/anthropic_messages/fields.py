"""The border: a decoded JSON object, of which known fields are taken. What is left over is carried as `extra`.

So nothing that a provider adds is lost, and a known field of an odd type is carried instead of breaking anything.
"""

from typing import TypeVar

from genmux.types.content import Fields
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


def take(fields: Fields, key: str, kind: type[T]) -> T | None:
    """Take a field of exactly this type. A null is taken as well and counts as absent; any other value stays where it is."""
    value = fields.get(key)
    if type(value) is kind:
        del fields[key]
        return value
    if value is None:
        fields.pop(key, None)
    return None


def drop_null(fields: Fields, *keys: str) -> None:
    """Leave out what is null: these fields are so when there is nothing to say."""
    for key in keys:
        if key in fields and fields[key] is None:
            del fields[key]


def demand(fields: Fields, key: str, kind: type[T], place: str = "") -> T | None:
    """Take a field that a caller may leave out. Raises InvalidRequestError that names it when it has another type."""
    value = take(fields, key, kind)
    if value is None and key in fields:
        raise wrong(f"{place}{key}", f"must be {_NAMES[kind]}, not {fields[key]!r:.60}")
    return value


def demand_number(fields: Fields, key: str) -> float | None:
    """Take a number that a caller may leave out."""
    value = take(fields, key, int)
    return demand(fields, key, float) if value is None else value


def wrong(place: str, fault: str) -> InvalidRequestError:
    """The error for a caller's field; it reads like the provider's own (`messages.0.content: …`)."""
    return InvalidRequestError(f"{place}: {fault}", param=place)
