"""Does a request fit its model? Either all faults are told at once, or the request is made to fit and says how."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from genmux.contract.features import Support
from genmux.contract.model import Model
from genmux.contract.params import Param
from genmux.types.chat import ChatRequest
from genmux.types.content import Audio, File, Image, ToolResult
from genmux.types.embed import EmbedRequest
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

UNIVERSAL: dict[str, Param] = {
    "max_tokens": Param(type="integer", min=1),
    "temperature": Param(type="number", min=0, max=2),
    "top_p": Param(type="number", min=0, max=1),
    "top_k": Param(type="integer", min=0),
    "stop": Param(type="array"),
    "seed": Param(type="integer"),
    "frequency_penalty": Param(type="number", min=-2, max=2),
    "presence_penalty": Param(type="number", min=-2, max=2),
    "n": Param(type="integer", min=1),
    "logprobs": Param(type="boolean"),
    "top_logprobs": Param(type="integer", min=0, max=20),
    "parallel_tool_calls": Param(type="boolean"),
    "service_tier": Param(type="string"),
    "user": Param(type="string"),
    "metadata": Param(type="object"),
    "dimensions": Param(type="integer", min=1),
}
"""The fields of a request that a manifest can give a range, and what holds where it says nothing closer."""

Needs = Callable[[ChatRequest], bool]


def _has(*kinds: type) -> Needs:
    def needs(request: ChatRequest) -> bool:
        for message in request.messages:
            for block in message.content:
                inner = block.content if isinstance(block, ToolResult) else ()
                if isinstance(block, kinds) or any(isinstance(one, kinds) for one in inner):
                    return True
        return False

    return needs


FEATURES_NEEDED: tuple[tuple[str, str, Needs], ...] = (
    ("tools", "tools", lambda request: bool(request.tools)),
    (
        "reasoning",
        "reasoning",
        lambda request: request.reasoning is not None and request.reasoning.enabled is not False,
    ),
    ("n", "multiple_choices", lambda request: request.n is not None and request.n > 1),
    ("stop", "stop_sequences", lambda request: bool(request.stop)),
    ("seed", "seed", lambda request: request.seed is not None),
    ("logprobs", "logprobs", lambda request: bool(request.logprobs)),
    ("messages", "vision", _has(Image)),
    ("messages", "audio_input", _has(Audio)),
    ("messages", "documents", _has(File)),
)
"""Field, the feature that it needs, and whether a request needs it."""

INDISPENSABLE = frozenset({"tools", "messages"})
"""Fields that are never left out: without them the answer would be one to another question."""


def faults(request: ChatRequest | EmbedRequest, model: Model) -> tuple[str, ...]:
    """Everything that is wrong with a request for this model, in words; empty when it fits."""
    if isinstance(request, EmbedRequest):
        return (*_param_faults(request, model), *_embed_faults(request, model))
    missing = (words for _, words in _missing_features(request, model))
    return (*_param_faults(request, model), *missing, *_chat_faults(request))


def general_faults(request: ChatRequest) -> tuple[str, ...]:
    """What would be wrong with a request for any model."""
    values = ((name, getattr(request, name, None)) for name in UNIVERSAL)
    told = (UNIVERSAL[name].fault(name, value) for name, value in values if value is not None and value != ())
    return (*filter(None, told), *_chat_faults(request))


def fit(request: ChatRequest, model: Model, *, clamp: bool = False) -> tuple[ChatRequest, tuple[Warning, ...]]:
    """Leave out what the model refuses and say so; with `clamp`, pull numbers into their range instead."""
    changes: dict[str, Any] = {}
    warnings: list[Warning] = []
    for name, param, value in _set_params(request, model):
        fault = param.fault(name, value)
        if fault is None:
            continue
        near = param.clamp(value) if clamp and _is_number(value) else None
        if near is not None and param.fault(name, near) is None:
            changes[name] = near
            warnings.append(Warning("clamped", name, f"{fault}; {changes[name]} was sent"))
        else:
            changes[name] = _left_out(value)
            warnings.append(Warning("unsupported", name, f"{fault}; it was left out"))
    for field, fault in _missing_features(request, model):
        if field not in INDISPENSABLE and field not in changes:
            changes[field] = _left_out(getattr(request, field))
            warnings.append(Warning("unsupported", field, f"{fault}; it was left out"))
    return (msgspec.structs.replace(request, **changes) if changes else request), tuple(warnings)


def _set_params(request: ChatRequest | EmbedRequest, model: Model) -> Iterator[tuple[str, Param, Any]]:
    declared = model.spec.params
    for name, universal in UNIVERSAL.items():
        value = getattr(request, name, None)
        if value is None or value == ():
            continue
        param = declared.get(name, universal)
        if name == "max_tokens":
            param = _within(param, model.limits.max_output_tokens)
        yield name, param, value


def _within(param: Param, limit: int | None) -> Param:
    """The same parameter with the model's own limit as its upper bound."""
    if limit is None or (param.max is not None and param.max <= limit):
        return param
    return msgspec.structs.replace(param, max=limit)


def _param_faults(request: ChatRequest | EmbedRequest, model: Model) -> Iterator[str]:
    for name, param, value in _set_params(request, model):
        if fault := param.fault(name, value):
            yield f"{fault} ({model.reference})" if param is not UNIVERSAL.get(name) else fault


def _missing_features(request: ChatRequest, model: Model) -> Iterator[tuple[str, str]]:
    for field, feature, needed in FEATURES_NEEDED:
        if model.support(feature) is Support.NO and needed(request):
            yield field, f"`{field}` needs the feature {feature!r}, which {model.reference} does not have"


def _chat_faults(request: ChatRequest) -> Iterator[str]:
    if not request.messages:
        yield "`messages` is empty; give at least one message"
    choice = request.tool_choice
    if choice is not None and choice.mode in ("required", "tool") and not request.tools:
        yield f"`tool_choice` is {choice.name or choice.mode!r}, but there are no `tools`"
    elif choice is not None and choice.mode == "tool":
        names = [getattr(tool, "name", None) for tool in request.tools]
        if None not in names and choice.name not in names:  # a tool of the provider's own has its name elsewhere
            yield f"`tool_choice` is {choice.name!r}; the tools are {', '.join(map(str, names))}"


def _embed_faults(request: EmbedRequest, model: Model) -> Iterator[str]:
    if not request.inputs:
        yield "`inputs` is empty; give at least one text"
    if request.dimensions is not None and model.support("dimensions") is Support.NO:
        yield f"`dimensions` cannot be chosen for {model.reference}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _left_out(value: object) -> object:
    return () if isinstance(value, tuple) else None
