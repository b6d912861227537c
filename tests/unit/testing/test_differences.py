"""Differences between documents are found and named with their place."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.testing.replay.differences import FILLERS, differing, is_empty, lost, places, shown

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("recorded", "written", "found"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1.0}, []),
        ({"a": 1}, {"a": 2}, ["x.a: recorded 1, written 2"]),
        ({"a": None}, {}, ["x.a: recorded null, written nothing"]),
        ({}, {"a": [1]}, ["x.a: recorded nothing, written [1]"]),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, ["x.a[1].b: recorded 2, written 3"]),
        ([1], [1, 2], ["x: recorded [1], written [1,2]"]),
        ((1, 2), [1, 3], ["x[1]: recorded 2, written 3"]),
        (True, 1, ["x: recorded true, written 1"]),
        ({"a": {}}, {"a": []}, ["x.a: recorded {}, written []"]),
    ],
)
def test_every_difference_is_named(recorded: Any, written: Any, found: list[str]) -> None:
    assert [*differing(recorded, written, "x")] == found


@pytest.mark.parametrize(
    ("recorded", "written", "found"),
    [
        ({"a": None, "b": "", "c": [], "d": {"e": None}}, {}, []),
        ({"a": 1}, {"a": 1, "b": 2}, []),
        ({"a": 0, "b": False}, {}, ["x.a: recorded 0, written nothing", "x.b: recorded false, written nothing"]),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2, "c": 3}]}, ["x.a[0].b: recorded 1, written 2"]),
        ({"a": [1, 2]}, {"a": [1]}, ["x.a: recorded [1,2], written [1]"]),
        ({"a": {"b": 1}}, {"a": None}, ['x.a: recorded {"b":1}, written nothing']),
        ({"audio": FILLERS[0]}, {}, []),
    ],
)
def test_only_what_says_something_can_be_lost(recorded: Any, written: Any, found: list[str]) -> None:
    assert [*lost(recorded, written, "x")] == found


@given(document=DOCUMENTS)
def test_a_document_does_not_differ_from_itself(document: Any) -> None:
    assert [*differing(document, document, "x")] == []
    assert [*lost(document, document, "x")] == []


@given(document=DOCUMENTS)
def test_everything_that_says_something_is_lost_in_nothing(document: Any) -> None:
    assert bool([*lost(document, None, "x")]) is not is_empty(document)
    assert bool([*places(document)]) is not is_empty(document)


def test_places_name_values_and_not_their_number() -> None:
    assert {*places({"a": [{"b": 1}, {"b": 2, "c": ""}], "d": {"e": False}})} == {"a[].b", "d.e"}


def test_long_values_are_cut() -> None:
    assert len(shown("x" * 500)) < 100
