"""With which code and reason a caller's WebSocket is closed (RFC 6455, 7.4.1)."""

from typing import NamedTuple

from genmux.types.errors import ErrorKind, ProviderError

NORMAL = 1000
GOING_AWAY = 1001
POLICY = 1008
FAILED = 1011
STARTS_ANEW = 1012
LATER = 1013
BAD_GATEWAY = 1014

CODES: dict[ErrorKind, int] = {
    ErrorKind.AUTHENTICATION: POLICY,
    ErrorKind.PERMISSION: POLICY,
    ErrorKind.INVALID_REQUEST: POLICY,
    ErrorKind.NOT_FOUND: POLICY,
    ErrorKind.UNSUPPORTED: POLICY,
    ErrorKind.CONTENT_FILTERED: POLICY,
    ErrorKind.CONTEXT_OVERFLOW: POLICY,
    ErrorKind.BUDGET_EXCEEDED: POLICY,
    ErrorKind.QUOTA_EXCEEDED: POLICY,
    ErrorKind.RATE_LIMIT: LATER,
    ErrorKind.OVERLOADED: LATER,
    ErrorKind.NETWORK: BAD_GATEWAY,
    ErrorKind.MALFORMED_REPLY: BAD_GATEWAY,
}
"""By what went wrong. All else is a failure: trying again may help."""


class Ending(NamedTuple):
    """How a caller's WebSocket is closed."""

    code: int
    reason: str


def ending_of(error: ProviderError) -> Ending:
    """The end that an error makes; its kind comes first, so that programs can read it."""
    return Ending(CODES.get(error.kind, FAILED), f"{error.kind}: {error.message}")
