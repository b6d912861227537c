import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.testing.simulator.http import BODY_LIMIT, HEAD_LIMIT, BadRequestError, Head, Request, RequestParser

PLAIN = b"POST /v1/messages?beta=true HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nX-Api-Key:  k \r\n\r\nhello"
CHUNKED = (
    b"POST /v1 HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n3;name=value\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: x\r\n\r\n"
)
EMPTY = b"GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n"


def parse(*pieces: bytes) -> list[Head | Request]:
    parser = RequestParser()
    return [found for piece in pieces for found in parser.feed(piece)]


def test_a_request_has_a_head_and_a_body() -> None:
    head, request = parse(PLAIN)
    assert isinstance(head, Head)
    assert isinstance(request, Request)
    assert (head.method, head.target, head.path) == ("POST", "/v1/messages?beta=true", "/v1/messages")
    assert head.headers == {"host": "x", "content-length": "5", "x-api-key": "k"}
    assert request.head == head
    assert request.body == b"hello"


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_it_does_not_matter_where_the_bytes_are_cut(sizes: list[int]) -> None:
    stream = PLAIN + b"\r\n" + CHUNKED + EMPTY + PLAIN
    pieces: list[bytes] = []
    for size in sizes:
        pieces.append(stream[:size])
        stream = stream[size:]
    found = parse(*pieces, stream)
    assert [one.body for one in found if isinstance(one, Request)] == [b"hello", b"hello", b"", b"hello"]


def test_the_head_is_given_before_the_body_has_come() -> None:
    (head,) = parse(PLAIN[:-3])
    assert isinstance(head, Head)


@pytest.mark.parametrize(
    ("version", "connection", "keeps"),
    [("1.1", "", True), ("1.1", "Close", False), ("1.0", "", False), ("1.0", "keep-alive", True)],
)
def test_connections_are_kept_as_the_client_wishes(version: str, connection: str, *, keeps: bool) -> None:
    (head, _) = parse(f"GET / HTTP/{version}\r\nConnection: {connection}\r\n\r\n".encode())
    assert isinstance(head, Head)
    assert head.keeps_alive is keeps


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        (b"hello\r\n\r\n", 400, "it must be METHOD TARGET HTTP/1.1"),
        (b"GET / HTTP/2\r\n\r\n", 400, "request line"),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400, "is no header"),
        (b"GET / HTTP/1.1\r\nspaced : x\r\n\r\n", 400, "is no header"),
        (b"GET / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", 400, "two different values"),
        (b"GET / HTTP/1.1\r\ncontent-length: -1\r\n\r\n", 400, "it must be a number"),
        (b"GET / HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % (BODY_LIMIT + 1), 413, "larger than"),
        (b"GET / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n", 400, "must be chunked"),
        (b"GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\ncontent-length: 1\r\n\r\n", 400, "without content-length"),
        (b"GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", 400, "hexadecimal"),
        (b"GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1g\r\n", 400, "hexadecimal"),
        (b"GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab\r\n", 400, "longer than it says"),
        (b"GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nfffffffff\r\n", 413, "larger than"),
        (b"GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n" + b"1" * 2000, 400, "never ends"),
        (b"GET / HTTP/1.1\r\nx: " + b"y" * HEAD_LIMIT, 431, "longer than"),
    ],
)
def test_what_is_no_request_is_refused_with_the_right_status(data: bytes, status: int, words: str) -> None:
    with pytest.raises(BadRequestError, match=words) as caught:
        parse(data)
    assert caught.value.status == status
