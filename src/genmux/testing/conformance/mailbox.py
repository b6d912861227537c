"""Takes the webhooks that the simulator sends, on a port of this machine, and answers as it is told."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Self

from genmux.contract.jobs import Delivery
from genmux.testing.simulator.connection import Connection
from genmux.testing.simulator.http import Head, Request
from genmux.testing.simulator.records import Seen
from genmux.testing.simulator.steps import Steps, whole


class Mailbox:
    """Keeps what comes, oldest first. `answer` is what is said to it."""

    def __init__(self, answer: bytes = b"ok") -> None:
        self.deliveries: list[Delivery] = []
        self._answer = answer
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self, 0), "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening, and hang up."""
        if self._server is not None:
            self._server.close()
            for connection in [*self._connections]:
                connection.close()
            await self._server.wait_closed()

    @property
    def url(self) -> str:
        """The address for webhooks, with a path that nobody guesses."""
        port = self._server.sockets[0].getsockname()[1] if self._server else 0
        return f"http://127.0.0.1:{port}/hooks/simulated/b9c5a1d0f3"

    async def until(self, enough: Callable[[], bool], *, timeout: float = 5.0) -> None:
        """Wait until enough came. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            while not enough():
                self._changed.clear()
                await self._changed.wait()

    def arrived(self, connection: Connection) -> Steps | None:
        """A client has connected."""
        self._connections.add(connection)

    def left(self, connection: Connection, unfinished: Sequence[Seen]) -> None:
        """A connection is gone."""
        del unfinished
        self._connections.discard(connection)

    def begun(self, connection: Connection, head: Head) -> tuple[Seen, Steps | None]:
        """The head of a request was read."""
        del connection
        return Seen(number=0, connection=0, at=0.0, method=head.method, target=head.target, headers=head.headers), None

    def reply(self, request: Request, seen: Seen) -> Steps:
        """A webhook has come."""
        del seen
        path, _, query = request.head.target.partition("?")
        self.deliveries.append(Delivery(body=request.body, headers=request.head.headers, path=path, query=query))
        self._changed.set()
        return iter((whole(200, (("content-type", "text/plain"),), self._answer),))

    def finished(self, seen: Seen, *, cut: bool) -> None:
        """A reply was played to its end."""
        del seen, cut
