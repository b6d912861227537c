"""A ledger, limits and records that keep everything in lists, for the tests of the door."""

from genmux.app import App
from genmux.types.budgets import Budget, Scope
from genmux.types.errors import BudgetExceededError, RateLimitError
from genmux.types.principal import Principal
from genmux.types.usage_record import UsageRecord


def budget(
    limit: int = 1_000_000,
    *,
    number: int = 1,
    unknown_price: str = "refuse",
    currency: str = "USD",
    account: str | None = None,
) -> Budget:
    """A budget for everybody, or for an account."""
    return Budget(
        id=number,
        tenant="default",
        scope=Scope("organisation", "default") if account is None else Scope("account", account),
        limit=limit,
        unknown_price=unknown_price,  # type: ignore[arg-type]
        currency=currency,
    )


class FakeHeld:
    """Money that is held, and what became of it."""

    def __init__(self, ledger: "FakeLedger", subject: str, budgets: tuple[Budget, ...], amount: int) -> None:
        self.ledger = ledger
        self.subject = subject
        self.budgets = budgets
        self.amount = amount
        self.end: tuple[str, int] | None = None

    def settle(self, amount: int) -> None:
        self._end("settled", amount)

    def release(self) -> None:
        self._end("released", 0)

    def presume(self) -> None:
        self._end("presumed", self.amount)

    async def top_up(self, amount: int) -> None:
        self.ledger.take(self.budgets, amount - self.amount)
        self.amount = amount

    def _end(self, how: str, spent: int) -> None:
        if self.end is None:
            self.end = (how, spent)
            self.ledger.held -= self.amount
            self.ledger.spent += spent


class FakeLedger:
    """One sum for all budgets; `quick` holds at once."""

    def __init__(self, *budgets: Budget, quick: bool = False) -> None:
        self.budgets = budgets
        self.quick = quick
        self.held = 0
        self.spent = 0
        self.holds: list[FakeHeld] = []
        self.asked: list[tuple[Principal, str | None]] = []
        self.account_tenants: list[str | None] = []

    def budgets_for(
        self, principal: Principal, account: str | None = None, *, account_tenant: str | None = None
    ) -> tuple[Budget, ...]:
        self.asked.append((principal, account))
        self.account_tenants.append(account_tenant)
        return tuple(one for one in self.budgets if one.scope.kind != "account" or one.scope.id == account)

    def try_hold(self, subject: str, budgets: tuple[Budget, ...], amount: int) -> FakeHeld | None:
        return self._hold(subject, budgets, amount) if self.quick else None

    async def hold(self, subject: str, budgets: tuple[Budget, ...], amount: int, *, lasts: float = 900.0) -> FakeHeld:
        del lasts
        return self._hold(subject, budgets, amount)

    async def hold_all(self, subject: str, budgets: tuple[Budget, ...], *, lasts: float = 900.0) -> FakeHeld:
        left = min(one.limit for one in budgets) - self.spent - self.held
        return await self.hold(subject, budgets, left, lasts=lasts)

    def take(self, budgets: tuple[Budget, ...], amount: int) -> None:
        if any(self.spent + self.held + amount > one.limit for one in budgets):
            raise BudgetExceededError("the budget is spent", status=402)
        self.held += amount

    def _hold(self, subject: str, budgets: tuple[Budget, ...], amount: int) -> FakeHeld:
        self.take(budgets, amount)
        self.holds.append(FakeHeld(self, subject, budgets, amount))
        return self.holds[-1]

    @property
    def ends(self) -> list[tuple[str, int] | None]:
        """What became of each hold."""
        return [one.end for one in self.holds]


class FakeEntry:
    """A place under the limits."""

    def __init__(self) -> None:
        self.left: list[int | None] = []

    def leave(self, tokens: int | None) -> None:
        self.left.append(tokens)


class FakeLimits:
    """Lets so many in."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.entries: list[FakeEntry] = []
        self.tokens: list[int] = []

    def applies(self, _principal: Principal) -> bool:
        return True

    async def enter(self, _principal: Principal, *, tokens: int) -> FakeEntry:
        if len(self.entries) >= self.most:
            raise RateLimitError("too fast", retry_after=3.0)
        self.tokens.append(tokens)
        self.entries.append(FakeEntry())
        return self.entries[-1]


class Kept:
    """What is kept of the requests of an App."""

    def __init__(self, app: App, *budgets: Budget, most: int | None = None, quick: bool = False) -> None:
        self.rows: list[UsageRecord] = []
        self.ledger = FakeLedger(*budgets, quick=quick)
        self.limits = None if most is None else FakeLimits(most)
        app.keepers.ledger = self.ledger
        app.keepers.limits = self.limits
        app.keepers.records = self

    def record(self, row: UsageRecord) -> None:
        self.rows.append(row)
