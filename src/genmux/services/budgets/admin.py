"""Making, changing and reading budgets, for those who may."""

import re
import zoneinfo
from decimal import Decimal

import msgspec
from msgspec import UNSET, UnsetType

from genmux.services.budgets.amounts import checked, checked_subject
from genmux.services.budgets.ledger import Ledger
from genmux.services.budgets.ports import BudgetStore
from genmux.services.ports import NewId
from genmux.types.budgets import EVERY, Budget, BudgetState, LedgerEntry, Period, Scope, UnknownPrice
from genmux.types.errors import InvalidRequestError
from genmux.types.ledger import Difference, Ended
from genmux.types.money import micros

LONGEST_NAME = 200
MOST_ALERTS = 10
HIGHEST_ALERT = 10.0
PAGE = 1_000
"""So many rows at most are given at once."""

SHORTEST, LONGEST = 60, 366 * 86_400
"""How many seconds a sliding period looks back: from a minute to a year."""

_CURRENCY = re.compile(r"[A-Z]{3}")


class NewBudget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is needed to make a budget; see `genmux.types.budgets.Budget`. `limit` is an amount of `currency`."""

    scope: Scope
    limit: Decimal
    period: Period = "month"
    seconds: int | None = None
    time_zone: str = "UTC"
    currency: str = "USD"
    unknown_price: UnknownPrice = "refuse"
    alerts: tuple[float, ...] = (0.8, 1.0)
    name: str | None = None


class BudgetChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be different about a budget; its scope, period and currency stay.

    A lower limit takes nothing back that is held: nothing more is held until it is below.
    """

    limit: Decimal | UnsetType = UNSET
    unknown_price: UnknownPrice | UnsetType = UNSET
    alerts: tuple[float, ...] | UnsetType = UNSET
    name: str | UnsetType | None = UNSET


class Budgets:
    """The budgets of organisations. Raises InvalidRequestError, NotFoundError, StoreError.

    `tenant` is the organisation whose budgets are meant; nobody finds those of another one. Changes hold in this process
    at once, in others within a second or two.
    """

    def __init__(self, store: BudgetStore, ledger: Ledger, new_id: NewId) -> None:
        self._store = store
        self._ledger = ledger
        self._new_id = new_id

    async def create(self, tenant: str, wanted: NewBudget) -> BudgetState:
        """Make a budget. It limits what is spent from now on."""
        checked_subject(tenant)
        budget = Budget(
            id=0,
            tenant=tenant,
            scope=_checked_scope(wanted.scope, tenant),
            limit=micros(wanted.limit),
            period=wanted.period,
            seconds=_checked_seconds(wanted),
            time_zone=_checked_zone(wanted.time_zone),
            currency=_checked_currency(wanted.currency),
            unknown_price=wanted.unknown_price,
            alerts=_checked_alerts(wanted.alerts),
            name=_checked_name(wanted.name),
        )
        made = await self._store.create(budget)
        await self._ledger.refresh()
        return await self._store.state(tenant, made.id)

    async def update(self, tenant: str, budget: int, change: BudgetChange) -> BudgetState:
        """Change a budget; one for everyone changes those that it has made."""
        before = (await self._store.state(tenant, budget)).budget
        after: Budget = msgspec.structs.replace(
            before,
            limit=before.limit if change.limit is UNSET else micros(change.limit),
            unknown_price=before.unknown_price if change.unknown_price is UNSET else change.unknown_price,
            alerts=before.alerts if change.alerts is UNSET else _checked_alerts(change.alerts),
            name=before.name if change.name is UNSET else _checked_name(change.name),
        )
        await self._store.update(after)
        await self._ledger.recall()
        return await self._store.state(tenant, budget)

    async def delete(self, tenant: str, budget: int) -> None:
        """Limit nothing more. What is held is booked when it ends; the lines stay."""
        await self._store.delete(tenant, budget)
        await self._ledger.recall()

    async def get(self, tenant: str, budget: int) -> BudgetState:
        """One budget."""
        return await self._store.state(tenant, budget)

    async def list(
        self, tenant: str, *, scope: Scope | None = None, after: int = 0, limit: int = 100, deleted: bool = False
    ) -> list[BudgetState]:
        """A page of budgets after the budget `after`; with `scope` those of one, or of one kind if its id is `*`."""
        return await self._store.states(tenant, scope=scope, after=after, limit=_page(limit), deleted=deleted)

    async def entries(
        self, tenant: str, budget: int, *, before: int | None = None, limit: int = 100
    ) -> "list[LedgerEntry]":  # the method above is called the same
        """A page of lines of a budget, the newest first, before the line `before`."""
        return await self._store.entries(tenant, budget, before=before, limit=_page(limit))

    async def lines(self, tenant: str, subject: str) -> "list[LedgerEntry]":
        """All lines of one request or job, the oldest first."""
        return await self._store.lines(tenant, subject)

    async def verify(self, tenant: str | None = None) -> "list[Difference]":
        """Everything that does not add up, of one organisation or of all: nothing, unless somebody changed the tables."""
        return await self._store.verify(tenant)

    async def correct(
        self,
        subject: str,
        actual: int,
        *,
        tenant: str | None = None,
        booked: int | None = None,
        counted: tuple[Budget, ...] = (),
    ) -> Ended:
        """Make right what a request did cost, in micro-units, in all its budgets, or in those of one organisation.

        Saying it again changes nothing.

        What was spent out of slices has no lines by request: `booked` is then what was booked for it, in the budgets
        `counted` (see `Ledger.budgets_for`). What was booked in a period that is over, changes nothing in this one.
        """
        checked_subject(subject)
        if booked is not None:
            checked(booked)
        made = await self._ledger.made(counted)
        return await self._store.correct(subject, checked(actual), tenant=tenant, booked=booked, counted=made)

    async def reset(self, tenant: str, budget: int) -> BudgetState:
        """Strike off what a budget has spent in this period. What it holds stays."""
        await self._store.reset(tenant, budget, by=f"reset {self._new_id()}")
        return await self._store.state(tenant, budget)


def _page(limit: int) -> int:
    if not 1 <= limit <= PAGE:
        raise InvalidRequestError(f"a page has 1 to {PAGE} rows, not {limit}", param="limit")
    return limit


def _checked_scope(scope: Scope, tenant: str) -> Scope:
    checked_subject(scope.id)
    if scope.kind == "organisation" and scope.id != tenant:
        message = f"a budget of the organisation {tenant!r} cannot limit the organisation {scope.id!r}; give {tenant!r}"
        raise InvalidRequestError(message, param="scope")
    shape = {"tag": "=", "account": "/"}.get(scope.kind)
    if shape is not None and scope.id != EVERY and not all(scope.id.partition(shape)):
        example = "name=value" if scope.kind == "tag" else "provider/name"
        raise InvalidRequestError(
            f"{scope.id!r} names no {scope.kind}; give it as {example}, or {EVERY} for each of them", param="scope"
        )
    return scope


def _checked_seconds(wanted: NewBudget) -> int | None:
    if wanted.period != "sliding":
        if wanted.seconds is not None:
            message = f"only a sliding period has `seconds`; this one is {wanted.period!r}"
            raise InvalidRequestError(message, param="seconds")
        return None
    if wanted.seconds is None or not SHORTEST <= wanted.seconds <= LONGEST:
        message = f"a sliding period looks back over {SHORTEST} to {LONGEST:,} `seconds`, not {wanted.seconds}"
        raise InvalidRequestError(message, param="seconds")
    return wanted.seconds


def _checked_zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        message = f"there is no time zone {name!r}; give one such as 'Europe/Berlin' or 'UTC'"
        raise InvalidRequestError(message, param="time_zone") from None
    return name


def _checked_currency(currency: str) -> str:
    if not _CURRENCY.fullmatch(currency):
        raise InvalidRequestError(f"{currency!r} is no currency; give one such as 'USD'", param="currency")
    return currency


def _checked_alerts(alerts: tuple[float, ...]) -> tuple[float, ...]:
    if len(alerts) > MOST_ALERTS or not all(0 < share <= HIGHEST_ALERT for share in alerts):
        message = f"alerts are up to {MOST_ALERTS} shares of the limit, each above 0 and up to {HIGHEST_ALERT:g}: not {alerts}"
        raise InvalidRequestError(message, param="alerts")
    return tuple(sorted(set(alerts)))


def _checked_name(name: str | None) -> str | None:
    if name is not None and not 0 < len(name) <= LONGEST_NAME:
        raise InvalidRequestError(f"a name has 1 to {LONGEST_NAME} characters, not {len(name)}", param="name")
    return name
