"""Which bytes of a file are asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.server.byte_ranges import Span, UnsatisfiableError, is_known, span_of

TAG = '"abc"'


def span(told: str, size: int = 100, **headers: str) -> Span | None:
    raw = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    return span_of({b"range": told.encode("latin-1"), **raw}, size=size, tag=TAG)


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("bytes=0-0", Span(0, 1)),
        ("bytes=0-99", Span(0, 100)),
        ("bytes=10-", Span(10, 100)),
        ("bytes=10-1000", Span(10, 100)),
        ("bytes=-10", Span(90, 100)),
        ("bytes=-1000", Span(0, 100)),
        ("BYTES = 5 - 6", Span(5, 7)),
        ("", None),
        ("bytes=0-1,3-4", None),
        ("bytes=6-5", None),
        ("items=0-5", None),
        ("bytes=a-b", None),
        ("bytes=-", None),
        ("bytes=1-2x", None),
        ("bytes=" + "9" * 30 + "-", None),
        ("bytes=\xb2-", None),
    ],
)
def test_one_range_is_understood_and_the_rest_ignored(told: str, found: Span | None) -> None:
    assert span(told) == found


@pytest.mark.parametrize("told", ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=999999-"])
def test_what_lies_behind_the_end_cannot_be_given(told: str) -> None:
    with pytest.raises(UnsatisfiableError):
        span(told)


def test_a_range_of_another_version_is_ignored() -> None:
    assert span("bytes=0-5", if_range='"other"') is None
    assert span("bytes=0-5", if_range=f" {TAG} ") == Span(0, 6)
    assert span("bytes=0-5", if_range="W/" + TAG) is None
    assert span("bytes=0-5", if_range="Mon, 02 Nov 2026 10:00:00 GMT") is None


@given(start=st.integers(0, 10**6), count=st.integers(1, 10**6), size=st.integers(1, 10**6))
def test_a_range_is_what_was_asked_for_as_far_as_there_is_any(start: int, count: int, size: int) -> None:
    told = f"bytes={start}-{start + count - 1}"
    if start >= size:
        with pytest.raises(UnsatisfiableError):
            span(told, size)
        return
    found = span(told, size)
    assert found == Span(start, min(start + count, size))
    assert found.content_range(size) == f"bytes {start}-{min(start + count, size) - 1}/{size}"


@given(count=st.integers(1, 10**6), size=st.integers(1, 10**6))
def test_an_end_is_as_long_as_was_asked_for(count: int, size: int) -> None:
    assert span(f"bytes=-{count}", size) == Span(max(size - count, 0), size)


@given(st.text(alphabet="bytes=-0123456789, W/", max_size=30), st.integers(1, 200))
def test_whatever_is_asked_for_lies_in_the_file(told: str, size: int) -> None:
    try:
        found = span(told, size)
    except UnsatisfiableError:
        return
    if found is not None:
        assert 0 <= found.start < found.end <= size


@pytest.mark.parametrize(
    ("told", "known"),
    [(TAG, True), (f'"x", {TAG}', True), (f"W/{TAG}", True), ("*", True), ('"x"', False), ("", False), ("abc", False)],
)
def test_a_caller_may_have_the_file_already(told: str, *, known: bool) -> None:
    assert is_known({b"if-none-match": told.encode()}, TAG) is known
