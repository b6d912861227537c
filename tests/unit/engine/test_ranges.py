"""How a broken download goes on."""

import pytest

from genmux.engine.ranges import Resumption, length_of, resumption_of, total_of

PARTS = {"accept-ranges": "bytes", "etag": '"v1"'}


def test_a_server_that_gives_parts_of_a_file_that_it_recognizes_is_asked_for_the_rest() -> None:
    rest = resumption_of(PARTS, 100)

    assert rest == Resumption(validator='"v1"', size=100)
    assert rest.headers(40) == (("range", "bytes=40-"), ("if-range", '"v1"'))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"etag": '"v1"'},
        PARTS | {"accept-ranges": "none"},
        PARTS | {"etag": 'W/"v1"'},
        {"accept-ranges": "bytes", "last-modified": "Mon, 02 Nov 2026 10:00:00 GMT"},
        PARTS | {"content-encoding": "gzip"},
    ],
)
def test_any_other_begins_anew(headers: dict[str, str]) -> None:
    assert resumption_of(headers, 100) is None


@pytest.mark.parametrize(
    ("told", "fits"),
    [
        ("bytes 40-99/100", True),
        ("bytes 40-59/100", True),
        ("bytes 40-99/*", True),
        ("bytes 39-99/100", False),
        ("bytes 40-99/101", False),
        ("bytes 40-99", False),
        ("", False),
        ("bytes ²-99/100", False),
    ],
)
def test_a_part_must_be_the_one_that_was_asked_for(told: str, *, fits: bool) -> None:
    assert Resumption(validator='"v1"', size=100).fits({"content-range": told}, 40) is fits


@pytest.mark.parametrize(
    ("headers", "length"),
    [
        ({"content-length": "12"}, 12),
        ({"content-length": "0"}, 0),
        ({"content-length": "-1"}, None),
        ({"content-length": "²"}, None),
        ({"content-length": "9" * 30}, None),
        ({"content-length": "12", "content-encoding": "gzip"}, None),
        ({}, None),
    ],
)
def test_a_length_counts_where_it_means_the_bytes_that_come(headers: dict[str, str], length: int | None) -> None:
    assert length_of(headers) == length


def test_a_part_tells_how_long_the_whole_is() -> None:
    assert total_of({"content-range": "bytes 0-9/1234"}) == 1234
    assert total_of({"content-range": "bytes 0-9/*"}) is None
