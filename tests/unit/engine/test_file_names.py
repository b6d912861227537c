"""What files are called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.engine.file_names import LONGEST, name_of, plain_name

URL = "https://cdn.test/v/clip%20one.mp4?x=1"


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("", "clip one.mp4"),
        ("inline", "clip one.mp4"),
        ('attachment; filename="a b.mp4"', "a b.mp4"),
        ("attachment; filename=a.mp4; size=3", "a.mp4"),
        ("attachment; filename=\"x.mp4\"; filename*=UTF-8''%C3%A4.mp4", "ä.mp4"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\temp\\\\a.exe"', "a.exe"),
        ('attachment; filename="."', "clip one.mp4"),
        ('attachment; filename="a\\"b.mp4"', "a b.mp4"),
    ],
)
def test_a_file_is_called_what_its_headers_say_else_its_address(disposition: str, name: str) -> None:
    assert name_of({"content-disposition": disposition}, URL) == name


def test_an_address_without_a_last_part_names_nothing() -> None:
    assert name_of({}, "https://cdn.test/") is None


def test_a_long_name_keeps_its_ending() -> None:
    assert plain_name("a" * 500 + ".webm") == "a" * (LONGEST - 5) + ".webm"


@given(st.text())
def test_no_name_leads_anywhere(text: str) -> None:
    name = plain_name(text)
    if name is not None:
        assert 0 < len(name) <= LONGEST
        assert "/" not in name
        assert "\\" not in name
        assert name not in {".", ".."}
        assert name.isprintable() or not any(ord(one) < 32 for one in name)
