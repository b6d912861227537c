"""What Google's errors inside a success amount to."""

from collections.abc import Mapping
from typing import Any

from genmux.contract.failures import FailureTable
from genmux.types.jobs import Failed, Filtered
from genmux.types.usage import Usage

RPC_CODES: dict[int, str] = {
    1: "CANCELLED",
    3: "INVALID_ARGUMENT",
    4: "DEADLINE_EXCEEDED",
    5: "NOT_FOUND",
    7: "PERMISSION_DENIED",
    8: "RESOURCE_EXHAUSTED",
    9: "FAILED_PRECONDITION",
    12: "UNIMPLEMENTED",
    13: "INTERNAL",
    14: "UNAVAILABLE",
    16: "UNAUTHENTICATED",
}
"""What the numbers of google.rpc.Code mean."""


def failure(
    failures: FailureTable, error: Mapping[str, Any], *, raw: str, usage: Usage | None = None
) -> Failed | Filtered:
    """What a google.rpc.Status means for the job. Raises nothing: it is the job that failed."""
    code = error.get("code")
    word = RPC_CODES.get(code, str(code)) if isinstance(code, int) else str(code or "")
    return failures(str(error.get("message") or ""), word or None, raw=raw, usage=usage)
