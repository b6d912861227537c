"""Who may change which budget over the native API."""

from decimal import Decimal
from typing import Any

import pytest

from genmux.app import App
from genmux.server.gateway import Gateway
from genmux.services.budgets import NewBudget
from genmux.services.settings import Settings
from genmux.types.budgets import Scope
from genmux.types.principal import Principal
from tests.unit.server.native.test_estimates import ask


class Admin:
    """The key of an organisation's admin."""

    demands = True

    def __init__(self, role: Any) -> None:
        self.principal = Principal(organisation="acme", key="k", role=role)

    def find(self, _key: bytes) -> Principal:
        return self.principal


@pytest.mark.parametrize(("role", "status"), [("admin", 403), ("root", 200)])
async def test_an_organisation_does_not_loosen_what_limits_it(sqlite_store_url: str, role: str, status: int) -> None:
    house = App(Settings(), environ={}, store=sqlite_store_url)
    await house.ready()
    gateway = Gateway(house)
    gateway.access._ring = Admin(role)  # type: ignore[assignment]  # noqa: SLF001
    budgets = house.kept().budgets
    whole, team = [
        (await budgets.create("acme", NewBudget(scope=scope, limit=Decimal(1)))).budget.id
        for scope in (Scope("organisation", "acme"), Scope("team", "t"))
    ]

    async def change(budget: int) -> int:
        path = f"/api/v1/budgets/{budget}"
        return (await ask(gateway, "PATCH", path, {"limit": 9}, tenant="acme"))[0]

    async def reset(budget: int) -> int:
        return (await ask(gateway, "POST", f"/api/v1/budgets/{budget}/reset", tenant="acme"))[0]

    assert [await change(whole), await reset(whole)] == [status, status]
    assert [await change(team), await reset(team)] == [200, 200]
    assert (await budgets.get("acme", whole)).budget.limit == (1_000_000 if status == 403 else 9_000_000)
    await house.aclose()
