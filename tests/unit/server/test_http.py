"""Requests and answers over ASGI."""

import asyncio

import pytest

from genmux.contract.dialect import Answer
from genmux.engine.deadlines import AlarmClock
from genmux.server.http import CallerGoneError, Request, RequestError
from tests.unit.server.asgi import Line, asking, piece


def request(line: Line, **headers: str) -> Request:
    return asking(line, AlarmClock(asyncio.get_running_loop()), **headers)


async def test_a_body_comes_whole_or_in_pieces():
    assert await request(Line([piece(b"whole")])).body(10, idle=1) == b"whole"
    pieces = [piece(b"in ", more=True), piece(b"", more=True), piece(b"pieces")]
    assert await request(Line(pieces)).body(10, idle=1) == b"in pieces"


@pytest.mark.parametrize(
    ("messages", "headers"),
    [
        ([piece(b"much too long")], {}),
        ([piece(b"much", more=True), piece(b" too long", more=True), piece(b"never read")], {}),
        ([], {"content-length": "11"}),
    ],
)
async def test_a_body_over_the_limit_is_refused_without_reading_on(messages: list, headers: dict[str, str]):
    line = Line(messages)
    with pytest.raises(RequestError, match="10 bytes") as caught:
        await request(line, **headers).body(10, idle=1)
    assert caught.value.status == 413
    assert len(line.messages) == max(0, len(messages) - 2)


async def test_a_body_that_does_not_come_is_not_waited_for():
    with pytest.raises(RequestError, match="nothing for") as caught:
        await request(Line([piece(b"a", more=True)])).body(10, idle=0.05)
    assert (caught.value.status, caught.value.headers) == (408, (("connection", "close"),))


async def test_a_caller_who_leaves_while_sending_is_told_nothing():
    line = Line([piece(b"a", more=True), {"type": "http.disconnect"}])
    with pytest.raises(CallerGoneError):
        await request(line).body(10, idle=1)


async def test_a_header_cannot_end_itself():
    line = Line()
    await request(line).answer(Answer(status=200, body=b"x"), [("x-genmux-warning", "a\r\nset-cookie: b\x00 ü €")])
    assert line.head["x-genmux-warning"] == "a  set-cookie: b  ü ?"
    assert line.head["content-length"] == "1"


async def test_a_stream_ends_with_an_empty_last_piece():
    line, chunks = Line(), [b"one", b"", b"two", None]

    async def read() -> bytes | None:
        return chunks.pop(0)

    await request(line).stream(read)
    assert line.head["content-type"].startswith("text/event-stream")
    assert [(message["body"], message.get("more_body", False)) for message in line.sent[1:]] == [
        (b"one", True),
        (b"two", True),
        (b"", False),
    ]
