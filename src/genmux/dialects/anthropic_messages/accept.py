"""From a caller's body to a request."""

from typing import Any, Literal

import msgspec

from genmux.contract.dialect import Accepted
from genmux.dialects.anthropic_messages.blocks_read import read_block, read_cache
from genmux.dialects.anthropic_messages.envelope import unseal
from genmux.dialects.anthropic_messages.fields import demand, demand_number, take, wrong
from genmux.dialects.anthropic_messages.schema import NAME
from genmux.types.chat import ChatRequest, Message, OutputFormat, ReasoningConfig, Role, Tool, ToolChoice
from genmux.types.content import Content, Fields, Opaque, Reasoning, Text
from genmux.types.errors import InvalidRequestError

Mode = Literal["auto", "required", "none", "tool"]

_ROLES: dict[Any, Role] = {"user": "user", "assistant": "assistant", "system": "system"}
_MODES: dict[Any, Mode] = {"auto": "auto", "any": "required", "none": "none", "tool": "tool"}


def accept(body: bytes) -> Accepted:
    """Understand a request. Raises InvalidRequestError that names the field and what is wrong with it."""
    fields = _table(body)
    stream = demand(fields, "stream", bool) or False
    return Accepted(request=_request(fields), stream=stream, include_usage=True)


def accept_count(body: bytes) -> Accepted:
    """Understand a request to count tokens."""
    return Accepted(request=_request(_table(body)))


def _table(body: bytes) -> Fields:
    try:
        fields: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"the request body is not valid JSON: {error}"
        raise InvalidRequestError(message) from error
    if type(fields) is not dict:
        message = "the request body must be a JSON object"
        raise InvalidRequestError(message)
    return fields


def _request(fields: Fields) -> ChatRequest:
    model = demand(fields, "model", str)
    if model is None and "anthropic_version" not in fields:  # Vertex and Bedrock have the model in the path
        raise wrong("model", "is required")
    listed = demand(fields, "messages", list)
    if listed is None:
        raise wrong("messages", "is required")
    messages = [_message(message, f"messages.{position}.") for position, message in enumerate(listed)]
    if (system := _system(fields)) is not None:
        messages.insert(0, system)
    tools = demand(fields, "tools", list) or []
    output, effort = _output(fields)
    tool_choice, parallel = _choice(fields)
    return ChatRequest(
        model=model or "",
        messages=tuple(messages),
        tools=tuple(_tool(tool, f"tools.{position}") for position, tool in enumerate(tools)),
        tool_choice=tool_choice,
        parallel_tool_calls=parallel,
        output=output,
        reasoning=_reasoning(fields, effort),
        max_tokens=demand(fields, "max_tokens", int),
        temperature=demand_number(fields, "temperature"),
        top_p=demand_number(fields, "top_p"),
        top_k=demand(fields, "top_k", int),
        stop=_stop(fields),
        user=_user(fields),
        service_tier=demand(fields, "service_tier", str),
        dialect=NAME,
        extra=fields or None,
    )


def _message(message: Any, place: str) -> Message:
    if type(message) is not dict:
        raise wrong(place[:-1], f"must be an object, not {message!r:.60}")
    role = _ROLES.get(take(message, "role", str))
    if role is None:
        raise wrong(f"{place}role", "must be 'user', 'assistant' or 'system'")
    content = _content(message, "content", place)
    return Message(role=role, content=content, dialect=NAME, extra=message or None)


def _system(fields: Fields) -> Message | None:
    content = _content(fields, "system", "")
    return Message(role="system", content=content, dialect=NAME) if content else None


def _content(fields: Fields, key: str, place: str) -> tuple[Content, ...]:
    text = take(fields, key, str)
    if text is not None:
        return (Text(text),)
    blocks = take(fields, key, list)
    if blocks is None and key in fields:
        raise wrong(f"{place}{key}", f"must be a string or a list of blocks, not {fields[key]!r:.60}")
    return tuple(_block(block, f"{place}{key}.{position}") for position, block in enumerate(blocks or ()))


def _block(block: Any, place: str) -> Content:
    if type(block) is not dict:
        raise wrong(place, f"must be an object, not {block!r:.60}")
    if type(block.get("type")) is not str:
        raise wrong(f"{place}.type", "is required and must be a string")
    if block["type"] == "tool_result":
        _check_result(block, place)
    read = read_block(block)
    if isinstance(read, Reasoning) and (sealed := read.encrypted if read.signature is None else read.signature):
        return unseal(sealed, read.text) or read
    return read


def _check_result(block: Fields, place: str) -> None:
    if type(block.get("tool_use_id")) is not str:
        raise wrong(f"{place}.tool_use_id", "is required and must be a string")
    content = block.get("content")
    for position, inner in enumerate(content if type(content) is list else ()):
        if type(inner) is not dict:
            raise wrong(f"{place}.content.{position}", f"must be an object, not {inner!r:.60}")


def _tool(tool: Any, place: str) -> Tool | Opaque:
    if type(tool) is not dict:
        raise wrong(place, f"must be an object, not {tool!r:.60}")
    kind = tool.get("type")
    if kind not in (None, "custom"):
        return Opaque(NAME, str(kind), tool)
    name = demand(tool, "name", str, f"{place}.")
    if name is None:
        raise wrong(f"{place}.name", "is required")
    return Tool(
        name=name,
        description=take(tool, "description", str),
        parameters=take(tool, "input_schema", dict),
        strict=take(tool, "strict", bool),
        cache=read_cache(tool),
        extra=tool or None,
    )


def _choice(fields: Fields) -> tuple[ToolChoice | None, bool | None]:
    """`tool_choice`, and what it says about parallel calls. A kind that nobody knows stays in the request's `extra`."""
    choice = demand(fields, "tool_choice", dict)
    if choice is None:
        return None, None
    mode = _MODES.get(choice.get("type")) if type(choice.get("type")) is str else None
    if mode is None:
        fields["tool_choice"] = choice
        return None, None
    del choice["type"]
    serial = take(choice, "disable_parallel_tool_use", bool)
    name = take(choice, "name", str)
    return ToolChoice(mode, name, choice or None), None if serial is None else not serial


def _output(fields: Fields) -> tuple[OutputFormat | None, str | None]:
    """`output_config` holds the form of the answer and the effort; `output_format` is where the form was before it."""
    config = demand(fields, "output_config", dict) or {}
    effort = take(config, "effort", str)
    form = take(config, "format", dict)
    if form is None and "format" not in config:
        form = take(fields, "output_format", dict)
    if form is not None and form.get("type") != "json_schema":
        config["format"], form = form, None
    if config:
        fields["output_config"] = config
    if form is None:
        return None, effort
    del form["type"]
    schema = take(form, "schema", dict)
    return OutputFormat(kind="json_schema", schema=schema, extra=form or None), effort


def _reasoning(fields: Fields, effort: str | None) -> ReasoningConfig | None:
    """`thinking`; a type that the values do not tell stays in `extra`, see `encode_settings`."""
    thinking = demand(fields, "thinking", dict)
    if thinking is None:
        return None if effort is None else ReasoningConfig(effort=effort)
    kind = thinking.get("type")
    budget = take(thinking, "budget_tokens", int) if kind == "enabled" else None
    usual = kind in ("disabled", "adaptive") or budget is not None
    if usual:
        del thinking["type"]
    return ReasoningConfig(
        effort=effort,
        max_tokens=budget,
        enabled=kind != "disabled" if usual or kind in ("enabled", "between_tools") else None,
        extra=thinking or None,
    )


def _stop(fields: Fields) -> tuple[str, ...]:
    sequences = demand(fields, "stop_sequences", list) or []
    for position, sequence in enumerate(sequences):
        if type(sequence) is not str:
            raise wrong(f"stop_sequences.{position}", f"must be a string, not {sequence!r:.60}")
    return tuple(sequences)


def _user(fields: Fields) -> str | None:
    metadata = demand(fields, "metadata", dict)
    if metadata is None:
        return None
    user = take(metadata, "user_id", str)
    if metadata or user is None:
        fields["metadata"] = metadata
    return user
