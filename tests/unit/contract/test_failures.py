"""What a provider says of a failure becomes a state by the table of its manifest."""

import pytest

from genmux.contract.failures import FailureTable
from genmux.types.errors import ErrorKind
from genmux.types.jobs import Failed, Filtered
from genmux.types.usage import Usage

TABLE = FailureTable({
    "SAFETY": ErrorKind.CONTENT_FILTERED,
    "SAFETY.OUTAGE": ErrorKind.SERVER,
    "INPUT": ErrorKind.INVALID_REQUEST,
    "bad words": ErrorKind.CONTENT_FILTERED,
})  # fmt: skip


@pytest.mark.parametrize(
    ("message", "code", "kind"),
    [
        ("no", "SAFETY", ErrorKind.CONTENT_FILTERED),
        ("no", "SAFETY.INPUT.TEXT", ErrorKind.CONTENT_FILTERED),
        ("no", "SAFETY.OUTAGE.7", ErrorKind.SERVER),
        ("no", "SAFETYNET", ErrorKind.SERVER),
        ("It has Bad Words in it", None, ErrorKind.CONTENT_FILTERED),
        ("It has bad words in it", "INPUT.TEXT", ErrorKind.INVALID_REQUEST),
        ("no", "content_policy_violation", ErrorKind.CONTENT_FILTERED),
        ("violates our usage policy", None, ErrorKind.CONTENT_FILTERED),
        ("something broke", None, ErrorKind.SERVER),
        ("", None, ErrorKind.SERVER),
    ],
)
def test_a_code_counts_by_its_beginning_then_words_then_what_all_share(
    message: str, code: str | None, kind: ErrorKind
) -> None:
    assert TABLE.kind(message, code) is kind


def test_what_the_policy_keeps_back_is_filtered_with_its_reason_and_bill() -> None:
    used = Usage(meters={"credits.credits": 3})
    assert TABLE("no cats", "SAFETY.X", raw="FAILED", usage=used) == Filtered(
        reason="no cats", usage=used, raw="FAILED"
    )
    assert TABLE("", "SAFETY.X") == Filtered(reason="SAFETY.X")


def test_all_else_has_failed_and_says_why_as_far_as_that_is_known() -> None:
    assert TABLE("too large", "INPUT.SIZE") == Failed(
        message="too large", kind=ErrorKind.INVALID_REQUEST, code="INPUT.SIZE"
    )
    assert TABLE("", "E1") == Failed(message="it failed with E1", code="E1")
    assert TABLE("") == Failed(message="it failed, and the provider does not say why")
