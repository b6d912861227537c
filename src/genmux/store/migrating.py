"""Brings a database to the state that this genmux needs: all steps that are due, or none."""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from genmux.store.errors import lost_error
from genmux.store.revisions import READ_VERSION, SCRIPTS, VERSION_TABLE, foreign, head, is_current
from genmux.store.sqlite.files import connect_reader, connect_writer
from genmux.types.errors import ProviderError, StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection

_log = logging.getLogger("genmux.store")

LOCK = 0x67656E6D
"""The number of PostgreSQL's advisory lock that gateways take turns with."""


def migrate_sqlite(path: Path) -> str | None:
    """Bring a SQLite file up to date; gives the revision that it had. For whoever holds the file's lock.

    A file with something in it is copied first, to `FILE.before-NNNN`, where NNNN is the revision that it gets. Raises
    StoreError, and leaves the file as it was: when a newer genmux made it, when it is somebody else's, when a step fails.
    """
    place = str(path)
    had = revision_of(path)
    if is_current(had, place):
        return had
    with closing(connect_writer(path)) as raw:
        try:
            if had is not None:
                copy_sqlite(raw, path.with_name(f"{path.name}.before-{head()}"))
            raw.execute("PRAGMA foreign_keys = OFF")  # tables that are made anew would take others' rows with them
            raw.execute("BEGIN IMMEDIATE")
            _upgrade_sqlite(raw)
            raw.execute("COMMIT")
        except ProviderError:
            raise
        except Exception as error:
            raise _failed(error, place) from error
        finally:
            if raw.in_transaction:
                raw.execute("ROLLBACK")
    _log.info("the store %s went from revision %s to %s", place, had, head())
    return had


def revision_of(path: Path) -> str | None:
    """The revision of a file, which stays as it is; None when it is empty. Raises StoreError."""
    with closing(connect_reader(path)) as raw:
        try:
            return read_sqlite(raw, str(path))
        except sqlite3.Error as error:
            raise lost_error(error, str(path)) from error


def read_sqlite(raw: sqlite3.Connection, place: str) -> str | None:
    """The revision of a file, None when it is empty. Raises StoreError when the tables in it are not genmux's."""
    names = [str(name) for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    if VERSION_TABLE in names:
        row = raw.execute(READ_VERSION).fetchone()
        if row is not None:
            return str(row[0])
    others = sorted(name for name in names if name != VERSION_TABLE and not name.startswith("sqlite_"))
    if others:
        raise foreign(place, ", ".join(others[:5]))
    return None


def copy_sqlite(raw: sqlite3.Connection, target: Path) -> None:
    """Copy a file as it is at this moment, while others may go on with it. The copy is for its owner only."""
    partial = target.with_name(f"{target.name}.partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    try:
        with closing(sqlite3.connect(partial)) as copy:
            raw.backup(copy)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _upgrade_sqlite(raw: sqlite3.Connection) -> None:
    from genmux.store.sqlite.core import core_over

    run_steps(core_over(raw))
    if broken := raw.execute("PRAGMA foreign_key_check").fetchone():
        raise StoreError(f"a step left a row of {broken[0]} that points to nothing in {broken[2]}", reason="failed")


def migrate_postgres(core: "Connection", place: str) -> str | None:
    """The same for PostgreSQL, inside a transaction that the caller commits. Other gateways wait until it ends."""
    from sqlalchemy import text

    core.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK})
    had = read_postgres(core)
    if is_current(had, place):
        return had
    if had is None and (found := _ours(core)):
        raise foreign(place, ", ".join(found))
    run_steps(core)
    _log.info("the store %s goes from revision %s to %s", place, had, head())
    return had


def read_postgres(core: "Connection") -> str | None:
    """The revision of a PostgreSQL database, None when genmux has nothing in it."""
    from sqlalchemy import text

    if core.execute(text(f"SELECT to_regclass('{VERSION_TABLE}')")).scalar() is None:
        return None
    found = core.execute(text(READ_VERSION)).scalar()
    return None if found is None else str(found)


def _ours(core: "Connection") -> list[str]:
    """Tables that have names of ours though genmux was never here."""
    from sqlalchemy import inspect

    from genmux.store.metadata import all_tables

    return sorted({*inspect(core).get_table_names()} & {*all_tables().tables})


def run_steps(core: "Connection", *, to: str = "head") -> None:
    """Let Alembic take the steps that are due up to a revision, in the transaction that runs. Raises whatever a step raises."""
    from alembic.command import upgrade
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = core
    upgrade(config, to)


def _failed(error: Exception, place: str) -> StoreError:
    told = lost_error(error, place)
    return StoreError(f"bringing the store up to date failed, and it is as it was: {told.message}", reason=told.reason)
