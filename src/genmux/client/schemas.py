"""Python types as JSON Schema, and JSON back as those types."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from genmux.types.chat import OutputFormat
from genmux.types.content import Fields
from genmux.types.errors import InvalidRequestError, MalformedReplyError

Parse = Callable[[str], Any]


def schema_of(kind: Any) -> Fields:
    """The JSON Schema of a type: pydantic's own for pydantic models, msgspec's for the rest.

    Raises InvalidRequestError when the type has no JSON form.
    """
    own = getattr(kind, "model_json_schema", None)
    if own is not None:
        return own()
    try:
        (root,), components = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    except TypeError as error:
        message = f"{kind!r} has no JSON Schema: {error}"
        raise InvalidRequestError(message) from error
    name = root.get("$ref", "").rpartition("/")[2]
    if name:
        root = (
            components.pop(name)
            if not _refers(components, name) and not _refers(components[name], name)
            else components[name]
        )
    return {**root, "$defs": components} if components else root


def _refers(schema: Any, name: str) -> bool:
    return f'"#/$defs/{name}"'.encode() in msgspec.json.encode(schema)


def closed(schema: Any) -> Any:
    """The same schema with every object closed to further properties, as strict structured output demands."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inside = {
        key: closed(value) for key, value in schema.items() if key not in ("default", "enum", "const", "examples")
    }
    kept = {key: schema[key] for key in ("enum", "const") if key in schema}
    shut = {"additionalProperties": False} if schema.get("type") == "object" and "properties" in schema else {}
    return {**inside, **kept, **({} if "additionalProperties" in schema else shut)}


def strict_ready(schema: Any) -> bool:
    """Whether every object lists all its properties as required, without which strict mode is refused."""
    if isinstance(schema, list):
        return all(map(strict_ready, schema))
    if not isinstance(schema, dict):
        return True
    properties = schema.get("properties")
    if isinstance(properties, dict) and set(schema.get("required", ())) != set(properties):
        return False
    return schema.get("additionalProperties") in (None, False) and all(map(strict_ready, schema.values()))


def output_of(
    output: OutputFormat | Mapping[str, Any] | type | None,
) -> tuple[OutputFormat | None, Parse | None]:
    """What was asked for as an `OutputFormat`, and how the answer's text becomes a value."""
    if output is None:
        return None, None
    if isinstance(output, OutputFormat):
        return output, None if output.kind == "text" else _any_json
    if isinstance(output, Mapping):
        return _format("answer", dict(output)), _any_json
    name = getattr(output, "__name__", "answer")
    return _format(name, schema_of(output)), _parser(output)


def _format(name: str, schema: Fields) -> OutputFormat:
    shut = closed(schema)
    clean = "".join(letter if letter.isalnum() or letter in "_-" else "_" for letter in name)[:64] or "answer"
    return OutputFormat(kind="json_schema", schema=shut, name=clean, strict=strict_ready(shut))


def _any_json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise _unfit(text, error) from error


def _parser(kind: Any) -> Parse:
    validate = getattr(kind, "model_validate_json", None)

    def parse(text: str) -> Any:
        try:
            return validate(text) if validate is not None else msgspec.json.decode(text, type=kind)
        except (msgspec.MsgspecError, ValueError) as error:
            raise _unfit(text, error) from error

    return parse


def _unfit(text: str, error: Exception) -> MalformedReplyError:
    message = f"the answer does not fit the asked output: {error}; it begins {text[:80]!r}"
    return MalformedReplyError(message, retry="unsure", body=text[:2_000])
