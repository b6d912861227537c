"""What the budgets need of the database and of the world."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol

from genmux.types.budgets import Budget, BudgetState, LedgerEntry, Scope
from genmux.types.errors import StoreError
from genmux.types.ledger import Beat, Difference, Ended, Ending, HoldAsk, SliceChange, SliceState


class Closable(Protocol):
    """Something that ends."""

    async def aclose(self) -> None:
        """End it. May be called again."""
        ...


class Keeper(Protocol):
    """Writes what is booked: the bookkeeper."""

    def nudge(self) -> None:
        """Something waits."""
        ...

    def fault(self) -> StoreError | None:
        """Why nothing may be let through that costs money; None when all is well."""
        ...

    async def flush(self) -> None:
        """Write everything that waits. Raises StoreError."""
        ...


class Teller(Protocol):
    """Publishes events."""

    @property
    def heard(self) -> bool:
        """Whether anybody listens."""
        ...

    def publish(
        self,
        type_: str,
        *,
        subject: str | None = None,
        data: Mapping[str, Any] | None = None,
        tenant: str | None = None,
    ) -> None:
        """Tell everybody who listens."""
        ...


class Holds(Protocol):
    """Holds and books in the database. Raises StoreError when it fails."""

    @property
    def kind(self) -> Literal["sqlite", "postgresql"]:
        """Which database it is: on SQLite there is no other process."""
        ...

    async def hold(self, ask: HoldAsk, abandoned: Callable[[str], None]) -> None:
        """Hold. Raises BudgetRefusedError or HeldAlreadyError.

        Calls `abandoned` with the subject when it was held, or may have been, though the caller heard otherwise.
        """
        ...

    async def held(self, subject: str) -> dict[int, int]:
        """What is held for a subject, by budget."""
        ...

    async def extend(self, subject: str, lasts: float) -> bool:
        """Let a hold last so many seconds from now; False when it is not open."""
        ...

    async def extend_all(self, subjects: Sequence[str], lasts: float) -> None:
        """Let all of these that are open last so many seconds from now."""
        ...

    def flush_in(
        self, tx: Any, worker: str, endings: Sequence[Ending], changes: Sequence[SliceChange]
    ) -> tuple[list[Ended], list[SliceState]]:
        """Book what a worker did since the last time, in a transaction that does more. May be done again."""
        ...


class Workers(Protocol):
    """Knows which workers live."""

    async def enter(self, worker: str, about: str, *, lasts: float) -> None:
        """A worker begins, and lives for so many seconds."""
        ...

    async def beat(self, worker: str, *, lasts: float) -> Beat:
        """A worker lives for so many seconds more."""
        ...

    async def leave(self, worker: str) -> None:
        """A worker that has given everything back ends."""
        ...

    async def tighten(self, budget: int, *, lasts: float) -> None:
        """Ask all workers for their slices of a budget."""
        ...

    async def is_due(self) -> bool:
        """Whether there is anything to sweep."""
        ...

    async def sweep(self, *, all_but: str | None = None) -> tuple[list[str], list[Ended]]:
        """Book what dead workers had and what has expired as presumed spent; gives the workers, and what expired."""
        ...


class BudgetStore(Protocol):
    """Budgets as rows. Raises StoreError when the database fails, and NotFoundError for what is not there."""

    async def create(self, budget: Budget) -> Budget:
        """Make a budget; its id is given by the database."""
        ...

    async def own(self, origin: int, scope_id: str) -> Budget | None:
        """The budget of one of those for whom there is a budget each, made on first use; None when that is gone."""
        ...

    async def update(self, budget: Budget) -> None:
        """Change a budget's limit, alerts, name and policy."""
        ...

    async def delete(self, tenant: str, budget: int) -> None:
        """Hold nothing more in a budget."""
        ...

    async def reset(self, tenant: str, budget: int, *, by: str) -> None:
        """Strike off what a budget has spent; `by` is a new subject."""
        ...

    async def correct(
        self,
        subject: str,
        actual: int,
        *,
        tenant: str | None = None,
        booked: int | None = None,
        counted: Sequence[Budget] = (),
    ) -> Ended:
        """Make right what a subject did cost in all its budgets, or in those of one tenant."""
        ...

    async def active(self) -> tuple[int, list[Budget]]:
        """The version of the set of budgets, and those that somebody made and nobody deleted, of all tenants."""
        ...

    async def state(self, tenant: str, budget: int) -> BudgetState:
        """One budget."""
        ...

    async def states(
        self, tenant: str, *, scope: Scope | None = None, after: int = 0, limit: int = 100, deleted: bool = False
    ) -> list[BudgetState]:
        """Budgets of a tenant in the order of their ids, a page after the budget `after`."""
        ...

    async def entries(
        self, tenant: str, budget: int, *, before: int | None = None, limit: int = 100
    ) -> list[LedgerEntry]:
        """Lines of a budget, the newest first, a page before the line `before`."""
        ...

    async def lines(self, tenant: str, subject: str) -> list[LedgerEntry]:
        """All lines of one subject, the oldest first."""
        ...

    async def verify(self, tenant: str | None = None) -> list[Difference]:
        """Everything that does not add up, of one tenant or of all."""
        ...

    async def prune(self, before: datetime.datetime) -> int:
        """Replace lines older than this by sums; gives how many."""
        ...

    async def listen(self, changed: Callable[[], None]) -> Closable | None:
        """Hear when another process changed the set of budgets; None where there is no other."""
        ...


class LedgerStore(Holds, Workers, BudgetStore, Protocol):
    """All of it."""
