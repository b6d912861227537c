"""Everything that the flow of a job works with, and one job in hand."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from genmux.contract.jobs import PartialOutput
from genmux.contract.model import Model
from genmux.engine.engine import Engine
from genmux.flows.call.hosts import LocalHosts
from genmux.flows.call.ports import Lease
from genmux.flows.call.target import Target, Targets
from genmux.flows.job.ports import Files, Outbox
from genmux.store.jobs.store import JobTables
from genmux.types.accounts import Account, Credential
from genmux.types.budgets import Budget
from genmux.types.generation import GenerationRequest
from genmux.types.job_settings import JobSettings
from genmux.types.jobs import JobState
from genmux.types.jobs_stored import JobRow
from genmux.types.ledger import BudgetRefusedError, Ended, Ending, HoldAsk
from genmux.types.money import Condition, Cost, Estimate
from genmux.types.principal import Principal
from genmux.types.usage import Usage
from genmux.types.usage_record import UsageRecord

NONE: frozenset[str] = frozenset()


class Estimator(Protocol):
    """Says what a generation may cost."""

    def generation(
        self, request: GenerationRequest, model: Model, *, rates: Mapping[str, Decimal] | None = None
    ) -> Estimate:
        """An estimate; `rates` are what a credit of each type costs the account."""
        ...


class Pricer(Protocol):
    """Knows prices."""

    def cost(
        self,
        model: Model,
        usage: Usage,
        *,
        context: Mapping[str, Condition] | None = None,
        rates: Mapping[str, Decimal] | None = None,
    ) -> Cost | None:
        """What this usage cost under these conditions, None when the price is unknown."""
        ...


class Purse(Protocol):
    """Keeps hard budgets: what the ledger's service does."""

    def budgets_for(
        self, principal: Principal, account: str | None = None, *, account_tenant: str | None = None
    ) -> tuple[Budget, ...]:
        """The budgets that a job of somebody counts against."""
        ...

    async def made(self, budgets: tuple[Budget, ...]) -> tuple[Budget, ...]:
        """The same with everyone's own budgets made."""
        ...

    async def insist(self, attempt: Callable[[], Awaitable[Any]], refused: BudgetRefusedError) -> Any:
        """Make an attempt to hold again, after what is leased was called back."""
        ...

    def booked(self, ended: list[Ended]) -> None:
        """Holds ended in a transaction that did more."""
        ...


class Books(Protocol):
    """Holds and settles in a transaction that does more: what the ledger's tables do."""

    def hold_in(self, tx: Any, ask: HoldAsk) -> None:
        """Hold. Raises BudgetRefusedError."""
        ...

    def end_in(self, tx: Any, endings: list[Ending]) -> list[Ended]:
        """End holds."""
        ...


class Standings(Protocol):
    """The accounts at the providers."""

    def choose(
        self,
        provider: str,
        *,
        principal: Principal,
        needs: Mapping[str, Decimal] | None = None,
        excluded: frozenset[str] = NONE,
    ) -> Lease:
        """One for a job. Raises ProviderError that says why none can be used."""
        ...

    def standing(self, account_id: str) -> "Standing | None":
        """One by its id."""
        ...

    def accounts(self, provider: str | None = None) -> tuple[Account, ...]:
        """All of a provider."""
        ...


class Standing(Protocol):
    """An account as it stands."""

    @property
    def account(self) -> Account:
        """Which one."""
        ...

    @property
    def credential(self) -> Credential:
        """Its keys."""
        ...


WriteUsage = Callable[[Any, UsageRecord], None]
"""Writes a usage row in a transaction that does more; once, however often it is asked."""


class Bench(msgspec.Struct, kw_only=True):
    """Everything that the flow of a job works with. `clock` counts seconds and is never put back; `random` gives 0 to 1.

    `callback` makes the address for a provider's webhooks from provider and token, None where nobody outside can reach us. `caps` says how
    many jobs one account of a provider may have at once, where the account says nothing. `told` hears of jobs that went on,
    `show` sees their unfinished pictures.
    """

    rows: JobTables
    books: Books
    purse: Purse
    files: Files
    outbox: Outbox
    write_usage: WriteUsage
    targets: Targets
    engine: Engine
    hosts: LocalHosts
    accounts: Standings
    pricer: Pricer
    estimator: Estimator
    settings: JobSettings
    clock: Callable[[], float]
    random: Callable[[], float]
    new_id: Callable[[], str]
    new_secret: Callable[[], str]
    callback: Callable[[str, str], str | None]
    caps: Callable[[str], int | None]
    told: Callable[[str], None]
    show: Callable[[str, PartialOutput], None]

    def provider_caps(self) -> dict[str, int]:
        """How many jobs may be under way at a provider with all accounts together, where that is limited."""
        caps = {name: one.max_concurrency for name, one in self.settings.providers.items()}
        return {name: cap for name, cap in caps.items() if cap is not None}


class Kept:
    """An account of which a job under way has a slot already, in place of a lease that was made in another process."""

    counted = False

    def __init__(self, account: Account, credential: Mapping[str, str]) -> None:
        self.account = account
        self.credential = credential

    def done(self, _outcome: BaseException | None, _credits_used: Mapping[str, Decimal] | None = None) -> None:
        """There is nothing to give back."""


class Hand:
    """One job in the hands of this worker: its row as it was written last, its account, and what it is to be woken by.

    `first_sent` and `last_sent` are when an intent was written down in these hands, in the seconds of `Bench.clock`.
    """

    __slots__ = ("_future", "cancel_at", "first_sent", "hint", "last_sent", "lease", "row", "rung", "target")

    def __init__(self, row: JobRow, lease: Lease | None = None) -> None:
        self.row = row
        self.lease = lease
        self.target: Target | None = None
        self.cancel_at = row.cancel_at
        self.hint: JobState | None = row.hint
        self.first_sent: float | None = None
        self.last_sent: float | None = None
        self.rung = False
        self._future: asyncio.Future[None] | None = None

    def ring(self) -> None:
        """Something happened: whoever waits goes on at once."""
        self.rung = True
        if self._future is not None and not self._future.done():
            self._future.set_result(None)

    def is_cancelled(self, moment: int) -> bool:
        """Whether it is to be cancelled by now."""
        return self.cancel_at is not None and self.cancel_at <= moment

    async def wait(self, seconds: float) -> None:
        """Wait so many seconds, or until it rings."""
        if self.rung:
            self.rung = False
            return
        loop = asyncio.get_running_loop()
        future = self._future = loop.create_future()
        timer = loop.call_later(seconds, _over, future)
        try:
            await future
        finally:
            timer.cancel()
            self._future = None
            self.rung = False


def _over(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


class LostError(Exception):
    """The job is somebody else's: stop at once, and touch nothing."""
