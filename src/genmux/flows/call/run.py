"""One request under way, from the moment it is let in until it is settled."""

from decimal import Decimal

from genmux.engine.permit import Permit
from genmux.flows.call.options import CallOptions
from genmux.flows.call.ports import Entry, Held, Lease
from genmux.flows.call.target import Target
from genmux.types.money import Cost
from genmux.types.routes import Step
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

NOTHING = Decimal(0)


class Run(Permit):
    """A request that was let in: who asked, where it goes at the moment, what is held for it. Made by the door alone.

    `subject` is its id in ledger, usage and events, None where nobody keeps or hears any. `started` says that it was
    admitted for a target; `holds` counts how often money was held. `begun` is when it was let in and `first` when the
    answer began, in seconds of the door's clock. `times` is how often the present leg may be billed; under a `budget_limit`,
    `most` is what it may cost in all, and `risked` what earlier legs may have cost, in US dollars. `cost` is
    what it did cost, once it is completed and that is known.
    """

    # How every run begins: said once for all of them, as setting it for each costs as much as the rest of the door.
    first: float | None = None
    route: str | None = None
    started: bool = False
    steps: tuple[Step, ...] = ()
    entry: Entry | None = None
    held: Held | None = None
    holds: int = 0
    lease: Lease | None = None
    target: Target | None = None
    warnings: tuple[Warning, ...] = ()
    cost: Cost | None = None
    times: int = 1
    most: Decimal = NOTHING
    risked: Decimal = NOTHING

    def __init__(self, operation: str, options: CallOptions, *, subject: str | None, begun: float) -> None:
        super().__init__()
        self.operation = operation
        self.options = options
        self.subject = subject
        self.begun = begun

    def succeed(self, other: "Run") -> None:
        """Go on with the request in place of its other run."""
        self.entry, self.subject, self.steps = other.entry, other.subject, other.steps
        self.holds = max(self.holds, other.holds)
        self.sendings += other.sendings

    @property
    def account(self) -> str | None:
        """The name of the account that is used, None where there is only what is configured."""
        return None if self.lease is None else self.lease.account.name

    @property
    def reached(self) -> Target:
        """Where it went; there is such a place once it was admitted."""
        assert self.target is not None  # noqa: S101 — set before anything is sent
        return self.target

    @property
    def kept_as(self) -> str | None:
        """The id of its usage row: the name under which its money stands in the ledger, so that one finds the other."""
        return self.subject if self.held is None else self.held.subject
