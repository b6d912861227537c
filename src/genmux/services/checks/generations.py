"""Does a generation fit its model? All faults are told at once, before anything is kept or sent."""

import difflib
from collections.abc import Iterator
from typing import Any

import msgspec

from genmux.contract.constraints import constraint_faults
from genmux.contract.manifest import ModelSpec
from genmux.contract.model import Model
from genmux.contract.params import InputParam, Param
from genmux.types.errors import ValidationError
from genmux.types.generation import GenerationRequest, Input, InputRole

LONGEST_PROMPT = 1_000_000
"""In characters, where the model says nothing."""

PROMPTED = Param(type="string", max=LONGEST_PROMPT)

ROLES: dict[str, InputRole] = {
    "image": "image", "audio": "audio", "video": "video", "document": "document", "text": "text",
}  # fmt: skip
"""What an input is for when nothing is said."""


def checked(request: GenerationRequest, model: Model) -> GenerationRequest:
    """The request with the roles of its inputs and the defaults of its parameters. Raises ValidationError with all faults."""
    request = msgspec.structs.replace(request, inputs=tuple(map(_with_role, request.inputs)))
    faults = (*_faults(request, model),)
    if faults:
        raise ValidationError(faults, provider=model.provider, model=model.id)
    spec = model.spec
    defaults = {
        name: param.default
        for name, param in params_of(spec, request.operation).items()
        if param.default is not None and name not in request.params
    }
    return msgspec.structs.replace(request, params={**defaults, **_given(request)})


def params_of(spec: ModelSpec, operation: str) -> dict[str, Param]:
    """The parameters of one operation of a model; the prompt is among them where something is said of it."""
    return {name: param for name, param in spec.params.items() if not param.operations or operation in param.operations}


def inputs_of(spec: ModelSpec, operation: str) -> dict[InputRole, InputParam]:
    """The inputs of one operation of a model."""
    return {role: one for role, one in spec.inputs.items() if not one.operations or operation in one.operations}


def _given(request: GenerationRequest) -> dict[str, Any]:
    return {name: value for name, value in request.params.items() if value is not None}


def _with_role(one: Input) -> Input:
    return one if one.role is not None else msgspec.structs.replace(one, role=ROLES[one.kind])


def _faults(request: GenerationRequest, model: Model) -> Iterator[str]:
    params = params_of(model.spec, request.operation)
    given = _given(request)
    yield from _prompt_faults(request, params.pop("prompt", None))
    yield from _param_faults(given, params, model)
    yield from _input_faults(request, inputs_of(model.spec, request.operation), model)
    values: dict[str, Any] = {name: one.default for name, one in params.items() if one.default is not None}
    values |= given | {str(one.role): True for one in request.inputs} | {"operation": request.operation}
    if request.prompt:
        values["prompt"] = request.prompt
    yield from constraint_faults(model.spec.constraints, values)


def _prompt_faults(request: GenerationRequest, param: Param | None) -> Iterator[str]:
    own = param or PROMPTED
    if own.required and not request.prompt:
        yield "`prompt` is empty; say what is to be made"
    elif request.prompt and (fault := own.fault("prompt", request.prompt)):
        yield fault


def _param_faults(given: dict[str, Any], params: dict[str, Param], model: Model) -> Iterator[str]:
    for name, value in given.items():
        param = params.get(name)
        if param is not None:
            if fault := param.fault(name, value):
                yield fault
        elif model.listed and model.spec.params:
            near = difflib.get_close_matches(name, sorted(params), n=3)
            hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(sorted(params))}"
            yield f"{model.reference} has no parameter `{name}`; {hint}"
    yield from (
        f"`{name}` must be given" for name, param in params.items() if param.required and given.get(name) is None
    )


def _input_faults(request: GenerationRequest, wanted: dict[InputRole, InputParam], model: Model) -> Iterator[str]:
    counts: dict[str, int] = {}
    for one in request.inputs:
        counts[str(one.role)] = counts.get(str(one.role), 0) + 1
        spec = wanted.get(one.role) if one.role is not None else None
        if spec is None and (wanted or model.spec.params):
            told = f"it takes {', '.join(wanted)}" if wanted else "it takes no inputs"
            yield f"{model.reference} takes no input with the role {one.role!r} for {request.operation}; {told}"
        elif spec is not None and spec.kind != one.kind:
            yield f"the input {one.role!r} must be of kind {spec.kind!r}, not {one.kind!r}"
    for role, spec in wanted.items():
        number, least = counts.get(role, 0), max(spec.min_count, 1 if spec.required else 0)
        if number < least:
            yield f"{request.operation} needs {least} input{'s' * (least > 1)} with the role {role!r}; {number} given"
        elif number > spec.max_count:
            yield f"there may be {spec.max_count} input{'s' * (spec.max_count > 1)} with the role {role!r}; {number} given"
