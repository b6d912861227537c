"""Makes backups, while others go on working: what they show is one moment."""

import datetime
import sqlite3
from contextlib import closing
from pathlib import Path

from genmux.store.database import DatabaseKind
from genmux.store.errors import lost_error
from genmux.store.migrating import read_sqlite
from genmux.store.postgres.database import PostgresDatabase
from genmux.store.revisions import READ_VERSION, VERSION_TABLE, head, is_current
from genmux.store.sqlite.files import connect_reader
from genmux.store.upkeep.archive import EPHEMERAL, ArchiveWriter, Manifest
from genmux.types.errors import NotFoundError, StoreError
from genmux.types.version import VERSION

PIECE = 2_000
"""So many rows are read at once."""


def backup_sqlite(path: Path, target: Path, *, now: datetime.datetime) -> Manifest:
    """Back up a SQLite file, which may be in use. Raises StoreError, NotFoundError, InvalidRequestError."""
    if not path.is_file():
        raise NotFoundError(f"there is no store at {path}, so there is nothing to back up")
    place = str(path)
    writer = ArchiveWriter(target)
    try:
        with closing(connect_reader(path)) as raw:
            raw.execute("BEGIN")  # what is read from here on is of one moment
            revision = read_sqlite(raw, place)
            if revision is None:
                raise NotFoundError(f"the store {path} is empty, so there is nothing to back up")
            is_current(revision, place)
            for name in tables_of(raw):
                _copy(raw, writer, name)
            return _finish(writer, "sqlite", revision, now)
    except sqlite3.Error as error:
        raise lost_error(error, place) from error
    finally:
        writer.abandon()


def tables_of(raw: sqlite3.Connection) -> list[str]:
    """The tables of a file that are in a backup, by name."""
    rows = raw.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    named = [str(name) for (name,) in rows if not str(name).startswith("sqlite_")]
    return [name for name in named if name not in EPHEMERAL and name != VERSION_TABLE]


def columns_of(raw: sqlite3.Connection, table: str) -> list[str]:
    """The columns of a table."""
    return [str(row[0]) for row in raw.execute("SELECT name FROM pragma_table_info(?)", (table,))]


def quoted(name: str) -> str:
    """A table's or column's name as part of a statement."""
    return '"' + name.replace('"', '""') + '"'


def _copy(raw: sqlite3.Connection, writer: ArchiveWriter, name: str) -> None:
    columns = columns_of(raw, name)
    told = " OR ".join(f"typeof({quoted(one)}) = 'blob'" for one in columns)
    binary = raw.execute(f"SELECT 1 FROM {quoted(name)} WHERE {told} LIMIT 1").fetchone() is not None  # noqa: S608 — the same
    table = writer.table(name, columns, binary=binary)
    cursor = raw.execute(f"SELECT {', '.join(map(quoted, columns))} FROM {quoted(name)}")  # noqa: S608 — the file's own names
    while rows := cursor.fetchmany(PIECE):
        table.add(rows)
    table.finish()


def _finish(writer: ArchiveWriter, kind: DatabaseKind, revision: str, now: datetime.datetime) -> Manifest:
    made_at = now.isoformat(timespec="seconds")
    return writer.finish(genmux=VERSION, made_at=made_at, kind=kind, revision=revision)


async def backup_postgres(database: PostgresDatabase, target: Path, *, now: datetime.datetime) -> Manifest:
    """Back up all of our tables in a PostgreSQL database. Raises StoreError, InvalidRequestError."""
    from sqlalchemy import LargeBinary

    from genmux.store.metadata import all_tables

    writer = ArchiveWriter(target)
    try:
        async with database.alone() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            there = await connection.fetchval("SELECT to_regclass($1)", VERSION_TABLE) is not None
            revision = await connection.fetchval(READ_VERSION) if there else None
            if revision is None:
                raise NotFoundError(f"there is no store in {database.place}, so there is nothing to back up")
            if not is_current(str(revision), database.place):
                message = (
                    f"the store {database.place} has revision {revision}, and this genmux knows the tables of {head()}; "
                    "bring it up to date first with `genmux store migrate`"
                )
                raise StoreError(message, reason="refused")
            for table in all_tables().sorted_tables:
                if table.name in EPHEMERAL:
                    continue
                columns = [str(column.name) for column in table.columns]
                binary = any(isinstance(column.type, LargeBinary) for column in table.columns)
                begun = writer.table(str(table.name), columns, binary=binary)
                query = f"SELECT {', '.join(map(quoted, columns))} FROM {quoted(table.name)}"  # noqa: S608 — our own names
                cursor = await connection.cursor(query)
                while rows := await cursor.fetch(PIECE):
                    begun.add([tuple(row) for row in rows])
                begun.finish()
            return _finish(writer, "postgresql", str(revision), now)
    finally:
        writer.abandon()
