"""What an operation of a model takes, as JSON Schema with hints for a form: made from its parameters, inputs and constraints."""

from typing import Any

import msgspec

from genmux.contract.constraints import Constraint
from genmux.contract.model import Model
from genmux.contract.params import InputParam, Param
from genmux.services.checks import PROMPTED, inputs_of, params_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"
HINTS = "x-ui"
"""Under this name a property has what a form wants to know beside its type."""

MAIN = "main"
"""The group of what belongs to no other."""


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """A form for one `operation` of a model; `operations` are all that it has.

    `json_schema` describes one flat object: the prompt, the parameters by their names, and the inputs by their roles. `groups` are in
    the order in which they are to be shown. `typical_seconds` is how long it usually takes.
    """

    model: str
    operation: str
    operations: tuple[str, ...]
    json_schema: dict[str, Any]
    groups: tuple[str, ...]
    typical_seconds: float | None = None
    simulated: bool = False


def form_of(model: Model, operation: str, operations: tuple[str, ...]) -> Form:
    """The form for an operation that the model has."""
    params, inputs = params_of(model.spec, operation), inputs_of(model.spec, operation)
    prompt = params.pop("prompt", PROMPTED)
    properties = {"prompt": _param(prompt, widget="textarea")}
    properties |= {str(role): _input(one) for role, one in inputs.items()}
    properties |= {name: _param(one) for name, one in params.items() if one.supported}
    required = [name for name, one in (("prompt", prompt), *params.items()) if one.required]
    required += [str(role) for role, one in inputs.items() if one.required or one.min_count]
    schema: dict[str, Any] = {
        "$schema": DIALECT,
        "title": f"{operation} of {model.reference}",
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": not (model.listed and bool(model.spec.params)),
    }
    if rules := [rule for one in model.spec.constraints if (rule := _rule(one, properties)) is not None]:
        schema["allOf"] = rules
    groups = dict.fromkeys(one[HINTS]["group"] for one in properties.values())
    return Form(
        model=model.reference,
        operation=operation,
        operations=operations,
        json_schema=schema,
        groups=tuple(groups),
        typical_seconds=model.spec.typical_seconds,
        simulated=model.spec.simulated,
    )


def _param(param: Param, *, widget: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"type": param.type}
    sized = {"string": ("minLength", "maxLength"), "array": ("minItems", "maxItems")}
    low, high = sized.get(param.type, ("minimum", "maximum"))
    told = {
        "title": param.label,
        "description": param.description,
        "default": param.default,
        "enum": list(param.choices) or None,
        low: _number(param.min),
        high: _number(param.max),
        "multipleOf": param.step if param.step and not param.min else None,
    }
    found |= {name: value for name, value in told.items() if value is not None}
    hints = {
        "group": param.group or MAIN,
        "widget": param.widget or widget or _widget(param),
        "unit": param.unit,
        "step": param.step,
        "advanced": param.advanced or None,
    }
    return found | {HINTS: {name: value for name, value in hints.items() if value is not None}}


def _widget(param: Param) -> str:
    """How a parameter is best chosen when nothing is said."""
    if param.choices:
        return "segmented" if len(param.choices) <= 4 else "select"
    if param.type == "boolean":
        return "switch"
    if param.type in ("integer", "number"):
        return "slider" if param.min is not None and param.max is not None and param.max <= 1_000 else "number"
    return "text"


def _input(one: InputParam) -> dict[str, Any]:
    hints = {
        "group": one.group or "inputs",
        "widget": one.kind,
        "accept": list(one.media_types) or [f"{one.kind}/*"],
        "max_bytes": one.max_bytes,
        "min_side": one.min_side,
        "max_side": one.max_side,
        "min_seconds": one.min_seconds,
        "max_seconds": one.max_seconds,
    }
    source: dict[str, Any] = {"type": "string", "format": "uri-reference"}
    told = {"title": one.label, "description": one.description}
    found = source
    if one.max_count > 1:
        found = {"type": "array", "items": source, "minItems": one.min_count, "maxItems": one.max_count}
    found = found | {name: value for name, value in told.items() if value is not None}
    return found | {HINTS: {name: value for name, value in hints.items() if value is not None}}


def _rule(one: Constraint, properties: dict[str, Any]) -> dict[str, Any] | None:
    """A constraint as `if` and `then`; None where it speaks of what this operation does not have."""
    names = [name for name in one.when if name != "operation"]
    if one.param not in properties or any(name not in properties for name in names):
        return None
    conditions: dict[str, Any] = {}
    given: list[str] = []
    absent: list[str] = []
    for name in names:
        wanted = one.when[name]
        if isinstance(wanted, bool) and properties[name].get("type") != "boolean":
            (given if wanted else absent).append(name)
            continue
        conditions[name] = {"enum": list(wanted) if isinstance(wanted, tuple) else [wanted]}
        if properties[name].get("default") is None:
            given.append(name)
    when: dict[str, Any] = {"properties": conditions, "required": given}
    if absent:
        when["not"] = {"anyOf": [{"required": [name]} for name in absent]}
    return {"if": when, "then": _then(one), "$comment": one.reason or ""}


def _then(one: Constraint) -> dict[str, Any]:
    if one.forbidden:
        return {"not": {"required": [one.param]}}
    told = {"enum": list(one.choices) or None, "minimum": _number(one.min), "maximum": _number(one.max)}
    limits = {name: value for name, value in told.items() if value is not None}
    then: dict[str, Any] = {"properties": {one.param: limits}} if limits else {}
    return then | ({"required": [one.param]} if one.required else {})


def _number(value: float | None) -> float | None:
    """A bound as people write it."""
    return int(value) if value is not None and value == int(value) else value
