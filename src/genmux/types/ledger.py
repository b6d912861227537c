"""What is asked of the ledger, and what it answers. All amounts are whole micro-units."""

import datetime
from typing import Literal

import msgspec

from genmux.types.budgets import Budget
from genmux.types.errors import BudgetExceededError, InvalidRequestError
from genmux.types.money import from_micros

End = Literal["settle", "release", "presume", "expire"]


class HoldAsk(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be held: `amounts` of `budgets`, which are in the order of their ids; None for all that is left.

    `lasts` is in seconds; `worker` is who will settle it, None when any process may; `turn` counts how often the hold of a
    subject is raised.
    """

    subject: str
    budgets: tuple[Budget, ...]
    amounts: tuple[int | None, ...]
    lasts: float = 900.0
    worker: str | None = None
    turn: int = 0


class HeldAlreadyError(InvalidRequestError):
    """There is or was a hold for this subject."""

    def __init__(self, subject: str) -> None:
        super().__init__(f"something was held for {subject!r} already; a subject names one request", param="subject")


class Booked(msgspec.Struct, frozen=True, kw_only=True):
    """What one line did to a budget: `spent` more than before, so that it is `total` now; `peak` was the most until then.

    `kept` is what had been held for it.
    """

    subject: str
    budget: int
    kept: int
    spent: int
    total: int
    peak: int
    limit: int


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Something that does not add up: `balance` is what the budget says, `sum` what its lines say."""

    tenant: str
    budget: int
    what: str
    balance: int
    sum: int


class BudgetRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """The state in which a budget refused to hold something. `leased` is what workers have of it in slices."""

    budget: int
    limit: int
    spent: int
    held: int
    leased: int = 0


class BudgetRefusedError(BudgetExceededError):
    """A budget has not enough left (HTTP 402, which no client repeats); `refusal` is its state at that moment."""

    def __init__(self, budget: Budget, refusal: BudgetRefusal, *, asked: int, until: datetime.datetime | None) -> None:
        left = max(0, refusal.limit - refusal.spent - refusal.held)
        name = f" {budget.name!r}" if budget.name else ""
        money = [
            f"{from_micros(amount).normalize():f} {budget.currency}"
            for amount in (asked, left, refusal.limit, refusal.spent, refusal.held)
        ]
        again = f"; the {budget.period} ends at {until.isoformat()}" if until is not None else ""
        if budget.period == "sliding":
            again = f"; what was spent is forgotten after {budget.seconds} s"
        super().__init__(
            f"the budget{name} of {budget.scope} has not enough left: {money[0]} may be needed, {money[1]} of {money[2]}"
            f" is left (spent {money[3]}, held {money[4]}){again}",
            status=402,
            code="budget_exceeded",
        )
        self.budget = budget
        self.refusal = refusal
        self.asked = asked
        self.until = until


class Ending(msgspec.Struct, frozen=True):
    """How a hold ends; `amount` is what it did cost, for a settlement."""

    subject: str
    end: End
    amount: int = 0


class Ended(msgspec.Struct, frozen=True):
    """What became of it. `booked` tells the budgets that changed; nothing was done when it had ended the same way before.

    `unknown` says that nothing was ever held for this subject, `conflict` that it had ended in another way.
    """

    ending: Ending
    booked: tuple[Booked, ...] = ()
    unknown: bool = False
    conflict: str | None = None


class SliceChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker did with its slice of a budget.

    `used` is what was spent, `presumed` the same by subject for what nobody knows, `returned` what it gives back, `wanted`
    how much it would like to have. `turn` numbers the changes of a slice.
    """

    budget: int
    turn: int
    used: int = 0
    presumed: tuple[tuple[str, int], ...] = ()
    returned: int = 0
    wanted: int = 0


class SliceState(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker has of a budget after a change; `dead` when it was taken for dead, and has nothing any more."""

    budget: int
    leased: int
    dead: bool = False
    booked: tuple[Booked, ...] = ()


class Beat(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a worker that says that it lives: whether it still counts as alive.

    `tight` are those of its budgets that run near their end, so that it is to give back its slices; `version` is that of the
    set of budgets.
    """

    alive: bool
    tight: frozenset[int] = frozenset()
    version: int = 0
