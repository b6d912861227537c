"""A parameter explains what is wrong with a value, and knows the nearest right one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.contract.params import Param, ParamType
from genmux.types.content import Text


@pytest.mark.parametrize(
    ("param", "value"),
    [
        (Param(type="string"), "x"),
        (Param(type="string", choices=("a", "b")), "b"),
        (Param(type="string", min=1, max=3), "abc"),
        (Param(type="integer", min=0, max=10), 10),
        (Param(type="number", min=0, max=2), 1),
        (Param(type="number"), 0.5),
        (Param(type="boolean"), False),
        (Param(type="array", max=2), ("a", "b")),
        (Param(type="array", max=2), ["a"]),
        (Param(type="object"), {"a": 1}),
        (Param(type="object"), Text("a")),
    ],
)
def test_a_right_value_has_no_fault(param: Param, value: Any) -> None:
    assert param.fault("x", value) is None


@pytest.mark.parametrize(
    ("param", "value", "fault"),
    [
        (Param(type="integer"), "7", "`x` is '7'; it must be of type integer"),
        (Param(type="integer"), 1.5, "`x` is 1.5; it must be of type integer"),
        (Param(type="integer"), True, "`x` is True; it must be of type integer"),
        (Param(type="number"), False, "`x` is False; it must be of type number"),
        (Param(type="boolean"), 1, "`x` is 1; it must be of type boolean"),
        (Param(type="string"), None, "`x` is None; it must be of type string"),
        (Param(type="string", choices=("a", "b")), "c", "`x` is 'c'; it must be one of 'a', 'b'"),
        (Param(type="number", min=0, max=2), 2.5, "`x` is 2.5; the range is 0 to 2"),
        (Param(type="number", min=0.5), 0.25, "`x` is 0.25; the range is 0.5 to no upper limit"),
        (Param(type="integer", max=8), 9, "`x` is 9; the range is no lower limit to 8"),
        (Param(type="array", max=1), ["a", "b"], "`x` has length 2; the range is no lower limit to 1"),
        (Param(type="string", min=2), "a", "`x` has length 1; the range is 2 to no upper limit"),
        (Param(type="number", supported=False), 1, "`x` is not accepted by this model; leave it out"),
    ],
)
def test_a_fault_names_the_parameter_the_value_and_the_way_out(param: Param, value: Any, fault: str) -> None:
    assert param.fault("x", value) == fault


@given(
    value=st.floats(-100, 100) | st.integers(-100, 100),
    low=st.none() | st.integers(-10, 0),
    high=st.none() | st.integers(0, 10),
)
@pytest.mark.parametrize("kind", ["number", "integer"])
def test_a_clamped_value_is_in_the_range(kind: ParamType, value: float, low: int | None, high: int | None) -> None:
    param = Param(type=kind, min=low, max=high)

    clamped = param.clamp(value)
    assert param.fault("x", clamped) is None
    if kind == "number" and param.fault("x", value) is None:
        assert clamped == value


def test_a_clamped_integer_stays_an_integer() -> None:
    assert isinstance(Param(type="integer", max=4).clamp(9), int)
