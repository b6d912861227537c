"""A small HTTP proxy: absolute form for http, CONNECT for https; it sends everything to one address."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self


class Proxy:
    """`asked` lists what was asked for, `authorizations` the credentials; `refuse` answers CONNECT with that status."""

    def __init__(self, port: int, *, refuse: int | None = None) -> None:
        self.asked: list[str] = []
        self.authorizations: list[str | None] = []
        self._port = port
        self._refuse = refuse
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                head = await reader.readuntil(b"\r\n\r\n")
                method, target, _ = head.decode("latin-1").split(" ", 2)
                self.asked.append(f"{method} {target}")
                lines = dict(line.split(": ", 1) for line in head.decode("latin-1").strip().split("\r\n")[1:])
                by_name = {name.lower(): value for name, value in lines.items()}
                self.authorizations.append(by_name.get("proxy-authorization"))
                if self._refuse:
                    writer.write(b"HTTP/1.1 %d No\r\ncontent-length: 0\r\n\r\n" % self._refuse)
                    return
                upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self._port)
                if method == "CONNECT":
                    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
                else:
                    upstream_writer.write(head)
                try:
                    await asyncio.gather(_copy(reader, upstream_writer), _copy(upstream_reader, writer))
                finally:
                    upstream_writer.close()
        finally:
            writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()
