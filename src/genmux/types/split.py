"""A whole result as the parts of a stream: the reverse of joining."""

from collections.abc import Iterator

import msgspec

from genmux.types.chat import ChatResult, Choice
from genmux.types.content import Content, Reasoning, Refusal, Text, ToolCall
from genmux.types.parts import (
    BlockEnd,
    BlockStart,
    ExtraPart,
    Finish,
    Part,
    ReasoningDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    UsagePart,
    WarningPart,
)


def split(result: ChatResult) -> Iterator[Part]:
    """The parts that join to this result, for an answer that came whole where a stream was asked for."""
    yield Start(
        id=result.id, model=result.model, provider=result.provider, created=result.created, dialect=result.dialect
    )
    for warning in result.warnings:
        yield WarningPart(warning)
    first = Choice(message=result.message, finish=result.finish, extra=result.choice_extra)
    index = 0
    for number, choice in enumerate((first, *result.alternatives)):
        for block in choice.message.content:
            yield from _block(index, block, number)
            index += 1
        if choice.message.extra:
            yield ExtraPart(choice.message.extra, "message", number)
        if choice.extra:
            yield ExtraPart(choice.extra, "choice", number)
        yield Finish(choice.finish, number)
    tier = {"service_tier": result.service_tier} if result.service_tier is not None else {}
    if extra := {**(result.extra or {}), **tier}:
        yield ExtraPart(extra)
    yield UsagePart(result.usage)


def _block(index: int, block: Content, choice: int) -> Iterator[Part]:
    match block:
        case Text() | Refusal():
            yield BlockStart(index, msgspec.structs.replace(block, text=""), choice)
            yield TextDelta(index, block.text)
        case Reasoning():
            bare = msgspec.structs.replace(block, text="", signature=None, encrypted=None)
            yield BlockStart(index, bare, choice)
            if block.text:
                yield ReasoningDelta(index, block.text)
            yield BlockEnd(index, signature=block.signature, encrypted=block.encrypted)
            return
        case ToolCall():
            yield BlockStart(index, msgspec.structs.replace(block, arguments=""), choice)
            yield ToolCallDelta(index, block.arguments)
        case _:
            yield BlockStart(index, block, choice)
    yield BlockEnd(index)
