"""Which period of a budget it is, remembered as long as it lasts."""

from genmux.types.budgets import Budget, Period
from genmux.types.periods import Window, window_of

MOST = 4_096
"""So many periods are remembered."""


class Windows:
    """The periods of budgets at a moment. Safe to share between threads."""

    def __init__(self) -> None:
        self._known: dict[tuple[Period, int | None, str], Window] = {}

    def at(self, budget: Budget, moment: int) -> Window:
        """The period of a budget around a moment."""
        return self.of(budget.period, moment, seconds=budget.seconds, time_zone=budget.time_zone)

    def of(self, period: Period, moment: int, *, seconds: int | None, time_zone: str) -> Window:
        """A period around a moment."""
        key = (period, seconds, time_zone)
        known = self._known.get(key)
        if known is not None and known.start <= moment and (known.end is None or moment < known.end):
            return known
        found = window_of(period, moment, seconds=seconds, time_zone=time_zone)
        if len(self._known) >= MOST:
            self._known = {}
        self._known[key] = found
        return found
