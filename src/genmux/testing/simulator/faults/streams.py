"""Faults, and mere oddities, of event streams."""

from collections.abc import Callable, Iterator

from genmux.contract.local import Pause
from genmux.providers.mock.script import Fault
from genmux.testing.simulator.exchange import Events, Exchange
from genmux.testing.simulator.faults.cuts import TOKENS_BEFORE, body_of
from genmux.testing.simulator.steps import JSON, LAST_CHUNK, Headers, Steps, chunk, whole

Play = Callable[[Exchange], Steps]

_MARKS = (b'"text_delta"', b'"speech.audio.delta"', b'"transcript.text.delta"')
"""What events with text or sound have in them, besides those of chat completions."""

_ENDINGS = (b"data: [DONE]", b"event: message_stop")


def rewritten(change: Callable[[Events], Events], *, headers: Headers | None = None) -> Play:
    """A right stream but for a change to the row of its events."""

    def play(exchange: Exchange) -> Steps:
        yield exchange.stream_head(headers)
        for event in change(single_events(exchange.pieces())):
            yield chunk(event) if isinstance(event, bytes) else event
        yield LAST_CHUNK

    return play


def single_events(pieces: Events) -> Events:
    """Events one by one, each with its blank line."""
    for piece in pieces:
        if isinstance(piece, Pause):
            yield piece
        else:
            yield from (event + b"\n\n" for event in piece.split(b"\n\n") if event)


def unchanged(events: Events) -> Events:
    """As they are."""
    return events


def without_ending(events: Events) -> Events:
    """All but the event that ends the stream."""
    return (event for event in events if isinstance(event, Pause) or not event.startswith(_ENDINGS))


def with_garbage(events: Events) -> Events:
    """An event in the middle whose data is no JSON."""
    return _after_first_text(events, lambda _event: b"data: {this is no JSON]\n\n")


def with_cut_event(events: Events) -> Events:
    """An event in the middle whose JSON is cut off."""
    return _after_first_text(events, lambda event: event[: len(event) // 2] + b"\n\n")


def with_duplicate(events: Events) -> Events:
    """One event with text comes twice."""
    return _after_first_text(events, lambda event: event)


def with_unknown_event(events: Events) -> Events:
    """An event of a kind that nobody knows."""
    return _after_first_text(events, lambda _event: b'event: x_unheard_of\ndata: {"type":"x_unheard_of"}\n\n')


def with_named_error(events: Events) -> Events:
    """Groq's way: an `event: error` with a status of its own, then nothing more."""
    error = (
        b'event: error\ndata: {"error":{"message":"the model wrote a tool call that does not fit",'
        b'"type":"invalid_request_error","code":"tool_use_failed","failed_generation":"{","status_code":400}}\n\n'
    )
    for event in events:
        yield event
        if _has_text(event):
            yield error
            return


def with_line_ends(end: bytes) -> Callable[[Events], Events]:
    """Lines end otherwise than in LF."""
    return lambda events: (event.replace(b"\n", end) if isinstance(event, bytes) else event for event in events)


def with_comments(events: Events) -> Events:
    """Comments and pings between events."""
    for event in events:
        yield b": PROCESSING\n\n"
        yield event


def without_last_blank_line(events: Events) -> Events:
    """The last event is not closed by a blank line."""
    held: bytes = b""
    for event in events:
        if isinstance(event, Pause):
            yield event
        else:
            yield held
            held = event
    yield held.rstrip(b"\n")


def in_small_bites(events: Events) -> Events:
    """Bytes come in bites of seven, wherever that cuts."""
    joined = b"".join(event for event in events if isinstance(event, bytes))
    for start in range(0, len(joined), 7):
        yield joined[start : start + 7]
        yield Pause(0)


def clean_cut(exchange: Exchange) -> Steps:
    """The stream ends in the middle, as if that were its end."""
    yield exchange.stream_head()
    for piece in exchange.pieces(_after(exchange)):
        yield chunk(piece) if isinstance(piece, bytes) else piece
    yield LAST_CHUNK


def error_event(exchange: Exchange) -> Steps:
    """The stream ends in an error in the dialect's own way."""
    if exchange.events is None:
        return
    yield exchange.stream_head()
    for piece in exchange.events(Fault(name="server", after=_after(exchange)), None):
        yield chunk(piece) if isinstance(piece, bytes) else piece
    yield LAST_CHUNK


def empty_stream(exchange: Exchange) -> Steps:
    """A stream without events."""
    yield exchange.stream_head() + LAST_CHUNK


def events_as_json(exchange: Exchange) -> Steps:
    """A right stream that says that it is JSON."""
    yield whole(200, JSON, body_of(exchange)[1])


def endless_line(exchange: Exchange) -> Steps:
    """One event that never ends."""
    yield exchange.stream_head() + chunk(b'data: {"')
    while True:
        yield chunk(b"x" * 8_192)


def _after_first_text(events: Events, more: Callable[[bytes], bytes]) -> Iterator[bytes | Pause]:
    """The events, and one more after the first that carries text."""
    done = False
    for event in events:
        yield event
        if not done and isinstance(event, bytes) and _has_text(event):
            done = True
            yield more(event)


def _has_text(event: bytes | Pause) -> bool:
    if isinstance(event, Pause):
        return False
    openai = b'"content":"' in event and b'"content":""' not in event
    return openai or any(mark in event for mark in _MARKS)


def _after(exchange: Exchange) -> int:
    return (exchange.fault.after if exchange.fault else 0) or TOKENS_BEFORE
