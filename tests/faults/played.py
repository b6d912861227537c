"""The faults, each served under the name of its function."""

import asyncio
import gzip
from urllib.parse import parse_qs, urlsplit

from tests.faults.exchange import FAULTS, Exchange, fault

__all__ = ["FAULTS"]

MEGABYTE = 1024 * 1024
OK = b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{"ok":true}'
JSON_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
CHUNKED = JSON_HEAD + b"transfer-encoding: chunked\r\n\r\n"
SSE_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
FIRST, SECOND = b'data: {"n":1}\n\n', b'data: {"n":2}\n\n'
LAST_CHUNK = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


# What goes well


@fault
async def ok(exchange: Exchange) -> bool:
    await exchange.send(OK)
    return True


@fault
async def echo(exchange: Exchange) -> bool:
    size = str(len(exchange.body)).encode()
    await exchange.send(JSON_HEAD, b"content-length: %d\r\n\r\n" % len(size), size)
    return True


@fault
async def status(exchange: Exchange) -> bool:
    """Answer with `?code=`, every header given as `&header=name:value`, and `&body=`; `&ok_after=2` succeeds at last."""
    if exchange.server.saw[exchange.path] > int(exchange.query("ok_after", "1000")):
        await exchange.send(OK)
        return True
    headers = parse_qs(urlsplit(exchange.target).query).get("header", [])
    body = exchange.query("body", '{"error":{"message":"no"}}').encode()
    lines = "".join(f"{header}\r\n" for header in headers)
    head = f"HTTP/1.1 {exchange.query('code')} No\r\n{lines}content-length: {len(body)}\r\n\r\n"
    await exchange.send(head.encode(), body)
    return True


@fault
async def early_hints(exchange: Exchange) -> bool:
    await exchange.send(b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n", OK)
    return True


@fault
async def long_header(exchange: Exchange) -> bool:
    await exchange.send(b"HTTP/1.1 200 OK\r\nx-policy: ", b"p" * 20_000, b"\r\ncontent-length: 0\r\n\r\n")
    return True


@fault
async def until_close(exchange: Exchange) -> None:
    await exchange.send(b'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{"ok":true}')


@fault
async def slow_upload(exchange: Exchange) -> bool:
    await exchange.read_body(pause=0.01)
    await exchange.send(OK)
    return True


# Connections that end


@fault
async def read_then_fin(exchange: Exchange) -> None:
    del exchange


@fault
async def read_then_reset(exchange: Exchange) -> None:
    exchange.reset()


@fault
async def half_head(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-ty")


@fault
async def half_body(exchange: Exchange) -> None:
    await exchange.send(JSON_HEAD, b'content-length: 100\r\n\r\n{"ok":')


@fault
async def half_body_then_reset(exchange: Exchange) -> None:
    await exchange.send(JSON_HEAD, b'content-length: 100\r\n\r\n{"ok":')
    await exchange.server.until(lambda: exchange.server.saw["/ok"] > 0)
    exchange.reset()


@fault
async def half_chunk(exchange: Exchange) -> None:
    await exchange.send(CHUNKED, b'64\r\n{"ok":')


@fault
async def no_final_chunk(exchange: Exchange) -> None:
    await exchange.send(CHUNKED, chunk(b'{"ok":true}'))


@fault
async def close_at_second(exchange: Exchange) -> bool:
    if exchange.server.saw[exchange.path] > 1:
        return False
    await exchange.send(OK)
    return True


@fault
async def reset_at_second(exchange: Exchange) -> bool:
    if exchange.server.saw[exchange.path] > 1:
        exchange.reset()
        return False
    await exchange.send(OK)
    return True


@fault
async def ok_then_closes(exchange: Exchange) -> None:
    await exchange.send(OK)


# Silence


@fault
async def no_reply(exchange: Exchange) -> None:
    await exchange.gone()


@fault
async def stalled_body(exchange: Exchange) -> None:
    await exchange.send(JSON_HEAD, b'content-length: 100\r\n\r\n{"ok":')
    await exchange.gone()


@fault
async def drip(exchange: Exchange) -> None:
    await exchange.send(JSON_HEAD, b"content-length: 100000\r\n\r\n")
    while not exchange.reader.at_eof():
        await exchange.send(b" ")
        await asyncio.sleep(0.01)


@fault
async def never_reads(exchange: Exchange) -> None:
    exchange.writer.transport.pause_reading()  # type: ignore[attr-defined]
    await asyncio.sleep(30)


# Replies that are wrong


@fault
async def bad_chunk_size(exchange: Exchange) -> None:
    await exchange.send(CHUNKED, b"ZZ\r\n{}\r\n0\r\n\r\n")


@fault
async def garbage(exchange: Exchange) -> None:
    await exchange.send(b"\x00\x01\x02 this is no HTTP\r\n\r\n")


@fault
async def huge_header(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nx-huge: ", b"h" * 200_000, b"\r\ncontent-length: 0\r\n\r\n")


@fault
async def many_headers(exchange: Exchange) -> None:
    lines = b"".join(b"x-%d: y\r\n" % number for number in range(10_000))
    await exchange.send(b"HTTP/1.1 200 OK\r\n", lines, b"content-length: 0\r\n\r\n")


@fault
async def endless_headers(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\n")
    while not exchange.reader.at_eof():
        await exchange.send(b"x-more: and more\r\n" * 100)
        await asyncio.sleep(0)


@fault
async def two_lengths(exchange: Exchange) -> None:
    await exchange.send(JSON_HEAD, b"content-length: 2\r\ncontent-length: 7\r\n\r\n{}12345")


@fault
async def length_and_chunked(exchange: Exchange) -> None:
    await exchange.send(JSON_HEAD, b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")


@fault
async def longer_than_it_says(exchange: Exchange) -> bool:
    await exchange.send(JSON_HEAD, b'content-length: 2\r\n\r\n{}{"and":"more"}')
    return True


@fault
async def second_reply(exchange: Exchange) -> bool:
    await exchange.send(OK, b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nstolen")
    return True


@fault
async def bad_gzip(exchange: Exchange) -> bool:
    await exchange.send(JSON_HEAD, b"content-encoding: gzip\r\ncontent-length: 9\r\n\r\nnot gzip!")
    return True


BOMB = gzip.compress(bytes(64 * MEGABYTE))


@fault
async def bomb(exchange: Exchange) -> bool:
    packed = BOMB
    head = JSON_HEAD if exchange.query("status", "200") == "200" else b"HTTP/1.1 500 No\r\n"
    await exchange.send(head, b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(packed), packed)
    return True


@fault
async def endless(exchange: Exchange) -> None:
    """A body without end; `?code=` is its status."""
    await exchange.send(
        b"HTTP/1.1 %s OK\r\ntransfer-encoding: chunked\r\n\r\n" % exchange.query("code", "200").encode()
    )
    piece = chunk(b"x" * 65_536)
    while not exchange.reader.at_eof():
        await exchange.send(piece)
        exchange.server.sent += 65_536


@fault
async def refused_before_the_body_was_read(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 401 No\r\ncontent-length: 26\r\n\r\n", b'{"error":{"message":"no"}}')
    await exchange.gone()


@fault
async def refused_and_cut(exchange: Exchange) -> None:
    await exchange.send(b'HTTP/1.1 429 No\r\ncontent-length: 1000\r\n\r\n{"error":{"message":"slow')


@fault
async def redirect(exchange: Exchange) -> bool:
    """To `?to=`, with `&code=`."""
    target = exchange.query("to").encode()
    await exchange.send(
        b"HTTP/1.1 %s Moved\r\nlocation: %s\r\ncontent-length: 0\r\n\r\n" % (exchange.query("code").encode(), target)
    )
    return True


@fault
async def cookie(exchange: Exchange) -> bool:
    await exchange.send(b"HTTP/1.1 200 OK\r\nset-cookie: id=1; path=/\r\ncontent-length: 0\r\n\r\n")
    return True


# Streams


@fault
async def events(exchange: Exchange) -> bool:
    await exchange.send(SSE_HEAD, chunk(FIRST), chunk(SECOND), chunk(b"data: [DONE]\n\n"), LAST_CHUNK)
    return True


@fault
async def events_in_pieces(exchange: Exchange) -> bool:
    whole = FIRST + SECOND
    await exchange.send(SSE_HEAD)
    for at in range(len(whole)):
        await exchange.send(chunk(whole[at : at + 1]))
        await asyncio.sleep(0)
    await exchange.send(LAST_CHUNK)
    return True


@fault
async def events_then_fin(exchange: Exchange) -> None:
    await exchange.send(SSE_HEAD, chunk(FIRST), chunk(SECOND))


@fault
async def events_then_reset(exchange: Exchange) -> None:
    """Reset once the client asks for `/ok` on another connection, when it has surely read the first event."""
    await exchange.send(SSE_HEAD, chunk(FIRST))
    await exchange.server.until(lambda: exchange.server.saw["/ok"] > 0)
    exchange.reset()


@fault
async def events_then_garbage(exchange: Exchange) -> None:
    await exchange.send(SSE_HEAD, chunk(FIRST))
    await exchange.server.until(lambda: exchange.server.saw["/ok"] > 0)
    await exchange.send(b"ZZ\r\n")


@fault
async def events_then_silence(exchange: Exchange) -> None:
    await exchange.send(SSE_HEAD, chunk(FIRST))
    await exchange.gone()


@fault
async def endless_events(exchange: Exchange) -> None:
    await exchange.send(SSE_HEAD)
    piece = chunk(FIRST * 100)
    while not exchange.reader.at_eof():
        await exchange.send(piece)
        exchange.server.sent += len(piece)
        await asyncio.sleep(0)


@fault
async def events_without_type(exchange: Exchange) -> bool:
    await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(FIRST + SECOND), FIRST + SECOND)
    return True


@fault
async def document(exchange: Exchange) -> bool:
    """`?body=` whole, with `&type=`, where a stream was asked for."""
    body = exchange.query("body").encode()
    kind = exchange.query("type", "application/json").encode()
    await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ncontent-length: %d\r\n\r\n" % (kind, len(body)), body)
    return True


@fault
async def lines(exchange: Exchange) -> bool:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n"
    await exchange.send(head, chunk(b'{"n":1}\n{"n"'), chunk(b":2}\r\n\n"), chunk(b'{"n":3}'), LAST_CHUNK)
    return True
