"""Conditions of prices: what they may be, when they hold, and which of two rows counts."""

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.types.conditions import CONDITIONS, holds_at, minutes, price_faults, rank, ties, weekdays, when_faults
from tests.unit.services.shop import price

SATURDAY = datetime.datetime(2026, 11, 21, 2, 30, tzinfo=datetime.UTC)


def row(**when: Any) -> Any:
    """A price under conditions; `from_` is `from`."""
    return price("images.output", "1", when={name.rstrip("_"): value for name, value in when.items()})


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ({"moon": "full"}, "no condition `moon`"),
        ({"audio": "yes"}, "`audio` is true or false, not 'yes'"),
        ({"input_tokens_gt": -1}, "`input_tokens_gt` is a whole number"),
        ({"input_tokens_gt": True}, "`input_tokens_gt` is a whole number"),
        ({"steps": "30"}, "`steps` is a whole number"),
        ({"resolution": 720}, "`resolution` is a text"),
        ({"region": ""}, "`region` is a text"),
        ({"hours": "25:00-26:00"}, "It is '25:00-26:00'"),
        ({"weekdays": "mon-sun,moonday"}, "It is 'mon-sun,moonday'"),
        ({"from": "soon"}, "It is 'soon'"),
        ({"size": "large"}, "It is 'large'"),
    ],
)
def test_a_wrong_condition_is_told_with_its_name_and_value(when: dict[str, Any], told: str) -> None:
    (fault,) = when_faults(when)

    assert told in fault


def test_every_condition_takes_a_value_that_its_description_shows() -> None:
    right: dict[str, Any] = {
        "input_tokens_gt": 200_000, "output_tokens_gt": 1, "seconds_gt": 8, "results_gt": 0, "audio": True, "steps": 50,
        "hours": "16:30-00:30,02:00-24:00", "weekdays": "mon-fri", "from": "2026-01-01", "until": "2027-01-01", "size": "1024x1536",
    }  # fmt: skip

    assert when_faults({name: right.get(name, "anything") for name in CONDITIONS}) == []


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({"from": "2026-11-21"}, True),
        ({"from": "2026-11-22"}, False),
        ({"until": "2026-11-21"}, False),
        ({"until": "2026-11-22"}, True),
        ({"weekdays": "sat,sun"}, True),
        ({"weekdays": "fri-mon"}, True),
        ({"weekdays": "mon-fri"}, False),
        ({"hours": "02:30-02:31"}, True),
        ({"hours": "01:00-02:30"}, False),
        ({"hours": "23:00-03:00"}, True),
        ({"hours": "00:00-01:00,02:00-24:00"}, True),
        ({"hours": "01:00-04:00", "weekdays": "mon-fri"}, False),
        ({"resolution": "4k"}, True),
    ],
)
def test_a_row_holds_at_its_days_and_hours(when: dict[str, Any], holds: bool) -> None:
    assert holds_at(price("tokens.input", "1", when=when), SATURDAY) is holds


def test_more_named_conditions_come_before_thresholds_and_higher_thresholds_before_lower_ones() -> None:
    rows = [
        row(),
        row(until="2027-01-01"),
        row(until="2026-12-01"),
        row(from_="2026-01-01"),
        row(from_="2026-06-01"),
        row(input_tokens_gt=1),
        row(input_tokens_gt=2),
        row(from_="2026-06-01", input_tokens_gt=1),
        row(quality="high"),
        row(quality="high", input_tokens_gt=1),
        row(quality="high", size="1x1"),
    ]
    ranked = sorted(rows, key=rank)

    assert ranked[0] == row()
    assert ranked[-3:] == [row(quality="high"), row(quality="high", input_tokens_gt=1), row(quality="high", size="1x1")]
    for low, high in (((5,), 6), ((3,), 4), ((1,), 2)):
        assert all(ranked.index(rows[one]) < ranked.index(rows[high]) for one in low)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {}),
        ({"resolution": "1080p"}, {"audio": True}),
        ({"resolution": "1080p"}, {"resolution": "1080P"}),
        ({"input_tokens_gt": 5}, {"output_tokens_gt": 5}),
        ({"input_tokens_gt": 5}, {"input_tokens_gt": 5}),
        ({"hours": "01:00-04:00"}, {"hours": "03:00-05:00"}),
        ({"region": "us", "input_tokens_gt": 5}, {"quality": "low", "input_tokens_gt": 6}),
    ],
)
def test_two_rows_that_can_both_count_are_a_tie(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert len(ties([row(**first), row(**second)])) == 1
    (fault,) = price_faults([row(**first), row(**second)])
    assert "two prices of images.output hold at once" in fault


@pytest.mark.parametrize(
    "rows",
    [
        [row(), row(resolution="1080p"), row(resolution="720p")],
        [row(resolution="1080p"), row(audio=True), row(resolution="1080p", audio=True)],
        [row(input_tokens_gt=5), row(input_tokens_gt=6)],
        [row(until="2026-06-01"), row(from_="2026-06-01")],
        [row(hours="01:00-04:00"), row(hours="06:00-10:00")],
        [row(weekdays="mon-fri"), row(weekdays="sat,sun")],
        [row(service_tier="batch"), row(input_tokens_gt=200_000)],
    ],
)
def test_rows_of_which_one_is_more_specific_or_never_holds_with_the_other_are_no_tie(rows: list[Any]) -> None:
    assert price_faults(rows) == []


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"amount": "-1"}, "`amount` is -1"),
        ({"amount": "NaN"}, "`amount` is NaN"),
        ({"amount": "1", "per": 0}, "`per` is 0"),
        ({"amount": "1", "minimum": -1}, "`minimum` is -1"),
        ({"amount": "1", "round_to": 0}, "`round_to` is 0"),
        ({"amount": "1", "free": float("inf")}, "`free` is inf"),
    ],
)
def test_a_price_that_is_none_is_told(fields: dict[str, Any], told: str) -> None:
    (fault,) = price_faults([price("calls", **fields)])

    assert told in fault


@given(st.integers(0, 1439), st.integers(0, 1439))
def test_hours_and_the_hours_after_them_are_a_whole_day(first: int, last: int) -> None:
    begin, end = (f"{minute // 60:02}:{minute % 60:02}" for minute in (first, last))
    one, rest = ({minute for span in minutes(text) for minute in span} for text in (f"{begin}-{end}", f"{end}-{begin}"))

    assert one | rest == set(range(1440))
    assert first == last or one.isdisjoint(rest)


def test_days_go_round_the_week() -> None:
    assert weekdays("sat-mon") == {5, 6, 0}
    assert weekdays("Mon-Sun") == set(range(7))
