"""What a failed submission means: was nothing started, was it refused, or does nobody know?"""

from typing import Literal

from genmux.types.errors import ErrorKind, ProviderError, Retry

Verdict = Literal["again", "refused", "unsure"]
"""Nothing was started and it may be tried again; refused for good; or it may have been started, and billed."""

NOT_STARTED = frozenset({425, 429, 503, 529})
"""Statuses that say that the request was turned away, although it was right."""

TRANSIENT = frozenset({ErrorKind.RATE_LIMIT, ErrorKind.OVERLOADED, ErrorKind.NETWORK, ErrorKind.TIMEOUT})


def verdict_of(error: ProviderError) -> Verdict:
    """What became of a submission that ended with this error."""
    if error.retry is Retry.UNSURE:
        return "unsure"
    status = error.status
    if error.retry is Retry.SAFE:
        return "again" if status is None or status < 500 or status in NOT_STARTED else "unsure"
    if status is not None and status >= 500:
        return "unsure"
    return "refused"
