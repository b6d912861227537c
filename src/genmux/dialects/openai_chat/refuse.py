"""Errors in the dialect's own form."""

import math
import re

import msgspec

from genmux.contract.dialect import Answer
from genmux.dialects.openai_chat.schema import REFUSALS
from genmux.types.content import Fields
from genmux.types.errors import ProviderError

_SECRET = re.compile(
    r"(?i)\b(?:sk|pk|rk|gsk|xai|pplx|hf|r8|csk|nvapi|fw|tgp|vck|key|token|bearer|AIza)[-_ ]?[A-Za-z0-9*._-]{12,}"
)
"""What looks like a key: providers like to quote it back."""


def refuse(error: ProviderError) -> Answer:
    """Write an error, with the status that the official clients expect for its kind.

    Those clients repeat a request on their own after many a status; `x-should-retry` says what is right. A request that
    may have been accepted is not to be repeated.
    """
    headers = [("content-type", "application/json"), ("x-should-retry", "true" if error.retryable else "false")]
    if error.retry_after is not None and math.isfinite(error.retry_after):
        headers.append(("retry-after", str(max(math.ceil(error.retry_after), 0))))
    status = REFUSALS[error.kind][0]
    return Answer(status=status, body=msgspec.json.encode(error_document(error)), headers=tuple(headers))


def error_document(error: ProviderError) -> Fields:
    """The document. It never has a secret, nor the body of a provider's reply."""
    _, kind, code = REFUSALS[error.kind]
    return {
        "error": {
            "message": _SECRET.sub("[redacted]", error.message),
            "type": kind,
            "param": error.param,
            "code": code or error.code,
        }
    }
