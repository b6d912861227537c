"""Takes known fields out of what a caller sent, each of its kind."""

from typing import Any

from genmux.types.content import Fields
from genmux.types.errors import InvalidRequestError

TEXT, NUMBER, COUNT, TRUTH = "a text", "a number", "a whole number", "true or false"

_KINDS: dict[str, tuple[type, ...]] = {TEXT: (str,), NUMBER: (int, float), COUNT: (int,), TRUTH: (bool,)}


def take(fields: Fields, name: str, words: str) -> Any:
    """One field, removed from the others; None where it is not there. Raises InvalidRequestError for one of another kind."""
    value = fields.pop(name, None)
    if value is not None and type(value) not in _KINDS[words]:
        raise wrong(name, f"must be {words}, not {value!r:.60}")
    return value


def choose(fields: Fields, name: str, choices: tuple[str, ...], usual: str) -> Any:
    """A field that has one of a few values. Raises InvalidRequestError that lists them."""
    value = fields.pop(name, None)
    if value is None:
        return usual
    if value not in choices:
        raise wrong(name, f"is {value!r:.60}; it must be one of {', '.join(choices)}")
    return value


def wrong(place: str, fault: str) -> InvalidRequestError:
    """The error for a field."""
    return InvalidRequestError(f"`{place}` {fault}", param=place)
