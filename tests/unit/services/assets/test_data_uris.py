"""Small files inside a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.services.assets.data_uris import Inline, data_uri, is_data_uri, read_data_uri
from genmux.types.errors import InvalidRequestError


@given(st.binary(), st.sampled_from(["image/png", "text/plain;charset=utf-8", "application/x"]))
def test_what_is_written_is_read(content: bytes, media_type: str) -> None:
    uri = data_uri(content, media_type)

    assert is_data_uri(uri)
    assert read_data_uri(uri) == Inline(content, media_type.partition(";")[0])


@pytest.mark.parametrize(
    ("uri", "inline"),
    [
        ("data:,hello%20you", Inline(b"hello you", None)),
        ("DATA:text/plain;charset=utf-8,a,b", Inline(b"a,b", "text/plain")),
        ("data:image/png;base64,aGk", Inline(b"hi", "image/png")),
        ("data:image/png;base64, aG\nk= ", Inline(b"hi", "image/png")),
        ("data:image/png;base64,aGk%3D", Inline(b"hi", "image/png")),
        ("data:IMAGE/PNG;name=x;BASE64,_-8", Inline(b"\xff\xef", "image/png")),
        ("data:;base64,", Inline(b"", None)),
    ],
)
def test_many_spellings_are_read(uri: str, inline: Inline) -> None:
    assert read_data_uri(uri) == inline


@pytest.mark.parametrize("uri", ["data:", "data:image/png;base64", "data:image/png;base64,§§", "data:;base64,a"])
def test_what_cannot_be_read_is_refused(uri: str) -> None:
    with pytest.raises(InvalidRequestError):
        read_data_uri(uri)


@given(st.text())
def test_whatever_comes_is_read_or_refused(text: str) -> None:
    try:
        read = read_data_uri(f"data:{text}")
    except InvalidRequestError as error:
        assert error.message  # noqa: PT017 — either of both is right
    else:
        assert read
