"""A program with a store of its own limits what it spends, and looks at it."""

from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest

from genmux.client.client import Client
from genmux.types.budgets import Scope
from genmux.types.errors import BudgetExceededError, ConfigurationError, InvalidRequestError


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with Client(store=tmp_path / "spending.db") as made:
        yield made


def ask(client: Client) -> Decimal:
    cost = client.chat("How much is the fish?", model="mock/priced", max_tokens=100).cost
    assert cost is not None
    return cost.amount


def test_a_limit_holds_over_many_calls_and_can_be_raised(client: Client) -> None:
    made = client.set_budget("0.0013", period="day")
    paid = ask(client)
    with suppress(BudgetExceededError):
        while paid < 1:
            paid += ask(client)

    assert paid < Decimal("0.0013")
    [state] = client.budgets()
    assert state.budget.id == made.budget.id
    assert Decimal(state.spent) / 1_000_000 == paid
    assert state.held == 0

    client.set_budget(1, period="day")
    ask(client)
    assert [one.budget.limit for one in client.budgets()] == [1_000_000]


def test_each_scope_and_period_has_a_budget_of_its_own(client: Client) -> None:
    client.set_budget(1)
    client.set_budget(1, period="day")
    client.set_budget(1, scope=Scope("tag", "project=atlas"))

    assert len(client.budgets()) == 3


def test_usage_is_told_in_groups(client: Client) -> None:
    ask(client)
    ask(client)

    [line] = client.usage(by=["model"]).data

    assert line.group == {"model": "priced"}
    assert line.requests == 2


def test_nonsense_is_no_limit(client: Client) -> None:
    with pytest.raises(InvalidRequestError, match="`limit` is"):
        client.set_budget("much")


def test_without_a_store_it_is_told_how_to_have_one() -> None:
    with Client() as client, pytest.raises(ConfigurationError, match="store"):
        client.set_budget(1)
