"""Restores backups: all of it, or nothing."""

import datetime
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from genmux.store.errors import lost_error
from genmux.store.migrating import LOCK, migrate_postgres, revision_of, run_steps
from genmux.store.opening import make_file
from genmux.store.postgres.database import PostgresDatabase
from genmux.store.revisions import head
from genmux.store.sqlite.files import connect_writer
from genmux.store.upkeep.archive import EPHEMERAL, Archive, Cell, Manifest, Member
from genmux.store.upkeep.backup import backup_postgres, backup_sqlite, columns_of, quoted, tables_of
from genmux.types.errors import InvalidRequestError, StoreError

if TYPE_CHECKING:
    import asyncpg
    from sqlalchemy import Table

BATCH = 5_000
"""So many rows are written at once."""


class Restored(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was restored, and where what was there before is kept."""

    backup: Manifest
    kept: Path | None = None


BURY = "UPDATE ledger_workers SET expires_at = 0"
"""No process of the backup lives, and that of a SQLite file had said that it lives for ever: what they had leased is presumed
spent at the first sweep."""


RENUMBER = ("UPDATE events SET xact = 0", "UPDATE event_cursors SET xact = 0, seq = 0")
"""The numbers of transactions are another database's: what was told comes before all that will be, in the order of writing. It
is planned anew which endpoints want it; what was planned already is there, and stays as it is."""


def restore_sqlite(source: Path, path: Path, *, now: datetime.datetime, replace: bool = False) -> Restored:
    """Restore a backup into a SQLite file; for whoever holds its lock.

    With something in the file, it is refused, or, with `replace`, what was there is kept as `FILE.replaced-TIME`. A backup
    of an older genmux is brought up to date. Raises StoreError, NotFoundError, InvalidRequestError.
    """
    with closing(Archive(source)) as archive:
        there = _has_rows(path)
        if there and not replace:
            raise _not_empty(str(path))
        fresh = path.with_name(f"{path.name}.restoring")
        fill_sqlite(archive, fresh)
        kept = None
        if there:
            kept = path.with_name(f"{path.name}.replaced-{now:%Y%m%dT%H%M%SZ}")
            _keep(path, kept)
        _discard_log(path)
        fresh.replace(path)
        return Restored(backup=archive.manifest, kept=kept)


def _not_empty(place: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"the store {place} is not empty; --replace takes its place and keeps a copy of what it has"
    )


def _has_rows(path: Path) -> bool:
    """Whether there is anything that a tenant has in a file. Nothing of it is left in the write-ahead log afterwards."""
    if not path.exists() or path.stat().st_size == 0:
        return False
    try:
        revision_of(path)
        with closing(connect_writer(path)) as raw:
            tables = [name for name in tables_of(raw) if "tenant" in columns_of(raw, name)]
            found = any(raw.execute(f"SELECT 1 FROM {quoted(name)} LIMIT 1").fetchone() for name in tables)  # noqa: S608
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return found
    except sqlite3.Error as error:
        fault = lost_error(error, str(path))
    except StoreError as error:
        fault = error
    if fault.reason == "corrupt":
        return True  # nobody knows what is in it
    raise fault


def _keep(path: Path, kept: Path) -> None:
    """Give a file a second name; where that cannot be, copy it."""
    try:
        os.link(path, kept)
    except OSError:
        shutil.copy2(path, kept)


def _discard_log(path: Path) -> None:
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def fill_sqlite(archive: Archive, fresh: Path) -> None:
    """Make a SQLite file of today's revision out of a backup. Leaves nothing behind when that fails."""
    _discard(fresh)
    make_file(fresh)
    try:
        with closing(connect_writer(fresh)) as raw:
            _fill(raw, archive)
    except sqlite3.Error as error:
        _discard(fresh)
        raise lost_error(error, str(fresh)) from error
    except BaseException:
        _discard(fresh)
        raise


def _fill(raw: sqlite3.Connection, archive: Archive) -> None:
    from genmux.store.sqlite.core import core_over

    raw.execute("PRAGMA foreign_keys = OFF")  # tables come in any order; all is checked at the end
    raw.execute("BEGIN IMMEDIATE")
    core = core_over(raw)
    run_steps(core, to=archive.manifest.revision)
    _empty(raw)
    for member in archive.manifest.tables:
        _load(raw, archive, member)
    run_steps(core)
    for statement in RENUMBER:
        raw.execute(statement)
    if broken := raw.execute("PRAGMA foreign_key_check").fetchone():
        raise InvalidRequestError(f"the backup {archive.path} is damaged: a row of {broken[0]} points to nothing")
    raw.execute("COMMIT")


def _discard(path: Path) -> None:
    path.unlink(missing_ok=True)
    _discard_log(path)


def _empty(raw: sqlite3.Connection) -> None:
    """Steps may have put rows into what they made."""
    for name in tables_of(raw):
        raw.execute(f"DELETE FROM {quoted(name)}")  # noqa: S608 — the file's own names


def _load(raw: sqlite3.Connection, archive: Archive, member: Member) -> None:
    known = columns_of(raw, member.name)
    if not {*member.columns} <= {*known}:
        raise InvalidRequestError(f"the backup {archive.path} has a table {member.name} that genmux never had")
    names = ", ".join(map(quoted, member.columns))
    marks = ", ".join("?" * len(member.columns))
    statement = f"INSERT INTO {quoted(member.name)} ({names}) VALUES ({marks})"  # noqa: S608 — names that the file has
    raw.executemany(statement, archive.rows(member))


async def restore_postgres(
    source: Path, database: PostgresDatabase, *, now: datetime.datetime, replace: bool = False
) -> Restored:
    """Restore a backup of either kind into a PostgreSQL database, in one transaction. Gateways on it are to be restarted.

    With rows in it, it is refused, or, with `replace`, a backup of them is made first, beside the one that is restored.
    Raises StoreError, NotFoundError, InvalidRequestError.
    """
    with tempfile.TemporaryDirectory(prefix="genmux-restore-") as folder:
        with closing(Archive(source)) as archive:
            told = archive.manifest
            current = source if told.revision == head() else _renewed(archive, Path(folder), now)
        await database.migrate(migrate_postgres)
        kept = None
        if await _postgres_has_rows(database):
            if not replace:
                raise _not_empty(database.place)
            kept = source.with_name(f"{source.name}.replaced-{now:%Y%m%dT%H%M%SZ}")
            await backup_postgres(database, kept, now=now)
        with closing(Archive(current)) as archive:
            await _fill_postgres(archive, database, may_replace=replace)
    return Restored(backup=told, kept=kept)


def _renewed(archive: Archive, folder: Path, now: datetime.datetime) -> Path:
    """A backup of an older genmux as one of today: the steps are taken in a SQLite file."""
    fill_sqlite(archive, folder / "old.db")
    backup_sqlite(folder / "old.db", folder / "new.backup", now=now)
    return folder / "new.backup"


def _kept_tables() -> "list[Table]":
    """Those that are in backups, those first that others point to."""
    from genmux.store.metadata import all_tables

    return [table for table in all_tables().sorted_tables if table.name not in EPHEMERAL]


async def _postgres_has_rows(database: PostgresDatabase) -> bool:
    from sqlalchemy import exists, select

    asked = [select(exists().select_from(table)) for table in _kept_tables() if "tenant" in table.columns]
    return await database.read(lambda tx: any(tx.core.execute(one).scalar() for one in asked))


async def _fill_postgres(archive: Archive, database: PostgresDatabase, *, may_replace: bool) -> None:
    tables = {table.name: table for table in _kept_tables()}
    members = {member.name: member for member in archive.manifest.tables}
    if unknown := sorted({*members} - {*tables}):
        raise InvalidRequestError(f"the backup {archive.path} has a table {unknown[0]} that genmux never had")
    async with database.alone() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        names = ", ".join(quoted(name) for name in tables)
        await connection.execute(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
        if not may_replace:
            for table in tables.values():
                query = f"SELECT EXISTS (SELECT 1 FROM {quoted(table.name)})"  # noqa: S608 — our own names
                if "tenant" in table.columns and await connection.fetchval(query):
                    raise _not_empty(database.place)
        await connection.execute(f"TRUNCATE {names}")
        for name, table in tables.items():
            if name in members:
                await _copy_in(connection, archive, members[name], table)
        for statement in (BURY, *RENUMBER):
            await connection.execute(statement)


async def _copy_in(connection: "asyncpg.Connection", archive: Archive, member: Member, table: "Table") -> None:
    import asyncpg
    from sqlalchemy import Boolean

    if not {*member.columns} <= {*table.columns.keys()}:
        raise InvalidRequestError(f"the backup {archive.path} has columns in {table.name} that genmux never had")
    switches = [isinstance(table.columns[name].type, Boolean) for name in member.columns]
    rows = _with_booleans(archive.rows(member), switches) if any(switches) else archive.rows(member)
    try:
        await connection.copy_records_to_table(table.name, records=rows, columns=member.columns, timeout=None)
    except (ValueError, TypeError, asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
        message = f"the table {table.name} of the backup {archive.path} does not fit into PostgreSQL: {error}"
        raise StoreError(message, reason="refused") from error
    for column in table.primary_key.columns:
        sequence = await connection.fetchval("SELECT pg_get_serial_sequence($1, $2)", table.name, column.name)
        if sequence is not None:
            query = f"SELECT max({quoted(column.name)}) FROM {quoted(table.name)}"  # noqa: S608 — our own names
            last = await connection.fetchval(query)
            await connection.execute("SELECT setval($1::text::regclass, $2, $3)", sequence, last or 1, last is not None)


def _with_booleans(rows: Iterator[tuple[Cell, ...]], switches: list[bool]) -> Iterator[tuple[Cell, ...]]:
    """SQLite's 0 and 1 as PostgreSQL wants them."""
    for row in rows:
        yield tuple(
            bool(cell) if switch and cell is not None else cell for cell, switch in zip(row, switches, strict=True)
        )
