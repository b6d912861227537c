"""From parts to the chunks of a stream."""

from typing import Any

import msgspec

from genmux.contract.dialect import Accepted
from genmux.contract.openai_errors import error_document
from genmux.dialects.openai_chat.reasoning import Way, head_of, way_of
from genmux.dialects.openai_chat.respond import finish_fields, marked, write_picture, write_sound
from genmux.dialects.openai_chat.schema import CHUNK, DETAILS, DONE, NAME
from genmux.dialects.openai_chat.usage import write_usage
from genmux.types.content import Audio, Content, Fields, Image, Opaque, Reasoning, Refusal, Text, ToolCall
from genmux.types.errors import ProviderError
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
)
from genmux.types.usage import Usage

_encode = msgspec.json.Encoder().encode
_TAIL = b'},"logprobs":null,"finish_reason":null}]}\n\n'
_HOLE = "\x00the text of a delta\x00"
_HOLE_JSON = msgspec.json.encode(_HOLE)
"""Where the text of a delta goes, in a delta that is written beforehand."""


class _Choice:
    """What has been told of one choice."""

    __slots__ = ("calls", "head", "items")

    def __init__(self, head: bytes) -> None:
        self.head = head
        self.calls = 0
        self.items = 0


class _Block:
    """An open block: its deltas are `pieces` with the text between them."""

    __slots__ = ("block", "choice", "grown", "number", "pieces", "way")

    def __init__(self, block: Content, choice: _Choice) -> None:
        self.block = block
        self.choice = choice
        self.pieces: tuple[bytes, ...] = ()
        self.way: Way | None = None
        self.number = 0
        self.grown = False


class StreamWriter:
    """Writes one stream. What a delta's chunk says around the delta is made once for each block."""

    def __init__(self, accepted: Accepted) -> None:
        self._accepted = accepted
        self._own = False
        self._origin: str | None = None
        self._envelope = b""
        self._choices: dict[int, _Choice] = {}
        self._blocks: dict[int, _Block] = {}
        self._usage: Usage | None = None
        self._begin(Start())

    def write(self, part: Part) -> bytes:
        """The bytes for one part; empty when the dialect has nothing to say for it."""
        match part:
            case TextDelta(index=index, text=text) | ReasoningDelta(index=index, text=text):
                return self._delta(index, text)
            case ToolCallDelta(index=index, arguments=arguments):
                return self._delta(index, arguments)
            case BlockStart():
                return self._open(part)
            case BlockEnd():
                return self._close_block(part)
            case Finish(finish=finish, choice=choice):
                return self._chunk(choice, {}, finish_fields(finish, own=self._own))
            case _:
                return self._write_rest(part)

    def close(self) -> bytes:
        """The bytes that end a stream: the usage where it was asked for, and `[DONE]`."""
        end = b"data: " + DONE + b"\n\n"
        if not self._accepted.include_usage or self._usage is None:
            return end
        usage = write_usage(self._usage, own=self._own)
        return end if usage is None else self._envelope + b'"choices":[],"usage":' + _encode(usage) + b"}\n\n" + end

    def fail(self, error: ProviderError) -> bytes:
        """The bytes that end a stream in which something failed: an error, and no `[DONE]`."""
        return b"data: " + _encode(error_document(error)) + b"\n\n"

    def _begin(self, start: Start) -> None:
        self._own = start.dialect == NAME
        self._origin = start.provider or start.dialect
        envelope = {
            "id": start.id or "",
            "object": CHUNK,
            "created": start.created or 0,
            "model": start.model or self._accepted.request.model,
        }
        self._envelope = b"data: " + _encode(envelope)[:-1] + b","

    def _write_rest(self, part: Part) -> bytes:
        match part:
            case Start():
                self._begin(part)
                return self._announce(0)
            case UsagePart(usage=usage):
                self._usage = usage
                return b""
            case ExtraPart(data=data, scope=scope, choice=choice) if self._own:
                return self._extra(data, scope, choice)
            case ErrorPart(error=error):
                return self.fail(error)
            case _:
                return b""

    def _announce(self, number: int) -> bytes:
        """The first chunk of a choice."""
        if number in self._choices:
            return b""
        head = self._envelope + b'"choices":[{"index":%d,"delta":{' % number
        self._choices[number] = _Choice(head)
        return head + b'"role":"assistant","content":"","refusal":null' + _TAIL

    def _chunk(self, number: int, delta: Fields, choice: Fields | None = None) -> bytes:
        """A chunk that is written on its own."""
        said = {"index": number, "delta": delta, "logprobs": None, "finish_reason": None, **(choice or {})}
        return self._announce(number) + self._envelope + b'"choices":[' + _encode(said) + b"]}\n\n"

    def _extra(self, data: Fields, scope: str, number: int) -> bytes:
        match scope:
            case "message":
                return self._chunk(number, data)
            case "choice":
                return self._chunk(number, {}, data)
            case _:
                envelope = _encode(data)[1:-1]
                said = b'"choices":[{"index":%d,"delta":{' % number + _TAIL[:-3]
                return self._announce(number) + self._envelope + said + b"," + envelope + b"}\n\n" if envelope else b""

    def _delta(self, index: int, text: str) -> bytes:
        block = self._blocks[index]
        block.grown = True
        return _encode(text).join(block.pieces)

    def _open(self, part: BlockStart) -> bytes:
        announced = self._announce(part.choice)
        choice = self._choices[part.choice]
        open_ = self._blocks[part.index] = _Block(part.block, choice)
        match part.block:
            case Text(text=text, extra=extra):
                if own := marked(extra, own=self._own):
                    return announced + self._chunk(part.choice, {"content": [{"type": "text", "text": text, **own}]})
                return announced + self._growing(open_, {"content": _HOLE}, text)
            case Refusal(text=text):
                return announced + self._growing(open_, {"refusal": _HOLE}, text)
            case Reasoning() as block:
                return announced + self._open_reasoning(open_, block)
            case ToolCall() as block:
                return announced + self._open_call(part.choice, open_, block)
            case block:
                whole = self._whole(block)
                return announced + self._chunk(part.choice, whole) if whole else announced

    def _growing(self, open_: _Block, delta: Fields, text: str) -> bytes:
        """Prepare the deltas of a block, and write the text with which it begins."""
        written = open_.choice.head + _encode(delta)[1:-1] + _TAIL
        open_.pieces = tuple(written.split(_HOLE_JSON))
        if not text:
            return b""
        open_.grown = True
        return _encode(text).join(open_.pieces)

    def _open_call(self, number: int, open_: _Block, block: ToolCall) -> bytes:
        choice = open_.choice
        index = choice.calls
        choice.calls += 1
        extra = marked(block.extra, own=self._own)
        if "function_call" in extra:
            self._growing(open_, {"function_call": {"arguments": _HOLE}}, "")
            return self._chunk(number, {"function_call": {"name": block.name, "arguments": block.arguments}})
        key, argument = ("custom", "input") if block.kind == "custom" else ("function", "arguments")
        inner = {"name": block.name, argument: block.arguments, **(extra.pop(key, None) or {})}
        call = {"index": index, "id": block.id, "type": block.kind, key: inner, **extra}
        self._growing(open_, {"tool_calls": [{"index": index, key: {argument: _HOLE}}]}, "")
        return self._chunk(number, {"tool_calls": [call]})

    def _open_reasoning(self, open_: _Block, block: Reasoning) -> bytes:
        if self._own and "thinking" in (block.extra or {}):
            item = {"type": "thinking", "thinking": [{"type": "text", "text": _HOLE}]}
            return self._growing(open_, {"content": [item]}, block.text)
        open_.number = open_.choice.items
        way = open_.way = way_of(block, open_.number, own=self._own, origin=self._origin, whole=False)
        delta: dict[str, Any] = dict.fromkeys(way.plain, _HOLE)
        if way.item is not None:
            open_.choice.items += 1
            key = "summary" if way.item.get("type") == "reasoning.summary" else "text"
            delta[DETAILS] = [{**way.item, key: _HOLE}]
        return self._growing(open_, delta, block.text) if delta else b""

    def _whole(self, block: Content) -> Fields:
        """The delta of a block that comes in one piece."""
        match block:
            case Image(extra=extra):
                return {"images": [write_picture(block, marked(extra, own=self._own))]}
            case Audio(extra=extra):
                return {"audio": write_sound(block, marked(extra, own=self._own))}
            case Opaque(dialect="openai_chat", data=data) if self._own:
                return {"content": [data]}
            case _:
                return {}

    def _close_block(self, part: BlockEnd) -> bytes:
        open_ = self._blocks[part.index]
        block = open_.block
        if not isinstance(block, Reasoning):
            return b""
        extra = marked(part.extra, own=self._own)
        if isinstance(said := extra.get("thinking"), dict):
            return self._tail_of(open_, {"content": [{"type": "thinking", "thinking": [], **said}]})
        signature, encrypted = part.signature or block.signature, part.encrypted or block.encrypted
        if signature is None and encrypted is None:
            return b""
        return self._tail_of(open_, {DETAILS: [self._state(open_, block, extra, signature, encrypted)]})

    def _state(
        self, open_: _Block, block: Reasoning, extra: Fields, signature: str | None, encrypted: str | None
    ) -> Fields:
        """The item that brings the opaque state of a block."""
        way_item = open_.way.item if open_.way is not None else None
        said = extra.get(DETAILS)
        head = way_item or {} if said is None else said
        if said is None and not (self._own and (block.extra or {}).get(DETAILS) is not None):
            head = {**head, **head_of(Reasoning("" if not open_.grown else "…", encrypted=encrypted), open_.number)}
        item = {**head}
        if (origin := (way_item or {}).get("origin")) is not None:
            item["origin"] = origin
        if signature is not None:
            item["signature"] = signature
        if encrypted is not None:
            item["data"] = encrypted
        return item

    @staticmethod
    def _tail_of(open_: _Block, delta: Fields) -> bytes:
        return open_.choice.head + _encode(delta)[1:-1] + _TAIL
