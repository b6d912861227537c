"""Joining a stream's parts gives the whole result."""

from collections.abc import Iterable

import msgspec

from genmux.types.chat import ChatResult, Choice, FinishReason, Message
from genmux.types.content import Content, Fields, Reasoning, Refusal, Text, ToolCall
from genmux.types.parts import (
    BlockEnd,
    BlockStart,
    ErrorPart,
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
from genmux.types.usage import Usage
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning


class _Open:
    """A block that is still growing."""

    __slots__ = ("block", "choice", "end", "pieces")

    def __init__(self, part: BlockStart) -> None:
        self.block = part.block
        self.choice = part.choice
        self.pieces: list[str] = []
        self.end: BlockEnd | None = None

    def close(self) -> Content:
        grown = "".join(self.pieces)
        changes: Fields = {}
        match self.block:
            case Text() | Refusal() | Reasoning() if grown:
                changes["text"] = self.block.text + grown
            case ToolCall() if grown:
                changes["arguments"] = self.block.arguments + grown
            case _:
                pass
        if self.end is not None:
            if isinstance(self.block, Reasoning):
                changes |= {
                    key: value for key in ("signature", "encrypted") if (value := getattr(self.end, key)) is not None
                }
            if self.end.extra and hasattr(self.block, "extra"):
                changes["extra"] = {**(getattr(self.block, "extra", None) or {}), **self.end.extra}
        return msgspec.structs.replace(self.block, **changes) if changes else self.block


class Joiner:
    """Collects the parts of one stream; `result()` is what they amount to so far."""

    def __init__(self) -> None:
        self._start = Start()
        self._blocks: dict[int, _Open] = {}
        self._usage = Usage()
        self._finish: dict[int, FinishReason] = {}
        self._extra: dict[tuple[str, int], Fields] = {}
        self._warnings: list[Warning] = []
        self.error: ErrorPart | None = None

    def feed(self, part: Part) -> None:
        """Take one part."""
        match part:
            case TextDelta(index=index, text=text) | ReasoningDelta(index=index, text=text):
                self._blocks[index].pieces.append(text)
            case ToolCallDelta(index=index, arguments=arguments):
                self._blocks[index].pieces.append(arguments)
            case BlockStart(index=index):
                self._blocks[index] = _Open(part)
            case BlockEnd(index=index):
                self._blocks[index].end = part
            case _:
                self._feed_rest(part)

    def _feed_rest(self, part: Start | UsagePart | Finish | ExtraPart | WarningPart | ErrorPart) -> None:
        match part:
            case Start():
                self._start = part
            case UsagePart(usage=usage):
                self._usage = usage
            case Finish(finish=finish, choice=choice):
                self._finish[choice] = finish
            case ExtraPart(data=data, scope=scope, choice=choice):
                self._extra.setdefault((scope, choice), {}).update(data)
            case WarningPart(warning=warning):
                self._warnings.append(warning)
            case ErrorPart():
                self.error = part

    def result(self) -> ChatResult:
        """The whole answer; a choice whose end never came has the finish reason `other`."""
        choices = sorted({0, *self._finish, *(block.choice for block in self._blocks.values())})
        first, *others = (self._choice(number) for number in choices)
        reply = dict(self._extra.get(("reply", 0), {}))
        return ChatResult(
            message=first.message,
            finish=first.finish,
            usage=self._usage,
            id=self._start.id,
            model=self._start.model,
            provider=self._start.provider,
            created=self._start.created,
            warnings=tuple(self._warnings),
            alternatives=tuple(others),
            service_tier=reply.pop("service_tier", None),
            dialect=self._start.dialect,
            extra=reply or None,
            choice_extra=first.extra,
        )

    def _choice(self, number: int) -> Choice:
        content = tuple(block.close() for _, block in sorted(self._blocks.items()) if block.choice == number)
        message = Message(
            role="assistant",
            content=content,
            dialect=self._start.dialect,
            extra=self._extra.get(("message", number)),
        )
        finish = self._finish.get(number, FinishReason("other"))
        return Choice(message=message, finish=finish, extra=self._extra.get(("choice", number)))


def join(parts: Iterable[Part]) -> ChatResult:
    """Join a whole stream. Raises the error with which it ended, if it did."""
    joiner = Joiner()
    for part in parts:
        joiner.feed(part)
    if joiner.error is not None:
        raise joiner.error.error
    return joiner.result()
