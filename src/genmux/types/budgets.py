"""Hard limits on what may be spent, and the ledger that keeps them. All amounts are whole micro-units (see `genmux.types.money`)."""

import datetime
from typing import Literal

import msgspec

from genmux.types.money import MICRO, MOST

ScopeKind = Literal["organisation", "team", "key", "tag", "end_user", "account"]
Period = Literal["day", "week", "month", "total", "sliding"]
UnknownPrice = Literal["refuse", "warn", "use_limit"]
EntryKind = Literal[
    "hold", "settle", "release", "expire", "lease", "use", "return", "presume", "correct", "roll", "reset", "carry"
]
"""What a line of the ledger says.

A hold ends with `settle` (the cost is known), `release` (it cost nothing), `presume` (nobody knows what it cost) or `expire`
(nobody said). A slice begins with `lease`; `use` and `return` make it smaller, `presume` ends that of a dead worker.
`correct` makes right what was presumed or booked wrongly. `roll` takes off what belongs to a period that is over, `reset` what
somebody struck off; `carry` stands for older lines that were removed.
"""

LARGEST = MOST * MICRO
"""The largest amount that a ledger takes, in micro-units."""

EVERY = "*"
"""As the id of a scope: each one has a budget of its own, made when it first spends."""


class Scope(msgspec.Struct, frozen=True, order=True):
    """Whose spending is limited: a kind and an id. A tag's id is `name=value`, an account's `provider/name`."""

    kind: ScopeKind
    id: str

    def __str__(self) -> str:
        """As `kind:id`."""
        return f"{self.kind}:{self.id}"

    @property
    def each(self) -> bool:
        """Whether it stands for everyone, each with a budget of their own: `*`, or `name=*` for the values of a tag."""
        return self.id == EVERY or (self.kind == "tag" and self.id.endswith(f"={EVERY}"))


class Budget(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A hard limit for one scope: at most `limit` in each `period`.

    Days, weeks (from Monday) and months begin at midnight in `time_zone`; `sliding` looks back over `seconds` at any moment.
    `unknown_price` says what happens to a request whose price is not known: it is refused, let through with a warning and
    booked when its cost is known, or let through while it holds everything that is left, which is presumed spent when its
    cost stays unknown. `alerts` are shares of
    the limit (0.8) at which an event is published.
    """

    id: int
    tenant: str
    scope: Scope
    limit: int
    period: Period = "month"
    seconds: int | None = None
    time_zone: str = "UTC"
    currency: str = "USD"
    unknown_price: UnknownPrice = "refuse"
    alerts: tuple[float, ...] = (0.8, 1.0)
    name: str | None = None


class BudgetState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a budget holds now: `spent` and `held` since `since`, and when the period ends (None for never).

    `presumed` is the part of `spent` that is not known but must be assumed, as whoever spent it died; `leased` is the part
    of `held` that workers have as slices; `overrun` is how far `spent` is over the limit, because a provider billed more
    than was held. A deleted budget keeps its state until everything that it held is booked.
    """

    budget: Budget
    spent: int = 0
    held: int = 0
    presumed: int = 0
    leased: int = 0
    since: datetime.datetime | None = None
    until: datetime.datetime | None = None
    deleted_at: datetime.datetime | None = None

    @property
    def left(self) -> int:
        """What may still be held."""
        return max(0, self.budget.limit - self.spent - self.held)

    @property
    def overrun(self) -> int:
        """How far the limit was passed."""
        return max(0, self.spent - self.budget.limit)


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the ledger, never changed and never removed before its budget's period is long over.

    `subject` is what it was for (a call, a job, a slice); there is one line for each subject, kind, budget and `turn`, which
    counts what can happen several times (a slice is used, a hold is raised, a cost is corrected). The deltas of all lines
    of a budget add up to its state. `id` grows with time.
    """

    subject: str
    kind: EntryKind
    budget: int
    at: datetime.datetime
    held: int = 0
    spent: int = 0
    presumed: int = 0
    turn: int = 0
    id: int = 0
