"""What a caller hears of a fault of our own: that it happened, never a traceback."""

import logging

from genmux.types.errors import ErrorKind, ProviderError, Retry

_log = logging.getLogger("genmux.server")


def as_error(error: Exception) -> ProviderError:
    """The error itself when it is one of ours; otherwise it is logged and hidden behind a `server` error."""
    if isinstance(error, ProviderError):
        return error
    _log.error("a fault in the gateway", exc_info=error)
    message = "the gateway failed; its log says why"
    return ProviderError(message, kind=ErrorKind.SERVER, status=500, retry=Retry.UNSURE)
