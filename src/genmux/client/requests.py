"""From the keywords of a call to a request and its options."""

import difflib
import math
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from genmux.client.params import ChatParams, EmbedParams, Inputs, Prompt
from genmux.client.prompts import messages_of, with_images
from genmux.client.schemas import Parse, output_of
from genmux.client.tools import tool_of
from genmux.flows.call.options import CallOptions
from genmux.services.settings import Defaults
from genmux.types.chat import ChatRequest, Message, ReasoningConfig, ToolChoice
from genmux.types.content import Text
from genmux.types.embed import EmbedRequest
from genmux.types.errors import InvalidRequestError, ValidationError

CHAT_NAMES = frozenset(ChatParams.__annotations__)
EMBED_NAMES = frozenset(EmbedParams.__annotations__)

_MODES = ("auto", "required", "none")
_UNREADABLE = (Message(role="user", content=(Text(""),)),)
"""Stands for messages that are wrong, so that the rest of the request can be checked."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A call as it was asked for: the request, how it is made, and how the answer's text becomes a value.

    `faults` is everything that is wrong with it so far.
    """

    request: Any
    options: CallOptions
    parse: Parse | None = None
    faults: tuple[str, ...] = ()


def ask_chat(prompt: Prompt, params: Mapping[str, Any], *, model: str | None, options: CallOptions) -> Asked:
    """A chat as it was asked for; `model` and `options` are what holds when the keywords do not say."""
    reading = _Reading(params, CHAT_NAMES)
    output, parse = reading.take("output", output_of) or (None, None)
    messages = reading.attempt(messages_of, prompt, _UNREADABLE, system=params.get("system"))
    if images := params.get("images"):
        messages = reading.attempt(with_images, messages, messages, images=images)
    request = ChatRequest(
        model=reading.take("model", _name) or model or "", messages=messages, output=output, **reading.fields()
    )
    return Asked(request=request, options=reading.options(options), parse=parse, faults=tuple(reading.faults))


def ask_embed(inputs: Inputs, params: Mapping[str, Any], *, model: str | None, options: CallOptions) -> Asked:
    """Embeddings as they were asked for."""
    reading = _Reading(params, EMBED_NAMES)
    many = reading.attempt(_inputs, inputs, ("",))
    request = EmbedRequest(model=reading.take("model", _name) or model or "", inputs=many, **reading.fields())
    return Asked(request=request, options=reading.options(options), faults=tuple(reading.faults))


def options_of(params: Mapping[str, Any], otherwise: CallOptions) -> CallOptions:
    """How a call is made: what the keywords say, `otherwise` what holds anyway. Raises ValidationError."""
    reading = _Reading(params, CHAT_NAMES)
    options = reading.options(otherwise)
    if reading.faults:
        raise ValidationError(tuple(reading.faults))
    return options


def configured_options(defaults: Defaults) -> CallOptions:
    """How calls are made when nobody says."""
    return CallOptions(timeout=defaults.timeout, retries=defaults.retries, budget_limit=defaults.budget_limit)


class _Reading:
    """Reads keywords one by one and collects what is wrong with them. None means: not said."""

    def __init__(self, params: Mapping[str, Any], known: frozenset[str]) -> None:
        self._said = {name: value for name, value in params.items() if value is not None and name in known}
        self.faults = [] if params.keys() <= known else [_unknown(name, known) for name in params if name not in known]

    def take(self, name: str, convert: Callable[[Any], Any]) -> Any:
        """One keyword, converted; None when it was not said or is wrong."""
        value = self._said.get(name)
        return None if value is None else self.attempt(convert, value)

    def attempt(self, convert: Callable[..., Any], value: object, otherwise: Any = None, **beside: Any) -> Any:
        """What `convert` makes of a value, `otherwise` when that is a fault."""
        try:
            return convert(value, **beside)
        except ValidationError as error:
            self.faults += error.faults
        except InvalidRequestError as error:
            self.faults.append(error.message)
        return otherwise

    def fields(self) -> dict[str, Any]:
        """The keywords that are fields of the request."""
        fields = {name: value for name, value in self._said.items() if name in _FIELDS}
        for name in [name for name in fields if name in _CONVERTED]:
            fields[name] = self.attempt(_CONVERTED[name], fields[name])
            if fields[name] is None:
                del fields[name]
        return fields

    def options(self, otherwise: CallOptions) -> CallOptions:
        """The keywords that say how the call is made."""
        if self._said.keys().isdisjoint(_OPTIONS):
            return otherwise
        told = {name: self.take(name, convert) for name, convert in _OPTIONS.items()}
        changes = {name: value for name, value in told.items() if value is not None}
        return msgspec.structs.replace(otherwise, **changes)


def _unknown(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=2)
    hint = f"did you mean `{'` or `'.join(near)}`?" if near else "what only one provider knows goes into `extra={…}`"
    return f"there is no parameter `{name}`; {hint}"


def unknown_names(names: Iterable[str], known: frozenset[str]) -> None:
    """Raise ValidationError for every name that is none of those known, with the nearest that is."""
    if faults := tuple(_unknown(name, known) for name in names if name not in known):
        raise ValidationError(faults)


def _inputs(inputs: Any) -> tuple[str | tuple[int, ...], ...]:
    if isinstance(inputs, str):
        return (inputs,)
    try:
        return msgspec.convert([*inputs], tuple[str | tuple[int, ...], ...])
    except (TypeError, msgspec.ValidationError) as error:
        message = f"`inputs` must be a text, or several texts or lists of token ids: {error}"
        raise InvalidRequestError(message, param="inputs") from error


def _name(model: Any) -> str:
    if not isinstance(model, str):
        raise _wrong("model", model, "a name such as 'openai/gpt-5.4'")
    return model


def _choice(choice: Any) -> ToolChoice:
    match choice:
        case ToolChoice():
            return choice
        case "auto" | "required" | "none":
            return ToolChoice(choice)
        case str() if choice:
            return ToolChoice("tool", choice)
        case _:
            raise _wrong("tool_choice", choice, f"{', '.join(map(repr, _MODES))}, a tool's name or a `ToolChoice`")


def _reasoning(asked: Any) -> ReasoningConfig:
    match asked:
        case ReasoningConfig():
            return asked
        case bool():
            return ReasoningConfig(enabled=asked)
        case int() if asked >= 0:
            return ReasoningConfig(max_tokens=asked)
        case str() if asked:
            return ReasoningConfig(effort=asked)
        case _:
            raise _wrong("reasoning", asked, "an effort such as 'low', a number of tokens, or True or False")


def _stop(stop: Any) -> tuple[str, ...]:
    many: tuple[Any, ...] = (stop,) if isinstance(stop, str) or not isinstance(stop, Iterable) else tuple(stop)
    if not all(isinstance(one, str) for one in many):
        raise _wrong("stop", stop, "a text or several")
    return many


def _tools(tools: Any) -> tuple[Any, ...]:
    if isinstance(tools, Mapping | str) or not isinstance(tools, Iterable):
        raise _wrong("tools", tools, "a list of tools")
    faults: list[str] = []
    read: list[Any] = []
    for tool in tools:
        try:
            read.append(tool_of(tool))
        except InvalidRequestError as error:
            faults.append(error.message)
    if faults:
        raise ValidationError(tuple(faults))
    return tuple(read)


def _table(name: str) -> Callable[[Any], dict[str, Any]]:
    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise _wrong(name, value, "a dict")
        return dict(value)

    return read


def _seconds(timeout: Any) -> float:
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout < math.inf:
        raise _wrong("timeout", timeout, "seconds above 0")
    return timeout


def _times(retries: Any) -> int:
    if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
        raise _wrong("retries", retries, "a whole number from 0")
    return retries


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong("retry_unsure", value, "True or False")
    return value


def amount_of(amount: Any, name: str) -> Decimal:
    """An amount of US dollars. Raises InvalidRequestError for what is none."""
    try:
        money = Decimal(str(amount))
    except InvalidOperation:
        money = Decimal("NaN")
    if not money.is_finite() or money < 0 or isinstance(amount, bool):
        raise _wrong(name, amount, "an amount of US dollars such as 0.05")
    return money


def _limit(amount: Any) -> Decimal:
    return amount_of(amount, "budget_limit")


def _tags(tags: Any) -> dict[str, str]:
    try:
        return msgspec.convert(tags, dict[str, str])
    except msgspec.ValidationError as error:
        raise _wrong("tags", tags, "a dict of texts") from error


def _wrong(name: str, value: object, what: str) -> InvalidRequestError:
    return InvalidRequestError(f"`{name}` is {value!r:.100}; it must be {what}", param=name)


_OPTIONS: dict[str, Callable[[Any], Any]] = {
    "timeout": _seconds,
    "retries": _times,
    "retry_unsure": _switch,
    "budget_limit": _limit,
    "tags": _tags,
}
_BESIDE = {"model", "system", "images", "output", *_OPTIONS}
_CONVERTED: dict[str, Callable[[Any], Any]] = {
    "tools": _tools,
    "tool_choice": _choice,
    "reasoning": _reasoning,
    "stop": _stop,
    "metadata": _table("metadata"),
    "extra": _table("extra"),
}
"""How keywords are read that are fields of the request in another form."""

_FIELDS = (CHAT_NAMES | EMBED_NAMES) - _BESIDE
"""All keywords that are fields of the request; the model's own checks say whether the values fit."""
