"""Files to download, and what can go wrong with them, each served under the name of its function."""

import asyncio
import hashlib

from tests.faults.exchange import Exchange, fault

CONTENT = bytes(range(256)) * 2_048
"""Half a megabyte."""

TAG = '"' + hashlib.sha256(CONTENT).hexdigest()[:16] + '"'
HALF = len(CONTENT) // 2


def head(status: str, *lines: str) -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status}", *lines, "\r\n")).encode()


def whole(*lines: str, length: int = len(CONTENT)) -> bytes:
    return head("200 OK", "content-type: video/mp4", f"content-length: {length}", *lines)


def rest(exchange: Exchange) -> int:
    """From where on the client wants the file; -1 when it wants all of it."""
    told = exchange.headers.get("range", "")
    return int(told.removeprefix("bytes=").rstrip("-").partition("-")[0]) if told else -1


async def part(exchange: Exchange, start: int, *, tag: str = TAG) -> None:
    size = len(CONTENT)
    told = f"content-range: bytes {start}-{size - 1}/{size}"
    await exchange.send(head("206 Partial", told, f"content-length: {size - start}", f"etag: {tag}"), CONTENT[start:])


@fault
async def file(exchange: Exchange) -> bool:
    start = rest(exchange)
    if start >= 0:
        await part(exchange, start)
    else:
        await exchange.send(whole("accept-ranges: bytes", f"etag: {TAG}"), CONTENT)
    return True


@fault
async def named(exchange: Exchange) -> bool:
    await exchange.send(whole("content-disposition: attachment; filename*=UTF-8''caf%C3%A9%2F..%2Fa.mp4"), CONTENT)
    return True


@fault
async def breaks_in_the_middle(exchange: Exchange) -> None:
    """Once; a client that can, goes on with the rest."""
    start = rest(exchange)
    if start >= 0:
        assert exchange.headers["if-range"] == TAG
        await part(exchange, start)
    else:
        await exchange.send(whole("accept-ranges: bytes", f"etag: {TAG}"), CONTENT[:HALF])


@fault
async def breaks_and_has_no_parts(exchange: Exchange) -> None:
    assert rest(exchange) == -1
    body = CONTENT[:HALF] if exchange.server.saw[exchange.path] == 1 else CONTENT
    await exchange.send(whole(), body)


@fault
async def becomes_another(exchange: Exchange) -> None:
    """By the time that the rest is asked for it is another file, so that all of it comes."""
    if rest(exchange) == -1:
        await exchange.send(whole("accept-ranges: bytes", 'etag: "before"'), b"x" * HALF)
    else:
        await exchange.send(whole("accept-ranges: bytes", f"etag: {TAG}"), CONTENT)


@fault
async def gives_the_wrong_part(exchange: Exchange) -> None:
    if rest(exchange) == -1:
        body = CONTENT[:HALF] if exchange.server.saw[exchange.path] == 1 else CONTENT
        await exchange.send(whole("accept-ranges: bytes", f"etag: {TAG}"), body)
    else:
        await part(exchange, HALF // 2)


@fault
async def ends_early_each_time(exchange: Exchange) -> None:
    await exchange.send(whole(), CONTENT[:HALF])


@fault
async def without_length(exchange: Exchange) -> None:
    await exchange.send(head("200 OK", "connection: close"), CONTENT)


@fault
async def says_it_is_huge(exchange: Exchange) -> None:
    await exchange.send(whole(length=10**12), CONTENT)
    await exchange.gone()


@fault
async def never_ends(exchange: Exchange) -> None:
    await exchange.send(head("200 OK", "connection: close"))
    while True:
        await exchange.send(CONTENT)


@fault
async def falls_silent(exchange: Exchange) -> None:
    await exchange.send(whole(), CONTENT[:HALF])
    await exchange.gone()


@fault
async def drips(exchange: Exchange) -> None:
    """One byte after the other, never silent for long."""
    await exchange.send(head("200 OK", "connection: close"))
    while True:
        await exchange.send(b"x")
        await asyncio.sleep(0.005)


@fault
async def nothing_in_it(exchange: Exchange) -> bool:
    await exchange.send(whole(length=0))
    return True


@fault
async def busy_at_first(exchange: Exchange) -> bool:
    if exchange.server.saw[exchange.path] < 3:
        await exchange.send(head("503 Busy", "content-length: 0"))
    else:
        await exchange.send(whole(), CONTENT)
    return True


@fault
async def expired(exchange: Exchange) -> bool:
    await exchange.send(head("403 Forbidden", "content-length: 0"))
    return True


@fault
async def elsewhere(exchange: Exchange) -> bool:
    """Sends on to wherever the query says."""
    await exchange.send(head("302 Found", f"location: {exchange.query('to')}", "content-length: 0"))
    return True


@fault
async def in_circles(exchange: Exchange) -> bool:
    await exchange.send(head("307 Go", "location: /in_circles", "content-length: 0"))
    return True


@fault
async def packed(exchange: Exchange) -> bool:
    """Encoded though that was not wanted."""
    import gzip

    body = gzip.compress(CONTENT)
    lines = ("content-encoding: gzip", "accept-ranges: bytes", f"etag: {TAG}")
    await exchange.send(whole(*lines, length=len(body)), body)
    return True


@fault
async def a_page(exchange: Exchange) -> bool:
    body = b"<!doctype html><p>Please log in"
    await exchange.send(head("200 OK", "content-type: image/png", f"content-length: {len(body)}"), body)
    return True


@fault
async def a_picture(exchange: Exchange) -> bool:
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (64, 48)).save(file, "PNG")
    body = file.getvalue()
    await exchange.send(head("200 OK", "content-type: image/png", f"content-length: {len(body)}"), body)
    return True
