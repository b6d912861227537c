"""What programs with a store of their own do about money: set limits, and look at what was spent."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from genmux.app import App
from genmux.client.requests import amount_of
from genmux.services.budgets import BudgetChange, NewBudget
from genmux.services.usage import Asked, UsageReport
from genmux.types.budgets import BudgetState, Period, Scope
from genmux.types.principal import DEFAULT_TENANT


async def set_budget(
    app: App, limit: Decimal | float | str, *, scope: Scope | None = None, period: Period = "month", **more: Any
) -> BudgetState:
    """Make the budget of a scope and a period, or give it another limit. Raises ConfigurationError without a store."""
    await app.ready()
    budgets = app.kept().budgets
    wanted = scope or Scope("organisation", DEFAULT_TENANT)
    amount = amount_of(limit, "limit")
    page = await budgets.list(DEFAULT_TENANT, scope=wanted, limit=1_000)
    for state in page:
        if state.budget.period == period and state.budget.seconds == more.get("seconds"):
            return await budgets.update(DEFAULT_TENANT, state.budget.id, BudgetChange(limit=amount))
    return await budgets.create(DEFAULT_TENANT, NewBudget(scope=wanted, limit=amount, period=period, **more))


async def budgets(app: App) -> list[BudgetState]:
    """All budgets and how they stand, after everything that waits is booked. Raises ConfigurationError without a store."""
    await app.ready()
    kept = app.kept()
    await kept.bookkeeper.flush()
    return await kept.budgets.list(DEFAULT_TENANT, limit=1_000)


async def usage(app: App, *, by: Sequence[str] = (), since: str | None = None, until: str | None = None) -> UsageReport:
    """What was used and what it cost, by `model`, `day` and so on. Raises ConfigurationError without a store."""
    await app.ready()
    kept = app.kept()
    await kept.bookkeeper.flush()
    return await kept.reports.report(Asked(since=since, until=until, group_by=tuple(by)))
