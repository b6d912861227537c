"""The thread that writes: what waits together is committed together, and each piece of work can fail alone."""

import asyncio
import queue
import sqlite3
import threading
from asyncio import AbstractEventLoop, Future
from pathlib import Path
from typing import Any

from genmux.store.database import Tx, Work
from genmux.store.errors import closed_error, lost_error, sqlite_error
from genmux.store.sqlite.files import connect_writer
from genmux.types.errors import StoreError

MOST = 1_000
"""So many pieces of work at most share a transaction, so that the first does not wait for ever."""


class _Piece:
    """One piece of work on its way: who waits for it, and what came of it."""

    __slots__ = ("error", "future", "loop", "result", "work")

    def __init__(self, loop: AbstractEventLoop, future: "Future[Any]", work: Work[Any]) -> None:
        self.loop = loop
        self.future = future
        self.work = work
        self.result: Any = None
        self.error: BaseException | None = None


class Writer:
    """Takes work from any thread and any event loop. `start` opens the file and may raise StoreError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._place = str(path)
        self._queue: queue.SimpleQueue[_Piece | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="genmux-store", daemon=True)
        self._connection: sqlite3.Connection | None = None
        self._tx = Tx()

    def start(self) -> None:
        """Open the file and begin. Raises StoreError."""
        self._connection = connect_writer(self._path)
        self._tx = Tx(raw=self._connection)
        self._thread.start()

    def submit(self, work: Work[Any]) -> "Future[Any]":
        """Queue work; the future is one of the running loop. Raises StoreError after the end."""
        loop = asyncio.get_running_loop()
        piece = _Piece(loop, loop.create_future(), work)
        with self._gate:
            if self._closed:
                raise closed_error(self._place)
            self._queue.put(piece)
        return piece.future

    def close(self, patience: float) -> None:
        """Write what waits and end; blocks. After `patience` seconds the statement that runs is broken off."""
        with self._gate:
            first, self._closed = not self._closed, True
            if first:
                self._queue.put(None)
        if not self._thread.is_alive():
            return
        self._thread.join(patience)
        if self._thread.is_alive() and self._connection is not None:
            self._connection.interrupt()
            self._thread.join(patience)

    def _run(self) -> None:
        """Until told to end: take all that waits, do it, commit, tell."""
        going = True
        while going:
            group = [self._queue.get()]
            while len(group) < MOST:
                try:
                    group.append(self._queue.get_nowait())
                except queue.Empty:
                    break
            pieces = [piece for piece in group if piece is not None and not piece.future.cancelled()]
            going = None not in group
            if pieces:
                self._commit(pieces)
                _tell(pieces)
            del group, pieces  # nobody's work is kept alive while waiting
        if self._connection is not None:
            self._tx.forget()
            self._connection.close()

    def _commit(self, pieces: list[_Piece]) -> None:
        """Do a group in one transaction; never raises."""
        raw = self._raw
        try:
            raw.execute("BEGIN IMMEDIATE")
            for piece in pieces:
                self._do(raw, piece)
            raw.execute("COMMIT")
        except sqlite3.IntegrityError as error:  # a constraint that is only checked at the end: find out whose
            self._undo(raw)
            if len(pieces) == 1:
                pieces[0].error = error
                return
            for piece in pieces:
                piece.result = piece.error = None
                self._commit([piece])
        except Exception as error:  # noqa: BLE001 — whatever it was, everybody must be told
            self._undo(raw)
            lost = error if isinstance(error, StoreError) else lost_error(error, self._place)
            for piece in pieces:
                if piece.error is None or isinstance(piece.error, sqlite3.Error):
                    piece.error = StoreError(
                        lost.message, reason=lost.reason, code=lost.code
                    )  # each caller raises its own
        finally:
            self._tx.forget()

    @property
    def _raw(self) -> sqlite3.Connection:
        if self._connection is None:
            raise closed_error(self._place)
        return self._connection

    def _do(self, raw: sqlite3.Connection, piece: _Piece) -> None:
        """One piece of work in its savepoint. Raises when the whole transaction is lost with it."""
        raw.execute("SAVEPOINT piece")
        try:
            piece.result = piece.work(self._tx)
        except BaseException as error:
            fault = sqlite_error(error, self._place)
            if not raw.in_transaction:
                raise fault or lost_error(error, self._place) from error
            piece.error = fault or error
            self._tx.forget()
            raw.execute("ROLLBACK TO piece")
        raw.execute("RELEASE piece")

    def _undo(self, raw: sqlite3.Connection) -> None:
        """Roll back, if there is anything left to roll back."""
        if raw.in_transaction:
            try:
                raw.execute("ROLLBACK")
            except sqlite3.Error:
                return  # the connection says so itself at the next BEGIN


def _tell(pieces: list[_Piece]) -> None:
    """Wake whoever waits: one call for each event loop, not one for each caller."""
    by_loop: dict[AbstractEventLoop, list[_Piece]] = {}
    for piece in pieces:
        by_loop.setdefault(piece.loop, []).append(piece)
    for loop, told in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, told)
        except RuntimeError:
            continue  # the loop has ended, and nobody waits in it


def _settle(pieces: list[_Piece]) -> None:
    for piece in pieces:
        if piece.future.done():
            continue
        if piece.error is None:
            piece.future.set_result(piece.result)
        elif isinstance(piece.error, StopIteration):  # a future cannot carry it
            piece.future.set_exception(RuntimeError("the work raised StopIteration"))
        else:
            piece.future.set_exception(piece.error)
