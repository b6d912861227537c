"""Does a request fit its model? Either all faults are told at once, or the request is made to fit and says how."""

from collections.abc import Callable, Iterator
from operator import attrgetter, is_
from typing import Any

import msgspec

from genmux.contract.features import Support
from genmux.contract.model import Model
from genmux.contract.params import Param
from genmux.services.checks.voice import voice_faults
from genmux.types.calls import CallRequest, VoiceRequest
from genmux.types.chat import ChatRequest
from genmux.types.content import Audio, File, Image, Text, ToolResult
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
                if type(block) is Text:
                    continue
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

_NAMES: dict[type, tuple[str, ...]] = {
    kind: tuple(name for name in UNIVERSAL if name in kind.__struct_fields__) for kind in (ChatRequest, EmbedRequest)
}
_VALUES: dict[type, Callable[[Any], tuple[Any, ...]]] = {kind: attrgetter(*names) for kind, names in _NAMES.items()}
_REMEMBERED = 1_024
_UNKNOWN = object()

INDISPENSABLE = frozenset({"tools", "messages"})
"""Fields that are never left out: without them the answer would be one to another question."""


class _Limits(msgspec.Struct):
    """What one model takes: a parameter for each of `_NAMES`, and what needs a feature that it does not have.

    `fitting` are the values of the last request that fitted. A program mostly sends the same ones again, and that the very
    same objects are right need not be found out twice; finding it out costs three times as much.
    """

    model: Model
    params: tuple[Param, ...]
    missing: tuple[tuple[str, str, Needs], ...]
    fitting: tuple[Any, ...]


_limits: dict[tuple[int, type], _Limits] = {}
"""By the identity of the model, which they hold, and the kind of request."""


def faults(request: CallRequest, model: Model) -> tuple[str, ...]:
    """Everything that is wrong with a request for this model, in words; empty when it fits."""
    if isinstance(request, VoiceRequest):
        return voice_faults(request, model)
    limits = _limits_of(request, model)
    values = _VALUES[type(request)](request)
    found: list[str] = []
    if not all(map(is_, values, limits.fitting)):
        found += _param_faults(request, limits)
        if not found:
            limits.fitting = values
    if isinstance(request, EmbedRequest):
        return (*found, *_embed_faults(request, model))
    if limits.missing:
        found += [words for _, words in _missing_features(request, limits)]
    if request.tool_choice is not None or not request.messages:
        found += _chat_faults(request)
    return tuple(found)


def general_faults(request: ChatRequest) -> tuple[str, ...]:
    """What would be wrong with a request for any model."""
    values = ((name, getattr(request, name, None)) for name in UNIVERSAL)
    told = (UNIVERSAL[name].fault(name, value) for name, value in values if value is not None and value != ())
    return (*filter(None, told), *_chat_faults(request))


def fit(request: ChatRequest, model: Model, *, clamp: bool = False) -> tuple[ChatRequest, tuple[Warning, ...]]:
    """Leave out what the model refuses and say so; with `clamp`, pull numbers into their range instead."""
    changes: dict[str, Any] = {}
    warnings: list[Warning] = []
    limits = _limits_of(request, model)
    for name, param, value in _set_params(request, limits):
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
    for field, fault in _missing_features(request, limits):
        if field not in INDISPENSABLE and field not in changes:
            changes[field] = _left_out(getattr(request, field))
            warnings.append(Warning("unsupported", field, f"{fault}; it was left out"))
    return (msgspec.structs.replace(request, **changes) if changes else request), tuple(warnings)


def _limits_of(request: ChatRequest | EmbedRequest, model: Model) -> _Limits:
    kind = type(request)
    limits = _limits.get((id(model), kind))
    if limits is None or limits.model is not model:
        if len(_limits) >= _REMEMBERED:
            _limits.clear()
        declared = {**UNIVERSAL, **model.spec.params}
        declared["max_tokens"] = _within(declared["max_tokens"], model.limits.max_output_tokens)
        names = _NAMES[kind]
        limits = _limits[id(model), kind] = _Limits(
            model,
            tuple(declared[name] for name in names),
            tuple(need for need in FEATURES_NEEDED if model.support(need[1]) is Support.NO),
            (_UNKNOWN,) * len(names),
        )
    return limits


def _set_params(request: ChatRequest | EmbedRequest, limits: _Limits) -> Iterator[tuple[str, Param, Any]]:
    kind = type(request)
    for name, param, value in zip(_NAMES[kind], limits.params, _VALUES[kind](request), strict=True):
        if value is not None and value != ():
            yield name, param, value


def _within(param: Param, limit: int | None) -> Param:
    """The same parameter with the model's own limit as its upper bound."""
    if limit is None or (param.max is not None and param.max <= limit):
        return param
    return msgspec.structs.replace(param, max=limit)


def _param_faults(request: ChatRequest | EmbedRequest, limits: _Limits) -> list[str]:
    return [
        fault if param is UNIVERSAL[name] else f"{fault} ({limits.model.reference})"
        for name, param, value in _set_params(request, limits)
        if (fault := param.fault(name, value))
    ]


def _missing_features(request: ChatRequest, limits: _Limits) -> Iterator[tuple[str, str]]:
    for field, feature, needed in limits.missing:
        if needed(request):
            yield field, f"`{field}` needs the feature {feature!r}, which {limits.model.reference} does not have"


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
