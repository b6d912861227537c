"""What a database is to those that stand on it: transactions, written as plain functions, the same for SQLite and PostgreSQL."""

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

if TYPE_CHECKING:
    from sqlalchemy import Connection

T = TypeVar("T")
DatabaseKind = Literal["sqlite", "postgresql"]


class Tx:
    """One transaction. `core` is SQLAlchemy's connection; `raw` is SQLite's own, None on PostgreSQL.

    Nobody commits or rolls back: whoever gave the transaction does.
    """

    __slots__ = ("_core", "raw")

    def __init__(self, core: "Connection | None" = None, raw: sqlite3.Connection | None = None) -> None:
        self._core = core
        self.raw = raw

    @property
    def core(self) -> "Connection":
        """SQLAlchemy's connection. On SQLite it is made when it is first asked for: raw work does not pay for it."""
        if self._core is None:
            self._core = self._made()
        return self._core

    def _made(self) -> "Connection":
        if self.raw is None:
            raise RuntimeError("a transaction without a connection")
        from genmux.store.sqlite.core import core_over

        return core_over(self.raw)

    def forget(self) -> None:
        """End what SQLAlchemy believes to be its transaction; the database is not asked."""
        if self._core is not None:
            self._core.rollback()


Work = Callable[[Tx], T]
"""What is done in one transaction. It runs in another thread or inside a greenlet: it must not await, nor touch an event loop."""


class Database(Protocol):
    """Runs work in transactions; usable from any event loop. Raises StoreError (a ProviderError) when the database fails."""

    @property
    def kind(self) -> DatabaseKind:
        """Which database it is."""
        ...

    async def write(self, work: Work[T]) -> T:
        """Do it and commit: when this returns, it is durable. What `work` raises undoes only its own changes, and is raised."""
        ...

    async def read(self, work: Work[T]) -> T:
        """Look, without waiting for writers."""
        ...

    async def aclose(self) -> None:
        """Write what waits and close. May be called again."""
        ...
