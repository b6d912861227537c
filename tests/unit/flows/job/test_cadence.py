"""How often a job is asked for."""

from hypothesis import given
from hypothesis import strategies as st

from genmux.contract.job_traits import JobTraits
from genmux.flows.job.cadence import JITTER, MOST, backoff, cadence_of

seconds = st.floats(0.1, 7_200, allow_nan=False)
chances = st.floats(0, 1, exclude_max=True)


@given(typical=seconds, polls=st.integers(0, 1_000), chance=chances)
def test_a_wait_stays_within_its_bounds_however_often_was_polled(typical: float, polls: int, chance: float) -> None:
    cadence = cadence_of(JobTraits(), typical, "video")
    wait = cadence.wait(polls, chance)
    assert cadence.first * (1 - JITTER) <= wait <= cadence.longest * (1 + JITTER)
    assert cadence.longest <= MOST


@given(typical=seconds)
def test_waits_grow_to_a_quarter_of_the_typical_time(typical: float) -> None:
    cadence = cadence_of(JobTraits(), typical, "video")
    waits = [cadence.wait(polls, 0.5) for polls in range(60)]
    assert waits == sorted(waits)
    assert waits[-1] == cadence.longest


def test_a_video_is_first_asked_for_after_five_seconds_and_a_picture_sooner() -> None:
    assert cadence_of(JobTraits(), None, "video").first == 5.0
    assert cadence_of(JobTraits(), None, "image").first < 2.0


def test_what_the_provider_says_comes_first() -> None:
    cadence = cadence_of(JobTraits(poll_first=2.0, poll_every=2.0), 600, "video")
    assert (cadence.first, cadence.longest) == (2.0, 2.0)


@given(failures=st.integers(0, 10_000), chance=chances)
def test_a_pause_after_failures_never_ends_the_asking(failures: int, chance: float) -> None:
    assert 0 < backoff(failures, chance) <= MOST
