"""Errors as callers get them."""

import msgspec
import pytest

from genmux.types.errors import ErrorKind, ProviderError, Retry
from tests.unit.dialects.openai_chat.speaking import SERVER


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_kind_of_error_has_a_status_and_openais_form(kind: ErrorKind) -> None:
    answer = SERVER.refuse(ProviderError("what happened", kind=kind, param="model"))
    assert 400 <= answer.status < 600
    error = msgspec.json.decode(answer.body)["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert (error["message"], error["param"]) == ("what happened", "model")


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (ErrorKind.AUTHENTICATION, 401, "invalid_api_key"),
        (ErrorKind.RATE_LIMIT, 429, "rate_limit_exceeded"),
        (ErrorKind.QUOTA_EXCEEDED, 429, "insufficient_quota"),
        (ErrorKind.BUDGET_EXCEEDED, 402, "budget_exceeded"),
        (ErrorKind.NOT_FOUND, 404, "model_not_found"),
        (ErrorKind.CONTEXT_OVERFLOW, 400, "context_length_exceeded"),
        (ErrorKind.INVALID_REQUEST, 400, "their_code"),
    ],
)
def test_status_and_code_are_those_that_clients_look_for(kind: ErrorKind, status: int, code: str) -> None:
    answer = SERVER.refuse(ProviderError("x", kind=kind, code="their_code"))
    assert (answer.status, msgspec.json.decode(answer.body)["error"]["code"]) == (status, code)


def test_a_caller_is_told_how_long_to_wait_and_whether_to_try_again() -> None:
    limited = ProviderError("x", kind=ErrorKind.RATE_LIMIT, retry=Retry.SAFE, retry_after=1.2)
    headers = dict(SERVER.refuse(limited).headers)
    assert (headers["retry-after"], headers["x-should-retry"]) == ("2", "true")
    doubtful = dict(SERVER.refuse(ProviderError("x", kind=ErrorKind.SERVER, retry=Retry.UNSURE)).headers)
    assert doubtful["x-should-retry"] == "false"
    assert "retry-after" not in doubtful


@pytest.mark.parametrize("seconds", [float("inf"), float("-inf"), float("nan")])
def test_a_wait_without_an_end_is_not_told(seconds: float) -> None:
    answer = SERVER.refuse(ProviderError("x", kind=ErrorKind.RATE_LIMIT, retry=Retry.SAFE, retry_after=seconds))
    assert (answer.status, "retry-after" in dict(answer.headers)) == (429, False)


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abcdefghijklmnop",
        "sk-ant-api03-abcdefghijklmnop",
        "gsk_abcdefghijklmnop",
        "AIzaSyAbcdefghijklmnop",
        "Bearer abcdefghijklmnop",
    ],
)
def test_what_looks_like_a_key_is_never_told(secret: str) -> None:
    error = ProviderError(f"Incorrect API key provided: {secret}.", kind=ErrorKind.AUTHENTICATION, body=secret)
    body = SERVER.refuse(error).body.decode()
    assert secret not in body
    assert "Incorrect API key provided: [redacted]" in body
