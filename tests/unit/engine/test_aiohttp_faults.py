"""The rows of the table that no server can be made to play."""

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from genmux.engine.aiohttp_faults import explain, faults
from genmux.types.errors import ErrorKind, Retry

KEY = ConnectionKey("api.test", 443, True, True, None, None, None)
REFUSED = OSError(111, "refused")


@pytest.mark.parametrize(
    ("error", "kind", "retry"),
    [
        (aiohttp.InvalidURL("x"), ErrorKind.INVALID_REQUEST, Retry.NEVER),
        (aiohttp.NonHttpUrlClientError("x"), ErrorKind.INVALID_REQUEST, Retry.NEVER),
        (aiohttp.ClientConnectorSSLError(KEY, REFUSED), ErrorKind.NETWORK, Retry.NEVER),
        (aiohttp.ServerFingerprintMismatch(b"a", b"b", "h", 1), ErrorKind.NETWORK, Retry.NEVER),
        (aiohttp.ClientConnectorDNSError(KEY, REFUSED), ErrorKind.NETWORK, Retry.SAFE),
        (aiohttp.ClientProxyConnectionError(KEY, REFUSED), ErrorKind.NETWORK, Retry.SAFE),
        (aiohttp.ClientConnectorError(KEY, REFUSED), ErrorKind.NETWORK, Retry.SAFE),
        (aiohttp.ConnectionTimeoutError(), ErrorKind.TIMEOUT, Retry.SAFE),
        (aiohttp.SocketTimeoutError(), ErrorKind.TIMEOUT, Retry.UNSURE),
        (TimeoutError(), ErrorKind.TIMEOUT, Retry.UNSURE),
        (aiohttp.ServerDisconnectedError(), ErrorKind.NETWORK, Retry.UNSURE),
        (aiohttp.ClientConnectionResetError(), ErrorKind.NETWORK, Retry.UNSURE),
        (aiohttp.ClientOSError(104, "reset"), ErrorKind.NETWORK, Retry.UNSURE),
        (aiohttp.ClientPayloadError(), ErrorKind.NETWORK, Retry.UNSURE),
        (aiohttp.ClientConnectionError(), ErrorKind.NETWORK, Retry.UNSURE),
        (ValueError("line break"), ErrorKind.INVALID_REQUEST, Retry.NEVER),
        (OSError(24, "too many open files"), ErrorKind.NETWORK, Retry.UNSURE),
        (RuntimeError("Connection closed."), ErrorKind.NETWORK, Retry.UNSURE),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_the_table(error: BaseException, kind: ErrorKind, retry: Retry) -> None:
    assert isinstance(error, faults())
    told = explain(error)
    assert (told.kind, told.retry, told.status) == (kind, retry, None)
    assert told.message


def test_what_nobody_foresaw_is_a_lost_connection() -> None:
    told = explain(KeyError("?"))
    assert (told.kind, told.retry) == (ErrorKind.NETWORK, Retry.UNSURE)


def test_a_parser_s_message_becomes_one_short_line() -> None:
    told = explain(ValueError("much\n\n   ^ " + "x" * 1_000))
    assert "much ^ xxx" in told.message
    assert len(told.message) < 500
