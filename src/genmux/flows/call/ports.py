"""What the flow of a call needs of the services: each is optional but prices, and absent where nothing is kept."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Literal, Protocol

from genmux.contract.model import Model
from genmux.types.accounts import Account
from genmux.types.budgets import Budget
from genmux.types.calls import CallRequest
from genmux.types.chat import ChatRequest
from genmux.types.errors import ProviderError
from genmux.types.money import Cost, Estimate, TokenCount
from genmux.types.principal import Principal
from genmux.types.usage import Usage
from genmux.types.usage_record import UsageRecord

Clock = Callable[[], float]
"""Seconds that never go backwards."""


class Estimates(Protocol):
    """Says what a request may cost."""

    def call(self, request: CallRequest, model: Model) -> Estimate:
        """An estimate for whatever can be called."""
        ...

    def most(self, request: CallRequest, model: Model) -> int | None:
        """The most it can cost, in micro-units; None when that cannot be told. Quick."""
        ...

    def explain(self, request: CallRequest, model: Model) -> tuple[str, ...]:
        """What is not known of the cost of a request."""
        ...


class Counter(Protocol):
    """Counts tokens on this machine."""

    def count(self, request: ChatRequest, model: Model) -> TokenCount:
        """The input tokens of a request."""
        ...


class Pricer(Protocol):
    """Knows prices."""

    def is_ready(self, model: Model) -> bool:
        """Whether a model's price can be told at once."""
        ...

    def prepare(self) -> None:
        """Have all prices ready, which may take a second."""
        ...

    def cost(
        self,
        model: Model,
        usage: Usage,
        *,
        service_tier: str | None = None,
        rates: Mapping[str, Decimal] | None = None,
    ) -> Cost | None:
        """What this usage cost, None when the price is unknown. `rates` are what the account pays for a credit."""
        ...


class Sums(Protocol):
    """Adds up what was used since the start."""

    def add(self, provider: str, model: str, usage: Usage, cost: Cost | None) -> None:
        """Book one answered call."""
        ...

    def fail(self, provider: str, model: str, usage: Usage, cost: Cost | None) -> None:
        """Book one failed call, and what it used all the same."""
        ...


class Teller(Protocol):
    """Publishes events."""

    @property
    def heard(self) -> bool:
        """Whether anybody listens."""
        ...

    def publish(  # noqa: PLR0913 — one field of the event each
        self,
        type_: str,
        *,
        subject: str | None = None,
        provider: str | None = None,
        model: str | None = None,
        data: Mapping[str, Any] | None = None,
        tenant: str | None = None,
        key: str | None = None,
    ) -> None:
        """Tell everybody who listens."""
        ...


class Held(Protocol):
    """Money that is held for one request, in whole micro-units. Whatever ends it is written later, and counts once."""

    @property
    def subject(self) -> str:
        """Under which name it stands in the ledger."""
        ...

    @property
    def amount(self) -> int:
        """How much."""
        ...

    @property
    def budgets(self) -> tuple[Budget, ...]:
        """Of which budgets."""
        ...

    def settle(self, amount: int) -> None:
        """It did cost so much."""
        ...

    def release(self) -> None:
        """It cost nothing."""
        ...

    def presume(self) -> None:
        """Nobody knows what it cost: it counts as spent until somebody does."""
        ...

    async def top_up(self, amount: int) -> None:
        """Hold so much in all. Raises BudgetExceededError, and keeps what was held."""
        ...


class Ledger(Protocol):
    """Keeps hard budgets."""

    def budgets_for(
        self, principal: Principal, account: str | None = None, *, account_tenant: str | None = None
    ) -> tuple[Budget, ...]:
        """The budgets that a request of somebody counts against; `account_tenant` is whose the account is."""
        ...

    def try_hold(self, subject: str, budgets: tuple[Budget, ...], amount: int) -> Held | None:
        """Hold at once, out of what this process has leased; None when that is not enough."""
        ...

    async def hold(self, subject: str, budgets: tuple[Budget, ...], amount: int, *, lasts: float = 900.0) -> Held:
        """Hold in the database. Raises BudgetExceededError."""
        ...

    async def hold_all(self, subject: str, budgets: tuple[Budget, ...], *, lasts: float = 900.0) -> Held:
        """Hold everything that is left of the budgets. Raises BudgetExceededError when that is nothing."""
        ...


class Entry(Protocol):
    """A place under the rate limits that a request has."""

    def leave(self, used: int | None, /) -> None:
        """It ended, and used so many tokens; None when that is not known. May be called again."""
        ...


class Limits(Protocol):
    """Keeps rate limits."""

    def applies(self, principal: Principal) -> bool:
        """Whether anything is limited for somebody."""
        ...

    async def enter(self, principal: Principal, *, tokens: int) -> Entry | None:
        """Take a place. Raises RateLimitError."""
        ...


class Lease(Protocol):
    """An account that a request uses. `counted` says that there was something to choose or to count: another may do better."""

    counted: bool

    @property
    def account(self) -> Account:
        """Which one."""
        ...

    @property
    def credential(self) -> Mapping[str, str]:
        """Its keys."""
        ...

    def done(self, outcome: BaseException | None, credits_used: Mapping[str, Decimal] | None = None, /) -> None:
        """It was used, with this failure if any. May be called again."""
        ...


class Accounts(Protocol):
    """Chooses among the accounts at a provider."""

    def several(self, provider: str) -> bool:
        """Whether there is anything to choose: accounts beside the one that nobody named."""
        ...

    async def reserve(self, provider: str, *, principal: Principal, excluded: frozenset[str]) -> Lease:
        """Choose one and keep a place for it. Raises ProviderError that says why none can be used."""
        ...


class Records(Protocol):
    """Keeps one row a request."""

    def record(self, row: UsageRecord) -> None:
        """Keep it; it is written later."""
        ...


class Contents(Protocol):
    """Keeps what was said, where that is wanted."""

    def keep(self, record_id: str, request_json: bytes, answer_json: bytes, *, principal: Principal) -> None:
        """Keep what was asked and answered in one request; it is written later."""
        ...


class Standing(Protocol):
    """Remembers how models have been doing."""

    def begin(self, model: str) -> Literal["free", "trial", "rest"]:
        """A model is about to be asked. A `trial`, the one request that tries whether it is back, ends with one of the next three."""
        ...

    def answered(self, model: str, seconds: float) -> None:
        """A model began to answer after so many seconds."""
        ...

    def failed(self, model: str, error: ProviderError, *, failures: int, rest: float) -> None:
        """A model failed."""
        ...

    def outpaced(self, model: str, seconds: float) -> None:
        """A model had not begun to answer after so many seconds, when another one had."""
        ...

    def over(self, model: str) -> None:
        """A trial ended without telling anything about the model."""
        ...

    def rest(self, model: str) -> float:
        """How many seconds a model still rests."""
        ...

    def latency(self, model: str) -> float | None:
        """The mean of seconds until a model began to answer; None when it is to be measured."""
        ...
