"""A streamed reply: read as a client, written as a server, read again."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from genmux.contract.http import HttpReply, WireEvent
from genmux.contract.wires import Reader
from genmux.engine.sse import SseSplitter
from genmux.testing.replay.answering import READ_WRONGLY, Answered, differing_results, replay_error
from genmux.testing.replay.asking import Asked, decoded
from genmux.testing.replay.claiming import Claim
from genmux.testing.replay.differences import differing, lost, places
from genmux.testing.replay.equivalences import normal_place
from genmux.testing.replay.outcome import result_seen
from genmux.testing.replay.recording import RecordedReply
from genmux.types.errors import ProviderError
from genmux.types.join import Joiner
from genmux.types.parts import BlockEnd, BlockStart, ErrorPart, Part, ReasoningDelta, TextDelta, ToolCallDelta

Delta = TextDelta | ReasoningDelta | ToolCallDelta
BlockPart = BlockStart | Delta | BlockEnd


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """One reading of a stream: its parts, and the error with which it ended, if it did."""

    parts: tuple[Part, ...]
    error: ProviderError | None = None

    @property
    def joined(self) -> Joiner:
        """What the parts amount to."""
        joiner = Joiner()
        for part in self.parts:
            joiner.feed(part)
        return joiner


def events_of(reply: RecordedReply) -> list[WireEvent]:
    """The events of a recorded stream."""
    if reply.chunks is not None:
        return reply.events
    return split(reply.body)


def split(stream: bytes) -> list[WireEvent]:
    """The events of a stream of server-sent events."""
    splitter = SseSplitter()
    return [*splitter.feed(stream), *splitter.flush()]


def replay_stream(events: list[WireEvent], claimed: Claim, asked: Asked) -> Answered:
    """Replay a stream. One that ends in an error must end in the same error after the round trip."""
    wire = claimed.client
    heard = listen(wire.reader(asked.sent), events)
    if not heard.parts and heard.error is not None:
        return replay_error(heard.error, claimed)
    written = _write(heard, claimed, asked)
    again = listen(wire.reader(asked.sent), written)
    joined = heard.joined.result()
    if (whole := _whole(events)) is not None:
        reply = claimed.dialect.server.respond(joined, asked.accepted)
        found = [
            *lost(whole, decoded(reply.body), "stream"),
            *differing_results(joined, again.joined.result(), asked, "stream"),
        ]
    else:
        found = [*_lost(events, written, claimed.dialect.name), *_differing(heard, again, asked)]
    return Answered(
        status="failed" if heard.error is not None and heard.error.kind in READ_WRONGLY else "ok",
        result=result_seen(joined),
        error=heard.error,
        round_trip=not found,
        differences=tuple(found),
    )


def listen(reader: Reader, events: Iterable[WireEvent]) -> Heard:
    """Read a stream to its end, or to the error in which it ends."""
    parts: list[Part] = []
    try:
        for event in events:
            parts.extend(reader.feed(event))
        parts.extend(reader.close())
    except ProviderError as error:
        return Heard(parts=tuple(parts), error=error)
    error = next((part.error for part in parts if isinstance(part, ErrorPart)), None)
    return Heard(parts=tuple(parts), error=error)


def blocks(parts: Iterable[Part]) -> list[BlockPart]:
    """The parts of all blocks, with neighboring deltas made one and empty ones left out: how they were cut says nothing.

    The other parts can come at any time; only what they amount to counts.
    """
    whole: list[BlockPart] = []
    for part in parts:
        if not isinstance(part, BlockPart):
            continue
        last = whole[-1] if whole else None
        match part, last:
            case ((TextDelta(text="") | ReasoningDelta(text="") | ToolCallDelta(arguments="")), _):
                continue
            case ((TextDelta() | ReasoningDelta()), (TextDelta() | ReasoningDelta())) if _continues(part, last):
                whole[-1] = msgspec.structs.replace(last, text=last.text + part.text)
            case ToolCallDelta(), ToolCallDelta() if _continues(part, last):
                whole[-1] = msgspec.structs.replace(last, arguments=last.arguments + part.arguments)
            case _:
                whole.append(part)
    return whole


def _continues(part: Delta, last: Delta) -> bool:
    return type(part) is type(last) and part.index == last.index


def _write(heard: Heard, claimed: Claim, asked: Asked) -> list[WireEvent]:
    writer = claimed.dialect.server.writer(asked.accepted)
    pieces = [writer.write(part) for part in heard.parts if not isinstance(part, ErrorPart)]
    pieces.append(writer.close() if heard.error is None else writer.fail(heard.error))
    return split(b"".join(pieces))


def _whole(events: list[WireEvent]) -> Any:
    """The one event of a stream that is a whole reply: some hosts answer so when streaming does not suit them."""
    document = decoded(events[0].data) if len(events) == 1 else None
    match document:
        case {"type": "message"} | {"object": "chat.completion"}:
            return document
        case _:
            return None


def _lost(events: list[WireEvent], written: list[WireEvent], dialect: str) -> Iterator[str]:
    """Fields that some recorded event has and no written one."""
    recorded, ours = (
        {normal_place(dialect, place) for event in each for place in places(decoded(event.data))}
        for each in (events, written)
    )
    for place in sorted(filter(None, recorded - ours)):
        yield f"stream: {place}: recorded, not written"


def _differing(heard: Heard, again: Heard, asked: Asked) -> Iterator[str]:
    yield from differing_results(heard.joined.result(), again.joined.result(), asked, "stream")
    before, after = blocks(heard.parts), blocks(again.parts)
    if before != after:
        yield from differing(msgspec.to_builtins(before), msgspec.to_builtins(after), "stream blocks")
    errors = [(each.error.kind, each.error.message) if each.error else None for each in (heard, again)]
    if errors[0] != errors[1]:
        yield f"stream error: read {errors[0]}, after the round trip {errors[1]}"


def is_stream(reply: HttpReply, recorded: RecordedReply) -> bool:
    """Whether a reply is to be read as a stream: status first, then what it looks like."""
    if reply.status >= 400:
        return False
    if recorded.chunks is not None:
        return True
    begin = reply.body.lstrip(b"\xef\xbb\xbf \t\r\n")
    return begin.startswith((b"data:", b"event:", b"id:", b"retry:", b":"))
