"""Reads a JSON Schema: follows references, folds combinations together, leaves one plain schema for one value."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote

from genmux.types.content import Fields

FOLDS = 100
"""How many references and combinations may stand on top of each other before it is a circle."""

_ARRAY_WORDS = ("items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains")
_OBJECT_WORDS = ("properties", "required", "additionalProperties", "minProperties", "maxProperties")
_STRING_WORDS = ("minLength", "maxLength", "pattern", "format")
_NUMBER_WORDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_TYPE_BY_WORD = {
    **dict.fromkeys(_OBJECT_WORDS, "object"),
    **dict.fromkeys(_ARRAY_WORDS, "array"),
    **dict.fromkeys(_STRING_WORDS, "string"),
    **dict.fromkeys(_NUMBER_WORDS, "number"),
}
_KINDS: dict[str, tuple[type, ...]] = {
    "null": (type(None),),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "array": (list,),
    "object": (dict,),
}


class UnfitSchemaError(ValueError):
    """No value could be made for a schema."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"no value can be made for the schema at {place}: {reason}")


def alternatives(schema: Any, root: Fields, place: str) -> list[Fields]:
    """The plain schemas of which a value may fit any one, in the order in which they are written.

    A plain one has no `$ref`, `allOf`, `anyOf` or `oneOf` at its top.
    """
    plain: list[Fields] = []
    waiting: list[tuple[Any, int]] = [(schema, 0)]
    while waiting:
        one, folds = waiting.pop(0)
        if folds > FOLDS:
            raise UnfitSchemaError(place, "its references lead in a circle")
        if one is True:
            one = {}
        if not isinstance(one, dict):
            continue
        opened = _open(one, root, place)
        if opened is None:
            plain.append(one)
        else:
            waiting[:0] = [(branch, folds + 1) for branch in opened]
    if not plain:
        raise UnfitSchemaError(place, "nothing fits it")
    return plain


def _open(schema: Fields, root: Fields, place: str) -> list[Any] | None:
    """Take the outermost fold away; None when there is none."""
    if "$ref" in schema:
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        return [_merged((_referred(schema["$ref"], root, place), rest))]
    if "allOf" in schema:
        rest = {key: value for key, value in schema.items() if key != "allOf"}
        return [_merged((rest, *schema["allOf"]))]
    for word in ("anyOf", "oneOf"):
        if word in schema:
            rest = {key: value for key, value in schema.items() if key != word}
            return [_merged((rest, branch)) for branch in schema[word]]
    return None


def _referred(reference: Any, root: Fields, place: str) -> Any:
    found: Any = root
    path = str(reference).removeprefix("#").strip("/")
    try:
        for step in path.split("/") if path else ():
            key = unquote(step).replace("~1", "/").replace("~0", "~")
            found = found[int(key)] if isinstance(found, list) else found[key]
    except (KeyError, IndexError, ValueError, TypeError):
        found = None
    if found is None or not str(reference).startswith("#"):
        raise UnfitSchemaError(place, f"there is nothing at the reference {reference!r}")
    return found


def _merged(schemas: Iterable[Any]) -> Any:
    """One schema that demands what all of them demand; False when one of them admits nothing."""
    merged: Fields = {}
    for schema in schemas:
        if schema is False:
            return False
        if isinstance(schema, dict):
            for key, value in schema.items():
                merged[key] = _both(key, merged[key], value) if key in merged else value
    return merged


def _both(key: str, one: Any, other: Any) -> Any:
    """What a word of the schema says when two schemas say it."""
    fold = _FOLDS.get(key)
    return fold(one, other) if fold else other


def _fold_properties(one: Fields, other: Fields) -> Fields:
    return one | {name: {"allOf": [one[name], to]} if name in one else to for name, to in other.items()}


def _fold_types(one: Any, other: Any) -> Any:
    return [name for name in _names(one) if name in _names(other)] or other


def _fold_branches(one: list[Any], other: list[Any]) -> list[Any]:
    return [{"allOf": [first, second]} for first in one for second in other]


def _fold_rest(one: Any, other: Any) -> Any:
    return False if one is False or other is False else {"allOf": [one, other]}


_FOLDS: dict[str, Callable[[Any, Any], Any]] = {
    **dict.fromkeys(("properties", "$defs", "definitions"), _fold_properties),
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), min),
    **dict.fromkeys(("anyOf", "oneOf"), _fold_branches),
    **dict.fromkeys(("items", "additionalProperties"), _fold_rest),
    "required": lambda one, other: [*one, *(name for name in other if name not in one)],
    "enum": lambda one, other: [value for value in one if value in other],
    "allOf": lambda one, other: [*one, *other],
    "type": _fold_types,
}


def _names(kind: Any) -> list[str]:
    return [kind] if isinstance(kind, str) else list(kind)


def type_names(schema: Fields) -> list[str]:
    """The types that a plain schema admits; without the word, the one that its other words are about."""
    if "type" in schema:
        return _names(schema["type"])
    return next(([kind] for word, kind in _TYPE_BY_WORD.items() if word in schema), ["string"])


def is_of_type(value: Any, names: Iterable[str]) -> bool:
    """Whether a JSON value is of one of the types."""
    return any(
        isinstance(value, _KINDS.get(name, ())) and not (isinstance(value, bool) and name in ("integer", "number"))
        for name in names
    )


def weight(schema: Fields) -> int:
    """How much more a value of a plain schema leads to, from nothing (0) to an object (3)."""
    if "const" in schema or "enum" in schema:
        return 0
    weights = {"null": 0, "array": 2, "object": 3}
    return min(weights.get(name, 1) for name in type_names(schema))
