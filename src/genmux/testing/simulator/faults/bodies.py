"""Faults of the reply: its head, its type, its encoding, what is in it."""

import functools
import struct
import zlib
from collections.abc import Callable
from typing import Any

import msgspec

from genmux.contract.dialect import Answer
from genmux.contract.error_kinds import HUNDRED_KINDS, STATUS_KINDS
from genmux.contract.local import Pause
from genmux.providers.mock.script import Fault, RetryAfterForm
from genmux.testing.simulator.exchange import Exchange, edited
from genmux.testing.simulator.faults.cuts import body_of
from genmux.testing.simulator.steps import (
    CHUNKED,
    EVENT_STREAM,
    JSON,
    LAST_CHUNK,
    Cut,
    Headers,
    Steps,
    chunk,
    head,
    whole,
    whole_answer,
)
from genmux.types.errors import ErrorKind, ProviderError

Play = Callable[[Exchange], Steps]

HTML: Headers = (("content-type", "text/html; charset=utf-8"),)
PAGE = b"<!doctype html><html><head><title>Gateway</title></head><body><h1>Something is in the way</h1></body></html>"
STATUSES = tuple(sorted({*STATUS_KINDS, 405, 409, 413, 415, 422, 500, 502}))
"""Those with a meaning of their own, and some more that providers send."""
ELSEWHERE = "/mock/elsewhere"
"""Where redirects lead; a client that obeys one is found there among the requests."""

DRIP = 16
BOMB_SIZE = 64 * 1024 * 1024
_ZEROS = bytes(1024 * 1024)
_BROKEN_MARK = "\ue000"
_BROKEN = b"\xff\xc3("


def status(code: int, *, wait: float | None = None, form: RetryAfterForm | None = None) -> Play:
    """An error reply of the caller's dialect with this very status."""

    def play(exchange: Exchange) -> Steps:
        fault = exchange.fault or Fault(name="status")
        seconds = wait if fault.retry_after is None else fault.retry_after
        error = ProviderError(
            f"the simulator answers with status {code}", kind=_kind(code), status=code, retry_after=seconds
        )
        if form is not None:
            fault = msgspec.structs.replace(fault, form=form)
        answer = exchange.refusal(error, fault)
        yield whole_answer(Answer(status=code, body=answer.body, headers=answer.headers))

    return play


def _kind(code: int) -> ErrorKind:
    return STATUS_KINDS.get(code) or HUNDRED_KINDS.get(code // 100, ErrorKind.SERVER)


def fixed(code: int, headers: Headers, body: bytes) -> Play:
    """Always the same reply."""

    def play(_exchange: Exchange) -> Steps:
        yield whole(code, headers, body)

    return play


def redirect(code: int) -> Play:
    """Send the client elsewhere."""
    return fixed(code, (("location", ELSEWHERE), *JSON), b'{"error":{"message":"moved"}}')


def gigantic_header(exchange: Exchange) -> Steps:
    """One header of 200 KB."""
    yield _with_headers(exchange, (("x-gigantic", "g" * 200_000),))


def many_headers(exchange: Exchange) -> Steps:
    """Ten thousand headers."""
    yield _with_headers(exchange, tuple((f"x-many-{nth}", "m") for nth in range(10_000)))


def endless_headers(_exchange: Exchange) -> Steps:
    """Headers until the client leaves."""
    yield b"HTTP/1.1 200 OK\r\n"
    while True:
        yield b"x-endless: " + b"e" * 8_000 + b"\r\n"


def two_lengths(exchange: Exchange) -> Steps:
    """Two different lengths."""
    headers, body = body_of(exchange)
    lengths = (("content-length", str(len(body))), ("content-length", str(len(body) + 7)))
    yield head(200, (*headers, *lengths)) + body
    yield Cut.FIN


def length_and_chunks(exchange: Exchange) -> Steps:
    """A length and chunks at once."""
    headers, body = body_of(exchange)
    yield head(200, (*headers, ("content-length", str(len(body))), *CHUNKED)) + chunk(body) + LAST_CHUNK
    yield Cut.FIN


def early_hints(exchange: Exchange) -> Steps:
    """103 before the reply."""
    yield head(103, (("link", "</style.css>; rel=preload"),)) + _with_headers(exchange, ())


def second_reply(exchange: Exchange) -> Steps:
    """A reply, and another one that nobody asked for."""
    body = b'{"error":{"message":"nobody asked for this reply"}}'
    yield _with_headers(exchange, ()) + whole(500, JSON, body)


def closing(exchange: Exchange) -> Steps:
    """A right reply, then the connection closes although it promised to stay."""
    yield _with_headers(exchange, (("connection", "keep-alive"),))
    yield Cut.FIN


def drip(exchange: Exchange) -> Steps:
    """A right reply, a few bytes at a time."""
    reply = _with_headers(exchange, ())
    for start in range(0, len(reply), DRIP):
        yield reply[start : start + DRIP]
        yield Pause(exchange.pace or 0.001)


def endless_body(exchange: Exchange) -> Steps:
    """A body until the client leaves."""
    yield head(200, (*(exchange.stream_headers if exchange.streams else JSON), *CHUNKED))
    filler = b": " + b"x" * 8_000 + b"\n\n" if exchange.streams else b" " * 8_192
    while True:
        yield chunk(filler)


def bad_gzip(exchange: Exchange) -> Steps:
    """A body that says that it is compressed, and is not."""
    headers, body = body_of(exchange)
    yield whole(200, (*headers, ("content-encoding", "gzip")), body)


def gzip_bomb(_exchange: Exchange) -> Steps:
    """Few bytes that become many."""
    yield whole(200, (*JSON, ("content-encoding", "gzip")), _bomb())


@functools.cache
def _bomb() -> bytes:
    """Zeros, packed once and repeated: after a full flush the same bytes may follow again (RFC 1951, RFC 1952)."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(_ZEROS) + packer.flush(zlib.Z_FULL_FLUSH)
    times, checksum = BOMB_SIZE // len(_ZEROS), 0
    for _ in range(times):
        checksum = zlib.crc32(_ZEROS, checksum)
    return (
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
        + block * times
        + b"\x03\x00"
        + struct.pack("<II", checksum, BOMB_SIZE)
    )


def cut_json(exchange: Exchange) -> Steps:
    """Half a JSON document, as if it were whole."""
    body = exchange.good().body
    yield whole(200, JSON, body[: len(body) // 2])


def broken_utf8(exchange: Exchange) -> Steps:
    """Bytes in a text that are no UTF-8."""
    if not exchange.streams:
        yield whole(200, JSON, break_utf8(exchange.good().body))
        return
    yield exchange.stream_head()
    for piece in exchange.pieces():
        yield chunk(_in_events(piece, break_utf8)) if isinstance(piece, bytes) else piece
    yield LAST_CHUNK


def break_utf8(data: bytes) -> bytes:
    """A JSON document with broken bytes in its texts."""

    def mark(fields: dict[str, Any]) -> dict[str, Any]:
        return {
            key: value + _BROKEN_MARK if key in ("content", "text", "id") and isinstance(value, str) else value
            for key, value in fields.items()
        }

    return edited(data, mark).replace(_BROKEN_MARK.encode(), _BROKEN)


def error_in_200(exchange: Exchange) -> Steps:
    """An error, with the status of success."""
    error = ProviderError("the simulator failed and does not admit it", kind=ErrorKind.SERVER, status=200)
    yield whole(200, JSON, exchange.refusal(error).body)


def json_error_as_events(code: int) -> Play:
    """An error in JSON that says that it is an event stream."""

    def play(exchange: Exchange) -> Steps:
        error = ProviderError("the simulator refuses, in JSON", kind=_kind(code), status=code)
        yield whole(code, EVENT_STREAM, exchange.refusal(error).body)

    return play


def whole_for_stream(exchange: Exchange) -> Steps:
    """One JSON document although a stream was asked for."""
    yield whole(200, JSON, exchange.good().body)


def changed(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Play:
    """A right reply but for a change to every object in it."""

    def play(exchange: Exchange) -> Steps:
        if not exchange.streams:
            yield whole(200, JSON, edited(exchange.good().body, change))
            return
        yield exchange.stream_head()
        for piece in exchange.pieces():
            yield chunk(_in_events(piece, lambda data: edited(data, change))) if isinstance(piece, bytes) else piece
        yield LAST_CHUNK

    return play


FINISHES = ("finish_reason", "stop_reason")


def replace_finish(reason: str | None) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Every reason for stopping becomes this one."""
    return lambda fields: fields | {key: reason for key in FINISHES if fields.get(key) is not None}


def without_usage(fields: dict[str, Any]) -> dict[str, Any]:
    """No usage is told."""
    return {key: value for key, value in fields.items() if key != "usage"}


def null_usage(fields: dict[str, Any]) -> dict[str, Any]:
    """Usage is told, but every number in it is null."""
    return {
        key: dict.fromkeys(value) if key == "usage" and isinstance(value, dict) else value
        for key, value in fields.items()
    }


def with_extra_fields(fields: dict[str, Any]) -> dict[str, Any]:
    """A field that nobody knows."""
    return {**fields, "x_unheard_of": {"by": "the simulator", "numbers": [1, 2.5, None]}}


def _in_events(piece: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Change the data of every event in a piece of a stream."""
    return b"\n".join(
        b"data: " + change(line[6:]) if line.startswith(b"data: {") else line for line in piece.split(b"\n")
    )


def _with_headers(exchange: Exchange, headers: Headers) -> bytes:
    """The right reply in one piece, with more headers."""
    own, body = body_of(exchange)
    return whole(200, (*own, *headers), body)
