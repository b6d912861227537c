"""Structured output for models that have none: asked for in another way, and undone when the answer is read.

A schema becomes a tool that the model is forced to call, whose arguments are then the answer. Where that cannot be (the
caller has tools of its own, the model thinks or takes no orders, the schema is not of an object, or there is none), the model is told what
to write, and a code fence around its answer is taken off.
"""

import re
from typing import Literal

import msgspec

from genmux.contract.features import Support
from genmux.contract.model import Model
from genmux.dialects.anthropic_messages.schema import NAME
from genmux.types.chat import ChatRequest, ChatResult, FinishReason
from genmux.types.content import Content, Fields, Text, ToolCall

TOOL = "json_answer"
"""The name of the tool whose arguments are the answer, unless the caller named the format."""

_FENCE = re.compile(r"\A\s*```[a-zA-Z]*\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class Emulation(msgspec.Struct, frozen=True):
    """How an answer's form is asked for: by a tool of this name, or by words."""

    way: Literal["tool", "words"]
    tool: str = TOOL
    schema: Fields | None = None


def emulation_of(request: ChatRequest, model: Model) -> Emulation | None:
    """What has to be emulated, if anything. A request of this dialect is always sent as it is."""
    output = request.output
    if output is None or output.kind == "text" or request.dialect == NAME:
        return None
    if output.kind == "json_schema" and model.support("structured_output") is Support.NATIVE:
        return None
    schema = output.schema if output.kind == "json_schema" else None
    thinks = request.reasoning is not None and request.reasoning.enabled is not False
    busy = thinks or request.tools or model.support("tool_choice") is Support.NO
    if schema is None or schema.get("type") != "object" or busy:
        return Emulation("words", schema=schema)
    name = output.name if output.name and _TOOL_NAME.fullmatch(output.name) else TOOL
    return Emulation("tool", name, schema)


def words_for(emulation: Emulation) -> str:
    """What the model is told."""
    told = "Answer with one JSON object and nothing else: no explanation before or after it, no code fence."
    if emulation.schema is None:
        return told
    schema = msgspec.json.encode(emulation.schema).decode()
    return f"Answer with JSON and nothing else: no explanation before or after it, no code fence. It must fit this JSON Schema:\n{schema}"


def without_fence(text: str) -> str:
    """The text inside a code fence that surrounds all of it; any other text as it is."""
    found = _FENCE.match(text)
    return text if found is None else found[1]


def finish_of(finish: FinishReason) -> FinishReason:
    """A call of the forced tool is a plain answer."""
    return FinishReason("stop", finish.raw) if finish.unified == "tool_calls" else finish


def undo(result: ChatResult, emulation: Emulation) -> ChatResult:
    """The result as if the model had had structured output."""
    content = tuple(_undone(block, emulation) for block in result.message.content)
    message = msgspec.structs.replace(result.message, content=content)
    finish = finish_of(result.finish) if emulation.way == "tool" else result.finish
    return msgspec.structs.replace(result, message=message, finish=finish)


def _undone(block: Content, emulation: Emulation) -> Content:
    match block:
        case ToolCall(name=name, arguments=arguments) if emulation.way == "tool" and name == emulation.tool:
            return Text(arguments)
        case Text(text=text) if emulation.way == "words":
            return msgspec.structs.replace(block, text=without_fence(text))
        case _:
            return block
