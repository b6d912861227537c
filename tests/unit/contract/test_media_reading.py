"""Files are found in any result by where addresses stand."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.contract.media_reading import outputs_in, text_in
from genmux.types.assets import Output

A, B = "https://files.example/a.png", "https://files.example/b.png"

SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from([A, B])
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    "result",
    [A, [A], {"url": A}, {"image": A}, {"images": [{"url": A}]}, {"data": {"output": [{"image": {"url": A}}]}}, [A, A]],
)
def test_an_address_is_found_once_wherever_it_stands(result: Any) -> None:
    assert outputs_in(result) == (Output(url=A),)


@pytest.mark.parametrize("result", [None, 7, "a cat", {"seed": 1}, {"note": f"look at {A}"}, {"url": ""}, []])
def test_what_is_no_address_is_no_file(result: Any) -> None:
    assert outputs_in(result) == ()


def test_files_stand_in_the_order_of_the_result() -> None:
    assert [output.url for output in outputs_in({"second": B, "first": A})] == [B, A]
    assert outputs_in("data:image/png;base64,AA==") == (Output(url="data:image/png;base64,AA=="),)


def test_what_is_told_of_a_file_is_kept() -> None:
    told = {"url": A, "content_type": "image/png", "file_name": "a.png", "width": 512, "height": 256, "seed": 1}
    assert outputs_in({"images": [told]}) == (
        Output(url=A, media_type="image/png", name="a.png", metadata={"width": 512, "height": 256}),
    )
    assert outputs_in({"url": A, "content_type": None, "file_name": 7, "width": "wide"}) == (Output(url=A),)


@pytest.mark.parametrize(
    ("field", "role"),
    [("thumbnail", "poster"), ("preview_url", "preview"), ("last_frame", "last_frame"), ("video", "output")],
)
def test_the_name_of_a_field_tells_what_is_not_the_result_itself(field: str, role: str) -> None:
    assert outputs_in({field: A})[0].role == role
    assert outputs_in({field: {"url": A}})[0].role == role


def test_a_result_without_end_is_looked_at_so_far() -> None:
    deep: Any = A
    for _ in range(5_000):
        deep = [deep]
    assert outputs_in(deep) == ()


@given(JSON)
def test_nothing_breaks_it_and_no_file_is_told_twice(result: Any) -> None:
    urls = [output.url for output in outputs_in(result)]
    assert len(urls) == len(set(urls))
    assert all(str(url) in str(result) for url in urls)


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ("a cat", "a cat"),
        (["a ", "cat"], "a cat"),
        (A, None),
        ([A], None),
        ([], None),
        ("", None),
        ({"text": "x"}, None),
    ],
)
def test_a_text_or_the_pieces_of_one_are_words(result: Any, text: str | None) -> None:
    assert text_in(result) == text
