"""The table of faults: name, what it does, how it is played."""

from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

from genmux.contract.error_kinds import STATUS_KINDS
from genmux.providers.mock.faults import KIND_FAULTS
from genmux.testing.simulator.exchange import Exchange
from genmux.testing.simulator.faults import bodies, cuts, streams
from genmux.testing.simulator.steps import JSON, Steps


class WireFault(msgspec.Struct, frozen=True, kw_only=True):
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
        name="accept_fin",
        line="The connection is accepted and closed (FIN) before anything is read.",
        play=cuts.fin,
        head=True,
    ),
    WireFault(
        name="accept_reset",
        line="The connection is accepted and torn down (RST) before anything is read.",
        play=cuts.reset,
        head=True,
    ),
    WireFault(
        name="fin_before_body",
        line="The head of the request is read, then the connection is closed (FIN).",
        play=cuts.fin,
        head=True,
    ),
    WireFault(
        name="reset_before_body",
        line="The head of the request is read, then the connection is torn down (RST).",
        play=cuts.reset,
        head=True,
    ),
    WireFault(
        name="fin_after_request", line="The whole request is read, then the connection is closed (FIN).", play=cuts.fin
    ),
    WireFault(
        name="reset_after_request",
        line="The whole request is read, then the connection is torn down (RST).",
        play=cuts.reset,
    ),
    WireFault(
        name="no_reply", line="The request is read and never answered; the connection stays open.", play=cuts.stall
    ),
    WireFault(name="half_head", line="Half a reply head, then FIN.", play=cuts.half_head),
    WireFault(name="garbage_head", line="Bytes that are no HTTP, then FIN.", play=cuts.garbage_head),
    WireFault(
        name="stalled_body",
        line="Half of the body, or the first 3 (`after`) tokens of a stream, then silence.",
        play=cuts.stalled_body,
    ),
    WireFault(name="short_body", line="`content-length` tells twice as much as comes, then FIN.", play=cuts.short_body),
    WireFault(
        name="reset_body",
        line="Half of the body, or the first 3 (`after`) tokens of a stream, then RST.",
        play=cuts.reset_body,
    ),
    WireFault(name="half_chunk", line="A chunk is announced, half of it comes, then FIN.", play=cuts.half_chunk),
    WireFault(name="bad_chunk_size", line="A chunk size that is no number.", play=cuts.bad_chunk_size),
    WireFault(
        name="no_final_chunk",
        line="The whole body in chunks, then FIN in place of the last, empty chunk.",
        play=cuts.no_final_chunk,
    ),
    WireFault(
        name="cut_stream",
        line="The first 3 (`after`) tokens of a stream, then FIN amid the chunks.",
        play=cuts.cut_stream,
        needs="stream",
    ),
    WireFault(
        name="lying_keep_alive",
        line="A right reply that promises keep-alive, then FIN.",
        play=bodies.closing,
        harmless=True,
    ),
)

_HEADS = (
    WireFault(name="redirect_302", line=f"302 to `{bodies.ELSEWHERE}`.", play=bodies.redirect(302)),
    WireFault(name="redirect_307", line=f"307 to `{bodies.ELSEWHERE}`.", play=bodies.redirect(307)),
    WireFault(name="gigantic_header", line="A right reply with one header of 200 KB.", play=bodies.gigantic_header),
    WireFault(name="many_headers", line="A right reply with 10,000 headers.", play=bodies.many_headers),
    WireFault(name="endless_headers", line="Headers until the client leaves.", play=bodies.endless_headers),
    WireFault(name="two_lengths", line="Two different `content-length` headers.", play=bodies.two_lengths),
    WireFault(
        name="length_and_chunks",
        line="`content-length` and `transfer-encoding: chunked` together.",
        play=bodies.length_and_chunks,
    ),
    WireFault(name="early_hints", line="103 Early Hints before a right reply.", play=bodies.early_hints, harmless=True),
    WireFault(
        name="second_reply",
        line="A right reply, and right behind it another one (500) that nobody asked for.",
        play=bodies.second_reply,
    ),
    WireFault(name="drip", line="A right reply, one byte a millisecond.", play=bodies.drip, harmless=True),
)

_BODIES = (
    WireFault(
        name="html_200", line="A page of HTML with status 200.", play=bodies.fixed(200, bodies.HTML, bodies.PAGE)
    ),
    WireFault(
        name="html_502", line="A page of HTML with status 502.", play=bodies.fixed(502, bodies.HTML, bodies.PAGE)
    ),
    WireFault(name="empty_body", line="Status 200 and no body.", play=bodies.fixed(200, JSON, b"")),
    WireFault(name="empty_401", line="Status 401 and no body.", play=bodies.fixed(401, JSON, b"")),
    WireFault(
        name="cut_json",
        line="Half a JSON document with the right `content-length`.",
        play=bodies.cut_json,
        needs="whole",
    ),
    WireFault(name="broken_utf8", line="Texts with bytes in them that are no UTF-8.", play=bodies.broken_utf8),
    WireFault(
        name="wrong_shape",
        line="A JSON object of quite another shape, status 200.",
        play=bodies.fixed(200, JSON, b'{"choices":"none","content":7,"object":[]}'),
    ),
    WireFault(
        name="json_list",
        line="A JSON list in place of an object, status 200.",
        play=bodies.fixed(200, JSON, b"[1,2,3]"),
    ),
    WireFault(name="error_in_200", line="An error in the dialect's form, with status 200.", play=bodies.error_in_200),
    WireFault(
        name="json_error_as_sse",
        line="Status 400 and an error in JSON, labelled `text/event-stream`.",
        play=bodies.json_error_as_events(400),
    ),
    WireFault(
        name="json_error_as_sse_200",
        line="Status 200 and an error in JSON, labelled `text/event-stream`.",
        play=bodies.json_error_as_events(200),
    ),
    WireFault(name="bad_gzip", line="A right body that says that it is gzip, and is not.", play=bodies.bad_gzip),
    WireFault(name="gzip_bomb", line="A small gzip body that unpacks to 64 MB.", play=bodies.gzip_bomb),
    WireFault(name="endless_body", line="A body until the client leaves.", play=bodies.endless_body),
    WireFault(
        name="unknown_finish",
        line="The reason for stopping is `MODEL_ARMOR`.",
        play=bodies.changed(bodies.replace_finish("MODEL_ARMOR")),
        harmless=True,
    ),
    WireFault(
        name="no_finish",
        line="The reason for stopping is null throughout.",
        play=bodies.changed(bodies.replace_finish(None)),
    ),
    WireFault(
        name="no_usage",
        line="No usage is told, though it was asked for.",
        play=bodies.changed(bodies.without_usage),
        harmless=True,
    ),
    WireFault(
        name="null_usage",
        line="Every number in the usage is null.",
        play=bodies.changed(bodies.null_usage),
        harmless=True,
    ),
    WireFault(
        name="extra_fields",
        line="Every object has a field that nobody knows.",
        play=bodies.changed(bodies.with_extra_fields),
        harmless=True,
    ),
)

_STREAMS = (
    WireFault(
        name="sse_as_json",
        line="A right stream labelled `application/json`.",
        play=streams.events_as_json,
        needs="stream",
        harmless=True,
    ),
    WireFault(
        name="whole_for_stream",
        line="One JSON document although a stream was asked for.",
        play=bodies.whole_for_stream,
        needs="stream",
    ),
    WireFault(
        name="error_event",
        line="An error event of the dialect after 3 (`after`) tokens, in a stream of status 200.",
        play=streams.error_event,
        needs="stream",
    ),
    WireFault(
        name="named_error_event",
        line="Groq's `event: error` with a status of its own, in a stream of status 200.",
        play=streams.rewritten(streams.with_named_error),
        needs="stream",
    ),
    WireFault(
        name="clean_cut",
        line="The stream ends properly (last chunk) after 3 (`after`) tokens.",
        play=streams.clean_cut,
        needs="stream",
    ),
    WireFault(name="empty_stream", line="A stream without any event.", play=streams.empty_stream, needs="stream"),
    WireFault(
        name="missing_terminator",
        line="No `[DONE]`, no `message_stop`; everything else is there.",
        play=streams.rewritten(streams.without_ending),
        needs="stream",
        harmless=True,
    ),
    WireFault(
        name="garbage_event",
        line="An event amid the stream whose data is no JSON.",
        play=streams.rewritten(streams.with_garbage),
        needs="stream",
    ),
    WireFault(
        name="cut_event",
        line="An event amid the stream whose JSON is cut off.",
        play=streams.rewritten(streams.with_cut_event),
        needs="stream",
    ),
    WireFault(
        name="duplicated_event",
        line="The first event with text comes twice.",
        play=streams.rewritten(streams.with_duplicate),
        needs="stream",
    ),
    WireFault(
        name="unknown_event",
        line="An event of a kind that nobody knows.",
        play=streams.rewritten(streams.with_unknown_event),
        needs="stream",
        harmless=True,
    ),
    WireFault(
        name="endless_line",
        line="One event that never ends, until the client leaves.",
        play=streams.endless_line,
        needs="stream",
    ),
    WireFault(
        name="crlf_lines",
        line="Lines of the stream end in CR LF.",
        play=streams.rewritten(streams.with_line_ends(b"\r\n")),
        needs="stream",
        harmless=True,
    ),
    WireFault(
        name="cr_lines",
        line="Lines of the stream end in CR.",
        play=streams.rewritten(streams.with_line_ends(b"\r")),
        needs="stream",
        harmless=True,
    ),
    WireFault(
        name="comments",
        line="Comment lines between the events.",
        play=streams.rewritten(streams.with_comments),
        needs="stream",
        harmless=True,
    ),
    WireFault(
        name="no_last_blank_line",
        line="The last event is not closed by a blank line.",
        play=streams.rewritten(streams.without_last_blank_line),
        needs="stream",
        harmless=True,
    ),
    WireFault(
        name="small_bites",
        line="The stream comes in bites of seven bytes, wherever that cuts.",
        play=streams.rewritten(streams.in_small_bites),
        needs="stream",
        harmless=True,
    ),
)

_STATUSES = (
    *(
        WireFault(
            name=f"status_{code}",
            line=f"Status {code} with an error of the dialect; `retry_after` is told where it is given.",
            play=bodies.status(code),
        )
        for code in STATUS_KINDS
    ),
    WireFault(
        name="retry_after_seconds",
        line="Status 429 with `retry-after: 1` (or what `retry_after` says).",
        play=bodies.status(429, wait=1),
    ),
    WireFault(
        name="retry_after_date",
        line="Status 429 with `retry-after` as a date, 1 s ahead (or what `retry_after` says).",
        play=bodies.status(429, wait=1, form="date"),
    ),
    WireFault(
        name="retry_after_ms",
        line="Status 503 with `retry-after-ms: 1000` (or what `retry_after` says).",
        play=bodies.status(503, wait=1, form="ms"),
    ),
)

WIRE_FAULTS: dict[str, WireFault] = {
    one.name: one for group in (_CUTS, _HEADS, _BODIES, _STREAMS, _STATUSES) for one in group
}
"""Every fault of the wire by its name."""


def _lines() -> Iterator[tuple[str, str]]:
    for name, told in KIND_FAULTS.items():
        yield name, f"The error `{name}`: {told.message}. In a stream after `after` tokens."
    for name, one in WIRE_FAULTS.items():
        limit = {"any": "", "stream": " Streams only.", "whole": " Whole replies only."}[one.needs]
        yield name, f"{one.line}{limit}{' Harmless: still to be understood.' if one.harmless else ''}"


FAULTS: dict[str, str] = dict(_lines())
"""What every fault does that the server can play, by its name; those that are kinds of errors first."""
