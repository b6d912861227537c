"""Leave to send a submission."""

import pytest

from genmux.flows.job.permit import SEND_WINDOW, JobPermit, TooLateError
from genmux.types.errors import Retry


def test_what_stood_still_for_too_long_after_its_intent_is_not_sent() -> None:
    time = 0.0
    permit = JobPermit(lambda: time)
    permit.begin()
    time = SEND_WINDOW + 0.1
    with pytest.raises(TooLateError) as caught:
        permit.leave()
    assert caught.value.retry is Retry.SAFE
    assert permit.sendings == 0


def test_the_window_begins_with_the_intent() -> None:
    time = 0.0
    permit = JobPermit(lambda: time)
    time = 60.0
    permit.begin()
    time += SEND_WINDOW
    permit.leave()
    assert permit.sendings == 1
