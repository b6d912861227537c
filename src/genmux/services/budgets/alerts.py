"""Tells when a budget comes near its limit, or passes it."""

import logging
from collections.abc import Callable, Iterable

from genmux.services.budgets.ports import Teller
from genmux.types.budgets import Budget
from genmux.types.ledger import Booked
from genmux.types.money import from_micros

_log = logging.getLogger("genmux.budgets")


class Alerts:
    """Publishes `budget.alert` when what is spent passes a share of the limit, and `budget.overrun`; the log tells it too.

    An alert is told once in a period, by the process that booked what passed it. An overrun is what did cost more than was
    held for it.
    """

    def __init__(self, teller: Teller | None, known: Callable[[int], Budget | None]) -> None:
        self._teller = teller
        self._known = known

    def booked(self, lines: Iterable[Booked]) -> None:
        """Something was booked."""
        for line in lines:
            budget = self._known(line.budget)
            if budget is None:
                continue
            for share in budget.alerts:
                if line.peak < share * line.limit <= line.total:
                    self._alert(budget, line, share)

    def _alert(self, budget: Budget, line: Booked, share: float) -> None:
        spent, limit = from_micros(line.total), from_micros(line.limit)
        _log.warning(
            "the budget %d of %r passed %.0f %% of its limit: %s of %s %s are spent",
            *(budget.id, str(budget.scope), share * 100, spent, limit, budget.currency),
        )
        if self._teller is not None:
            data = {**_told(budget), "threshold": share, "spent": line.total, "limit": line.limit}
            self._teller.publish("budget.alert", subject=line.subject, data=data, tenant=budget.tenant)

    def overran(self, subject: str, budgets: Iterable[Budget], *, held: int, spent: int) -> None:
        """Something did cost more than was held for it."""
        _log.warning("%s did cost %s, more than the %s that was held", subject, from_micros(spent), from_micros(held))
        teller = self._teller
        if teller is None:
            return
        for budget in budgets:
            data = {**_told(budget), "held": held, "spent": spent}
            teller.publish("budget.overrun", subject=subject, data=data, tenant=budget.tenant)


def _told(budget: Budget) -> dict[str, object]:
    return {
        "budget": budget.id,
        "name": budget.name,
        "tenant": budget.tenant,
        "scope": str(budget.scope),
        "period": budget.period,
        "currency": budget.currency,
    }
