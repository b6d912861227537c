"""Faults of the connection: it closes, breaks, or goes quiet."""

from genmux.testing.simulator.exchange import Exchange
from genmux.testing.simulator.steps import CHUNKED, JSON, Cut, Headers, Steps, chunk, head

TOKENS_BEFORE = 3
"""After how many tokens a stream breaks off when nobody says."""


def fin(_exchange: Exchange) -> Steps:
    """Close without a word."""
    yield Cut.FIN


def reset(_exchange: Exchange) -> Steps:
    """Tear down without a word."""
    yield Cut.RESET


def stall(_exchange: Exchange) -> Steps:
    """Say nothing, for ever."""
    yield Cut.STALL


def half_head(_exchange: Exchange) -> Steps:
    """Break off amid the head."""
    yield b"HTTP/1.1 200 OK\r\ncontent-type: applica"
    yield Cut.FIN


def garbage_head(_exchange: Exchange) -> Steps:
    """Speak another protocol."""
    yield b"\x16\x03\x01\x00\x05 this is no HTTP\r\n\r\n"
    yield Cut.FIN


def stalled_body(exchange: Exchange) -> Steps:
    """Begin, then say nothing, for ever."""
    yield from _begun(exchange)
    yield Cut.STALL


def cut_stream(exchange: Exchange) -> Steps:
    """Begin, then close."""
    yield from _begun(exchange)
    yield Cut.FIN


def reset_body(exchange: Exchange) -> Steps:
    """Begin, then tear down."""
    yield from _begun(exchange)
    yield Cut.RESET


def short_body(exchange: Exchange) -> Steps:
    """Say a length and send half of it."""
    headers, body = body_of(exchange)
    yield head(200, (*headers, ("content-length", str(len(body))))) + body[: len(body) // 2]
    yield Cut.FIN


def half_chunk(exchange: Exchange) -> Steps:
    """Announce a chunk and send half of it."""
    headers, body = body_of(exchange)
    written = chunk(body)
    yield head(200, (*headers, *CHUNKED)) + written[: len(written) // 2]
    yield Cut.FIN


def bad_chunk_size(exchange: Exchange) -> Steps:
    """Write a chunk size that is no number."""
    headers, body = body_of(exchange)
    yield head(200, (*headers, *CHUNKED)) + chunk(body[: len(body) // 2]) + b"zz\r\n" + body[len(body) // 2 :]
    yield Cut.FIN


def no_final_chunk(exchange: Exchange) -> Steps:
    """Send everything but the last, empty chunk."""
    headers, body = body_of(exchange)
    yield head(200, (*headers, *CHUNKED)) + chunk(body)
    yield Cut.FIN


def body_of(exchange: Exchange) -> tuple[Headers, bytes]:
    """The right body in one piece, with the headers that tell its type."""
    body = b"".join(piece for piece in exchange.pieces() if isinstance(piece, bytes))
    return (exchange.stream_headers if exchange.streams else JSON), body


def _begun(exchange: Exchange) -> Steps:
    """The first tokens of a stream, or half of a whole answer."""
    if exchange.streams:
        tokens = (exchange.fault.after if exchange.fault else 0) or TOKENS_BEFORE
        yield exchange.stream_head()
        for piece in exchange.pieces(tokens):
            yield chunk(piece) if isinstance(piece, bytes) else piece
        return
    headers, body = body_of(exchange)
    yield head(200, (*headers, ("content-length", str(len(body))))) + body[: len(body) // 2]
