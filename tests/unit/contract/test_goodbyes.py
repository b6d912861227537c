"""What the end of a session's connection means."""

import pytest

from genmux.contract.goodbyes import goodbye
from genmux.types.errors import ErrorKind, Retry


def test_a_normal_end_is_no_error() -> None:
    told = goodbye(1000, "")
    assert (told.reconnect, told.error) == (False, None)


@pytest.mark.parametrize(
    ("code", "reason", "reconnect", "kind"),
    [
        (None, "", True, ErrorKind.NETWORK),
        (1006, "", True, ErrorKind.NETWORK),
        (1011, "internal error", True, ErrorKind.SERVER),
        (1012, "", True, ErrorKind.SERVER),
        (1007, "", False, ErrorKind.INVALID_REQUEST),
        (1008, "", False, ErrorKind.PERMISSION),
        (1009, "", False, ErrorKind.INVALID_REQUEST),
        (
            1011,
            "You exceeded your current quota, please check your plan and billing details",
            False,
            ErrorKind.QUOTA_EXCEEDED,
        ),
        (1008, "API key not valid", False, ErrorKind.AUTHENTICATION),
        (4000, "invalid_request_error.model_not_found", False, ErrorKind.NOT_FOUND),
        (1000, "rate_limit_exceeded", False, ErrorKind.RATE_LIMIT),
    ],
)
def test_only_what_a_new_connection_mends_is_worth_one(
    code: int | None, reason: str, reconnect: bool, kind: ErrorKind
) -> None:
    told = goodbye(code, reason)
    assert told.error is not None
    assert (told.reconnect, told.error.kind) == (reconnect, kind)
    assert told.error.retry is (Retry.SAFE if reconnect else Retry.NEVER)


def test_the_error_says_code_and_reason() -> None:
    told = goodbye(1011, "deadline")
    assert told.error is not None
    assert told.error.message == "the provider ended the connection (WebSocket code 1011): deadline"
    broken = goodbye(None, "")
    assert broken.error is not None
    assert broken.error.message == "the connection broke"
