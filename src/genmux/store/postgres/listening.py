"""Hints between gateways: PostgreSQL's LISTEN and NOTIFY."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from genmux.store.database import Tx

if TYPE_CHECKING:
    import asyncpg

_log = logging.getLogger("genmux.store")

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 10.0
"""Seconds between attempts to come back after the connection was lost."""

BEAT = 30.0
"""Seconds after which a silent connection is asked whether it is still there."""


class Listener:
    """Calls back, in the loop that started it, with what is sent to a channel. Only a hint: what counts is in the tables.

    When the connection is lost it comes back by itself, and calls back with an empty string: something may have been
    missed.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable["asyncpg.Connection"]],
        channel: str,
        callback: Callable[[str], None],
    ) -> None:
        self._connect = connect
        self._channel = channel
        self._callback = callback
        self._connection: asyncpg.Connection | None = None
        self._lost = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin. Raises what the driver raises."""
        await self._open()
        self._task = asyncio.create_task(self._stay(), name=f"genmux-listen-{self._channel}")

    async def aclose(self) -> None:
        """Stop listening. May be called again."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            connection.terminate()

    async def _open(self) -> None:
        self._lost.clear()
        connection = await self._connect()
        try:
            connection.add_termination_listener(self._end)
            await connection.add_listener(self._channel, self._hear)
        except BaseException:  # also when whoever listens goes away at this very moment
            connection.terminate()
            raise
        self._connection = connection

    def _end(self, _connection: object) -> None:
        self._lost.set()

    def _hear(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        self._tell(str(payload))

    def _tell(self, payload: str) -> None:
        try:
            self._callback(payload)
        except Exception:  # noqa: BLE001 — whoever listens must not end the listening
            _log.exception("what listens to %s failed", self._channel)

    async def _stay(self) -> None:
        """Come back whenever the connection is lost."""
        pause = FIRST_PAUSE
        while True:
            await self._until_lost()
            _log.warning("the connection that listens to %s was lost", self._channel)
            while True:
                await asyncio.sleep(pause)
                try:
                    await self._open()
                except Exception as error:  # noqa: BLE001 — whatever it is, it is tried again
                    pause = min(pause * 2, LONGEST_PAUSE)
                    _log.warning("listening to %s again failed: %s", self._channel, type(error).__name__)
                else:
                    break
            pause = FIRST_PAUSE
            self._tell("")

    async def _until_lost(self) -> None:
        while not self._lost.is_set():
            try:
                await asyncio.wait_for(self._lost.wait(), BEAT)
            except TimeoutError:
                await self._ask()

    async def _ask(self) -> None:
        """A connection that does not answer is given up."""
        connection = self._connection
        try:
            if connection is not None:
                await connection.execute("SELECT 1", timeout=BEAT)
        except Exception:  # noqa: BLE001 — whatever it is, the connection is of no use
            if connection is not None:
                connection.terminate()
            self._lost.set()


def notify(tx: Tx, channel: str, payload: str = "") -> None:
    """Send a hint with the commit of this transaction; nothing on SQLite, where one process has everything."""
    if tx.raw is None:
        from sqlalchemy import func, select

        tx.core.execute(select(func.pg_notify(channel, payload)))
