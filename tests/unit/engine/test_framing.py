"""Bytes into events."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.contract.http import Framing, WireEvent
from genmux.engine.framing import LineSplitter, RawSplitter, is_document, may_be_document, splitter_for
from genmux.engine.sse import SseSplitter
from genmux.types.errors import ErrorKind, ProviderError


@pytest.mark.parametrize(
    ("framing", "kind"), [(Framing.SSE, SseSplitter), (Framing.NDJSON, LineSplitter), (Framing.RAW, RawSplitter)]
)
def test_each_framing_has_its_splitter(framing: Framing, kind: type[object]) -> None:
    assert isinstance(splitter_for(framing, limit=1), kind)


@given(st.lists(st.binary(max_size=8)), st.sampled_from([b"\n", b"\r\n"]), st.booleans())
def test_lines_come_out_however_they_are_cut(lines: list[bytes], end: bytes, ended: bool) -> None:
    lines = [line.replace(b"\n", b"").replace(b"\r", b"") for line in lines]
    whole = end.join(lines) + (end if ended else b"")
    expected = [WireEvent(line) for piece in whole.split(b"\n") if (line := piece.strip())]
    by_byte, at_once = LineSplitter(1_000), LineSplitter(1_000)
    slow = [event for at in range(len(whole)) for event in by_byte.feed(whole[at : at + 1])]
    assert slow + by_byte.flush() == expected
    assert at_once.feed(whole) + at_once.flush() == expected
    assert by_byte.flush() == []


def test_a_line_over_the_limit_is_refused() -> None:
    splitter = LineSplitter(10)
    assert splitter.feed(b"0123456789") == []
    with pytest.raises(ProviderError) as caught:
        splitter.feed(b"0")
    assert caught.value.kind is ErrorKind.MALFORMED_REPLY


def test_raw_pieces_pass_as_they_are() -> None:
    splitter = RawSplitter()
    assert splitter.feed(b"ab\n\n") == [WireEvent(b"ab\n\n")]
    assert splitter.feed(b"") == []
    assert splitter.flush() == []


@pytest.mark.parametrize(
    ("body", "framing", "document"),
    [
        (b'{"error":1}', Framing.SSE, True),
        (b'\xef\xbb\xbf\r\n [{"error":1}]', Framing.SSE, True),
        (b"<html>", Framing.SSE, True),
        (b"data: {}", Framing.SSE, False),
        (b": comment", Framing.SSE, False),
        (b"\n\n", Framing.SSE, False),
        (b"", Framing.SSE, False),
        (b'{"n":1}', Framing.NDJSON, False),
        (b"<html>", Framing.NDJSON, True),
        (b"<html>", Framing.RAW, False),
    ],
)
def test_a_document_is_told_from_a_stream_by_its_beginning(body: bytes, framing: Framing, document: bool) -> None:
    assert is_document(body, framing) is document


@pytest.mark.parametrize(
    ("kind", "framing", "look"),
    [
        ("text/event-stream; charset=utf-8", Framing.SSE, False),
        ("Text/Event-Stream", Framing.SSE, False),
        ("application/json", Framing.SSE, True),
        ("", Framing.SSE, True),
        ("text/html", Framing.NDJSON, True),
        ("application/json", Framing.NDJSON, False),
        ("text/html", Framing.RAW, False),
    ],
)
def test_only_a_doubtful_type_needs_a_look(kind: str, framing: Framing, look: bool) -> None:
    assert may_be_document(kind, framing) is look
