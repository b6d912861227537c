"""Models that fail rest, are tried by one request at a time, and come back when they answer."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.services.routing import Board
from genmux.services.routing.board import LONGEST_REST, LONGEST_TOLD, PATIENCE, REMEMBERED, STALE, TRIED
from genmux.types.errors import (
    ErrorKind,
    InvalidRequestError,
    NetworkError,
    OverloadedError,
    ProviderError,
    RateLimitError,
)

MODEL = "acme/one"


class Time:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def broken(failures: int = 3, rest: float = 30.0) -> tuple[Board, Time]:
    """A board on which the model has failed so often that it rests."""
    time = Time()
    board = Board(time)
    for _ in range(failures):
        board.failed(MODEL, OverloadedError("full"), failures=failures, rest=rest)
    return board, time


def test_a_model_rests_after_so_many_failures_in_a_row() -> None:
    board = Board(Time())

    for _ in range(2):
        board.failed(MODEL, NetworkError("gone"), failures=3, rest=30)
    assert (board.begin(MODEL), board.rest(MODEL)) == ("free", 0.0)
    board.failed(MODEL, NetworkError("gone"), failures=3, rest=30)

    assert (board.begin(MODEL), board.rest(MODEL)) == ("rest", 30.0)
    assert board.resting() == (MODEL,)


def test_an_answer_between_failures_starts_the_count_again() -> None:
    board = Board(Time())

    for _ in range(5):
        board.failed(MODEL, NetworkError("gone"), failures=2, rest=30)
        board.answered(MODEL, 1.0)

    assert board.begin(MODEL) == "free"


def test_after_its_rest_one_request_at_a_time_tries_a_model() -> None:
    board, time = broken()
    time.now += 30

    assert board.rest(MODEL) == 0.0
    assert [board.begin(MODEL) for _ in range(3)] == ["trial", "rest", "rest"]
    assert board.rest(MODEL) == TRIED


def test_a_trial_that_answers_brings_the_model_back() -> None:
    board, time = broken()
    time.now += 30
    board.begin(MODEL)

    board.answered(MODEL, 0.5)

    assert [board.begin(MODEL) for _ in range(3)] == ["free", "free", "free"]
    board.failed(MODEL, OverloadedError("full"), failures=3, rest=30)
    assert board.begin(MODEL) == "free"


def test_a_trial_that_fails_doubles_the_rest_up_to_five_minutes() -> None:
    board, time = broken()
    rests: list[float] = []

    for _ in range(20):
        rests.append(board.rest(MODEL))
        time.now += rests[-1]
        assert board.begin(MODEL) == "trial"
        board.failed(MODEL, OverloadedError("full"), failures=3, rest=30)

    assert rests[:5] == [30, 60, 120, 240, LONGEST_REST]
    assert rests[-1] == LONGEST_REST


def test_a_trial_that_tells_nothing_lets_the_next_request_try() -> None:
    board, time = broken()
    time.now += 30
    board.begin(MODEL)

    board.over(MODEL)

    assert [board.begin(MODEL), board.begin(MODEL)] == ["trial", "rest"]


def test_what_fails_while_a_model_rests_makes_no_rest_longer() -> None:
    board, time = broken(rest=30)
    time.now += 1

    for _ in range(50):
        board.failed(MODEL, OverloadedError("full"), failures=3, rest=30)

    assert board.rest(MODEL) == 29.0


def test_a_model_rests_for_what_its_provider_told() -> None:
    time = Time()
    board = Board(time)

    board.failed(MODEL, RateLimitError("slow down", retry_after=7.5), failures=3, rest=30)

    assert (board.rest(MODEL), board.begin(MODEL)) == (7.5, "rest")
    time.now += 7.5
    assert board.begin(MODEL) == "trial"
    board.failed(MODEL, RateLimitError("slow down", retry_after=10 * LONGEST_TOLD), failures=9, rest=30)
    assert board.rest(MODEL) == LONGEST_TOLD


@pytest.mark.parametrize("told", [math.nan, math.inf, -1.0, 0.0])
def test_a_wait_that_is_none_is_not_believed(told: float) -> None:
    board = Board(Time())

    board.failed(MODEL, RateLimitError("slow down", retry_after=told), failures=3, rest=30)

    assert board.begin(MODEL) == "free"


@pytest.mark.parametrize(
    "kind",
    [ErrorKind.INVALID_REQUEST, ErrorKind.CONTENT_FILTERED, ErrorKind.CONTEXT_OVERFLOW, ErrorKind.BUDGET_EXCEEDED],
)
def test_what_is_wrong_with_the_request_says_nothing_about_the_model(kind: ErrorKind) -> None:
    board = Board(Time())

    for _ in range(10):
        board.failed(MODEL, ProviderError("no", kind=kind), failures=1, rest=30)

    assert board.begin(MODEL) == "free"


def test_another_request_of_the_wrong_kind_does_not_end_a_trial() -> None:
    board, time = broken()
    time.now += 30
    board.begin(MODEL)

    board.failed(MODEL, InvalidRequestError("no"), failures=1, rest=30)

    assert board.begin(MODEL) == "rest"


def test_a_woken_model_is_tried_by_one_request_at_once() -> None:
    board, _ = broken()

    board.wake(MODEL)

    assert board.resting() == ()
    assert [board.begin(MODEL), board.begin(MODEL)] == ["trial", "rest"]


def test_nobody_wakes_a_model_before_the_time_that_its_provider_told() -> None:
    board, _ = broken()
    board.failed(MODEL, RateLimitError("slow down", retry_after=50), failures=3, rest=30)

    board.wake(MODEL)

    assert board.resting() == ()
    assert (board.rest(MODEL), board.begin(MODEL)) == (50.0, "rest")


def test_latency_is_a_mean_in_which_the_newest_counts_most() -> None:
    board = Board(Time())
    assert board.latency(MODEL) is None

    board.answered(MODEL, 1.0)
    board.answered(MODEL, 2.0)

    assert board.latency(MODEL) == pytest.approx(1.2)


def test_a_model_that_is_outpaced_takes_at_least_so_long() -> None:
    board = Board(Time())

    board.outpaced(MODEL, 2.0)
    assert board.latency(MODEL) == 2.0
    board.outpaced(MODEL, 1.0)
    assert board.latency(MODEL) == 2.0
    board.outpaced(MODEL, 3.0)
    assert board.latency(MODEL) == pytest.approx(2.2)


def test_an_old_latency_is_measured_again_by_one_request() -> None:
    time = Time()
    board = Board(time)
    board.answered(MODEL, 9.0)
    time.now += STALE + 1

    assert board.latency(MODEL) is None
    board.begin(MODEL)
    assert board.latency(MODEL) == 9.0
    time.now += PATIENCE + 1
    assert board.latency(MODEL) is None


def test_so_many_models_are_remembered_at_most() -> None:
    board = Board(Time())

    for number in range(REMEMBERED + 5):
        board.answered(f"acme/{number}", 1.0)

    assert board.latency("acme/0") is None
    assert board.latency(f"acme/{REMEMBERED + 4}") == 1.0


STEPS = st.lists(
    st.one_of(
        st.just("begin"),
        st.just("answered"),
        st.just("over"),
        st.just("wake"),
        st.tuples(st.just("failed"), st.one_of(st.none(), st.floats(0, 100))),
        st.tuples(st.just("later"), st.floats(0, 400)),
    ),
    max_size=60,
)


@given(STEPS, st.integers(1, 4))
def test_there_is_never_more_than_one_trial_and_none_before_its_time(steps: list[object], failures: int) -> None:
    time = Time()
    board = Board(time)
    trials = 0
    for step in steps:
        match step:
            case "begin":
                rest = board.rest(MODEL)
                turn = board.begin(MODEL)
                assert (turn == "rest") == (rest > 0)
                trials += turn == "trial"
            case "answered":
                board.answered(MODEL, 1.0)
                trials = 0
                assert board.rest(MODEL) == 0
            case "over":
                board.over(MODEL)
                trials = 0
            case "wake":
                board.wake(MODEL)
            case ("failed", told):
                board.failed(MODEL, OverloadedError("full", retry_after=told), failures=failures, rest=30)  # type: ignore[arg-type]
                trials = 0
                assert board.rest(MODEL) <= LONGEST_REST
            case ("later", float(seconds)):
                time.now += seconds
            case _:
                raise AssertionError(step)
        assert trials <= 1
