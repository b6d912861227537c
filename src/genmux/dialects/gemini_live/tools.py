"""Tools as a Live API wants them."""

from collections.abc import Iterable
from typing import Any

from genmux.types.chat import Tool

_KEYS = frozenset({
    "type", "format", "title", "description", "nullable", "enum", "items", "properties", "required", "anyOf", "minItems",
    "maxItems", "minProperties", "maxProperties", "minLength", "maxLength", "minimum", "maximum", "pattern", "default", "example",
})  # fmt: skip
"""What Google's own form of a schema knows (google-genai 3.6.1, `Schema`)."""

_IGNORED = frozenset({"additionalProperties", "$schema", "$id", "strict"})
"""What may be left out without changing what the model is told."""


def write_tools(tools: Iterable[Tool]) -> list[dict[str, Any]]:
    """Functions together, and each tool of Google's own as a table under its name."""
    functions = [_function(tool) for tool in tools if tool.kind == "function"]
    own = [{tool.kind: tool.extra or {}} for tool in tools if tool.kind != "function"]
    return [{"functionDeclarations": functions}, *own] if functions else own


def _function(tool: Tool) -> dict[str, Any]:
    written: dict[str, Any] = {"name": tool.name, "description": tool.description or ""}
    schema = tool.parameters
    if schema and schema.get("properties"):
        simple = _simple(schema)
        written |= {"parametersJsonSchema": schema} if simple is None else {"parameters": simple}
    return {**written, **(tool.extra or {})}


def _simple(schema: Any) -> dict[str, Any] | None:
    """A schema in Google's own form; None where it says something that this form cannot say."""
    if not isinstance(schema, dict):
        return None
    written: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _IGNORED:
            continue
        if key not in _KEYS:
            return None
        inner = _inner(key, value)
        if inner is None:
            return None
        written[key] = inner
    return written


def _inner(key: str, value: Any) -> Any:
    match key, value:
        case "type", str():
            return value.upper()
        case "items", dict():
            return _simple(value)
        case "properties", dict():
            simple = {name: _simple(one) for name, one in value.items()}
            return None if None in simple.values() else simple
        case "anyOf", list():
            several = [_simple(one) for one in value]
            return None if None in several else several
        case "enum", list():
            return value if all(isinstance(one, str) for one in value) else None
        case (("type" | "items" | "properties" | "anyOf" | "enum"), _):
            return None
        case _:
            return value
