"""JSON Schemas in the form that structured output and strict tools take here.

The API wants every object closed, knows no limits on numbers, lengths and counts, and has `anyOf` for `oneOf`
(platform.claude.com/docs/en/build-with-claude/structured-outputs and the schema transformation of the official SDK,
2026-11). Limits are said in the description instead, where the model reads them.
"""

from typing import Any

from genmux.types.content import Fields

_LIMITS = frozenset({
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "minItems",
    "maxItems", "uniqueItems", "minProperties", "maxProperties",
})  # fmt: skip
_NAMED = ("properties", "$defs", "definitions")
_LISTED = {"anyOf": "anyOf", "oneOf": "anyOf", "allOf": "allOf"}


def fitted(schema: Fields) -> Fields:
    """The same schema as the API takes it. An object that is open on purpose is left so: the API then says why not."""
    fields: Fields = {}
    limits: list[str] = []
    for key, value in schema.items():
        if key in _LIMITS and not (key == "minItems" and value in (0, 1)):
            limits.append(f"{key}: {value}")
        elif key in _NAMED and isinstance(value, dict):
            fields[key] = {name: _inner(one) for name, one in value.items()}
        elif key in _LISTED and isinstance(value, list):
            fields[_LISTED[key]] = [_inner(one) for one in value]
        elif key != "discriminator":
            fields[key] = _inner(value) if key == "items" else value
    if limits:
        fields["description"] = "\n\n".join(filter(None, (fields.get("description"), f"({', '.join(limits)})")))
    if schema.get("type") == "object":
        fields.setdefault("additionalProperties", False)
    return fields


def _inner(schema: Any) -> Any:
    return fitted(schema) if isinstance(schema, dict) else schema
