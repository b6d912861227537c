"""Opens the store: finds it, takes its lock, brings it up to date."""

import asyncio
import datetime
import os
from collections.abc import Mapping
from pathlib import Path

from genmux.store.database import DatabaseKind
from genmux.store.lock import Holder, Role, StoreLock
from genmux.store.migrating import migrate_postgres, migrate_sqlite
from genmux.store.places import place
from genmux.store.postgres.database import PostgresDatabase
from genmux.store.sqlite.database import SqliteDatabase
from genmux.types.errors import ConfigurationError, StoreError

AnyDatabase = SqliteDatabase | PostgresDatabase


class Store:
    """An open store: its database, where that is in words without secrets, and the lock of a SQLite file."""

    def __init__(self, database: AnyDatabase, *, place: str, lock: StoreLock | None = None) -> None:
        self.database = database
        self.place = place
        self._lock = lock

    def __repr__(self) -> str:
        return f"Store({self.place!r})"

    @property
    def kind(self) -> DatabaseKind:
        """Which database it is."""
        return self.database.kind

    def announce(self, url: str, token: str) -> None:
        """Tell programs of the same user where this gateway listens and what lets them administer it; only for a file."""
        if self._lock is not None:
            self._lock.announce(url, token)

    async def leave(self) -> None:
        """Close what belongs to the running event loop, which is about to end; other loops go on."""
        if isinstance(self.database, PostgresDatabase):
            await self.database.leave()

    async def aclose(self) -> None:
        """Write what waits, close, and let others have the file. May be called again."""
        try:
            await self.database.aclose()
        finally:
            if self._lock is not None:
                self._lock.release()


async def open_store(
    url: str | Path | None = None, *, environ: Mapping[str, str] | None = None, role: Role, about: str = ""
) -> Store:
    """Open the store at a URL, or the one in its usual place.

    Makes the file and its folders, for their owner only. `about` tells others in words what holds the store. Raises
    ConfigurationError when the URL means nothing or another process has the file, StoreError when the database is
    damaged, not to be reached, or newer than this genmux.
    """
    found = place(url, os.environ if environ is None else environ)
    if isinstance(found, Path):
        return await asyncio.to_thread(_open_file, found, role, about)
    database = PostgresDatabase(found)
    try:
        await database.migrate(migrate_postgres)
    except BaseException:
        await database.aclose()
        raise
    return Store(database, place=database.place)


def _open_file(path: Path, role: Role, about: str) -> Store:
    """Lock, migrate and open a SQLite file; blocks."""
    lock = lock_file(path, role=role, about=about)
    try:
        make_file(path)
        migrate_sqlite(path)
        return Store(SqliteDatabase(path), place=str(path), lock=lock)
    except BaseException:
        lock.release()
        raise


def lock_file(path: Path, *, role: Role, about: str = "") -> StoreLock:
    """Hold a SQLite file, which may not be there yet, without opening it. Raises ConfigurationError, StoreError."""
    _make(path, only_folders=True)
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return StoreLock(path, Holder(pid=os.getpid(), started=started, role=role, about=about))


def make_file(path: Path) -> None:
    """Make a file and the folders that it needs, for their owner only. Raises ConfigurationError when that cannot be."""
    _make(path, only_folders=False)


def _make(path: Path, *, only_folders: bool) -> None:
    try:
        for folder in reversed(path.parents):
            if not folder.exists():
                folder.mkdir(mode=0o700, exist_ok=True)
        if not only_folders:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except PermissionError as error:
        if path.exists():
            message = f"the store {path} cannot be written ({error.strerror}); give this user the right to write it"
            raise StoreError(message, reason="read_only") from error
        message = f"the store {path} cannot be made ({error.strerror}); set GENMUX_STORE to a file that you may write"
        raise ConfigurationError(message) from error
    except OSError as error:
        message = f"the store {path} cannot be made ({error.strerror}); see whether its folder is on a disk that can be written"
        raise ConfigurationError(message) from error
