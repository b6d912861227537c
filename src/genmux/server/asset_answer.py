"""Sends a kept file as the answer to a request, whoever was asked for it."""

from collections.abc import AsyncGenerator
from typing import Any

from genmux.engine.deadlines import AlarmClocks
from genmux.server.file_answer import file_answer
from genmux.server.http import Receive, Request, Scope, Send
from genmux.services.assets.shelf import Opened, Shelf

_CLOCKS = AlarmClocks()

FRESH = 300.0
"""Seconds for which a caller with a key may keep a file without asking again."""


async def send_asset(request: Request, shelf: Shelf, found: Opened, *, fresh: float, download: bool) -> None:
    """Answer with a file, or the part of it that is asked for. Raises what reading it raises, before anything is sent."""
    head = request.method == "HEAD"
    answer = file_answer(found.asset, request.headers, fresh=fresh, download=download, head=head)
    span = answer.span
    pieces = _nothing() if span is None else shelf.pieces(found, start=span.start, end=span.end)
    with request.watch:
        await request.send_file(answer.status, pieces, answer.headers)


class _Sending:
    """An ASGI application that sends one file."""

    def __init__(self, shelf: Shelf, found: Opened, *, download: bool) -> None:
        self._shelf = shelf
        self._found = found
        self._download = download

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        request = Request(scope, receive, send, _CLOCKS.here())
        await send_asset(request, self._shelf, self._found, fresh=FRESH, download=self._download)


def sending(shelf: Shelf, found: Opened, *, download: bool) -> Any:
    """The same for a framework that takes an ASGI application as its answer."""
    return _Sending(shelf, found, download=download)


async def _nothing() -> AsyncGenerator[bytes]:
    for piece in ():
        yield piece
