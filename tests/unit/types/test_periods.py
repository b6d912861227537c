"""Periods begin at midnight where the budget is at home, whatever its clock does that night."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.types.budgets import Budget, Period, Scope
from genmux.types.periods import STEPS, from_moment, to_moment, window

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Pacific/Apia",
)
MOMENTS = st.integers(946_684_800, 2_524_608_000).map(lambda s: datetime.datetime.fromtimestamp(s, datetime.UTC))


def budget(period: Period, *, time_zone: str = "UTC", seconds: int | None = None) -> Budget:
    scope = Scope("team", "t")
    return Budget(id=1, tenant="t", scope=scope, limit=1, period=period, time_zone=time_zone, seconds=seconds)


def span(one: Budget, time: str) -> tuple[str, str]:
    found = window(one, to_moment(datetime.datetime.fromisoformat(time)))
    assert found.end is not None
    return from_moment(found.start).isoformat(), from_moment(found.end).isoformat()


@pytest.mark.parametrize(
    ("zone", "time", "start", "end"),
    [
        ("Europe/Berlin", "2026-03-29T12:00+00:00", "2026-03-28T23:00:00+00:00", "2026-03-29T22:00:00+00:00"),
        ("Europe/Berlin", "2026-10-25T12:00+00:00", "2026-10-24T22:00:00+00:00", "2026-10-25T23:00:00+00:00"),
        ("America/New_York", "2026-03-08T12:00+00:00", "2026-03-08T05:00:00+00:00", "2026-03-09T04:00:00+00:00"),
        ("America/New_York", "2026-11-01T12:00+00:00", "2026-11-01T04:00:00+00:00", "2026-11-02T05:00:00+00:00"),
    ],
)
def test_a_day_on_which_the_clock_is_changed_has_23_or_25_hours(zone: str, time: str, start: str, end: str) -> None:
    assert span(budget("day", time_zone=zone), time) == (start, end)


def test_where_midnight_is_skipped_the_day_begins_when_the_clock_is_put_forward() -> None:
    cairo = budget("day", time_zone="Africa/Cairo")  # 2026-04-24 begins at 01:00, right after 23:59:59

    assert span(cairo, "2026-04-24T05:00+00:00")[0] == "2026-04-23T22:00:00+00:00"
    assert span(cairo, "2026-04-23T21:59:59+00:00")[1] == "2026-04-23T22:00:00+00:00"


def test_a_week_begins_on_monday() -> None:
    assert span(budget("week"), "2026-11-29T23:59:59+00:00") == (
        "2026-11-23T00:00:00+00:00",
        "2026-11-30T00:00:00+00:00",
    )


@pytest.mark.parametrize(
    ("time", "start", "end"),
    [
        ("2028-02-29T23:00+00:00", "2028-02-01T00:00:00+00:00", "2028-03-01T00:00:00+00:00"),
        ("2026-01-31T23:59:59+00:00", "2026-01-01T00:00:00+00:00", "2026-02-01T00:00:00+00:00"),
        ("2026-12-31T12:00+00:00", "2026-12-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00"),
    ],
)
def test_a_month_ends_with_its_last_day(time: str, start: str, end: str) -> None:
    assert span(budget("month"), time) == (start, end)


def test_the_whole_time_has_one_period_without_an_end() -> None:
    found = window(budget("total"), to_moment(datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)))

    assert (found.start, found.end) == (0, None)


@given(time=MOMENTS, zone=st.sampled_from(ZONES), period=st.sampled_from(("day", "week", "month")))
def test_every_moment_is_in_its_period_and_the_next_one_begins_where_it_ends(
    time: datetime.datetime, zone: str, period: Period
) -> None:
    one, moment = budget(period, time_zone=zone), to_moment(time)

    found = window(one, moment)

    assert found.end is not None
    assert found.start <= moment < found.end
    assert window(one, found.start) == window(one, found.end - 1) == found
    assert window(one, found.end).start == found.end


@given(time=MOMENTS, seconds=st.integers(60, 366 * 86_400))
def test_a_sliding_period_forgets_late_by_one_step_at_most_and_never_early(
    time: datetime.datetime, seconds: int
) -> None:
    moment, length = to_moment(time), seconds * 1_000_000
    step = length // STEPS

    found = window(budget("sliding", seconds=seconds), moment)

    assert found.end is not None
    assert found.start <= moment < found.end == found.start + step
    last_forgotten = found.drop + step  # where the newest step ends that is forgotten
    assert last_forgotten <= moment - length
    assert last_forgotten > moment - length - 2 * step
