"""A delivery that fails is tried again, ever later, and given up in the end."""

import pytest

from genmux.engine.outward import Posted
from genmux.services.outbox.schedule import LONGEST, PAUSES, outcome_of, pause_after
from genmux.types.errors import NetworkError


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_success_is_one(status: int) -> None:
    outcome = outcome_of(1, Posted(status=status), seconds=0.5, random=lambda: 0.5)

    assert (outcome.state, outcome.status, outcome.error, outcome.seconds) == ("delivered", status, None, 0.5)


def test_the_pauses_grow_from_seconds_to_a_day_and_then_it_is_given_up() -> None:
    waits = [outcome_of(n, Posted(status=500), seconds=0.1, random=lambda: 0.5).wait for n in range(1, len(PAUSES) + 1)]
    last = outcome_of(len(PAUSES) + 1, Posted(status=500, said="no\n way"), seconds=0.1, random=lambda: 0.5)

    assert waits == [5, 30, 120, 600, 3_600, 21_600, 86_400, 86_400]
    assert (last.state, last.error) == ("failed", "HTTP 500: no way")


@pytest.mark.parametrize(("chance", "wait"), [(0.0, 4.0), (0.5, 5.0), (1.0, 6.0)])
def test_a_fifth_of_a_pause_is_left_to_chance(chance: float, wait: float) -> None:
    assert pause_after(1, lambda: chance) == pytest.approx(wait)


def test_a_receiver_may_ask_for_more_time_but_not_for_ever() -> None:
    def wait(seconds: float) -> float:
        return outcome_of(1, Posted(status=429, retry_after=seconds), seconds=0.1, random=lambda: 0.5).wait

    assert (wait(1.0), wait(60.0), wait(1e9)) == (5.0, 60.0, LONGEST)


def test_what_is_gone_is_not_asked_again() -> None:
    assert outcome_of(1, Posted(status=410), seconds=0.1, random=lambda: 0.5).state == "failed"


def test_a_redirect_is_a_failure_that_says_what_to_do() -> None:
    outcome = outcome_of(1, Posted(status=302), seconds=0.1, random=lambda: 0.5)

    assert outcome.state == "waiting"
    assert outcome.error == "HTTP 302: redirects are not followed; give the address that it leads to"


def test_no_answer_is_told_in_the_words_of_the_error() -> None:
    outcome = outcome_of(1, NetworkError("the host 'x' cannot be found"), seconds=0.1, random=lambda: 0.5)

    assert (outcome.state, outcome.status, outcome.error) == ("waiting", None, "the host 'x' cannot be found")
