"""What there is to say about a store, without changing it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec

from genmux.store.database import DatabaseKind
from genmux.store.errors import lost_error
from genmux.store.lock import Holder, read_lock
from genmux.store.migrating import read_sqlite
from genmux.store.postgres.database import PostgresDatabase
from genmux.store.revisions import READ_VERSION, VERSION_TABLE, head, known_revisions
from genmux.store.sqlite.files import connect_reader
from genmux.store.upkeep.backup import quoted, tables_of
from genmux.types.errors import NotFoundError


class Survey(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A store: where it is, its revision and the one that this genmux needs, its size, how many rows each table has.

    `bytes` counts the file and its write-ahead log, or our tables with their indexes. `holder` is who has a file open.
    """

    kind: DatabaseKind
    place: str
    revision: str | None
    needed: str | None
    bytes: int
    rows: dict[str, int]
    holder: Holder | None = None

    @property
    def state(self) -> str:
        """How the revision stands, in words."""
        if self.revision == self.needed:
            return "up to date"
        if self.revision is None:
            return "empty"
        if self.revision in known_revisions():
            return f"older than this genmux, which needs {self.needed}; `genmux store migrate` brings it up to date"
        return f"made by a newer genmux; this one knows up to {self.needed}"


def survey_sqlite(path: Path) -> Survey:
    """Look at a SQLite file, which may be in use. Raises NotFoundError, StoreError."""
    if not path.is_file():
        raise NotFoundError(f"there is no store at {path} yet; `genmux serve` makes it, and `genmux store migrate`")
    place = str(path)
    holder = read_lock(path)
    if holder is not None:
        holder = msgspec.structs.replace(holder, token=None)
    try:
        with closing(connect_reader(path)) as raw:
            raw.execute("BEGIN")
            revision = read_sqlite(raw, place)
            counted = {name: _count(raw, name) for name in tables_of(raw)}
    except sqlite3.Error as error:
        raise lost_error(error, place) from error
    size = sum(one.stat().st_size for one in (path, path.with_name(f"{path.name}-wal")) if one.exists())
    return Survey(kind="sqlite", place=place, revision=revision, needed=head(), bytes=size, rows=counted, holder=holder)


def _count(raw: sqlite3.Connection, table: str) -> int:
    (rows,) = raw.execute(f"SELECT count(*) FROM {quoted(table)}").fetchone()  # noqa: S608 — the file's own names
    return int(rows)


async def survey_postgres(database: PostgresDatabase) -> Survey:
    """Look at a PostgreSQL database. Raises StoreError."""
    from genmux.store.metadata import all_tables

    counted: dict[str, int] = {}
    size = 0
    async with database.alone() as connection, connection.transaction(readonly=True):
        there = await connection.fetchval("SELECT to_regclass($1)", VERSION_TABLE) is not None
        revision = await connection.fetchval(READ_VERSION) if there else None
        for name in sorted(all_tables().tables) if there else ():
            if await connection.fetchval("SELECT to_regclass($1)", name) is None:
                continue
            query = f"SELECT count(*) FROM {quoted(name)}"  # noqa: S608 — our own names
            counted[name] = int(await connection.fetchval(query) or 0)
            size += int(await connection.fetchval("SELECT pg_total_relation_size(to_regclass($1))", name) or 0)
    return Survey(
        kind="postgresql",
        place=database.place,
        revision=None if revision is None else str(revision),
        needed=head(),
        bytes=size,
        rows=counted,
    )
