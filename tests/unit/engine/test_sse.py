"""Events come out the same however the network has cut the bytes."""

import itertools
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from genmux.contract.http import WireEvent
from genmux.engine.sse import SseSplitter
from genmux.types.errors import ErrorKind, ProviderError, Retry


def split(splitter: SseSplitter, *chunks: bytes) -> list[WireEvent]:
    events = [event for chunk in chunks for event in splitter.feed(chunk)]
    return [*events, *splitter.flush()]


def sse(*chunks: bytes) -> list[WireEvent]:
    return split(SseSplitter(), *chunks)


def reference(stream: bytes) -> list[WireEvent]:
    """The standard read word by word: all bytes at hand, one line after the other."""
    events: list[WireEvent] = []
    data: list[bytes] = []
    name = b""
    for line in [*re.split(rb"\r\n|\r|\n", stream.removeprefix(b"\xef\xbb\xbf")), b""]:
        if line == b"":
            if data:
                events.append(WireEvent(b"\n".join(data), name.decode("utf-8", "replace") or None))
            data, name = [], b""
        elif not line.startswith(b":"):
            field, _, text = line.partition(b":")
            text = text.removeprefix(b" ")
            if field == b"data":
                data.append(text)
            if field == b"event":
                name = text
    return events


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(stream) + 1) for place in places), len(stream)]
    return [stream[start:end] for start, end in itertools.pairwise(edges)]


LINES = st.sampled_from(
    [
        b"data: {}",
        b"data: two words",
        b"data:close",
        b"data:  two spaces",
        b"data",
        b"data:",
        b"data :not a field",
        b"data: caf\xc3\xa9 \xff",
        b"event: delta",
        b"event:",
        b"event: caf\xc3",
        b"id: 7",
        b"retry: 10",
        b": comment",
        b":",
        b"other",
        b"\xef\xbb\xbfdata: x",
        b"",
        b"",
    ]
)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
ENDED_LINES = st.lists(st.tuples(LINES, ENDS).map(b"".join), max_size=12).map(b"".join)
SAME_ENDS = st.tuples(st.lists(LINES, max_size=12), ENDS).map(lambda pair: pair[1].join(pair[0]))
STREAMS = st.tuples(
    st.sampled_from([b"", b"", b"\xef\xbb\xbf", b"\xef\xbb"]),
    ENDED_LINES | SAME_ENDS | st.binary(max_size=20),
    st.sampled_from([b"", b"\n\n", b"data: last"]),
).map(b"".join)


@given(stream=STREAMS, places=st.lists(st.integers(0, 400), max_size=8))
@example(stream=b"data: a\r\n\r\ndata: b\r\n\r\n", places=[8, 10, 11])
@example(stream=b"\xef\xbb\xbfdata: a\n\n", places=[1, 2])
@example(stream=b"data: a\r\r\ndata: b\n\n", places=[9])
def test_any_cut_gives_the_events_of_the_plain_reading(stream: bytes, places: list[int]) -> None:
    assert sse(*cut(stream, places)) == reference(stream)


@given(stream=STREAMS)
def test_single_bytes_give_the_same_events_as_the_whole(stream: bytes) -> None:
    assert sse(*(bytes([byte]) for byte in stream)) == sse(stream)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_line_end_closes_lines_and_events(end: bytes) -> None:
    stream = end.join([b"event: note", b"data: 1", b"data: 2", b"", b"data: 3", b"", b""])

    assert sse(stream) == [WireEvent(b"1\n2", "note"), WireEvent(b"3")]


def test_events_are_given_as_soon_as_their_blank_line_is_there() -> None:
    splitter = SseSplitter()

    assert splitter.feed(b"data: a\n") == []
    assert splitter.feed(b"\ndata: b") == [WireEvent(b"a")]
    assert splitter.feed(b"\r\n\r") == [WireEvent(b"b")]
    assert splitter.feed(b"\ndata: c\n\n") == [WireEvent(b"c")]
    assert splitter.flush() == []


def test_comments_and_other_fields_are_skipped() -> None:
    stream = b": OPENROUTER PROCESSING\n\n:\n\nid: 1\nretry: 5\ndata: x\n: between\nevent: e\nunknown\n\n"

    assert sse(stream) == [WireEvent(b"x", "e")]


def test_an_event_without_data_is_none_and_its_name_is_forgotten() -> None:
    assert sse(b"event: ping\n\ndata: x\n\n") == [WireEvent(b"x")]


def test_an_empty_data_line_is_data() -> None:
    assert sse(b"data\n\ndata\ndata\n\n") == [WireEvent(b""), WireEvent(b"\n")]


def test_one_space_after_the_colon_is_no_data() -> None:
    assert sse(b"data:x\n\ndata: x\n\ndata:  x\n\n") == [WireEvent(b"x"), WireEvent(b"x"), WireEvent(b" x")]


def test_the_last_event_needs_no_blank_line() -> None:
    assert sse(b"data: a\n\ndata: b") == [WireEvent(b"a"), WireEvent(b"b")]
    assert sse(b"event: x\ndata: b\n") == [WireEvent(b"b", "x")]


def test_flushing_twice_gives_the_last_event_once() -> None:
    splitter = SseSplitter()
    splitter.feed(b"data: b")

    assert splitter.flush() == [WireEvent(b"b")]
    assert splitter.flush() == []


def test_broken_utf8_stays_as_it_is_in_data() -> None:
    assert sse(b"event: \xff\ndata: \xff\xfe\n\n") == [WireEvent(b"\xff\xfe", "\N{REPLACEMENT CHARACTER}")]


def test_a_byte_order_mark_is_skipped_only_at_the_start() -> None:
    assert sse(b"\xef", b"\xbb", b"\xbfdata: x\n\n") == [WireEvent(b"x")]
    assert sse(b"data: a\n\n\xef\xbb\xbfdata: x\n\n") == [WireEvent(b"a")]
    assert sse(b"\xef\xbb") == []


def test_an_empty_chunk_changes_nothing() -> None:
    assert sse(b"", b"data: a\r", b"", b"\n\r\n", b"") == [WireEvent(b"a")]


@pytest.mark.parametrize(
    "chunks",
    [
        [b"data: " + b"x" * 100],
        [b"data: ", b"x" * 50, b"x" * 50],
        [b"data: a\n\ndata: " + b"x" * 100 + b"\n\n"],
        [b"data: a\n", b"\ndata: " + b"x" * 100],
        [b": comment\n" * 20],
    ],
)
def test_an_event_beyond_the_limit_is_a_malformed_reply(chunks: list[bytes]) -> None:
    with pytest.raises(ProviderError, match="event of the stream is larger than 64 bytes") as caught:
        split(SseSplitter(limit=64), *chunks)

    assert caught.value.kind is ErrorKind.MALFORMED_REPLY
    assert caught.value.retry is Retry.NEVER


def test_many_events_may_be_larger_than_the_limit_together() -> None:
    assert len(sse(b"data: x\n\n" * 100)) == 100
    assert len(split(SseSplitter(limit=64), b"data: x\n\n" * 100)) == 100
    assert len(split(SseSplitter(limit=64), b"data: x\n\n" * 100 + b"data: y")) == 101
