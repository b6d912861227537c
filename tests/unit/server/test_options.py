"""What callers say in headers."""

from decimal import Decimal

import pytest

from genmux.flows.call.options import CallOptions
from genmux.server.options import HEADERS, read_options
from genmux.types.errors import InvalidRequestError
from tests.unit.server.asgi import asking

OWN = CallOptions(timeout=60.0, retries=2, budget_limit=Decimal(1), strict=False)


def test_without_such_headers_the_gateways_options_are_used_as_they_are():
    assert read_options(asking(accept="*/*"), OWN) is OWN


def test_everything_that_can_be_said_is_read():
    told = {
        "x-genmux-timeout": "1.5",
        "x-genmux-retries": "0",
        "x-genmux-budget-limit": "0.25",
        "x-genmux-clamp": "TRUE",
        "x-genmux-tags": "team=red, job=7=8",
        "x-genmux-end-user": "u-17",
    }
    assert told.keys() == HEADERS.keys()
    read = read_options(asking(**told), OWN)
    assert (read.timeout, read.retries, read.budget_limit, read.clamp) == (1.5, 0, Decimal("0.25"), True)
    assert read.tags == {"team": "red", "job": "7=8"}
    assert not read.strict
    assert read.principal.end_user == "u-17"


@pytest.mark.parametrize("given", ["2", "1000000"])
def test_nobody_raises_the_gateways_budget_or_its_patience(given: str):
    read = read_options(asking(**{"x-genmux-budget-limit": given, "x-genmux-timeout": "1000"}), OWN)
    assert read.budget_limit == Decimal(1)
    assert read.timeout == 60.0


def test_where_the_gateway_has_no_limit_the_callers_holds():
    read = read_options(asking(**{"x-genmux-budget-limit": "2", "x-genmux-timeout": "9"}), CallOptions())
    assert (read.budget_limit, read.timeout) == (Decimal(2), 9.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timeout", "inf"),
        ("timeout", "nan"),
        ("timeout", "-1"),
        ("timeout", ""),
        ("retries", "11"),
        ("retries", "1.5"),
        ("budget-limit", "NaN"),
        ("budget-limit", "-0.01"),
        ("clamp", "maybe"),
        ("tags", "no-value"),
        ("base-url", "http://evil.example"),
        ("credential", "sk-mine"),
    ],
)
def test_what_is_wrong_is_named(name: str, value: str):
    with pytest.raises(InvalidRequestError, match=f"x-genmux-{name}"):
        read_options(asking(**{f"x-genmux-{name}": value}), OWN)
