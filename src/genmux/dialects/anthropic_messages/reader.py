"""From the events of a stream to parts."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from genmux.contract.error_map import stream_error
from genmux.contract.http import WireEvent, malformed
from genmux.contract.wires import Sent
from genmux.dialects.anthropic_messages.blocks_read import read_block
from genmux.dialects.anthropic_messages.decode import (
    OPTIONAL,
    is_error,
    read_finish,
    read_result,
    read_table,
)
from genmux.dialects.anthropic_messages.emulation import emulation_of, finish_of, undo
from genmux.dialects.anthropic_messages.fields import drop_null, take
from genmux.dialects.anthropic_messages.growing import Growing, GrowingOpaque, GrowingText, Parts, growing
from genmux.dialects.anthropic_messages.schema import (
    BLOCK_DELTA,
    NAME,
    ArgumentsPiece,
    CitationPiece,
    Piece,
    SignaturePiece,
    TextPiece,
    ThinkingPiece,
)
from genmux.dialects.anthropic_messages.usage import add_usage, read_usage, service_tier_of
from genmux.types.chat import ChatRequest
from genmux.types.content import Fields, Reasoning, Text, ToolCall
from genmux.types.errors import ErrorKind, ProviderError, Retry
from genmux.types.parts import ExtraPart, Finish, Part, Start, TextDelta, UsagePart, WarningPart
from genmux.types.split import split
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning


class MessageReader:
    """Reads one stream. It ends with `message_stop`; one that ends otherwise was cut."""

    __slots__ = ("_begun", "_blocks", "_emulation", "_ended", "_origin", "_reported", "_texts", "_tier", "_usage")

    def __init__(self, sent: Sent[ChatRequest]) -> None:
        self._origin = sent.model.origin
        self._emulation = emulation_of(sent.request, sent.model)
        self._blocks: dict[int, Growing] = {}
        self._texts: set[int] = set()
        self._usage: Fields = {}
        self._tier: str | None = None
        self._reported: set[str] = set()
        self._begun = False
        self._ended = False

    def feed(self, event: WireEvent) -> Iterable[Part]:
        """Read one event. Raises ProviderError when it is an error, or cannot be understood."""
        if event.event == "content_block_delta" or event.event is None:
            try:
                change = BLOCK_DELTA.decode(event.data)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                return self._rest(event)
            piece, index = change.delta, change.index
            if type(piece) is TextPiece and index in self._texts:
                return (TextDelta(index, piece.text),)
            return self._piece(index, piece)
        return self._rest(event)

    def close(self) -> Iterable[Part]:
        """Check that the stream was whole."""
        if self._ended:
            return ()
        message = "the stream ended before `message_stop`: the answer is cut off"
        raise ProviderError(message, kind=ErrorKind.NETWORK, retry=Retry.UNSURE)

    def _rest(self, event: WireEvent) -> Parts:
        if self._ended or event.data.strip() in (b"", b"[DONE]"):
            return ()
        fields = read_table(event.data)
        if fields is None:
            raise malformed(f"an event of the stream is not a JSON object: {event.data[:100]!r}")
        kind = fields.get("type", event.event)
        if kind == "error" or is_error(fields):
            error = stream_error(fields)
            if self._begun and error.retry is Retry.SAFE:
                error.retry = Retry.UNSURE  # what was answered so far may have been billed
            raise error
        return self._known(kind, fields)

    def _known(self, kind: Any, fields: Fields) -> Parts:
        match kind:
            case "message_start":
                return self._start(fields)
            case "content_block_start":
                return self._block_start(fields)
            case "content_block_delta":
                return self._odd_delta(fields)
            case "content_block_stop":
                return self._block_stop(fields)
            case "message_delta":
                return self._message_delta(fields)
            case "message_stop":
                return self._message_stop(fields)
            case "message":
                return self._whole(fields)
            case _:
                return self._leftover("ping", fields) if kind == "ping" else (ExtraPart(fields, scope="event"),)

    def _start(self, fields: Fields) -> Parts:
        message = take(fields, "message", dict)
        if self._begun or message is None:
            return ()
        self._begun = True
        early = self._report("message_start.content", "content is not expected yet") if message.get("content") else ()
        for known in ("type", "role", "content", "stop_reason"):
            message.pop(known, None)
        drop_null(message, *OPTIONAL)
        start = Start(id=take(message, "id", str), model=take(message, "model", str), dialect=NAME)
        usage = self._add_usage(message)
        fields.pop("type", None)
        return (start, *self._extra({**fields, **message}), *usage, *early)

    def _extra(self, extra: Fields) -> Parts:
        """What is carried of the whole reply; the tier that serves it is said inside its usage."""
        tier = service_tier_of(self._usage)
        if tier is not None and tier != self._tier:
            self._tier = extra["service_tier"] = tier
        return (ExtraPart(extra),) if extra else ()

    def _add_usage(self, fields: Fields) -> Parts:
        usage = take(fields, "usage", dict)
        if usage is None:
            return ()
        self._usage = add_usage(self._usage, usage)
        return (UsagePart(read_usage(self._usage)),)

    def _block_start(self, fields: Fields) -> Parts:
        index, block = take(fields, "index", int), take(fields, "content_block", dict)
        if index is None or block is None:
            return self._report("content_block_start", "it has no block, or no index")
        opened = growing(read_block(block, self._origin), self._emulation)
        return (*self._open(index, opened), *self._leftover("content_block_start", fields))

    def _open(self, index: int, opened: Growing) -> Parts:
        self._blocks[index] = opened
        if isinstance(opened, GrowingText):
            self._texts.add(index)
        return opened.start(index)

    def _piece(self, index: int, piece: Piece) -> Parts:
        block = self._blocks.get(index)
        if self._ended:
            return ()
        if block is None:  # its start was lost
            kind = type(piece)
            opening = Reasoning(origin=self._origin) if kind in (ThinkingPiece, SignaturePiece) else Text("")
            block = growing(ToolCall("", "") if kind is ArgumentsPiece else opening, self._emulation)
            return (*self._open(index, block), *self._piece(index, piece))
        parts = block.piece(index, piece)
        return self._report("content_block_delta", f"{piece!r:.80} does not fit its block") if parts is None else parts

    def _odd_delta(self, fields: Fields) -> Parts:
        """A delta of an unknown kind or with fields that nobody knows."""
        index, delta = take(fields, "index", int), take(fields, "delta", dict)
        if index is None or delta is None:
            return self._report("content_block_delta", "it has no delta, or no index")
        kind = delta.pop("type", None)
        known, key, wanted = _PIECES.get(kind, (None, "", object)) if isinstance(kind, str) else (None, "", object)
        value = delta.get(key)
        if known is not None and isinstance(value, wanted):
            del delta[key]
            unknown = self._leftover("content_block_delta", {**fields, **delta})
            return (*self._piece(index, known(value)), *unknown)
        block = self._blocks.get(index)
        parts = block.grow(delta) if isinstance(block, GrowingOpaque) else None
        return (
            self._report(f"content_block_delta.{kind}", "this kind of delta is not known") if parts is None else parts
        )

    def _block_stop(self, fields: Fields) -> Parts:
        index = take(fields, "index", int)
        block = self._blocks.pop(-1 if index is None else index, None)
        if block is None or index is None:
            return ()
        self._texts.discard(index)
        return (*block.end(index), *self._leftover("content_block_stop", fields))

    def _message_delta(self, fields: Fields) -> Parts:
        fields.pop("type", None)
        usage = self._add_usage(fields)
        delta = take(fields, "delta", dict) or {}
        finish = read_finish(delta)
        extra = {**fields, **delta}
        drop_null(extra, *OPTIONAL)
        if self._emulation is not None and self._emulation.way == "tool":
            finish = finish_of(finish)
        ends = () if finish.raw is None else (Finish(finish),)
        return (*self._extra(extra), *usage, *ends)

    def _message_stop(self, fields: Fields) -> Parts:
        self._ended = True
        ends = tuple(part for index, block in self._blocks.items() for part in block.end(index))
        self._blocks.clear()
        self._texts.clear()
        return (*ends, *self._leftover("message_stop", fields))

    def _whole(self, fields: Fields) -> Parts:
        """A server that was asked for a stream and sends the whole message as its only event."""
        self._begun = self._ended = True
        result = read_result(fields, self._origin)
        return tuple(split(result if self._emulation is None else undo(result, self._emulation)))

    def _leftover(self, event: str, fields: Fields) -> Parts:
        names = [name for name in fields if name != "type"]
        return tuple(part for name in names for part in self._report(f"{event}.{name}", "this field is not known"))

    def _report(self, field: str, detail: str) -> Parts:
        """Say once what is not carried."""
        if field in self._reported:
            return ()
        self._reported.add(field)
        return (WarningPart(Warning("unsupported", field, detail)),)


_PIECES: dict[str, tuple[Callable[[Any], Piece], str, type]] = {
    "text_delta": (TextPiece, "text", str),
    "thinking_delta": (ThinkingPiece, "thinking", str),
    "input_json_delta": (ArgumentsPiece, "partial_json", str),
    "signature_delta": (SignaturePiece, "signature", str),
    "citations_delta": (CitationPiece, "citation", dict),
}
