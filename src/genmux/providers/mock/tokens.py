"""Counts tokens the simple way, for a model that has no vocabulary."""

import re
from collections.abc import Iterator

import msgspec

from genmux.types.chat import ChatRequest, Message
from genmux.types.content import Audio, File, Image, Reasoning, Refusal, Text, ToolCall, ToolResult
from genmux.types.embed import EmbedRequest

TOKENS_PER_MESSAGE = 3
TOKENS_PER_MEDIA = 85
CHARACTERS_PER_TOKEN = 4

_TOKEN = re.compile(r"\s*(?:\w{1,16}|[^\w\s])|\s+")


def tokens(text: str) -> list[str]:
    """Cut an answer into the tokens of which it is streamed: short words with the space before them, and single marks."""
    return _TOKEN.findall(text)


def about(text: str) -> int:
    """How many tokens a prompt has, at four characters each."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def count_input(request: ChatRequest | EmbedRequest) -> int:
    """How many tokens a request has; every model of the simulator counts like this."""
    if isinstance(request, EmbedRequest):
        return sum(about(one) if isinstance(one, str) else len(one) for one in request.inputs)
    total = sum(TOKENS_PER_MESSAGE + sum(_of(message)) for message in request.messages)
    for tool in request.tools:
        total += about(msgspec.json.encode(tool).decode())
    if request.output is not None and request.output.schema:
        total += about(msgspec.json.encode(request.output.schema).decode())
    return total


def _of(message: Message) -> Iterator[int]:
    for block in message.content:
        match block:
            case Text() | Reasoning() | Refusal() | ToolResult():
                yield about(block.text)
            case ToolCall(name=name, arguments=arguments):
                yield about(name) + about(arguments)
            case Image() | Audio() | File():
                yield TOKENS_PER_MEDIA
            case _:
                pass
