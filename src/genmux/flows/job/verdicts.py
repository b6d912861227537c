"""What a failed submission means: was nothing started, was it refused, or does nobody know?"""

from typing import Literal

from genmux.types.errors import ErrorKind, ProviderError, Retry

Verdict = Literal["again", "refused", "unsure"]
"""Nothing was started and it may be tried again; refused for good; or it may have been started, and billed."""

NOT_STARTED = frozenset({425, 429, 503, 529})
"""Statuses that say that the request was turned away, although it was right."""

OF_THE_REQUEST = frozenset({
    ErrorKind.INVALID_REQUEST, ErrorKind.UNSUPPORTED, ErrorKind.CONTEXT_OVERFLOW, ErrorKind.CONTENT_FILTERED,
})  # fmt: skip
"""A refusal of one of these kinds is one of the request itself, whoever sends it and however often."""

CONFLICT = 409
"""The status with which many say that the first request with a key is still being worked on."""


def verdict_of(error: ProviderError, *, doubtful: bool = False) -> Verdict:
    """What became of a submission that ended with this error.

    With `doubtful` an earlier one with the same key may have arrived: then only a refusal of the request itself says that
    nothing was started. That this one was turned away says nothing of the one before.
    """
    verdict = _verdict(error)
    certain = verdict == "refused" and error.kind in OF_THE_REQUEST and error.status != CONFLICT
    return "unsure" if doubtful and not certain else verdict


def _verdict(error: ProviderError) -> Verdict:
    if error.retry is Retry.UNSURE:
        return "unsure"
    status = error.status
    if error.retry is Retry.SAFE:
        return "again" if status is None or status < 500 or status in NOT_STARTED else "unsure"
    if status is not None and status >= 500:
        return "unsure"
    return "refused"
