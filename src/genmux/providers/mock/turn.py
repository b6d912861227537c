"""One turn, decided: what is answered, how fast, and what goes wrong; given whole or as a stream."""

from collections.abc import Iterator

import msgspec

from genmux.contract.local import Pause
from genmux.providers.mock.answer import Answer, Block
from genmux.providers.mock.faults import error_of
from genmux.providers.mock.script import Fault
from genmux.types.chat import ChatResult, Choice, Message
from genmux.types.content import Content, Reasoning, Refusal, Text, ToolCall
from genmux.types.parts import (
    BlockEnd,
    BlockStart,
    Finish,
    Part,
    ReasoningDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    UsagePart,
)
from genmux.types.usage import Usage


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one reply. `latency` and `pace` are in seconds."""

    id: str
    model: str
    answers: tuple[Answer, ...]
    usage: Usage
    latency: float = 0.0
    pace: float = 0.0
    fault: Fault | None = None

    @property
    def duration(self) -> float:
        """How long the whole reply takes, in seconds."""
        pieces = sum(len(block.pieces) for one in self.answers for block in one.blocks)
        if self.fault is not None:
            pieces = min(pieces, self.fault.after)
        return self.latency + self.pace * max(pieces - 1, 0)


def result_of(turn: Turn) -> ChatResult:
    """The whole reply; equal to what its stream joins to. Raises the error that the turn shall end with."""
    if turn.fault is not None:
        raise error_of(turn.fault, model=turn.model)
    first, *others = [
        Choice(
            message=Message(role="assistant", content=tuple(one.block for one in answer.blocks)), finish=answer.finish
        )
        for answer in turn.answers
    ]
    return ChatResult(
        message=first.message,
        finish=first.finish,
        usage=turn.usage,
        id=turn.id,
        model=turn.model,
        provider="mock",
        alternatives=tuple(others),
    )


def parts_of(turn: Turn) -> Iterator[Part | Pause]:
    """The reply token by token. Raises the error that the turn shall end with, before or amid the parts."""
    if turn.latency:
        yield Pause(turn.latency)
    fault = turn.fault
    if fault is not None and fault.after == 0:
        raise error_of(fault, model=turn.model)
    yield Start(id=turn.id, model=turn.model, provider="mock")
    written = 0
    for part in _blocks(turn.answers):
        if isinstance(part, TextDelta | ReasoningDelta | ToolCallDelta):
            if fault is not None and written == fault.after:
                raise error_of(fault, model=turn.model)
            if turn.pace and written:
                yield Pause(turn.pace)
            written += 1
        yield part
    if fault is not None:
        raise error_of(fault, model=turn.model)
    yield UsagePart(turn.usage)
    for choice, one in enumerate(turn.answers):
        yield Finish(one.finish, choice)


def _blocks(answers: tuple[Answer, ...]) -> Iterator[Part]:
    """The blocks of all choices; several choices grow side by side, as they do at providers."""
    growing = [_of_choice(answer, choice, choice, len(answers)) for choice, answer in enumerate(answers)]
    while growing:
        for one in [*growing]:
            part = next(one, None)
            if part is None:
                growing.remove(one)
            else:
                yield part


def _of_choice(answer: Answer, choice: int, first: int, step: int) -> Iterator[Part]:
    for nth, one in enumerate(answer.blocks):
        index = first + nth * step
        yield BlockStart(index, _opening(one.block), choice)
        yield from _deltas(one, index)
        yield BlockEnd(index, signature=one.block.signature if isinstance(one.block, Reasoning) else None)


def _opening(block: Reasoning | Text | Refusal | ToolCall) -> Content:
    match block:
        case ToolCall():
            return ToolCall(block.id, block.name, kind=block.kind)
        case Reasoning():
            return Reasoning(origin=block.origin)
        case Text():
            return Text("")
        case Refusal():
            return Refusal("")


def _deltas(one: Block, index: int) -> Iterator[Part]:
    match one.block:
        case ToolCall():
            return (ToolCallDelta(index, piece) for piece in one.pieces)
        case Reasoning():
            return (ReasoningDelta(index, piece) for piece in one.pieces)
        case Text() | Refusal():
            return (TextDelta(index, piece) for piece in one.pieces)
