"""A server that does everything wrong, one path for each fault (tests/faults/played.py), and counts what it saw.

async with FaultServer() as server:
    await call(server.url + "/read_then_fin")
    assert server.saw["/read_then_fin"] == 1
"""

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple, Self

from tests.faults import files  # noqa: F401 — registers its faults
from tests.faults.exchange import Exchange
from tests.faults.played import FAULTS

UNREAD = {"/refused_before_the_body_was_read", "/slow_upload", "/never_reads"}
"""Paths whose fault reads the body itself, or does not."""


class Seen(NamedTuple):
    """A request that arrived whole."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class FaultServer:
    """Listens on a free port of this machine. `saw` counts whole requests by path, `open_connections` what is open now."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, receive_buffer: int | None = None) -> None:
        self.saw: Counter[str] = Counter()
        self.seen: list[Seen] = []
        self.open_connections = 0
        self.connections = 0
        self.sent = 0
        self._tls = tls
        self._receive_buffer = receive_buffer
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()

    async def __aenter__(self) -> Self:
        listening = socket.create_server(("127.0.0.1", 0))
        if self._receive_buffer:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._receive_buffer)
        self._server = await asyncio.start_server(self._accept, sock=listening, ssl=self._tls, backlog=1024)
        self.port: int = listening.getsockname()[1]
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something holds of this server; fails after 10 seconds."""
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(condition)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_connections += 1
        self.connections += 1
        exchange = Exchange(reader, writer, self)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                while await exchange.read_head() and await self._play(exchange):
                    pass
        finally:
            self.open_connections -= 1
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()
            await self._tell()

    async def _play(self, exchange: Exchange) -> bool:
        if exchange.path not in UNREAD:
            await exchange.read_body()
        self.saw[exchange.path] += 1
        self.seen.append(Seen(exchange.method, exchange.target, exchange.headers, exchange.body))
        await self._tell()
        return bool(await FAULTS[exchange.path](exchange))

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


async def turns(count: int = 20) -> None:
    """Let the event loop go round, so that everybody hears what has happened."""
    for _ in range(count):
        await asyncio.sleep(0)
