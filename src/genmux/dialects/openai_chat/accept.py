"""From a caller's request to ours."""

from typing import Any

from genmux.contract.dialect import Accepted
from genmux.dialects.openai_chat.fields import demand, demand_number, read_object, take, take_cache, wrong
from genmux.dialects.openai_chat.messages_read import read_message
from genmux.dialects.openai_chat.schema import NAME
from genmux.types.chat import ChatRequest, OutputFormat, ReasoningConfig, Tool, ToolChoice
from genmux.types.content import Fields, Opaque

SCALARS: dict[str, type] = {
    "parallel_tool_calls": bool,
    "temperature": float,
    "top_p": float,
    "top_k": int,
    "seed": int,
    "frequency_penalty": float,
    "presence_penalty": float,
    "n": int,
    "logprobs": bool,
    "top_logprobs": int,
    "user": str,
    "metadata": dict,
    "service_tier": str,
}
"""Fields that have the same name and the same form on both sides."""

TOKEN_LIMITS = ("max_completion_tokens", "max_tokens")
"""Two names for one limit; the first one is the newer (platform.openai.com/docs/api-reference/chat/create, 2026-11)."""

_CHOICES = {"auto": "auto", "none": "none", "required": "required", "any": "required"}
_SWITCHES = {"enabled": True, "disabled": False}


def accept(body: bytes) -> Accepted:
    """Understand a request. Raises InvalidRequestError that names the field and what is wrong with it."""
    return read_request(read_object(body))


def read_request(fields: Fields) -> Accepted:
    """The same for a body that is decoded already; `fields` is used up.

    A missing model is left empty: some hosts name it in the path, and genmux has a default.
    """
    model = demand(fields, "model", str) or ""
    stream = demand(fields, "stream", bool) or False
    include_usage = _include_usage(fields)
    messages = demand(fields, "messages", list)
    if not messages:
        raise wrong("messages", "is missing" if messages is None else "is empty; it needs at least one message")
    known: dict[str, Any] = {}
    for name, kind in SCALARS.items():
        if name in fields:
            known[name] = demand_number(fields, name) if kind is float else demand(fields, name, kind)
    request = ChatRequest(
        model=model,
        messages=tuple([read_message(message, f"messages[{n}]") for n, message in enumerate(messages)]),
        tools=tuple([_tool(tool, f"tools[{n}]") for n, tool in enumerate(demand(fields, "tools", list) or ())]),
        tool_choice=_tool_choice(fields),
        output=_output(fields),
        reasoning=_reasoning(fields),
        max_tokens=_token_limit(fields),
        stop=_stop(fields),
        dialect=NAME,
        extra={key: value for key, value in fields.items() if value is not None or key in TOKEN_LIMITS} or None,
        **known,
    )
    return Accepted(request=request, stream=stream, include_usage=include_usage)


def _include_usage(fields: Fields) -> bool:
    options = demand(fields, "stream_options", dict)
    if options is None:
        return False
    options = dict(options)
    asked = demand(options, "include_usage", bool, "stream_options.") or False
    if options:
        fields["stream_options"] = options
    return asked


def _token_limit(fields: Fields) -> int | None:
    """The limit. Which of its two names was used is marked, so that the same one is sent on."""
    given = {name: limit for name in TOKEN_LIMITS if (limit := demand(fields, name, int)) is not None}
    if not given:
        return None
    name, limit = next(iter(given.items()))
    if len(given) > 1:
        fields["max_tokens"] = given["max_tokens"]
    if name != "max_tokens":
        fields[name] = None
    return limit


def _stop(fields: Fields) -> tuple[str, ...]:
    stop = fields.pop("stop", None)
    stops = [stop] if isinstance(stop, str) else stop or []
    if not isinstance(stops, list) or not all(isinstance(one, str) for one in stops):
        raise wrong("stop", f"must be a string or a list of strings, not {stop!r:.60}")
    return tuple(stops)


def _tool(tool: Any, place: str) -> Tool | Opaque:
    """A tool of the caller; one that the provider runs is carried whole."""
    if not isinstance(tool, dict):
        raise wrong(place, f"must be an object, not {tool!r:.60}")
    kind = tool.get("type") or "function"
    if kind not in ("function", "custom"):
        return Opaque(NAME, str(kind), tool)
    rest = {key: value for key, value in tool.items() if value is not None and key != "type"}
    inner = demand(rest, kind, dict, f"{place}.")
    if inner is None:
        raise wrong(f"{place}.{kind}", "is missing")
    inner = {key: value for key, value in inner.items() if value is not None}
    where = f"{place}.{kind}."
    name = demand(inner, "name", str, where)
    if not name:
        raise wrong(f"{where}name", "is missing")
    description, strict = demand(inner, "description", str, where), demand(inner, "strict", bool, where)
    parameters = demand(inner, "parameters", dict, where) if kind == "function" else None
    cache = take_cache(rest)
    if inner:
        rest[kind] = inner
    return Tool(
        name=name,
        description=description,
        parameters=parameters,
        strict=strict,
        kind=kind,
        cache=cache,
        extra=rest or None,
    )


def _tool_choice(fields: Fields) -> ToolChoice | None:
    """The choice of a tool. A form that is not known stays where it is."""
    match fields.get("tool_choice"):
        case str() as word if word in _CHOICES:
            mode = _CHOICES[word]
            choice = ToolChoice(mode, extra=None if mode == word else {word: None})  # pyright: ignore[reportArgumentType] — from the table
        case {"type": "allowed_tools", "allowed_tools": {"mode": "auto" | "required" as mode}} as whole:
            choice = ToolChoice(mode, extra=whole)
        case {"custom": {"name": str() as name, **inner}, **rest}:
            choice = ToolChoice("tool", name, {"custom": inner or None, **_without_type(rest)})
        case {"function": {"name": str() as name, **inner}, **rest}:
            besides = {"function": inner} if inner else {}
            choice = ToolChoice("tool", name, {**besides, **_without_type(rest)} or None)
        case None | str() | dict():
            return None
        case other:
            raise wrong("tool_choice", f"must be a string or an object, not {other!r:.60}")
    del fields["tool_choice"]
    return choice


def _without_type(rest: Fields) -> Fields:
    return {key: value for key, value in rest.items() if key != "type" and value is not None}


def _output(fields: Fields) -> OutputFormat | None:
    """The form of the answer. A form that is not known (a grammar, say) stays where it is."""
    wanted = demand(fields, "response_format", dict)
    if wanted is None:
        return None
    rest = {key: value for key, value in wanted.items() if value is not None and key != "type"}
    match wanted.get("type"):
        case "json_schema" if isinstance(inner := rest.pop("json_schema", None), dict):
            inner = {key: value for key, value in inner.items() if value is not None}
            place = "response_format.json_schema."
            name, description = demand(inner, "name", str, place), demand(inner, "description", str, place)
            schema, strict = demand(inner, "schema", dict, place), demand(inner, "strict", bool, place)
            if inner:
                rest["json_schema"] = inner
            return OutputFormat(
                kind="json_schema", schema=schema, name=name, description=description, strict=strict, extra=rest or None
            )
        case "text" | "json_object" as kind:
            return OutputFormat(kind=kind, extra=rest or None)
        case "json_schema":
            raise wrong("response_format.json_schema", "is missing or no object")
        case _:
            fields["response_format"] = wanted
            return None


def _reasoning(fields: Fields) -> ReasoningConfig | None:
    """How much to think, from whichever fields say it. `extra` marks them, with what they say besides."""
    marks: Fields = {}
    given: dict[str, Any] = {}
    if (wanted := take(fields, "reasoning", dict)) is not None:
        rest = {key: value for key, value in wanted.items() if value is not None}
        kinds = {"effort": str, "max_tokens": int, "enabled": bool}
        given = {name: value for name, kind in kinds.items() if (value := take(rest, name, kind)) is not None}
        marks["reasoning"] = rest
    told = set(given)
    effort = demand(fields, "reasoning_effort", str)
    if effort is not None and given.setdefault("effort", effort) == effort:
        marks["reasoning_effort"] = None
    elif effort is not None:
        fields["reasoning_effort"] = effort
    _read_switches(fields, given, marks)
    if "reasoning" in marks:  # what only the other fields said is marked as not said here
        marks["reasoning"] = {**marks["reasoning"], **{name: None for name in given if name not in told}} or None
    return ReasoningConfig(**given, extra=marks) if marks else None


def _read_switches(fields: Fields, given: dict[str, Any], marks: Fields) -> None:
    if (switch := take(fields, "enable_thinking", bool)) is not None:
        if given.setdefault("enabled", switch) == switch:
            marks["enable_thinking"] = {"thinking_budget": None} if "max_tokens" in given else None
        else:
            fields["enable_thinking"] = switch
    if (thinking := take(fields, "thinking", dict)) is not None:
        rest = {key: value for key, value in thinking.items() if value is not None}
        switch = _SWITCHES.get(str(rest.get("type")))
        if switch is not None and given.setdefault("enabled", switch) == switch:
            del rest["type"]
            marks["thinking"] = rest or None
        else:
            marks["thinking"] = rest if "type" in rest else {**rest, "type": None}
