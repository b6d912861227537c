"""A SQLite file as a database: one thread writes, a few read."""

import asyncio
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from genmux.store.database import DatabaseKind, Tx, Work
from genmux.store.errors import closed_error, sqlite_error
from genmux.store.sqlite.files import connect_reader
from genmux.store.sqlite.writer import Writer

T = TypeVar("T")

READERS = 4
"""So many can look at once."""

PATIENCE = 10.0
"""Seconds that the end waits for what is being written."""


class SqliteDatabase:
    """The database in a file; opened at once, which raises StoreError when that cannot be.

    All writing is done by one thread. Whatever waits while a commit runs shares the next transaction, each piece of work
    in a savepoint of its own; callers hear of it after the commit, which is on the disk then (`synchronous = FULL`). When
    the commit fails, all of that group fail. A caller that was cancelled before its work began leaves no trace; afterwards
    the work is done nevertheless. Work should be repeatable: it is done again, alone, when a neighbour breaks a
    constraint that is only checked at the commit.
    """

    def __init__(self, path: str | Path, *, patience: float = PATIENCE) -> None:
        self.path = Path(path).absolute()
        self._place = str(self.path)
        self._patience = patience
        self._writer = Writer(self.path)
        self._writer.start()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="genmux-store-reader")
        self._own = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._gate = threading.Lock()
        self._closed = False

    def __repr__(self) -> str:
        return f"SqliteDatabase({self._place!r})"

    @property
    def kind(self) -> DatabaseKind:
        """Which database it is."""
        return "sqlite"

    async def write(self, work: Work[T]) -> T:
        """Do it and commit: when this returns, it is durable. What `work` raises undoes only its own changes, and is raised."""
        return await self._writer.submit(work)

    async def read(self, work: Work[T]) -> T:
        """Look at one state of the database, without waiting for writers. Whatever tries to write, fails."""
        if self._closed:
            raise closed_error(self._place)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._readers, self._look, work)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._closed and not (task and task.cancelling()):  # not the caller was cancelled: its turn never came
                raise closed_error(self._place) from None
            raise

    def _look(self, work: Work[T]) -> T:
        reader: tuple[sqlite3.Connection, Tx] | None = getattr(self._own, "reader", None)
        raw, tx = reader or self._open()
        try:
            raw.execute("BEGIN")
            return work(tx)
        except Exception as error:
            if fault := sqlite_error(error, self._place):
                raise fault from error
            raise
        finally:
            tx.forget()
            if raw.in_transaction:
                raw.execute("ROLLBACK")

    def _open(self) -> tuple[sqlite3.Connection, Tx]:
        """This thread's connection."""
        raw = connect_reader(self.path)
        self._own.reader = raw, Tx(raw=raw)
        with self._gate:
            self._opened.append(raw)
        return self._own.reader

    async def aclose(self) -> None:
        """Write what waits and close. May be called again."""
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        """The same for those without an event loop; blocks."""
        self._closed = True
        self._writer.close(self._patience)
        for raw in self._opened:  # who still reads is broken off
            raw.interrupt()
        self._readers.shutdown(wait=True, cancel_futures=True)
        with self._gate:
            opened, self._opened = self._opened, []
        for raw in opened:
            raw.close()
