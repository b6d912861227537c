"""Errors in the form of OpenAI, which most callers understand: all dialects of its family tell them so."""

import math
import re

import msgspec

from genmux.contract.dialect import Answer
from genmux.types.content import Fields
from genmux.types.errors import ErrorKind, ProviderError

REFUSALS: dict[ErrorKind, tuple[int, str, str | None]] = {
    ErrorKind.AUTHENTICATION: (401, "invalid_request_error", "invalid_api_key"),
    ErrorKind.PERMISSION: (403, "invalid_request_error", "permission_denied"),
    ErrorKind.RATE_LIMIT: (429, "rate_limit_error", "rate_limit_exceeded"),
    ErrorKind.QUOTA_EXCEEDED: (429, "insufficient_quota", "insufficient_quota"),
    ErrorKind.INVALID_REQUEST: (400, "invalid_request_error", None),
    ErrorKind.NOT_FOUND: (404, "invalid_request_error", "model_not_found"),
    ErrorKind.CONTEXT_OVERFLOW: (400, "invalid_request_error", "context_length_exceeded"),
    ErrorKind.CONTENT_FILTERED: (400, "invalid_request_error", "content_filter"),
    ErrorKind.TIMEOUT: (504, "server_error", "timeout"),
    ErrorKind.NETWORK: (502, "server_error", "upstream_unreachable"),
    ErrorKind.OVERLOADED: (503, "server_error", "overloaded"),
    ErrorKind.SERVER: (502, "server_error", "upstream_error"),
    ErrorKind.MALFORMED_REPLY: (502, "server_error", "malformed_reply"),
    ErrorKind.CANCELLED: (499, "server_error", "cancelled"),
    ErrorKind.CONFIGURATION: (500, "server_error", "configuration"),
    ErrorKind.BUDGET_EXCEEDED: (402, "insufficient_quota", "budget_exceeded"),
    ErrorKind.UNSUPPORTED: (400, "invalid_request_error", "unsupported"),
    ErrorKind.UNKNOWN: (500, "server_error", None),
}
"""HTTP status, type and code for each kind of error (platform.openai.com/docs/guides/error-codes, 2026-11)."""

_SECRET = re.compile(
    r"(?i)\b(?:sk|pk|rk|gsk|xai|pplx|hf|r8|csk|nvapi|fw|tgp|vck|key|token|bearer|AIza)[-_ ]?[A-Za-z0-9*._-]{12,}"
)
"""What looks like a key: providers like to quote it back."""


def refuse(error: ProviderError, code: str | None = None) -> Answer:
    """Write an error, with the status that the official clients expect for its kind; `code` stands before the usual one.

    Those clients repeat a request on their own after many a status; `x-should-retry` says what is right. A request that
    may have been accepted is not to be repeated.
    """
    headers = [("content-type", "application/json"), ("x-should-retry", "true" if error.retryable else "false")]
    if error.retry_after is not None and math.isfinite(error.retry_after):
        headers.append(("retry-after", str(max(math.ceil(error.retry_after), 0))))
    status = REFUSALS[error.kind][0]
    return Answer(status=status, body=msgspec.json.encode(error_document(error, code)), headers=tuple(headers))


def error_document(error: ProviderError, code: str | None = None) -> Fields:
    """The document. It never has a secret, nor the body of a provider's reply."""
    _, kind, usual = REFUSALS[error.kind]
    return {
        "error": {
            "message": _SECRET.sub("[redacted]", error.message),
            "type": kind,
            "param": error.param,
            "code": code or usual or error.code,
        }
    }
