"""A real receiver of webhooks on this machine."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

ANSWER = b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n%sconnection: close\r\n\r\n%s"


class Receiver:
    """Takes every POST, and answers as told: with the next of `answers` (status, headers, body), else with 204."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, bytes, bytes]] = []
        self._changed = asyncio.Condition()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/hook"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = [line.partition(":") for line in head.split("\r\n")[1:] if line]
        headers = {name.lower(): value.strip() for name, _, value in lines}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        status, more, said = self.answers.pop(0) if self.answers else (204, b"", b"")
        writer.write(ANSWER % (status, len(said), more, said))
        await writer.drain()
        writer.close()
        async with self._changed:
            self.got.append((headers, body))
            self._changed.notify_all()

    async def until(self, count: int) -> None:
        """Wait until so many have come."""
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: len(self.got) >= count)


async def until(true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 — whatever it is, nobody tells us
            await asyncio.sleep(0.01)
