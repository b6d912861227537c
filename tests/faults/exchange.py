"""One request to the fault server, and what a fault can do with it."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from tests.faults.server import FaultServer


class Exchange:
    """One request and the connection on which it came."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: "FaultServer") -> None:
        self.reader = reader
        self.writer = writer
        self.server = server
        self.method = ""
        self.target = ""
        self.headers: dict[str, str] = {}
        self.body = b""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    def query(self, name: str, default: str = "") -> str:
        return parse_qs(urlsplit(self.target).query).get(name, [default])[0]

    async def read_head(self) -> bool:
        """Read the head of the next request; False when there is none."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").rstrip().split("\r\n")
        self.method, self.target, _ = first.split(" ", 2)
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return True

    async def read_body(self, *, pause: float = 0) -> None:
        """Read the body, slowly if asked."""
        left = int(self.headers.get("content-length", "0"))
        pieces: list[bytes] = []
        while left:
            piece = await self.reader.read(min(left, 64 * 1024))
            if not piece:
                raise asyncio.IncompleteReadError(b"", left)
            left -= len(piece)
            pieces.append(piece)
            if pause:
                await asyncio.sleep(pause)
        self.body = b"".join(pieces)

    async def send(self, *parts: bytes) -> None:
        """Write and wait until it is taken."""
        self.writer.write(b"".join(parts))
        await self.writer.drain()

    async def gone(self) -> None:
        """Wait until the client has closed the connection."""
        while await self.reader.read(65_536):
            pass

    def reset(self) -> None:
        """Close with RST in place of FIN."""
        raw: socket.socket = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Fault = Callable[[Exchange], Awaitable[bool | None]]
"""Plays one fault; True keeps the connection open for the next request."""

FAULTS: dict[str, Fault] = {}


def fault(play: Fault) -> Fault:
    """Serve a function under its name."""
    FAULTS[f"/{play.__name__}"] = play
    return play
