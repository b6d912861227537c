"""What a session, or all sessions of a client secret, may cost beside what its key may."""

from decimal import Decimal

from genmux.types.errors import BudgetExceededError
from genmux.types.money import Cost


class Purse:
    """Holds so many US dollars; None for as much as the key has."""

    __slots__ = ("limit", "spent")

    def __init__(self, limit: Decimal | None = None) -> None:
        self.limit = limit
        self.spent = Decimal(0)

    @property
    def left(self) -> Decimal | None:
        """What is left."""
        return None if self.limit is None else max(Decimal(0), self.limit - self.spent)

    def spend(self, cost: Cost | None) -> None:
        """A turn has cost this."""
        if cost is not None:
            self.spent += cost.amount

    def check(self) -> None:
        """Raise BudgetExceededError when nothing is left."""
        if self.limit is not None and self.spent >= self.limit:
            message = f"the budget of this session is spent: {self.spent:f} of {self.limit:f} US dollars"
            raise BudgetExceededError(message)
