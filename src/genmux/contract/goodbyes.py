"""What the end of a session's connection means."""

from collections.abc import Collection

from genmux.contract.error_kinds import kind_of_code, kind_of_words
from genmux.contract.sessions import Goodbye
from genmux.types.errors import ErrorKind, ProviderError, Retry

NORMAL = 1000
BROKEN = 1006
LASTING_CODES = frozenset({1002, 1003, 1007, 1008, 1009, 1010})
"""The WebSocket's codes (RFC 6455) after which a new connection would end likewise: what was sent is at fault."""

LASTING_KINDS = frozenset(
    {
        ErrorKind.AUTHENTICATION,
        ErrorKind.PERMISSION,
        ErrorKind.QUOTA_EXCEEDED,
        ErrorKind.INVALID_REQUEST,
        ErrorKind.NOT_FOUND,
        ErrorKind.CONTENT_FILTERED,
        ErrorKind.UNSUPPORTED,
    }
)
"""What no new connection mends, whatever the code is."""

KINDS: dict[int, ErrorKind] = {
    1001: ErrorKind.SERVER,  # it goes away
    1006: ErrorKind.NETWORK,
    1008: ErrorKind.PERMISSION,  # unless its reason says more
    1011: ErrorKind.SERVER,
    1012: ErrorKind.SERVER,  # it starts anew
    1013: ErrorKind.OVERLOADED,  # try again later
    1014: ErrorKind.NETWORK,
}
"""What a code means where its reason does not say."""


def goodbye(code: int | None, reason: str, *, lasting: Collection[int] = LASTING_CODES) -> Goodbye:
    """What an end means by its code and reason. A normal end is no error, and nothing to come back from."""
    if code == NORMAL and not reason:
        return Goodbye(reconnect=False)
    told = _told(reason)
    kind = told or KINDS.get(code or BROKEN, ErrorKind.INVALID_REQUEST if code in lasting else ErrorKind.SERVER)
    reconnect = code != NORMAL and code not in lasting and kind not in LASTING_KINDS
    words = f": {reason}" if reason else ""
    message = (
        f"the provider ended the connection (WebSocket code {code}){words}" if code else f"the connection broke{words}"
    )
    retry = Retry.SAFE if reconnect else Retry.NEVER
    return Goodbye(reconnect=reconnect, error=ProviderError(message, kind=kind, code=str(code or BROKEN), retry=retry))


def _told(reason: str) -> ErrorKind | None:
    """The kind that a reason tells: in words, or by codes (`invalid_request_error.invalid_api_key`), the last of which says most."""
    if not reason:
        return None
    by_code = (kind_of_code(part) for part in reversed(reason.replace(":", ".").split(".")))
    return next((kind for kind in by_code if kind), None) or kind_of_words(reason)
