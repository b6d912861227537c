"""Fits what callers of one shape ask to any model: what it knows by another name, and what it does not know at all."""

from collections.abc import Mapping
from typing import Any

import msgspec

from genmux.contract.model import Model
from genmux.contract.params import Param
from genmux.contract.sizes import AUTO, fit_size
from genmux.services.checks import params_of
from genmux.types.generation import GenerationRequest
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

Warnings = tuple[Warning, ...]

_USUAL: dict[str, Any] = {"n": 1}
"""What is said by leaving it out."""

_READERS: dict[str, Any] = {"integer": int, "number": float, "boolean": {"true": True, "false": False}.__getitem__}
"""How the texts of a form become values."""


def fitted(
    request: GenerationRequest, extra: Mapping[str, Any], model: Model, *, clamp: bool = False
) -> tuple[GenerationRequest, Warnings]:
    """The request with parameters that its model has, and what was made of the others.

    `extra` are fields that the shape does not know: the model's own parameters are among them. A number of results that the
    model cannot give stays, so that it is refused. With `clamp`, numbers are pulled into their range.
    """
    specs = params_of(model.spec, request.operation)
    params, warnings = fit_size(request.params, specs)
    told = [*warnings]
    kept: dict[str, Any] = {}
    for name, value in params.items():
        spec = specs.get(name)
        if spec is None and specs:
            if name == "n" and value != _USUAL[name]:
                kept[name] = value
            elif value not in (AUTO, _USUAL.get(name)):
                told.append(Warning("unsupported", name, f"{model.reference} does not know it; it is left out"))
        elif value != AUTO or spec is None or not spec.choices or value in spec.choices:
            kept[name] = value
    for name, value in extra.items():
        spec = specs.get(name)
        if spec is None:
            told.append(Warning("unsupported", name, f"{model.reference} does not know it; it is left out"))
        else:
            kept[name] = _read(value, spec)
    if clamp:
        kept = {name: _clamped(name, value, specs, told) for name, value in kept.items()}
    return msgspec.structs.replace(request, params=kept), tuple(told)


def _read(value: Any, spec: Param) -> Any:
    """A text as what the parameter wants; the text itself where it is none, so that it is refused by its name."""
    reader = _READERS.get(spec.type)
    if reader is None or not isinstance(value, str):
        return value
    try:
        return reader(value)
    except (ValueError, KeyError):
        return value


def _clamped(name: str, value: Any, specs: Mapping[str, Param], told: list[Warning]) -> Any:
    spec = specs.get(name)
    if spec is None or isinstance(value, bool) or not isinstance(value, int | float):
        return value
    near = spec.clamp(value)
    if near != value:
        told.append(Warning("clamped", name, f"{value:g} became {near:g}"))
    return near
