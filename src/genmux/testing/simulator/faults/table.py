"""The table of faults: name, what it does, how it is played."""

from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

from genmux.providers.mock.faults import KIND_FAULTS
from genmux.testing.simulator.exchange import Exchange
from genmux.testing.simulator.faults import bodies, cuts, streams
from genmux.testing.simulator.steps import JSON, Steps


class WireFault(msgspec.Struct, frozen=True):
    """One fault.

    `line` says what happens. `head` faults strike before the body of the request is read, if they are asked for beside the
    body (path or header). `needs` tells a fault that only a stream can have. `harmless` ones are oddities: a good client
    still understands the reply.
    """

    name: str
    line: str
    play: Callable[[Exchange], Steps]
    head: bool = False
    needs: Literal["any", "stream", "whole"] = "any"
    harmless: bool = False


_CUTS = (
    WireFault(
        "accept_fin", "The connection is accepted and closed (FIN) before anything is read.", cuts.fin, head=True
    ),
    WireFault(
        "accept_reset", "The connection is accepted and torn down (RST) before anything is read.", cuts.reset, head=True
    ),
    WireFault(
        "fin_before_body", "The head of the request is read, then the connection is closed (FIN).", cuts.fin, head=True
    ),
    WireFault(
        "reset_before_body",
        "The head of the request is read, then the connection is torn down (RST).",
        cuts.reset,
        head=True,
    ),
    WireFault("fin_after_request", "The whole request is read, then the connection is closed (FIN).", cuts.fin),
    WireFault("reset_after_request", "The whole request is read, then the connection is torn down (RST).", cuts.reset),
    WireFault("no_reply", "The request is read and never answered; the connection stays open.", cuts.stall),
    WireFault("half_head", "Half a reply head, then FIN.", cuts.half_head),
    WireFault("garbage_head", "Bytes that are no HTTP, then FIN.", cuts.garbage_head),
    WireFault(
        "stalled_body",
        "Half of the body, or the first 3 (`after`) tokens of a stream, then silence.",
        cuts.stalled_body,
    ),
    WireFault("short_body", "`content-length` tells twice as much as comes, then FIN.", cuts.short_body),
    WireFault(
        "reset_body", "Half of the body, or the first 3 (`after`) tokens of a stream, then RST.", cuts.reset_body
    ),
    WireFault("half_chunk", "A chunk is announced, half of it comes, then FIN.", cuts.half_chunk),
    WireFault("bad_chunk_size", "A chunk size that is no number.", cuts.bad_chunk_size),
    WireFault(
        "no_final_chunk", "The whole body in chunks, then FIN in place of the last, empty chunk.", cuts.no_final_chunk
    ),
    WireFault(
        "cut_stream",
        "The first 3 (`after`) tokens of a stream, then FIN amid the chunks.",
        cuts.cut_stream,
        needs="stream",
    ),
    WireFault("lying_keep_alive", "A right reply that promises keep-alive, then FIN.", bodies.closing, harmless=True),
)

_HEADS = (
    WireFault("redirect_302", f"302 to `{bodies.ELSEWHERE}`.", bodies.redirect(302)),
    WireFault("redirect_307", f"307 to `{bodies.ELSEWHERE}`.", bodies.redirect(307)),
    WireFault("gigantic_header", "A right reply with one header of 200 KB.", bodies.gigantic_header),
    WireFault("many_headers", "A right reply with 10,000 headers.", bodies.many_headers),
    WireFault("endless_headers", "Headers until the client leaves.", bodies.endless_headers),
    WireFault("two_lengths", "Two different `content-length` headers.", bodies.two_lengths),
    WireFault(
        "length_and_chunks", "`content-length` and `transfer-encoding: chunked` together.", bodies.length_and_chunks
    ),
    WireFault("early_hints", "103 Early Hints before a right reply.", bodies.early_hints, harmless=True),
    WireFault(
        "second_reply",
        "A right reply, and right behind it another one (500) that nobody asked for.",
        bodies.second_reply,
    ),
    WireFault("drip", "A right reply in bites of 16 bytes, 1 ms (`pace`) apart.", bodies.drip, harmless=True),
)

_BODIES = (
    WireFault("html_200", "A page of HTML with status 200.", bodies.fixed(200, bodies.HTML, bodies.PAGE)),
    WireFault("html_502", "A page of HTML with status 502.", bodies.fixed(502, bodies.HTML, bodies.PAGE)),
    WireFault("empty_body", "Status 200 and no body.", bodies.fixed(200, JSON, b"")),
    WireFault("empty_401", "Status 401 and no body.", bodies.fixed(401, JSON, b"")),
    WireFault("cut_json", "Half a JSON document with the right `content-length`.", bodies.cut_json, needs="whole"),
    WireFault("broken_utf8", "Texts with bytes in them that are no UTF-8.", bodies.broken_utf8),
    WireFault(
        "wrong_shape",
        "A JSON object of quite another shape, status 200.",
        bodies.fixed(200, JSON, b'{"choices":"none","content":7,"object":[]}'),
    ),
    WireFault("json_list", "A JSON list in place of an object, status 200.", bodies.fixed(200, JSON, b"[1,2,3]")),
    WireFault("error_in_200", "An error in the dialect's form, with status 200.", bodies.error_in_200),
    WireFault(
        "json_error_as_sse",
        "Status 400 and an error in JSON, labeled `text/event-stream`.",
        bodies.json_error_as_events(400),
    ),
    WireFault(
        "json_error_as_sse_200",
        "Status 200 and an error in JSON, labeled `text/event-stream`.",
        bodies.json_error_as_events(200),
    ),
    WireFault("bad_gzip", "A right body that says that it is gzip, and is not.", bodies.bad_gzip),
    WireFault("gzip_bomb", "A small gzip body that unpacks to 64 MB.", bodies.gzip_bomb),
    WireFault("endless_body", "A body until the client leaves.", bodies.endless_body),
    WireFault(
        "unknown_finish",
        "The reason for stopping is `MODEL_ARMOR`.",
        bodies.changed(bodies.replace_finish("MODEL_ARMOR")),
        harmless=True,
    ),
    WireFault("no_finish", "The reason for stopping is null throughout.", bodies.changed(bodies.replace_finish(None))),
    WireFault(
        "no_usage", "No usage is told, though it was asked for.", bodies.changed(bodies.without_usage), harmless=True
    ),
    WireFault("null_usage", "Every number in the usage is null.", bodies.changed(bodies.null_usage), harmless=True),
    WireFault(
        "extra_fields",
        "Every object has a field that nobody knows.",
        bodies.changed(bodies.with_extra_fields),
        harmless=True,
    ),
)

_STREAMS = (
    WireFault(
        "sse_as_json",
        "A right stream labeled `application/json`.",
        streams.events_as_json,
        needs="stream",
        harmless=True,
    ),
    WireFault(
        "whole_for_stream",
        "One JSON document although a stream was asked for.",
        bodies.whole_for_stream,
        needs="stream",
    ),
    WireFault(
        "error_event",
        "An error event of the dialect after 3 (`after`) tokens, in a stream of status 200.",
        streams.error_event,
        needs="stream",
    ),
    WireFault(
        "named_error_event",
        "Groq's `event: error` with a status of its own, in a stream of status 200.",
        streams.rewritten(streams.with_named_error),
        needs="stream",
    ),
    WireFault(
        "clean_cut",
        "The stream ends properly (last chunk) after 3 (`after`) tokens.",
        streams.clean_cut,
        needs="stream",
    ),
    WireFault("empty_stream", "A stream without any event.", streams.empty_stream, needs="stream"),
    WireFault(
        "missing_terminator",
        "No `[DONE]`, no `message_stop`; everything else is there.",
        streams.rewritten(streams.without_ending),
        needs="stream",
        harmless=True,
    ),
    WireFault(
        "garbage_event",
        "An event amid the stream whose data is no JSON.",
        streams.rewritten(streams.with_garbage),
        needs="stream",
    ),
    WireFault(
        "cut_event",
        "An event amid the stream whose JSON is cut off.",
        streams.rewritten(streams.with_cut_event),
        needs="stream",
    ),
    WireFault(
        "duplicated_event",
        "The first event with text comes twice.",
        streams.rewritten(streams.with_duplicate),
        needs="stream",
    ),
    WireFault(
        "unknown_event",
        "An event of a kind that nobody knows.",
        streams.rewritten(streams.with_unknown_event),
        needs="stream",
        harmless=True,
    ),
    WireFault(
        "endless_line", "One event that never ends, until the client leaves.", streams.endless_line, needs="stream"
    ),
    WireFault(
        "crlf_lines",
        "Lines of the stream end in CR LF.",
        streams.rewritten(streams.with_line_ends(b"\r\n")),
        needs="stream",
        harmless=True,
    ),
    WireFault(
        "cr_lines",
        "Lines of the stream end in CR.",
        streams.rewritten(streams.with_line_ends(b"\r")),
        needs="stream",
        harmless=True,
    ),
    WireFault(
        "comments",
        "Comment lines between the events.",
        streams.rewritten(streams.with_comments),
        needs="stream",
        harmless=True,
    ),
    WireFault(
        "no_last_blank_line",
        "The last event is not closed by a blank line.",
        streams.rewritten(streams.without_last_blank_line),
        needs="stream",
        harmless=True,
    ),
    WireFault(
        "small_bites",
        "The stream comes in bites of seven bytes, wherever that cuts.",
        streams.rewritten(streams.in_small_bites),
        needs="stream",
        harmless=True,
    ),
)

_STATUSES = (
    *(
        WireFault(
            f"status_{code}",
            f"Status {code} with an error of the dialect; tells `retry_after` where it is given.",
            bodies.status(code),
        )
        for code in bodies.STATUSES
    ),
    WireFault(
        "retry_after_seconds",
        "Status 429 with `retry-after: 1` (or what `retry_after` says).",
        bodies.status(429, wait=1),
    ),
    WireFault(
        "retry_after_date",
        "Status 429 with `retry-after` as a date, 1 s ahead (or what `retry_after` says).",
        bodies.status(429, wait=1, form="date"),
    ),
    WireFault(
        "retry_after_ms",
        "Status 503 with `retry-after-ms: 1000` (or what `retry_after` says).",
        bodies.status(503, wait=1, form="ms"),
    ),
)

WIRE_FAULTS: dict[str, WireFault] = {
    one.name: one for group in (_CUTS, _HEADS, _BODIES, _STREAMS, _STATUSES) for one in group
}
"""Every fault of the wire by its name."""

OF_EVENTS: frozenset[str] = frozenset(one.name for one in _STREAMS) - {"clean_cut", "empty_stream", "whole_for_stream"}
"""Those that strike events: a stream of nothing but sound has none."""


def _lines() -> Iterator[tuple[str, str]]:
    for name, told in KIND_FAULTS.items():
        yield name, f"The error `{name}`: {told.message}. In a stream after `after` tokens."
    for name, one in WIRE_FAULTS.items():
        limit = {"any": "", "stream": " Streams only.", "whole": " Whole replies only."}[one.needs]
        yield name, f"{one.line}{limit}{' Harmless: still to be understood.' if one.harmless else ''}"


FAULTS: dict[str, str] = dict(_lines())
"""What every fault does that the server can play, by its name; those that are kinds of errors first."""
