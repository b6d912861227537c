"""Connections to a SQLite file, set up the way the store needs them."""

import sqlite3
from pathlib import Path

from genmux.store.errors import lost_error
from genmux.types.errors import StoreError

STATEMENTS = 512
"""So many prepared statements a connection keeps."""

BUSY = 5.0
"""Seconds to wait for another program that holds the file locked."""

_WRITER = (
    "PRAGMA synchronous = FULL",  # a commit is on the disk before it is told
    "PRAGMA fullfsync = ON",  # on macOS only; elsewhere fsync means what it says
    "PRAGMA checkpoint_fullfsync = ON",
    "PRAGMA foreign_keys = ON",
    "PRAGMA journal_size_limit = 67108864",  # the log shrinks again after a burst
    "PRAGMA cache_size = -32768",  # KiB
)

_READER = (
    "PRAGMA query_only = ON",
    "PRAGMA cache_size = -8192",  # KiB
)


def connect_writer(path: Path) -> sqlite3.Connection:
    """The connection that writes. Raises StoreError when the file cannot be used."""
    made = _connect(path, "PRAGMA journal_mode = WAL", *_WRITER)
    (mode,) = made.execute("PRAGMA journal_mode").fetchone()
    if mode != "wal":
        made.close()
        message = f"the store {path} cannot keep a write-ahead log there (journal mode {mode}); put it on a local disk"
        raise StoreError(message, reason="refused")
    return made


def connect_reader(path: Path) -> sqlite3.Connection:
    """A connection that can only look, and leaves a file as it is. Raises StoreError when the file cannot be used."""
    return _connect(path, *_READER)


def _connect(path: Path, *pragmas: str) -> sqlite3.Connection:
    """A connection without transactions of its own making; whoever has it begins and ends them."""
    place = str(path)
    try:
        made = sqlite3.connect(
            path, timeout=BUSY, isolation_level=None, cached_statements=STATEMENTS, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise lost_error(error, place) from error
    try:
        for pragma in pragmas:
            made.execute(pragma)
    except sqlite3.Error as error:
        made.close()
        raise lost_error(error, place) from error
    return made
