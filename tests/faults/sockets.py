"""Ports that misbehave before any HTTP is spoken."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress


@asynccontextmanager
async def at_accept(play: Callable[[socket.socket], None]) -> AsyncIterator[int]:
    """A port whose every connection is handed to `play` as soon as it is accepted."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        loop = asyncio.get_running_loop()

        def accept() -> None:
            with suppress(BlockingIOError):
                connection, _ = listening.accept()
                play(connection)

        loop.add_reader(listening, accept)
        try:
            yield listening.getsockname()[1]
        finally:
            loop.remove_reader(listening)


def close_at_once(connection: socket.socket) -> None:
    connection.close()


def reset_at_once(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@asynccontextmanager
async def mute() -> AsyncIterator[int]:
    """A port that accepts connections and never says a word."""
    kept: list[socket.socket] = []
    async with at_accept(kept.append) as port:
        try:
            yield port
        finally:
            for connection in kept:
                connection.close()


@asynccontextmanager
async def full() -> AsyncIterator[int]:
    """A port whose queue is full: connections to it hang."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        try:
            for each in waiting:
                each.setblocking(False)
                with suppress(BlockingIOError):
                    each.connect(("127.0.0.1", port))
            yield port
        finally:
            for each in waiting:
                each.close()


def refused_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as briefly:
        briefly.bind(("127.0.0.1", 0))
        port: int = briefly.getsockname()[1]
        return port
