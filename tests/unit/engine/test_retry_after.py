"""How providers ask us to wait."""

import email.utils

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.engine.retry_after import read_reset, reset_wait, told_wait
from tests.recordings import needs_recordings

NOW = 1_790_000_000.0


def date(seconds: float) -> str:
    return email.utils.formatdate(NOW + seconds, usegmt=True)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "0"}, 0),
        ({"retry-after": date(30)}, 30),
        ({"retry-after": date(-30)}, 0),
        ({"retry-after": date(30), "date": date(10)}, 20),
        ({"retry-after": date(30), "date": "yesterday"}, 30),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after": "1", "retry-after-ms": "0"}, 1),
        ({"retry-after": "1", "retry-after-ms": "2500"}, 2.5),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1_000"}, None),
        ({"retry-after": "Fri, 31 Dec 99999 23:59:59 GMT"}, None),
    ],
)
def test_what_is_told(headers: dict[str, str], wait: float | None) -> None:
    assert told_wait(headers, now=NOW) == wait


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("6ms", 0.006),
        ("1s", 1),
        ("7m12.3s", 432.3),
        ("1h", 3_600),
        ("1d2h3m4s", 93_784),
        ("12", 12),
        ("0", 0),
        ("6ms, req_01", 0.006),
        (str(int(NOW + 9)), 9),
        (str(int((NOW + 9) * 1000)), 9),
        (str(int(NOW - 9)), 0),
        ("2026-09-21T14:13:30Z", 10),
        ("2026-09-21T14:13:10+00:00", 0),
        ("2026-09-21T14:13:30", 10),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("9" * 400 + "s", None),
    ],
)
def test_a_reset_in_any_of_its_forms(value: str, wait: float | None) -> None:
    assert read_reset(value, now=NOW) == (None if wait is None else pytest.approx(wait))


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "2s"}, 2),
        ({"x-ratelimit-remaining-requests": "5", "x-ratelimit-reset-requests": "2s"}, None),
        ({"x-ratelimit-reset-requests": "2s"}, None),
        (
            {
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-requests": "2s",
                "x-ratelimit-remaining-tokens": "0",
                "x-ratelimit-reset-tokens": "1m",
            },
            60,
        ),
        (
            {
                "anthropic-ratelimit-input-tokens-remaining": "0",
                "anthropic-ratelimit-input-tokens-reset": "2026-09-21T14:13:30Z",
                "anthropic-ratelimit-requests-remaining": "40",
                "anthropic-ratelimit-requests-reset": "2026-09-21T14:14:20Z",
            },
            10,
        ),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "31"}, 31),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int((NOW + 5) * 1000))}, 5),
        ({"x-ratelimit-remaining-req-minute": "0", "x-ratelimit-limit-req-minute": "60"}, None),
        ({"x-trial-endpoint-call-remaining": "0", "x-trial-endpoint-call-limit": "40"}, None),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "soon"}, None),
    ],
)
def test_a_used_up_limit_tells_when_it_is_reset(headers: dict[str, str], wait: float | None) -> None:
    assert reset_wait(headers, now=NOW) == (None if wait is None else pytest.approx(wait))


@given(st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms", "date", "ratelimit-reset"]), st.text()))
def test_no_header_breaks_the_reading(headers: dict[str, str]) -> None:
    for wait in (told_wait(headers, now=NOW), reset_wait({**headers, "ratelimit-remaining": "0"}, now=NOW)):
        assert wait is None or 0 <= wait < 1e18


@needs_recordings
def test_every_recorded_reset_can_be_read() -> None:
    from tests.recordings import exchanges

    unread: set[str] = set()
    seen = 0
    for exchange in exchanges():
        for name, value in (exchange.response.get("headers") or {}).items():
            lowered = str(name).lower()
            if "ratelimit" in lowered and "reset" in lowered and not str(value).endswith("-XXX"):
                seen += 1
                if read_reset(str(value), now=NOW) is None:
                    unread.add(f"{lowered}: {value}")
    assert unread == set()
    assert seen > 500
