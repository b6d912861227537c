"""Python functions as tools."""

import inspect
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from genmux.client.schemas import schema_of
from genmux.types.chat import Tool
from genmux.types.content import Opaque, Text, ToolCall, ToolResult
from genmux.types.errors import InvalidRequestError


def tool_of(tool: Tool | Opaque | Mapping[str, Any] | Callable[..., Any]) -> Tool | Opaque:
    """Whatever describes a tool as a `Tool`. Raises InvalidRequestError that says what is missing."""
    if isinstance(tool, Tool | Opaque):
        return tool
    if isinstance(tool, Mapping):
        return _from_mapping(tool)
    return tool_from(tool)


def _from_mapping(tool: Mapping[str, Any]) -> Tool:
    """OpenAI's `{"type": "function", "function": {…}}`, or the inner object alone; `input_schema` is understood too."""
    inner = tool.get("function", tool)
    name = inner.get("name")
    if not isinstance(name, str):
        message = f"a tool dict needs a `name`; this one has {sorted(map(str, inner))}"
        raise InvalidRequestError(message, param="tools")
    parameters = inner.get("parameters", inner.get("input_schema"))
    return Tool(name=name, description=inner.get("description"), parameters=parameters, strict=inner.get("strict"))


def tool_from(function: Callable[..., Any]) -> Tool:
    """Describe a function as a tool: its name, its docstring, a JSON Schema of its annotated parameters.

    Raises InvalidRequestError for a parameter without annotation or with one that has no JSON form.
    """
    signature = inspect.signature(function)
    hints = typing.get_type_hints(function, include_extras=True)
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for name, parameter in signature.parameters.items():
        if name not in hints:
            message = f"the parameter `{name}` of the tool `{function.__name__}` has no type annotation"
            raise InvalidRequestError(message, param="tools")
        default = parameter.default
        fields.append((name, hints[name]) if default is inspect.Parameter.empty else (name, hints[name], default))
    arguments = msgspec.defstruct(f"{function.__name__}_arguments", fields, kw_only=True)
    return Tool(name=function.__name__, description=inspect.getdoc(function), parameters=schema_of(arguments))


def run_tool(call: ToolCall, functions: Iterable[Callable[..., Any]]) -> ToolResult:
    """Run the function that `call` names and give its result for the next turn.

    What the function raises, and arguments that do not fit it, become an error result that the model can read.
    """
    function = next((one for one in functions if one.__name__ == call.name), None)
    if function is None:
        return _failed(call, f"there is no tool named {call.name!r}")
    hints = typing.get_type_hints(function)
    try:
        arguments = {
            name: msgspec.convert(value, hints.get(name, Any), strict=False) for name, value in call.input.items()
        }
        value = function(**arguments)
    except Exception as error:  # noqa: BLE001 — a tool is foreign code; the model shall hear what went wrong
        return _failed(call, f"{type(error).__name__}: {error}")
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return ToolResult(call_id=call.id, content=(Text(text),), name=call.name)


def _failed(call: ToolCall, message: str) -> ToolResult:
    return ToolResult(call_id=call.id, content=(Text(message),), name=call.name, is_error=True)
