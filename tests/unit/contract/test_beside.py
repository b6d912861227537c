"""What an answer did cost is told beside a dialect, and read back as it was."""

from decimal import Decimal

import pytest

from genmux.contract.beside import Spent, dollars_of, spent, with_spent
from genmux.types.money import Cost
from genmux.types.usage import Usage

USAGE = Usage(meters={"characters.input": 7, "seconds.output.audio": 0.5})


def test_cost_and_meters_go_there_and_back() -> None:
    told = spent(USAGE, Cost(amount=Decimal("0.000012")))
    assert told == {"cost": "0.000012", "meters": dict(USAGE.meters)}
    read = with_spent(None, Spent(**told))
    assert (read.meters, read.reported_cost) == (USAGE.meters, Decimal("0.000012"))


def test_what_is_not_known_or_no_dollars_is_not_told() -> None:
    assert spent(None, None) == {}
    assert spent(None, Cost(amount=Decimal(1), currency="EUR")) == {}
    assert with_spent(USAGE, Spent()) == USAGE


@pytest.mark.parametrize("told", ["1E+999999", "1E-999999", None, "", "much", "-1", "NaN", "Infinity"])
def test_what_is_no_cost_is_none(told: str | None) -> None:
    assert dollars_of(told) is None
