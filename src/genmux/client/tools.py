"""Python functions as tools."""

import copy
import functools
import inspect
import sys
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from genmux.client.schemas import reader_of, schema_of
from genmux.types.chat import Tool
from genmux.types.content import Audio, Fields, File, Image, Opaque, Text, ToolCall, ToolResult
from genmux.types.errors import InvalidRequestError

Function = Callable[..., Any]

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class _Written(msgspec.Struct, frozen=True):
    """A tool as a dict describes it."""

    name: str
    description: str | None = None
    parameters: Fields | None = None
    input_schema: Fields | None = None
    strict: bool | None = None


def tool_of(tool: Any) -> Tool | Opaque:
    """Whatever describes a tool as a `Tool`. Raises InvalidRequestError that says what is missing."""
    if isinstance(tool, Tool | Opaque):
        return tool
    if isinstance(tool, Mapping):
        return _from_mapping(tool)
    if callable(tool):
        return tool_from(tool)
    message = f"a tool must be a typed function, a `Tool` or a dict; this one is {tool!r:.100}"
    raise InvalidRequestError(message, param="tools")


def _from_mapping(tool: Mapping[str, Any]) -> Tool:
    """OpenAI's `{"type": "function", "function": {…}}`, or the inner object alone; `input_schema` is understood too."""
    kind = tool.get("type", "function")
    if kind not in ("function", "custom") or "custom" in tool:
        message = (
            f"a tool dict of type {kind!r} is a provider's own: give a `Tool`, or an `Opaque` that names its dialect"
        )
        raise InvalidRequestError(message, param="tools")
    inner = tool.get("function", tool)
    try:
        written = msgspec.convert(inner, _Written)
    except msgspec.ValidationError as error:
        message = f"a tool dict is wrong: {error}; it has {', '.join(sorted(map(str, inner)))}"
        raise InvalidRequestError(message, param="tools") from error
    parameters = written.input_schema if written.parameters is None else written.parameters
    return Tool(name=written.name, description=written.description, parameters=parameters, strict=written.strict)


def tool_from(function: Function) -> Tool:
    """Describe a function as a tool: its name, its docstring, a JSON Schema of its annotated parameters.

    Raises InvalidRequestError for a parameter without annotation or with one that has no JSON form.
    """
    name = _name_of(function)
    schema = schema_of(_arguments_of(function))
    shown = {key: value for key, value in schema.items() if key not in ("title", "description")}
    return Tool(name=name, description=inspect.getdoc(function), parameters=shown)


def run_tool(call: ToolCall, functions: Iterable[Function]) -> ToolResult:
    """Run the function that `call` names and give its result for the next turn.

    What the function raises, and arguments that do not fit it, become an error result that the model can read. Raises
    InvalidRequestError for a coroutine function: await that yourself and give a `ToolResult`.
    """
    function = next((one for one in functions if _name_of(one) == call.name), None)
    if function is None:
        return _failed(call, f"there is no tool named {call.name!r}")
    if inspect.iscoroutinefunction(function):
        message = f"the tool `{call.name}` is a coroutine function; await it yourself and give a `ToolResult`"
        raise InvalidRequestError(message, param="tools")
    _arguments_of(function)
    try:
        content = _content(call_tool(function, call.input))
    except Exception as error:  # noqa: BLE001 — a tool is foreign code; the model shall hear what went wrong
        return _failed(call, f"{type(error).__name__}: {error}")
    return ToolResult(call_id=call.id, content=content, name=call.name)


def call_tool(function: Function, arguments: Any) -> Any:
    """What a function gives for these arguments, a coroutine where it is a coroutine function. Raises whatever is wrong with them."""
    kind = _arguments_of(function)
    read = reader_of(kind)(arguments)
    return function(**{name: getattr(read, name) for name in _names(kind)})


def _name_of(function: Function) -> str:
    name = getattr(function, "__name__", None)
    if not isinstance(name, str) or name == "<lambda>":
        message = f"the tool {function!r} has no name; define it with `def`, or give a `Tool`"
        raise InvalidRequestError(message, param="tools")
    return name


@functools.lru_cache(256)
def _arguments_of(function: Function) -> Any:
    """A type whose fields are the function's parameters: a msgspec struct, or a pydantic model where those are needed."""
    name = _name_of(function)
    fields = [*_parameters(function, name)]
    try:
        kind = msgspec.defstruct(f"{name}_arguments", [_struct_field(*field) for field in fields], kw_only=True)
        msgspec.json.schema_components([kind])
    except TypeError as error:
        pydantic = sys.modules.get("pydantic")
        if pydantic is None:
            message = f"the parameters of the tool `{name}` have no JSON Schema: {str(error).splitlines()[-1]}"
            raise InvalidRequestError(message, param="tools") from error
        return _model(pydantic, name, fields)
    return kind


def _parameters(function: Function, name: str) -> Iterable[tuple[str, Any, Any]]:
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except NameError as error:
        message = f"the annotations of the tool `{name}` cannot be read: {error}"
        raise InvalidRequestError(message, param="tools") from error
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in _NAMED:
            message = f"the parameter `{parameter}` of the tool `{name}` cannot be given by name"
            raise InvalidRequestError(message, param="tools")
        if parameter.name not in hints:
            message = f"the parameter `{parameter.name}` of the tool `{name}` has no type annotation"
            raise InvalidRequestError(message, param="tools")
        yield parameter.name, hints[parameter.name], parameter.default


def _struct_field(name: str, kind: Any, default: Any) -> Any:
    if default is inspect.Parameter.empty:
        return (name, kind)
    mutable = isinstance(default, list | dict | set)
    return (name, kind, msgspec.field(default_factory=functools.partial(copy.copy, default)) if mutable else default)


def _model(pydantic: Any, name: str, fields: Iterable[tuple[str, Any, Any]]) -> Any:
    given = {field: (kind, ... if default is inspect.Parameter.empty else default) for field, kind, default in fields}
    try:
        model = pydantic.create_model(f"{name}_arguments", **given)
        model.model_json_schema()
    except pydantic.PydanticUserError as error:
        message = f"the parameters of the tool `{name}` have no JSON Schema: {error.message.splitlines()[0]}"
        raise InvalidRequestError(message, param="tools") from error
    return model


def _names(arguments: Any) -> Iterable[str]:
    return getattr(arguments, "__struct_fields__", None) or getattr(arguments, "model_fields", ())


def _content(value: Any) -> tuple[Text | Image | Audio | File, ...]:
    """What a tool gave back, for the model: text as it is, pictures and the like as such, all else as JSON."""
    match value:
        case str():
            return (Text(value),)
        case Text() | Image() | Audio() | File():
            return (value,)
        case _:
            return (Text(msgspec.json.encode(value, enc_hook=_plain).decode()),)


def _plain(value: Any) -> Any:
    dump = getattr(value, "model_dump", None)
    return str(value) if dump is None else dump(mode="json")


def _failed(call: ToolCall, message: str) -> ToolResult:
    return ToolResult(call_id=call.id, content=(Text(message),), name=call.name, is_error=True)
