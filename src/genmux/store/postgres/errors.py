"""What PostgreSQL says when it fails, in our words."""

import asyncio

from genmux.types.errors import Retry, StoreError, StoreReason

REPEATABLE = frozenset({"40001", "40P01"})
"""Two transactions were in each other's way, and doing one of them again helps."""

UNKEPT = "22021"
"""A text has a character that no text here can have."""

_STATES: dict[str, tuple[StoreReason, str]] = {
    "28P01": ("refused", "refuses the password; see the password in its URL"),
    "28000": ("refused", "refuses this user; see the user in its URL, and pg_hba.conf of the server"),
    "3D000": ("refused", "has no database of this name; `createdb` makes it"),
    "42501": ("refused", "does not allow this user to do that; grant the right to it"),
    "25006": ("read_only", "takes no changes; give the address of the primary server"),
    "53100": ("full", "has no room on its disk; free some, or shorten what is kept with `genmux store prune`"),
    "53200": ("failed", "has no memory left"),
    "53300": ("failed", "has no connection left; raise its max_connections, or run fewer gateways"),
    "55P03": ("locked", "waits for a lock that somebody else holds"),
    "57014": ("failed", "broke off a statement that took too long"),
    "57P01": ("gone", "is being shut down"),
    "57P02": ("gone", "has crashed and starts again"),
    "57P03": ("gone", "is starting"),
    "XX001": ("corrupt", "has damaged data; restore a backup"),
    "XX002": ("corrupt", "has a damaged index; REINDEX mends it"),
}
"""SQLSTATE codes (https://www.postgresql.org/docs/current/errcodes-appendix.html) that are the database's fault."""

_CLASSES: dict[str, tuple[StoreReason, str]] = {
    "08": ("gone", "lost the connection"),
    "53": ("failed", "has not enough of something"),
    "57": ("gone", "was interrupted by its operator"),
    "58": ("failed", "failed in its system"),
    "XX": ("failed", "has an internal error"),
}
"""The first two characters of further codes."""


def sqlstate_of(error: BaseException) -> str | None:
    """The code that PostgreSQL gave, seen through SQLAlchemy's wrapping; None when it gave none."""
    inner = getattr(error, "orig", None) or error
    code = getattr(inner, "sqlstate", None)
    return code if isinstance(code, str) else None


def postgres_error(error: BaseException, place: str, *, sent: bool = False) -> StoreError | None:
    """What an error means when the database is to blame; None when the work is.

    `sent`: the change had been handed to the server, so that after a lost connection nobody knows whether it was made.
    """
    if isinstance(error, StoreError):
        return error
    said = str(_innermost(error)) or type(error).__name__
    code = sqlstate_of(error)
    if code in REPEATABLE:
        return StoreError(
            f"the store {place} was too busy with the same rows ({said}); try again", reason="locked", code=code
        )
    found = None if code is None else _STATES.get(code) or _CLASSES.get(code[:2])
    if found is None and code is None and is_lost(error):
        found = ("gone", "cannot be reached; see whether it runs, and the host and port in its URL")
    if found is None:
        found = _setup(error)
    if found is None:
        return None
    reason, words = found
    retry = Retry.UNSURE if sent and reason == "gone" else None
    return StoreError(f"the store {place} {words} ({said})", reason=reason, retry=retry, code=code)


def _innermost(error: BaseException) -> BaseException:
    """What asyncpg raised, out of what SQLAlchemy and its adapter made of it."""
    inner = getattr(error, "orig", None)
    return getattr(inner, "__cause__", None) or inner or error


def _setup(error: BaseException) -> tuple[StoreReason, str] | None:
    """Faults on our side of the wire."""
    import asyncpg
    from sqlalchemy.exc import TimeoutError as PoolTimeoutError

    if isinstance(error, PoolTimeoutError):
        return "failed", "was asked too much at once: all connections of this process are in use"
    if isinstance(_innermost(error), asyncpg.exceptions.ClientConfigurationError):
        return "refused", "has a URL that the driver does not understand"
    return None


def is_lost(error: BaseException) -> bool:
    """Whether there is no connection (any more): refused, cut, or silent for too long."""
    import asyncpg

    if isinstance(error, (OSError, TimeoutError, asyncio.TimeoutError)):  # refused, unknown host, no answer
        return True
    inner = _innermost(error)
    if isinstance(inner, (OSError, asyncpg.PostgresConnectionError, asyncpg.InternalClientError)):
        return True  # the last: the driver is reading what the server said before it hung up
    if isinstance(inner, asyncpg.InterfaceError):
        return any(word in str(inner) for word in ("closed", "closing", "lost"))
    code = sqlstate_of(error)
    return code is not None and (code[:2] == "08" or code in {"57P01", "57P02", "57P03"})
