"""Listening for hints, with a connection that a test plays."""

import asyncio

import pytest

from genmux.store.postgres.listening import Listener


class Connection:
    """A connection whose server does not answer."""

    def __init__(self) -> None:
        self.terminated = False
        self.asked = asyncio.Event()

    def add_termination_listener(self, callback: object) -> None:
        assert callback

    async def add_listener(self, channel: str, callback: object) -> None:
        assert channel
        assert callback
        self.asked.set()
        await asyncio.Event().wait()

    def terminate(self) -> None:
        self.terminated = True


async def test_a_connection_that_is_being_opened_is_not_left_behind_when_nobody_wants_it_any_more() -> None:
    connection = Connection()

    async def connect() -> Connection:
        return connection

    listener = Listener(connect, "hints", print)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    starting = asyncio.create_task(listener.start())
    await connection.asked.wait()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert connection.terminated
