"""From our request to the one that a host gets."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from genmux.contract.model import Model
from genmux.dialects.openai_chat.accept import SCALARS, TOKEN_LIMITS
from genmux.dialects.openai_chat.emulation import instructed, words_for
from genmux.dialects.openai_chat.messages_write import write_messages
from genmux.dialects.openai_chat.notes import Notes
from genmux.dialects.openai_chat.parts_write import Place
from genmux.dialects.openai_chat.profile import Profile
from genmux.dialects.openai_chat.schema import NAME
from genmux.types.chat import ChatRequest, OutputFormat, ReasoningConfig, Tool, ToolChoice
from genmux.types.content import Fields, Opaque

_SCALARS: Callable[[ChatRequest], tuple[Any, ...]] = attrgetter(*SCALARS)


def write_request(request: ChatRequest, model: Model, profile: Profile, notes: Notes, *, stream: bool) -> Fields:
    """The document to send."""
    origin = model.origin
    extra = notes.own(request.extra, request.dialect)
    body: Fields = {"model": model.wire_id} if model.wire_id else {}
    body["messages"] = write_messages(request.messages, origin, profile, notes)
    if request.tools or request.tool_choice is not None:
        _put_tools(body, request, Place("tools", request.dialect, origin, profile, notes))
    if request.output is not None:
        _put_output(body, request.output, model, Place("output", request.dialect, origin, profile, notes))
    if request.reasoning is not None:
        body |= _reasoning(request.reasoning, Place("reasoning", request.dialect, origin, profile, notes))
    if request.max_tokens is not None:
        body[_limit_name(extra, profile, notes)] = request.max_tokens
    body |= {name: value for name, value in zip(SCALARS, _SCALARS(request), strict=True) if value is not None}
    if request.stop:
        body["stop"] = list(request.stop)
    if stream:
        body["stream"] = True
        if profile.stream_usage == "stream_options":
            body["stream_options"] = {"include_usage": True, **(extra.pop("stream_options", None) or {})}
    if extra:
        body |= {name: value for name, value in extra.items() if value is not None or name not in TOKEN_LIMITS}
    return _fitted(body, profile, notes) if profile.rename or profile.drop else body


def _put_tools(body: Fields, request: ChatRequest, place: Place) -> None:
    tools = [_opaque(tool, place) if isinstance(tool, Opaque) else _tool(tool, place) for tool in request.tools]
    if written := [tool for tool in tools if tool is not None]:
        body["tools"] = written
    if request.tool_choice is not None:
        body["tool_choice"] = _tool_choice(request.tool_choice, place)


def _fitted(body: Fields, profile: Profile, notes: Notes) -> Fields:
    """The host's own names, without what it refuses."""
    for name in profile.drop:
        if body.pop(name, None) is not None:
            notes.unsupported(name, "the host does not take it; it is left out")
    for name in body.keys() & profile.rename.keys():
        notes.renamed[name] = profile.rename[name]
    return {profile.rename.get(name, name): value for name, value in body.items()}


def _limit_name(extra: Fields, profile: Profile, notes: Notes) -> str:
    asked = (
        next((name for name in TOKEN_LIMITS if extra.get(name, ...) is None), "max_tokens") if extra else "max_tokens"
    )
    if profile.max_tokens is None or profile.max_tokens == asked:
        return asked
    if profile.max_tokens in extra:
        notes.changed = True  # the caller gave both
    notes.renamed[asked] = profile.max_tokens
    return profile.max_tokens


def _tool(tool: Tool, place: Place) -> Fields:
    own = place.own(tool.extra)
    inner: Fields = {"name": tool.name}
    if tool.description is not None:
        inner["description"] = tool.description
    if tool.parameters is not None:
        inner["parameters"] = tool.parameters
    if tool.strict is not None and place.profile.strict_tools:
        inner["strict"] = tool.strict
    elif tool.strict is not None:
        place.notes.unsupported("tools.strict", "the host does not take it; it is left out")
    kind = "custom" if tool.kind == "custom" else "function"
    return {"type": kind, kind: {**inner, **(own.pop(kind, None) or {})}, **place.cache(tool.cache), **own}


def _opaque(tool: Opaque, place: Place) -> Fields | None:
    if tool.dialect == NAME:
        return tool.data
    place.notes.unsupported(f"tools.{tool.kind}", f"a tool that only {tool.dialect} knows; it is left out")
    return None


def _tool_choice(choice: ToolChoice, place: Place) -> Any:
    own = place.own(choice.extra)
    if "allowed_tools" in own:
        return own
    if choice.mode != "tool":
        return "any" if "any" in own else choice.mode
    kind = "custom" if "custom" in own else "function"
    inner = own.pop(kind, None) or {}
    return {"type": kind, kind: {"name": choice.name, **inner}, **own}


def _put_output(body: Fields, output: OutputFormat, model: Model, place: Place) -> None:
    """The form of the answer, asked for in words where the model knows no other way."""
    words = words_for(output, model)
    if words is None:
        body["response_format"] = _output(output, place)
        return
    detail = "the model has no structured output; it is asked for in words, and the answer may not fit"
    place.notes.add("emulated", "output", detail)
    body["messages"] = instructed(body["messages"], words.text, place.profile)
    if words.json_mode:
        body["response_format"] = {"type": "json_object"}


def _output(output: OutputFormat, place: Place) -> Fields:
    own = place.own(output.extra)
    if output.kind != "json_schema":
        return {"type": output.kind, **own}
    inner: Fields = {"name": output.name or "response"} if output.name or not place.at_home else {}
    given = {"description": output.description, "schema": output.schema, "strict": output.strict}
    inner |= {key: value for key, value in given.items() if value is not None}
    return {"type": "json_schema", "json_schema": {**inner, **(own.pop("json_schema", None) or {})}, **own}


def _reasoning(config: ReasoningConfig, place: Place) -> Fields:
    """As asked, else in the fields that the host knows. What none of them can say is noted."""
    own = place.own(config.extra)
    marked = [name for name in _WAYS if name in own]
    told: set[str] = set()
    body: Fields = {}
    for name in marked or place.profile.reasoning:
        value, said = _WAYS[name](config, own.pop(name, None))
        body |= value
        told |= said
    if config.effort is not None or (config.enabled and config.max_tokens is not None):
        told.add("enabled")  # said with it
    for name in ("effort", "max_tokens", "enabled"):
        if name not in told and getattr(config, name) not in (None, True):
            place.notes.unsupported(f"reasoning.{name}", "the host has no field for it")
    return {**body, **own}


def _by_effort(config: ReasoningConfig, rest: Fields | None) -> tuple[Fields, set[str]]:
    del rest
    if config.effort is not None:
        return {"reasoning_effort": config.effort}, {"effort"}
    if config.enabled is False:
        return {"reasoning_effort": "none"}, {"enabled"}
    return {}, set()


def _by_object(config: ReasoningConfig, rest: Fields | None) -> tuple[Fields, set[str]]:
    given = {"effort": config.effort, "max_tokens": config.max_tokens, "enabled": config.enabled, **(rest or {})}
    return {"reasoning": {key: one for key, one in given.items() if one is not None}}, set(given)


def _by_switch(config: ReasoningConfig, rest: Fields | None) -> tuple[Fields, set[str]]:
    enabled = config.enabled if config.enabled is not None else config.effort != "none"
    given = {"type": "enabled" if enabled else "disabled", **(rest or {})}
    return {"thinking": {key: one for key, one in given.items() if one is not None}}, {"enabled"}


def _by_flag(config: ReasoningConfig, rest: Fields | None) -> tuple[Fields, set[str]]:
    enabled = config.enabled if config.enabled is not None else config.effort != "none"
    given = {"enable_thinking": enabled, "thinking_budget": config.max_tokens, **(rest or {})}
    return {key: one for key, one in given.items() if one is not None}, {"enabled", "max_tokens"}


_WAYS: dict[str, Callable[[ReasoningConfig, Fields | None], tuple[Fields, set[str]]]] = {
    "reasoning_effort": _by_effort,
    "reasoning": _by_object,
    "thinking": _by_switch,
    "enable_thinking": _by_flag,
}
