"""Tool calls of a model that was never taught any: arguments that must fit a grammar, and results told in words.

So small a model cannot decide whether to call a tool, but it can fill in a form. It is given one where a tool is demanded, or
where the user's last words name one.
"""

import re
from collections.abc import Iterator, Sequence
from secrets import token_hex

import msgspec

from genmux.contract.local import Pause
from genmux.types.chat import ChatRequest, FinishReason, Message, OutputFormat, Tool, ToolChoice
from genmux.types.content import Content, Fields, Text, ToolCall, ToolResult
from genmux.types.parts import BlockEnd, BlockStart, Finish, Part, TextDelta, ToolCallDelta

TOLD = "{question} The answer of the function {name} is: {result}. Say it in a sentence."
"""How a result is told. Of six ways that were tried with SmolLM2 135M only this one made it say the result."""

ASKED = " Answer with the {names} as JSON."
"""How arguments are asked for. Of five ways that were tried only this one and another gave the right towns each time."""

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")


def without_tools(request: ChatRequest) -> tuple[ChatRequest, Tool | None]:
    """What such a model is asked, and the tool whose arguments its answer is; None where it answers in words."""
    tool = _chosen(request)
    messages, output = _in_words(request.messages), request.output
    if tool is not None:
        form = _form(tool)
        messages = _asking(messages, form)
        output = OutputFormat(kind="json_schema", name=tool.name, schema=form, strict=True)
    plain = msgspec.structs.replace(
        request,
        messages=messages,
        tools=(),
        tool_choice=None,
        parallel_tool_calls=None,
        output=output,
    )
    return plain, tool


def as_call(parts: Iterator[Part | Pause], tool: Tool) -> Iterator[Part | Pause]:
    """The parts of an answer that is the arguments of a tool."""
    written: dict[int, str] = {}
    for part in parts:
        match part:
            case BlockStart(index=index, block=Text(text=text)):
                written[index] = text
                yield BlockStart(index, ToolCall(id=f"call_{token_hex(8)}", name=tool.name), part.choice)
            case TextDelta(index=index, text=text) if index in written:
                written[index] += text
            case BlockEnd(index=index) if index in written:
                yield ToolCallDelta(index, _tidy(written[index]))
                yield part
            case Finish(finish=FinishReason(unified="stop")):
                yield Finish(FinishReason("tool_calls", "tool_calls"), part.choice)
            case _:
                yield part


def answers_a_tool(request: ChatRequest) -> bool:
    """Whether what a tool gave is what the answer is to tell."""
    return bool(request.messages) and any(isinstance(block, ToolResult) for block in request.messages[-1].content)


def _chosen(request: ChatRequest) -> Tool | None:
    tools = [tool for tool in request.tools if isinstance(tool, Tool)]
    choice = request.tool_choice or ToolChoice("auto")
    if choice.mode == "none" or not tools or answers_a_tool(request):
        return None
    if choice.mode == "tool":
        return next((tool for tool in tools if tool.name == choice.name), None)
    named = _named(tools, request.messages)
    return named or (tools[0] if choice.mode == "required" else None)


def _named(tools: Sequence[Tool], messages: Sequence[Message]) -> Tool | None:
    """The first tool of whose name the last word (`get_weather`) is among the words that the user said last."""
    content = messages[-1].content if messages and messages[-1].role == "user" else ()
    said = {word.lower() for block in content if isinstance(block, Text) for word in _WORD.findall(block.text)}
    return next((tool for tool in tools if _last_word(tool.name) in said), None)


def _last_word(name: str) -> str:
    words = _WORD.findall(name)
    return words[-1].lower() if words else name


def _form(tool: Tool) -> Fields:
    """Its parameters. An object of which nothing is known is an empty one: else the model would invent fields without end."""
    form = tool.parameters or {"type": "object"}
    return form if form.get("properties") else {"type": "object", "properties": {}, "additionalProperties": False}


def _asking(messages: tuple[Message, ...], form: Fields) -> tuple[Message, ...]:
    """The messages, the last of which asks for the arguments, too."""
    names = [name.replace("_", " ") for name in form["properties"]]
    if not names or not messages or messages[-1].role != "user":
        return messages
    words = Text(ASKED.format(names=" and the ".join(names)))
    return (*messages[:-1], msgspec.structs.replace(messages[-1], content=(*messages[-1].content, words)))


def _in_words(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The messages without calls, and with what these gave told in words."""
    names: dict[str, str] = {}
    plain: list[Message] = []
    for message in messages:
        rest: list[Content] = []
        for block in message.content:
            match block:
                case ToolCall():
                    names[block.id] = block.name
                case ToolResult():
                    _tell(plain, block, block.name or names.get(block.call_id, "tool"))
                case _:
                    rest.append(block)
        if rest or not message.content:
            plain.append(msgspec.structs.replace(message, content=tuple(rest)))
    return tuple(plain)


def _tell(plain: list[Message], result: ToolResult, name: str) -> None:
    """Add what a tool gave to the question before it."""
    question = ""
    if plain and plain[-1].role == "user":
        question = "".join(block.text for block in plain.pop().content if isinstance(block, Text))
    told = TOLD.format(question=question, name=name, result=result.text.strip().rstrip(".")).strip()
    plain.append(Message(role="user", content=(Text(told),)))


def _tidy(arguments: str) -> str:
    """The same JSON without the line breaks that the model likes; as it is where it was cut off."""
    try:
        return msgspec.json.format(arguments, indent=-1)
    except msgspec.DecodeError:
        return arguments
