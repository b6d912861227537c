"""Python types as JSON Schema, and JSON back as those types."""

import sys
import typing
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from genmux.types.chat import OutputFormat
from genmux.types.content import Fields
from genmux.types.errors import InvalidRequestError, MalformedReplyError

Parse = Callable[[str], Any]
"""Turns the text of an answer into a value. Raises MalformedReplyError."""

WRAPPED = "value"
"""The only property of the object around a type that is none: providers demand an object."""

NAME_LENGTH = 64

_ONE = frozenset({"items", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else"})
_SEVERAL = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_NAMED = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})


def schema_of(kind: Any) -> Fields:
    """The JSON Schema of a type: pydantic's own for what is pydantic's, msgspec's for the rest.

    Raises InvalidRequestError when the type has no JSON form.
    """
    own = getattr(kind, "model_json_schema", None)
    if own is not None:
        return own()
    try:
        (root,), components = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    except (TypeError, RuntimeError, NameError) as error:
        adapter = _adapter(kind)
        if adapter is None:
            message = f"{kind!r} has no JSON Schema: {str(error).splitlines()[-1]}"
            raise InvalidRequestError(message) from error
        return adapter.json_schema()
    name = root.get("$ref", "").rpartition("/")[2]
    if name:  # providers demand the object itself, not a reference to it
        root = components[name]
        if not any(_refers(one, name) for one in components.values()):
            components = {other: schema for other, schema in components.items() if other != name}
    return {**root, "$defs": components} if components else root


def reader_of(kind: Any) -> Callable[[Any], Any]:
    """How decoded JSON becomes a value of the type. What it calls raises ValueError or `msgspec.ValidationError`."""
    validate = getattr(kind, "model_validate_json", None)
    if validate is None and not _is_plain(kind):
        validate = getattr(_adapter(kind), "validate_json", None)
    if validate is not None:  # pydantic reads some types more strictly from values than from JSON
        return lambda value: validate(msgspec.json.encode(value))
    return lambda value: msgspec.convert(value, kind, strict=False, str_keys=True)


def _is_plain(kind: Any) -> bool:
    """Whether msgspec understands a type."""
    try:
        msgspec.json.schema_components([kind])
    except (TypeError, RuntimeError, NameError):
        return False
    return True


def _adapter(kind: Any) -> Any:
    """Pydantic's view of a type that holds its models, where pydantic is in use; None when it has none."""
    pydantic = sys.modules.get("pydantic")
    if pydantic is None:
        return None
    try:
        adapter = pydantic.TypeAdapter(kind)
        adapter.json_schema()
    except pydantic.PydanticUserError:
        return None
    return adapter


def _refers(schema: Any, name: str) -> bool:
    return f'"#/$defs/{name}"'.encode() in msgspec.json.encode(schema)


def strict(schema: Any) -> Any:
    """The same schema as strict structured output demands it: every object closed, every property required.

    An object that is open by its nature (`dict[str, int]`) is left so; `is_strict` then says no.
    """
    if not isinstance(schema, dict):
        return schema
    inside = _mapped(schema, strict)
    properties = inside.get("properties")
    if not isinstance(properties, dict):
        return inside
    return {
        "additionalProperties": False,
        **inside,
        "properties": {name: _without_default(one) for name, one in properties.items()},
        "required": [*properties],
    }


def is_strict(schema: Any) -> bool:
    """Whether every object is closed and lists all its properties as required, without which strict mode is refused."""
    if not isinstance(schema, dict):
        return True
    is_object = schema.get("type") == "object" or "properties" in schema
    if is_object and schema.get("additionalProperties") is not False:
        return False
    if set(schema.get("required", ())) != set(schema.get("properties", ())):
        return False
    return all(is_strict(one) for one in _inside(schema))


def _mapped(schema: Fields, change: Callable[[Any], Any]) -> Fields:
    """The same schema with every schema inside it changed; names of properties are no keywords."""
    changed: Fields = {}
    for key, value in schema.items():
        if key in _NAMED and isinstance(value, dict):
            changed[key] = {name: change(one) for name, one in value.items()}
        elif key in _SEVERAL and isinstance(value, list):
            changed[key] = [change(one) for one in value]
        else:
            changed[key] = change(value) if key in _ONE else value
    return changed


def _inside(schema: Fields) -> list[Any]:
    found: list[Any] = []
    _mapped(schema, found.append)
    return found


def _without_default(schema: Any) -> Any:
    """What is required has no use for a default, and strict mode refuses it."""
    return {key: value for key, value in schema.items() if key != "default"} if isinstance(schema, dict) else schema


def output_of(output: Any) -> tuple[OutputFormat, Parse | None]:
    """What was asked for as an `OutputFormat`, and how the answer's text becomes a value. Raises InvalidRequestError."""
    if isinstance(output, OutputFormat):
        return output, None if output.kind == "text" else _any_json
    if isinstance(output, Mapping):
        schema = dict(output)
        return _format(str(schema.get("title", "answer")), schema), _any_json
    if output is dict:
        return OutputFormat(kind="json_object"), _parser(lambda value: msgspec.convert(value, dict[str, Any]))
    if not isinstance(output, type) and typing.get_origin(output) is None:
        message = f"`output` is {output!r:.100}; it must be a type, a JSON Schema or an `OutputFormat`"
        raise InvalidRequestError(message, param="output")
    schema, read = strict(schema_of(output)), reader_of(output)
    name = getattr(output, "__name__", "answer")
    if schema.get("type") == "object":
        return _format(name, schema), _parser(read)
    definitions = schema.pop("$defs", None)
    around = {
        "type": "object",
        "properties": {WRAPPED: schema},
        "required": [WRAPPED],
        "additionalProperties": False,
        **({"$defs": definitions} if definitions else {}),
    }
    return _format(name, around), _parser(lambda value: read(_unwrapped(value)))


def _unwrapped(value: Any) -> Any:
    """Take the value out of its object; a model that leaves the object away is understood too."""
    return value[WRAPPED] if isinstance(value, dict) and value.keys() == {WRAPPED} else value


def _format(name: str, schema: Fields) -> OutputFormat:
    clean = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "_-") else "_" for letter in name)
    return OutputFormat(
        kind="json_schema", schema=schema, name=clean[:NAME_LENGTH] or "answer", strict=is_strict(schema)
    )


def _any_json(text: str) -> Any:
    return _decoded(text)


def _parser(read: Callable[[Any], Any]) -> Parse:
    def parse(text: str) -> Any:
        value = _decoded(text)
        try:
            return read(value)
        except (msgspec.MsgspecError, ValueError, TypeError) as error:
            raise _unfit(text, error) from error

    return parse


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.MsgspecError as error:
        raise _unfit(text, error) from error


def _unfit(text: str, error: Exception) -> MalformedReplyError:
    message = f"the answer does not fit the asked output: {error}; it begins {text[:80]!r}"
    return MalformedReplyError(message, retry="unsure", body=text[:2_000])
