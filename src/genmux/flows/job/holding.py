"""How much is held for a job, in the budgets of its caller and in those of its account."""

from typing import Protocol

from genmux.contract.model import Model
from genmux.flows.call.holding import in_dollars, where_unknown
from genmux.types.budgets import Budget
from genmux.types.ledger import HoldAsk
from genmux.types.money import Estimate, micros
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

FOR_EVER = 10 * 366 * 86_400.0
"""Seconds that money is held for a job: it ends with the job, however long that takes."""

US_DOLLARS = "USD"


class Makes(Protocol):
    """Makes budgets that everyone has one of."""

    async def made(self, budgets: tuple[Budget, ...]) -> tuple[Budget, ...]:
        """The same with everyone's own budgets made."""
        ...


async def ask_for(
    purse: Makes, subject: str, budgets: tuple[Budget, ...], model: Model, estimate: Estimate | None
) -> tuple[HoldAsk | None, tuple[Warning, ...]]:
    """What is to be held in these budgets, and what is to be told of it. Raises BudgetExceededError."""
    if not budgets:
        return None, ()
    amount: int | None = None
    warnings: tuple[Warning, ...] = ()
    if estimate is not None and estimate.high is not None and estimate.currency == US_DOLLARS:
        amount = micros(estimate.high)
    else:
        unknown = () if estimate is None else estimate.unknown
        amount, warnings = where_unknown(budgets, model, unknown or ("its price in US dollars",))
    budgets, further = in_dollars(budgets, model, free=amount == 0)
    budgets = await purse.made(budgets)
    warnings = (*warnings, *further)
    if not budgets:
        return None, warnings
    amounts = tuple(amount if amount is not None or one.unknown_price == "use_limit" else 0 for one in budgets)
    return HoldAsk(subject=subject, budgets=budgets, amounts=amounts, lasts=FOR_EVER), warnings
