"""Does a request fit its model? Either all faults are told at once, or the request is made to fit and says how."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from genmux.contract.features import Support
from genmux.contract.model import Model
from genmux.contract.params import Param
from genmux.types.chat import ChatRequest
from genmux.types.content import Audio, File, Image
from genmux.types.embed import EmbedRequest
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

PARAMS = (
    "max_tokens",
    "temperature",
    "top_p",
    "top_k",
    "stop",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "n",
    "logprobs",
    "top_logprobs",
    "service_tier",
    "parallel_tool_calls",
    "dimensions",
)
"""The fields of a request that a manifest can give a range."""

UNIVERSAL: dict[str, Param] = {
    "max_tokens": Param(type="integer", min=1),
    "temperature": Param(type="number", min=0, max=2),
    "top_p": Param(type="number", min=0, max=1),
    "top_k": Param(type="integer", min=0),
    "n": Param(type="integer", min=1),
    "top_logprobs": Param(type="integer", min=0, max=20),
    "frequency_penalty": Param(type="number", min=-2, max=2),
    "presence_penalty": Param(type="number", min=-2, max=2),
    "dimensions": Param(type="integer", min=1),
}
"""Ranges that hold for every model whose manifest says nothing closer."""


def _has(kind: type) -> Callable[[ChatRequest], bool]:
    return lambda request: any(isinstance(block, kind) for message in request.messages for block in message.content)


NEEDS: tuple[tuple[str, str, Callable[[ChatRequest], bool]], ...] = (
    ("tools", "tools", lambda request: bool(request.tools)),
    (
        "reasoning",
        "reasoning",
        lambda request: request.reasoning is not None and request.reasoning.enabled is not False,
    ),
    ("messages", "vision", _has(Image)),
    ("messages", "audio_input", _has(Audio)),
    ("messages", "documents", _has(File)),
)
"""Field, the feature that it needs, and whether a request needs it."""


def faults(request: ChatRequest | EmbedRequest, model: Model) -> tuple[str, ...]:
    """Everything that is wrong with a request for this model, in words; empty when it fits."""
    return (*_param_faults(request, model), *_feature_faults(request, model), *_shape_faults(request))


def _set_params(request: ChatRequest | EmbedRequest, model: Model) -> Iterator[tuple[str, Param, Any]]:
    declared = model.spec.params
    for name in PARAMS:
        value = getattr(request, name, None)
        if value is None or value == ():
            continue
        param = declared.get(name) or UNIVERSAL.get(name)
        if param is not None:
            yield name, param, value


def _param_faults(request: ChatRequest | EmbedRequest, model: Model) -> Iterator[str]:
    for name, param, value in _set_params(request, model):
        if fault := param.fault(name, value):
            yield fault
    limit = model.limits.max_output_tokens
    asked = getattr(request, "max_tokens", None)
    if limit is not None and asked is not None and asked > limit:
        yield f"`max_tokens` is {asked}; {model.reference} gives at most {limit}"


def _feature_faults(request: ChatRequest | EmbedRequest, model: Model) -> Iterator[str]:
    if isinstance(request, ChatRequest):
        for field, feature, needed in NEEDS:
            if model.support(feature) is Support.NO and needed(request):
                yield f"`{field}` needs the feature {feature!r}, which {model.reference} does not have"
    elif request.dimensions is not None and model.support("dimensions") is Support.NO:
        yield f"`dimensions` cannot be chosen for {model.reference}"


def _shape_faults(request: ChatRequest | EmbedRequest) -> Iterator[str]:
    if isinstance(request, EmbedRequest):
        if not request.inputs:
            yield "`inputs` is empty; give at least one text"
        return
    if not request.messages:
        yield "`messages` is empty; give at least one message"


def fit(request: ChatRequest, model: Model, *, clamp: bool = False) -> tuple[ChatRequest, tuple[Warning, ...]]:
    """Drop what the model refuses and say so; with `clamp`, pull numbers into their range instead."""
    changes: dict[str, Any] = {}
    warnings: list[Warning] = []
    for name, param, value in _set_params(request, model):
        fault = param.fault(name, value)
        if fault is None:
            continue
        if clamp and param.supported and isinstance(value, int | float) and not isinstance(value, bool):
            changes[name] = param.clamp(value)
            warnings.append(Warning("clamped", name, f"{fault}; {changes[name]} was sent"))
        else:
            changes[name] = () if isinstance(value, tuple) else None
            warnings.append(Warning("unsupported", name, f"{fault}; it was left out"))
    limit = model.limits.max_output_tokens
    if limit is not None and request.max_tokens is not None and request.max_tokens > limit:
        changes["max_tokens"] = limit
        warnings.append(
            Warning(
                "clamped",
                "max_tokens",
                f"{request.max_tokens} is more than {model.reference} gives; {limit} was sent",
            )
        )
    if request.reasoning is not None and model.support("reasoning") is Support.NO:
        changes["reasoning"] = None
        warnings.append(Warning("unsupported", "reasoning", f"{model.reference} does not reason; it was left out"))
    return (msgspec.structs.replace(request, **changes) if changes else request), tuple(warnings)
