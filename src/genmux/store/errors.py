"""What databases say when they fail, in our words."""

import sqlite3

from genmux.types.errors import StoreError, StoreReason

_LOW_BYTE = 0xFF

_REASONS: dict[int, StoreReason] = {
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_PERM: "read_only",
    sqlite3.SQLITE_CORRUPT: "corrupt",
    sqlite3.SQLITE_NOTADB: "corrupt",
    sqlite3.SQLITE_CANTOPEN: "gone",
    sqlite3.SQLITE_IOERR: "failed",
    sqlite3.SQLITE_NOMEM: "failed",
    sqlite3.SQLITE_INTERRUPT: "closed",
    sqlite3.SQLITE_PROTOCOL: "failed",
}
"""SQLite's primary result codes (https://sqlite.org/rescode.html) that are the database's fault, not the work's."""

_WORDS: dict[StoreReason, str] = {
    "full": "the disk of the store {place} is full ({said}); free some space, or shorten what is kept with `genmux store prune`",
    "locked": "another program holds the store {place} locked ({said}); end it, or try again",
    "read_only": "the store {place} cannot be written ({said}); give this user the right to write the file and its folder",
    "corrupt": "the store {place} is damaged or no database of genmux ({said}); restore a backup with `genmux store restore`",
    "gone": "the store {place} cannot be opened ({said}); see whether its folder exists and may be read and written",
    "closed": "the store {place} was closed while something was to be done ({said})",
    "failed": "the store {place} failed ({said}); see to the disk that it is on",
}


def sqlite_error(error: BaseException, place: str) -> StoreError | None:
    """What an error of SQLite means when the database is to blame; None when the work is (a constraint, wrong SQL).

    SQLAlchemy's wrapping is looked through.
    """
    inner = getattr(error, "orig", None) or error
    if not isinstance(inner, sqlite3.Error):
        return None
    code = getattr(inner, "sqlite_errorcode", None)
    reason = _REASONS.get(code & _LOW_BYTE) if isinstance(code, int) else None
    if reason is None:
        return None
    name = getattr(inner, "sqlite_errorname", None)
    said = f"{inner}, {name}" if name else str(inner)
    return StoreError(_WORDS[reason].format(place=place, said=said), reason=reason, code=name)


def lost_error(error: BaseException, place: str) -> StoreError:
    """What to say when a whole transaction failed, whatever the reason."""
    return sqlite_error(error, place) or StoreError(
        _WORDS["failed"].format(place=place, said=f"{type(error).__name__}: {error}"), reason="failed"
    )


def closed_error(place: str) -> StoreError:
    """What to say to somebody who comes after the end."""
    return StoreError(f"the store {place} is closed", reason="closed")
