"""From aiohttp's exceptions to our errors: what happened, and whether the request may have been accepted.

The order of the table matters: connector errors are subclasses of the operating system's, time-outs of lost connections.
Found out with a server that plays each fault and counts what it saw (tests/faults).
"""

import functools
from typing import NamedTuple

from genmux.types.errors import ErrorKind, ProviderError, Retry


class _Row(NamedTuple):
    fault: type[BaseException]
    kind: ErrorKind
    retry: Retry
    words: str


@functools.cache
def _table() -> tuple[_Row, ...]:
    import aiohttp
    from aiohttp import http_exceptions

    network, timeout, malformed = ErrorKind.NETWORK, ErrorKind.TIMEOUT, ErrorKind.MALFORMED_REPLY
    never, safe, unsure = Retry.NEVER, Retry.SAFE, Retry.UNSURE
    unmade = "the request could not be made (a line break in a header or key, or a wrong URL?)"
    distrusted = "the server's certificate is not trusted"
    unreached = "the connection could not be made"
    lost = "the connection was lost before the reply was complete"
    garbled = "the reply is not valid HTTP"
    return (
        _Row(aiohttp.InvalidURL, ErrorKind.INVALID_REQUEST, never, unmade),
        _Row(aiohttp.NonHttpUrlClientError, ErrorKind.INVALID_REQUEST, never, unmade),
        _Row(aiohttp.ClientConnectorCertificateError, network, never, distrusted),
        _Row(aiohttp.ClientConnectorSSLError, network, never, "no secure connection could be made"),
        _Row(aiohttp.ServerFingerprintMismatch, network, never, distrusted),
        _Row(aiohttp.ClientProxyConnectionError, network, safe, "the proxy could not be reached"),
        _Row(aiohttp.ClientConnectorDNSError, network, safe, "the host name could not be resolved"),
        _Row(aiohttp.ClientConnectorError, network, safe, unreached),
        _Row(aiohttp.ClientHttpProxyError, network, safe, "the proxy refused to connect"),
        _Row(aiohttp.ConnectionTimeoutError, timeout, safe, "the connection was not made in time"),
        _Row(aiohttp.SocketTimeoutError, timeout, unsure, "the server fell silent"),
        _Row(aiohttp.ClientPayloadError, network, unsure, lost),
        _Row(aiohttp.ClientResponseError, malformed, unsure, garbled),
        _Row(http_exceptions.HttpProcessingError, malformed, unsure, garbled),
        _Row(aiohttp.ClientError, network, unsure, lost),
        _Row(TimeoutError, timeout, unsure, "the server did not answer in time"),
        _Row(ValueError, ErrorKind.INVALID_REQUEST, never, unmade),
        _Row(OSError, network, unsure, lost),
        _Row(RuntimeError, network, unsure, lost),  # "Connection closed.", when the session was closed meanwhile
    )


@functools.cache
def faults() -> tuple[type[BaseException], ...]:
    """Everything that aiohttp may raise for a request that failed."""
    return tuple(row.fault for row in _table())


def explain(error: BaseException) -> ProviderError:
    """Our error for one of `faults()`; the caller raises it `from` the original."""
    row = next((row for row in _table() if isinstance(error, row.fault)), _table()[-1])
    kind, retry, words = row.kind, row.retry, row.words
    if _is_broken_body(error):
        kind, words = ErrorKind.MALFORMED_REPLY, "the body of the reply cannot be decoded"
    if getattr(error, "status", None) in {403, 407} and retry is Retry.SAFE:
        retry = Retry.NEVER  # a proxy that wants other credentials, or forbids the host, does so every time
    detail = _detail(error)
    return ProviderError(f"{words}: {detail}" if detail else words, kind=kind, retry=retry)


def _is_broken_body(error: BaseException) -> bool:
    """Tell a body that is wrong from one that stopped."""
    import aiohttp
    from aiohttp import http_exceptions

    if not isinstance(error, aiohttp.ClientPayloadError):
        return False
    cause = error.__cause__
    cut = isinstance(cause, http_exceptions.ContentLengthError | http_exceptions.TransferEncodingError)
    return isinstance(cause, http_exceptions.HttpProcessingError) and not cut


def _detail(error: BaseException) -> str:
    """What the exception says; a parser's message without the request's URL and the status that it makes up."""
    message = getattr(error, "message", None)
    text = message if isinstance(message, str) else str(error)
    return " ".join(text.split())[:300] or type(error).__name__
