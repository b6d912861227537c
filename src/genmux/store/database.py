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

    __slots__ = ("core", "raw")

    def __init__(self, core: "Connection", raw: sqlite3.Connection | None = None) -> None:
        self.core = core
        self.raw = raw


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
