"""Who may be asked again, and when."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.contract.http import HttpRequest
from genmux.engine.retry import ONCE, RetryPolicy, is_repeatable
from genmux.types.errors import ConfigurationError, ProviderError, Retry

PAID = HttpRequest(method="POST", url="/")
KEYED = HttpRequest(method="POST", url="/", idempotency_key="k")
READING = HttpRequest(method="POST", url="/", read_only=True)
GET = HttpRequest(method="GET", url="/")

policies = st.builds(
    lambda attempts, base, more, longest, unsure: RetryPolicy(
        attempts=attempts, base=base, cap=base + more, longest_wait=longest, retry_unsure=unsure
    ),
    st.integers(1, 10),
    st.floats(0, 5),
    st.floats(0, 100),
    st.floats(0, 1_000),
    st.booleans(),
)
verdicts = st.sampled_from(Retry)
requests = st.sampled_from([PAID, KEYED, READING, GET])
chances = st.floats(0, 1)
waits = st.none() | st.floats(0, 10_000)


def error(verdict: Retry, told: float | None = None) -> ProviderError:
    return ProviderError("no", retry=verdict, retry_after=told)


@pytest.mark.parametrize(
    ("verdict", "request_", "unsure", "repeated"),
    [
        (Retry.SAFE, PAID, False, True),
        (Retry.SAFE, GET, False, True),
        (Retry.UNSURE, PAID, False, False),
        (Retry.UNSURE, PAID, True, True),
        (Retry.UNSURE, KEYED, False, True),
        (Retry.UNSURE, READING, False, True),
        (Retry.UNSURE, GET, False, True),
        (Retry.NEVER, PAID, True, False),
        (Retry.NEVER, KEYED, True, False),
        (Retry.NEVER, GET, True, False),
    ],
)
def test_the_table_of_verdicts(verdict: Retry, request_: HttpRequest, unsure: bool, repeated: bool) -> None:
    policy = RetryPolicy(retry_unsure=unsure)
    assert (policy.wait(error(verdict), request_, attempt=1, chance=0.5) is not None) is repeated


@given(policies, verdicts, requests, waits, st.integers(1, 100), chances)
def test_a_wait_is_never_shorter_than_told_nor_longer_than_allowed(
    policy: RetryPolicy, verdict: Retry, request: HttpRequest, told: float | None, attempt: int, chance: float
) -> None:
    wait = policy.wait(error(verdict, told), request, attempt=attempt, chance=chance)
    if wait is None:
        return
    assert attempt < policy.attempts
    assert verdict is not Retry.NEVER
    assert verdict is Retry.SAFE or policy.retry_unsure or is_repeatable(request)
    if told:
        assert told <= wait <= policy.longest_wait * 1.1
    else:
        assert policy.base <= wait <= policy.cap


@given(policies, st.integers(1, 200), chances, chances)
def test_waits_grow_with_attempts_and_with_chance(policy: RetryPolicy, attempt: int, one: float, two: float) -> None:
    low, high = sorted((one, two))
    assert policy.backoff(attempt, low) <= policy.backoff(attempt, high)
    assert policy.backoff(attempt, one) <= policy.backoff(attempt + 1, one)


@given(policies, requests, waits, chances)
def test_the_last_attempt_is_the_last(
    policy: RetryPolicy, request: HttpRequest, told: float | None, chance: float
) -> None:
    failed = error(Retry.SAFE, told)
    assert policy.wait(failed, request, attempt=policy.attempts, chance=chance) is None


def test_the_usual_waits_lie_between_half_a_second_and_ten() -> None:
    policy = RetryPolicy(attempts=9)
    ends = [(policy.backoff(attempt, 0), policy.backoff(attempt, 1)) for attempt in range(1, 7)]
    assert ends == [(0.5, 1), (1, 2), (2, 4), (4, 8), (5, 10), (5, 10)]


def test_more_than_the_longest_wait_is_not_waited_for() -> None:
    assert RetryPolicy().wait(error(Retry.SAFE, 60), PAID, attempt=1, chance=0) == 60
    assert RetryPolicy().wait(error(Retry.SAFE, 60.1), PAID, attempt=1, chance=0) is None
    assert RetryPolicy(longest_wait=100).wait(error(Retry.SAFE, 90), PAID, attempt=1, chance=0) == 90


def test_a_wait_of_nothing_means_our_own() -> None:
    assert RetryPolicy().wait(error(Retry.SAFE, 0), PAID, attempt=1, chance=0) == 0.5


def test_once_is_once() -> None:
    assert ONCE.wait(error(Retry.SAFE), GET, attempt=1, chance=0) is None


@pytest.mark.parametrize("wrong", [{"attempts": 0}, {"base": 2, "cap": 1}, {"base": -1}, {"base": math.nan}])
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError):
        RetryPolicy(**wrong)  # type: ignore[arg-type]
