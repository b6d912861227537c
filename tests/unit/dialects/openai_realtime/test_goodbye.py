"""What the end of a connection means."""

import pytest

from genmux.types.errors import ErrorKind
from tests.unit.dialects.openai_realtime.talking import heard, opened


@pytest.mark.parametrize(
    ("code", "reason", "reconnect", "kind"),
    [
        (1000, "", False, None),
        (None, "", True, ErrorKind.NETWORK),
        (1001, "", True, ErrorKind.SERVER),
        (1006, "", True, ErrorKind.NETWORK),
        (1007, "bad frame", False, ErrorKind.INVALID_REQUEST),
        (1008, "policy", False, ErrorKind.PERMISSION),
        (1011, "internal", True, ErrorKind.SERVER),
        (3000, "invalid_request_error.invalid_api_key", False, ErrorKind.AUTHENTICATION),
        (3000, "invalid_request_error.model_not_found", False, ErrorKind.NOT_FOUND),
        (1013, "", True, ErrorKind.OVERLOADED),
    ],
)
def test_only_what_a_new_connection_mends_is_worth_one(
    code: int | None, reason: str, reconnect: bool, kind: ErrorKind | None
) -> None:
    told = opened().closed(code, reason)
    assert (told.reconnect, told.error and told.error.kind) == (reconnect, kind)


def test_a_session_that_has_lasted_its_time_can_be_opened_anew() -> None:
    codec = opened()
    heard(codec, "error", error={"type": "invalid_request_error", "code": "session_expired", "message": "60 minutes"})
    assert codec.closed(1000, "").reconnect
