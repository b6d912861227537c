"""What goes wrong with downloads, in words. `retry` is `safe` where the same will go well later."""

from collections.abc import Mapping

from genmux.engine.retry_after import told_wait
from genmux.engine.url_guard import shown
from genmux.types.errors import ErrorKind, ProviderError, Retry

PASSING = frozenset({408, 425, 429, 500, 502, 503, 504, 507, 509, 520, 521, 522, 523, 524, 529})
"""Statuses after which asking again helps."""

_GONE = frozenset({404, 410})
_CLOSED = frozenset({401, 403})


def refused(url: str, status: int, headers: Mapping[str, str], *, now: float) -> ProviderError:
    """The error for an address that answers with a status that is no success."""
    told = f"{shown(url)!r} answers with HTTP {status}"
    if status in PASSING:
        wait = told_wait(headers, now=now)
        kind = ErrorKind.OVERLOADED if status in (429, 503, 529) else ErrorKind.SERVER
        return ProviderError(told, kind=kind, status=status, retry=Retry.SAFE, retry_after=wait)
    if status in _GONE or status in _CLOSED:
        kind = ErrorKind.NOT_FOUND if status in _GONE else ErrorKind.PERMISSION
        return ProviderError(
            f"{told}: the file is not there (any more), or its link has expired", kind=kind, status=status
        )
    return ProviderError(f"{told}, which is no file", kind=ErrorKind.MALFORMED_REPLY, status=status)


def misled(url: str, why: str) -> ProviderError:
    """The error for redirects that lead nowhere."""
    return ProviderError(f"{shown(url)!r} {why}", kind=ErrorKind.MALFORMED_REPLY)


def endless(url: str, limit: int) -> ProviderError:
    """The error for a file that is too large."""
    message = f"the file at {shown(url)!r} is larger than {limit:,} bytes; `max_bytes` of [assets] is the limit"
    return ProviderError(message, kind=ErrorKind.MALFORMED_REPLY)


def empty(url: str) -> ProviderError:
    """The error for a file without a byte in it."""
    return ProviderError(f"the file at {shown(url)!r} is empty", kind=ErrorKind.MALFORMED_REPLY)


def truncated(url: str, received: int, size: int) -> ProviderError:
    """The error for a body that ended early."""
    message = f"the download of {shown(url)!r} ended after {received:,} of {size:,} bytes"
    return ProviderError(message, kind=ErrorKind.NETWORK, retry=Retry.SAFE)


def changed(url: str) -> ProviderError:
    """The error for a file that is another one than a moment before."""
    message = f"the file at {shown(url)!r} has become another one while it was fetched"
    return ProviderError(message, kind=ErrorKind.NETWORK, retry=Retry.SAFE)


def too_slow(url: str, rate: float) -> ProviderError:
    """The error for a server that drips."""
    message = f"{shown(url)!r} is sent at less than {rate:g} bytes a second; the download was given up"
    return ProviderError(message, kind=ErrorKind.TIMEOUT, retry=Retry.SAFE)


def overdue(url: str, seconds: float) -> ProviderError:
    """The error for a download that takes too long in all."""
    message = f"the download of {shown(url)!r} was not done within {seconds:g} s"
    return ProviderError(message, kind=ErrorKind.TIMEOUT, retry=Retry.SAFE)
