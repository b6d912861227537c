"""SQLAlchemy as a guest on a connection of sqlite3 whose transactions somebody else begins and ends."""

import sqlite3

from sqlalchemy import Connection, create_engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import PoolProxiedConnection, StaticPool


class GuestDialect(SQLiteDialect_pysqlite):
    """SQLite without beginning, committing and rolling back."""

    supports_statement_cache = True

    def do_begin(self, dbapi_connection: PoolProxiedConnection) -> None:
        """Nothing: the transaction runs."""

    def do_commit(self, dbapi_connection: PoolProxiedConnection) -> None:
        """Nothing: the host commits."""

    def do_rollback(self, dbapi_connection: PoolProxiedConnection) -> None:
        """Nothing: the host undoes."""

    def do_close(self, dbapi_connection: DBAPIConnection) -> None:
        """Nothing: the host closes."""


registry.register("sqlite.guest", __name__, GuestDialect.__name__)


def core_over(raw: sqlite3.Connection) -> Connection:
    """SQLAlchemy's view of a connection; for the connection's own thread."""
    return create_engine("sqlite+guest://", creator=lambda: raw, poolclass=StaticPool).connect()
