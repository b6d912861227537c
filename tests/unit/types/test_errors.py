"""Each kind of error has a class, says what it knows, and survives the way between processes."""

import copy
import pickle

import pytest

from genmux.types.errors import (
    ConfigurationError,
    ErrorKind,
    GenmuxError,
    InvalidRequestError,
    ProviderError,
    RateLimitError,
    Retry,
    ServerError,
    StoreError,
    StoreReason,
    ValidationError,
)

FULL = ProviderError(
    "slow down",
    kind="rate_limit",
    provider="p",
    model="m",
    status=429,
    code="c",
    param="x",
    retry="safe",
    retry_after=1.5,
    request_id="r",
    body="{}",
    attempts=2,
)


def test_every_kind_but_unknown_has_a_class_of_its_own() -> None:
    classes = {kind: type(ProviderError("x", kind=kind)) for kind in ErrorKind}

    assert classes.pop(ErrorKind.UNKNOWN) is ProviderError
    assert len(set(classes.values())) == len(classes)
    assert all(error_class.default_kind is kind for kind, error_class in classes.items())
    assert all(issubclass(error_class, GenmuxError) for error_class in classes.values())


def test_a_kind_may_be_given_as_a_word() -> None:
    assert isinstance(ProviderError("x", kind="server"), ServerError)
    with pytest.raises(ValueError, match="nonsense"):
        ProviderError("x", kind="nonsense")


def test_a_class_knows_its_kind() -> None:
    assert RateLimitError("x").kind is ErrorKind.RATE_LIMIT
    assert ProviderError("x").kind is ErrorKind.UNKNOWN


def test_only_safe_errors_are_retryable() -> None:
    assert [ProviderError("x", retry=retry).retryable for retry in Retry] == [False, True, False]
    assert not ProviderError("x").retryable


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (FULL, "rate_limit: slow down (p/m, HTTP 429)"),
        (ServerError("boom"), "server: boom"),
        (ServerError("boom", provider="p"), "server: boom (p)"),
        (ServerError("boom", status=500), "server: boom (HTTP 500)"),
    ],
)
def test_an_error_reads_as_one_line(error: ProviderError, text: str) -> None:
    assert str(error) == text


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])  # noqa: S301
@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_error_survives_the_way_between_processes(kind: ErrorKind, again) -> None:
    error = ProviderError("x", kind=kind, provider="p", retry="unsure", retry_after=2.0)
    arrived = again(error)

    assert type(arrived) is type(error)
    assert vars(arrived) == vars(error)
    assert str(arrived) == str(error)


def test_all_fields_survive_the_way_between_processes() -> None:
    assert vars(pickle.loads(pickle.dumps(FULL))) == vars(FULL)  # noqa: S301


def test_an_error_with_a_note_survives_too() -> None:
    error = ConfigurationError("no key")
    error.add_note("while starting")

    arrived = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(arrived), arrived.message) == (ConfigurationError, "no key")


def test_faults_of_a_request_are_told_all_at_once() -> None:
    error = ValidationError(("`a` is 1", "`b` is 2"), provider="p", model="m")

    assert isinstance(error, InvalidRequestError)
    assert error.faults == ("`a` is 1", "`b` is 2")
    assert str(error) == "invalid_request: `a` is 1; `b` is 2 (p/m)"
    arrived = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(arrived), vars(arrived)) == (ValidationError, vars(error))


@pytest.mark.parametrize(
    ("reason", "kind", "retry"),
    [
        ("full", ErrorKind.OVERLOADED, Retry.SAFE),
        ("gone", ErrorKind.OVERLOADED, Retry.SAFE),
        ("corrupt", ErrorKind.OVERLOADED, Retry.NEVER),
        ("read_only", ErrorKind.OVERLOADED, Retry.NEVER),
        ("newer", ErrorKind.CONFIGURATION, Retry.NEVER),
        ("refused", ErrorKind.CONFIGURATION, Retry.NEVER),
    ],
)
def test_a_database_that_fails_is_told_as_503_with_a_time_to_come_back(
    reason: StoreReason, kind: ErrorKind, retry: Retry
) -> None:
    error = StoreError("the disk is full", reason=reason)

    assert (error.kind, error.retry, error.status, error.reason) == (kind, retry, 503, reason)
    assert (error.retry_after or 0) > 0
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 — our own
    assert (type(again), again.message, again.reason, again.retry) == (StoreError, error.message, reason, retry)
