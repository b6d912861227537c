"""Blocks of a stream that are being written: the events that each kind is made of."""

from collections.abc import Iterator
from typing import Protocol

import msgspec

from genmux.dialects.anthropic_messages.envelope import seal
from genmux.dialects.anthropic_messages.respond import thinking, write_answer
from genmux.dialects.anthropic_messages.schema import NAME
from genmux.types.content import Content, Fields, Opaque, Reasoning, Refusal, Text, ToolCall
from genmux.types.parts import BlockEnd

encode_json = msgspec.json.Encoder().encode
_TAIL = b"}}\n\n"


def event(kind: str, fields: Fields) -> bytes:
    """One server-sent event; its kind is also the first field of its data."""
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), encode_json({"type": kind, **fields}))


class Writing(Protocol):
    """One open block. `waits_for_end`: no other block may begin before it has ended."""

    waits_for_end: bool

    def start(self) -> bytes:
        """Its beginning."""
        ...

    def delta(self, text: str) -> bytes:
        """More of it."""
        ...

    def end(self, end: BlockEnd | None) -> bytes:
        """Its end; None when nobody said that it ended."""
        ...


def writing(block: Content, numbers: Iterator[int], *, own: bool, origin: str) -> Writing | None:
    """The block that begins like this; None when the dialect has no word for it.

    `numbers` gives the next block its number; `own` and `origin` say whose the answer is, see `respond`.
    """
    match block:
        case Reasoning():
            return Thinking(block, numbers, None if own else origin)
        case Opaque(dialect=dialect) if dialect != NAME:
            return None
        case _:
            fields = write_answer(block, own=own, origin=origin)
            return None if fields is None else _opened(block, fields, next(numbers))


def _opened(block: Content, fields: Fields, number: int) -> Writing:
    match block:
        case ToolCall(arguments=arguments):
            return Pieces(number, {**fields, "input": {}}, "input_json_delta", arguments, waits_for_end=True)
        case Text(text=text) | Refusal(text=text):
            return Pieces(number, {**fields, "text": ""}, "text_delta", text)
        case Opaque(kind=kind, data={"input": dict(given)}) if given and kind.endswith("tool_use"):
            return Pieces(number, {**fields, "input": {}}, "input_json_delta", encode_json(given).decode())
        case _:
            return Pieces(number, fields, "text_delta", "")


class Pieces:
    """A block that opens empty and is filled by deltas of one kind. `first` is what it already has."""

    def __init__(self, number: int, opening: Fields, kind: str, first: str, *, waits_for_end: bool = False) -> None:
        self.waits_for_end = waits_for_end
        self._number = number
        self._opening = opening
        self._first = first
        self._head = self._head_of(kind)

    def start(self) -> bytes:
        """Open it, with what there is already as its first delta."""
        opened = event("content_block_start", {"index": self._number, "content_block": self._opening})
        return opened + self.delta(self._first) if self._first else opened

    def delta(self, text: str) -> bytes:
        """One delta."""
        return self._head + encode_json(text) + _TAIL

    def end(self, end: BlockEnd | None) -> bytes:
        """Close it, after its citations."""
        cited = end.extra.get("citations") if end is not None and end.extra else None
        deltas = (
            [{"type": "citations_delta", "citation": citation} for citation in cited] if isinstance(cited, list) else []
        )
        return b"".join(self._event(delta) for delta in deltas) + event("content_block_stop", {"index": self._number})

    def sign(self, signature: str) -> bytes:
        """Close it after its signature, if it has one."""
        signed = self._event({"type": "signature_delta", "signature": signature}) if signature else b""
        return signed + self.end(None)

    def whole(self) -> bytes:
        """Open and close it."""
        return self.start() + self.end(None)

    def _event(self, delta: Fields) -> bytes:
        return event("content_block_delta", {"index": self._number, "delta": delta})

    def _head_of(self, kind: str) -> bytes:
        """Everything of a delta that comes before its text."""
        key = {"text_delta": "text", "thinking_delta": "thinking"}.get(kind, "partial_json")
        return self._event({"type": kind, key: ""})[: -len(_TAIL) - 2]


class Thinking:
    """Reasoning, of this dialect or (with an `origin`) from elsewhere; that one's state travels sealed.

    It is opened by its first text: if there is none, its state may show that it is a redacted block.
    """

    waits_for_end = False

    def __init__(self, block: Reasoning, numbers: Iterator[int], origin: str | None) -> None:
        self._block = block
        self._numbers = numbers
        self._origin = origin
        self._visible: Pieces | None = None

    def start(self) -> bytes:
        """Open it, if there is text already."""
        return self.delta(self._block.text) if self._block.text else b""

    def delta(self, text: str) -> bytes:
        """More text."""
        opened = b""
        if self._visible is None:
            extra = (self._block.extra if self._origin is None else None) or {}
            self._visible = Pieces(next(self._numbers), {**thinking("", None), **extra}, "thinking_delta", "")
            opened = self._visible.start()
        return opened + self._visible.delta(text)

    def end(self, end: BlockEnd | None) -> bytes:
        """Sign and close it."""
        block = self._block if end is None else _with_state(self._block, end)
        if self._visible is not None:
            signature = block.signature if self._origin is None else seal(block, self._origin)
            return self._visible.sign(signature or "")
        fields = write_answer(block, own=self._origin is None, origin=self._origin or "")
        if fields is None:
            return b""
        if fields["type"] == "redacted_thinking":
            return Pieces(next(self._numbers), fields, "text_delta", "").whole()
        opened = Pieces(next(self._numbers), {**fields, "signature": ""}, "thinking_delta", "")
        return opened.start() + opened.sign(fields["signature"])


def _with_state(block: Reasoning, end: BlockEnd) -> Reasoning:
    """The block with what became known at its end."""
    return msgspec.structs.replace(
        block,
        signature=block.signature if end.signature is None else end.signature,
        encrypted=block.encrypted if end.encrypted is None else end.encrypted,
        extra={**(block.extra or {}), **(end.extra or {})} or None,
    )
