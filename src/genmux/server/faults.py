"""What a caller hears of a fault: in the form of the native API, and of our own faults only that they happened."""

import logging
import math

import msgspec

from genmux.contract.dialect import Answer
from genmux.contract.error_kinds import STATUS_KINDS
from genmux.server.http import Request, RequestError
from genmux.server.said import Headers
from genmux.types.errors import ErrorKind, InvalidRequestError, ProviderError, Retry, StoreError

_log = logging.getLogger("genmux.server")

_STATUS = {kind: status for status, kind in reversed(STATUS_KINDS.items())} | {
    ErrorKind.BUDGET_EXCEEDED: 402,
    ErrorKind.CONFIGURATION: 500,
    ErrorKind.CONTEXT_OVERFLOW: 400,
    ErrorKind.MALFORMED_REPLY: 502,
    ErrorKind.NETWORK: 502,
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.OVERLOADED: 503,
    ErrorKind.SERVER: 502,
    ErrorKind.TIMEOUT: 504,
    ErrorKind.UNKNOWN: 500,
    ErrorKind.UNSUPPORTED: 400,
}


_TOLD = frozenset({409, 413})
"""Statuses of wrong requests that callers do something about: a conflict, too much."""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """An error of the native API."""

    kind: ErrorKind
    message: str
    param: str | None = None
    provider: str | None = None
    model: str | None = None
    retry: Retry = Retry.NEVER


def fault_of(error: ProviderError) -> tuple[int, Fault]:
    """An error as the native API tells it, and its HTTP status."""
    ours = isinstance(error, RequestError | StoreError) or (
        isinstance(error, InvalidRequestError) and error.provider is None and error.status in _TOLD
    )
    status = error.status if ours else None
    fault = Fault(
        kind=error.kind,
        message=error.message,
        param=error.param,
        provider=error.provider,
        model=error.model,
        retry=error.retry,
    )
    return status or _STATUS.get(error.kind, 500), fault


def told_with(error: ProviderError) -> Headers:
    """What is said of an error in headers: what it brings, and when to ask again."""
    headers: Headers = tuple(getattr(error, "headers", ()))
    if error.retry_after is not None and math.isfinite(error.retry_after):
        headers = (*headers, ("retry-after", str(max(math.ceil(error.retry_after), 0))))
    return headers


async def refuse_natively(request: Request, error: ProviderError) -> None:
    """Answer with an error in the form of the native API."""
    status, fault = fault_of(error)
    await request.answer(Answer(status=status, body=msgspec.json.encode(fault)), told_with(error))


def as_error(error: Exception) -> ProviderError:
    """The error itself when it is one of ours; otherwise it is logged, and the caller hears only that."""
    if isinstance(error, ProviderError):
        return error
    _log.error("a fault in the gateway", exc_info=error)
    message = "the gateway failed; its log says why"
    return ProviderError(message, kind=ErrorKind.UNKNOWN, status=500, retry=Retry.UNSURE)
