"""The part of the native API that manages budgets. Amounts are in units of the budget's currency, as text."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from litestar import Request, delete, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody, PathParameter, QueryParameter

from genmux.server.callers import caller_of, require_admin, require_root, tenant_asked
from genmux.server.native.cursors import read_number
from genmux.services.audit import AuditLog
from genmux.services.budgets import BudgetChange, Budgets, NewBudget
from genmux.types.budgets import BudgetState, EntryKind, LedgerEntry, Period, Scope, ScopeKind, UnknownPrice
from genmux.types.errors import InvalidRequestError, NotFoundError, PermissionDeniedError
from genmux.types.money import MICRO, from_micros, micros
from genmux.types.principal import Principal

Faults = dict[int, ResponseSpec] | None
Get = Callable[[], Budgets]
GetLog = Callable[[], AuditLog | None]
Asked = Request[Any, Any, Any]

Tenant = Annotated[str | None, QueryParameter(description="Of which organisation; by default the caller's own")]
Id = Annotated[int, PathParameter(description="The budget's id")]
Limit = Annotated[int, QueryParameter(description="So many at most on one page, 1 to 1,000")]
Cursor = Annotated[str | None, QueryParameter(description="`next` of the page before")]

PATH = "/api/v1/budgets"


class BudgetShown(msgspec.Struct, frozen=True, kw_only=True):
    """A budget and how it stands. `note` tells when an amount was rounded up to a whole micro-unit."""

    id: int
    tenant: str
    scope: Scope
    name: str | None
    period: Period
    seconds: int | None
    time_zone: str
    currency: str
    limit: Decimal
    spent: Decimal
    held: Decimal
    left: Decimal
    presumed: Decimal
    overrun: Decimal
    leased: Decimal
    unknown_price: UnknownPrice
    alerts: tuple[float, ...]
    since: datetime.datetime | None
    until: datetime.datetime | None
    deleted_at: datetime.datetime | None = None
    note: str | None = None


class BudgetPage(msgspec.Struct, frozen=True, kw_only=True):
    """Budgets by id; `next` is the cursor of the next page."""

    data: list[BudgetShown]
    next: str | None = None


class EntryShown(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the ledger: by how much it changed what is held, spent and presumed."""

    id: int
    subject: str
    kind: EntryKind
    at: datetime.datetime
    held: Decimal
    spent: Decimal
    presumed: Decimal


class EntryPage(msgspec.Struct, frozen=True, kw_only=True):
    """Lines, the newest first; `next` is the cursor of the next page."""

    data: list[EntryShown]
    next: str | None = None


class DifferenceShown(msgspec.Struct, frozen=True, kw_only=True):
    """Something that does not add up: what the budget says, and what its lines say."""

    tenant: str
    budget: int
    what: str
    balance: Decimal
    sum: Decimal


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """All that does not add up: nothing, unless somebody changed the tables."""

    data: list[DifferenceShown]


class Correction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a request did cost after all; `subject` is its id in the usage rows and in the ledger."""

    subject: str
    amount: Decimal


class Corrected(msgspec.Struct, frozen=True, kw_only=True):
    """The lines of a request after it was corrected."""

    data: list[EntryShown]


def budget_routes(budgets: Get, faults: Faults = None, *, log: GetLog = lambda: None) -> list[HTTPRouteHandler]:
    """The handlers. `budgets` gives the service, or raises ProviderError where there is none; `log` is the audit log."""
    return [*_reading(budgets, faults), *_writing(budgets, faults, log), *_mending(budgets, faults, log)]


def _reading(budgets: Get, faults: Faults) -> list[HTTPRouteHandler]:
    how: dict[str, Any] = {"tags": ["money"], "responses": faults}

    @get(PATH, summary="All budgets", **how)
    async def several(
        request: Asked,
        tenant: Tenant = None,
        whose: Annotated[
            str | None,
            QueryParameter(name="scope", description="Only of this scope, as `kind:id`, or of this kind, as `kind:*`"),
        ] = None,
        deleted: Annotated[bool, QueryParameter(description="Those that were removed, too")] = False,
        limit: Limit = 100,
        cursor: Cursor = None,
    ) -> BudgetPage:
        """How they stand. For admins."""
        caller = require_admin(request, tenant)
        found = await budgets().list(
            tenant or caller.organisation,
            scope=_scope(whose),
            after=read_number(cursor) or 0,
            limit=limit,
            deleted=deleted,
        )
        more = str(found[-1].budget.id) if len(found) == limit else None
        return BudgetPage(data=[*map(_shown, found)], next=more)

    @get(PATH + "/{budget:int}", summary="One budget", **how)
    async def one(request: Asked, budget: Id, tenant: Tenant = None) -> BudgetShown:
        """How it stands. For admins."""
        caller = require_admin(request, tenant)
        return _shown(await budgets().get(tenant or caller.organisation, budget))

    @get(PATH + "/{budget:int}/entries", summary="What was booked on a budget", **how)
    async def entries(
        request: Asked, budget: Id, tenant: Tenant = None, limit: Limit = 100, cursor: Cursor = None
    ) -> EntryPage:
        """Line by line, the newest first. For admins."""
        caller = require_admin(request, tenant)
        tenant = tenant or caller.organisation
        await budgets().get(tenant, budget)
        found = await budgets().entries(tenant, budget, before=read_number(cursor), limit=limit)
        more = str(found[-1].id) if len(found) == limit else None
        return EntryPage(data=[*map(_line, found)], next=more)

    return [several, one, entries]


def _writing(budgets: Get, faults: Faults, log: GetLog) -> list[HTTPRouteHandler]:
    how: dict[str, Any] = {"tags": ["money"], "responses": faults}

    @post(PATH, summary="Add a budget", **how)
    async def add(request: Asked, data: JSONBody[NewBudget], tenant: Tenant = None) -> BudgetShown:
        """It limits what is spent from now on. For admins."""
        caller = require_admin(request, tenant)
        made = await budgets().create(tenant or caller.organisation, data)
        await _noted(log, caller, "create", before=None, after=made)
        return _shown(made, said=data.limit)

    @patch(PATH + "/{budget:int}", summary="Change a budget", **how)
    async def change(request: Asked, budget: Id, data: JSONBody[BudgetChange], tenant: Tenant = None) -> BudgetShown:
        """What is left out stays. For admins; one that limits a whole organisation is for root."""
        caller = require_admin(request, tenant)
        tenant = tenant or caller.organisation
        before = await budgets().get(tenant, budget)
        _check_above(caller, before)
        after = await budgets().update(tenant, budget, data)
        await _noted(log, caller, "update", before=before, after=after)
        return _shown(after, said=data.limit if isinstance(data.limit, Decimal) else None)

    @delete(PATH + "/{budget:int}", summary="Remove a budget", **how)
    async def remove(request: Asked, budget: Id, tenant: Tenant = None) -> None:
        """It limits nothing more; what is held is booked when it ends, and the lines stay. For admins and root, as a change."""
        caller = require_admin(request, tenant)
        tenant = tenant or caller.organisation
        before = await budgets().get(tenant, budget)
        _check_above(caller, before)
        await budgets().delete(tenant, budget)
        await _noted(log, caller, "delete", before=before, after=None)

    @post(PATH + "/{budget:int}/reset", summary="Strike off what was spent", status_code=200, **how)
    async def reset(request: Asked, budget: Id, tenant: Tenant = None) -> BudgetShown:
        """In this period; what is held stays. For admins and root, as a change."""
        caller = require_admin(request, tenant)
        tenant = tenant or caller.organisation
        before = await budgets().get(tenant, budget)
        _check_above(caller, before)
        after = await budgets().reset(tenant, budget)
        await _noted(log, caller, "reset", before=before, after=after)
        return _shown(after)

    return [add, change, remove, reset]


def _mending(budgets: Get, faults: Faults, log: GetLog) -> list[HTTPRouteHandler]:
    how: dict[str, Any] = {"tags": ["money"], "responses": faults, "status_code": 200}

    @post(PATH + "/verify", summary="Whether all balances are the sums of their lines", **how)
    async def verify(request: Asked, tenant: Tenant = None) -> Verified:
        """For admins; for root of all organisations."""
        caller = require_admin(request, tenant)
        found = await budgets().verify(tenant_asked(caller, tenant))
        return Verified(
            data=[
                DifferenceShown(
                    tenant=one.tenant,
                    budget=one.budget,
                    what=one.what,
                    balance=from_micros(one.balance),
                    sum=from_micros(one.sum),
                )
                for one in found
            ]
        )

    @post(PATH + "/correct", summary="Book what a request did cost after all", **how)
    async def correct(request: Asked, data: JSONBody[Correction], tenant: Tenant = None) -> Corrected:
        """In all the organisation's budgets, in place of what was booked or presumed. For root, who gets the invoices."""
        caller = require_root(request)
        tenant = tenant or caller.organisation
        before = await budgets().lines(tenant, data.subject)
        if not before:
            message = f"nothing was booked for {data.subject[:80]!r}"
            raise NotFoundError(message, status=404)
        await budgets().correct(data.subject, micros(data.amount), tenant=tenant)
        after = await budgets().lines(tenant, data.subject)
        audit = log()
        if audit is not None:
            await audit.note(
                caller,
                action="correct",
                kind="charge",
                subject=data.subject,
                tenant=tenant,
                before=before,
                after=after,
            )
        return Corrected(data=[*map(_line, after)])

    @get("/api/v1/me/budgets", summary="The budgets that limit the caller", tags=["money"], responses=faults)
    async def mine(request: Asked) -> BudgetPage:
        """What is left for whoever asks: of its key, its team and its organisation. For everybody."""
        caller = caller_of(request)
        named: list[tuple[ScopeKind, str | None]] = [
            ("organisation", caller.organisation),
            ("team", caller.team),
            ("key", caller.key),
        ]
        scopes = [Scope(kind, name) for kind, name in named if name is not None]
        found = [one for scope in scopes for one in await budgets().list(caller.organisation, scope=scope)]
        return BudgetPage(data=[*map(_shown, found)])

    return [verify, correct, mine]


def _check_above(caller: Principal, state: BudgetState) -> None:
    """Raise PermissionDeniedError where an organisation would loosen what limits it."""
    if caller.role != "root" and state.budget.scope.kind == "organisation":
        message = "this budget limits the whole organisation, which does not set its own limits; ask root, or add a tighter one"
        raise PermissionDeniedError(message, status=403)


async def _noted(
    log: GetLog, caller: Principal, action: str, *, before: BudgetState | None, after: BudgetState | None
) -> None:
    audit, one = log(), before or after
    if audit is None or one is None:
        return
    await audit.note(
        caller,
        action=action,
        kind="budget",
        subject=str(one.budget.id),
        tenant=one.budget.tenant,
        before=before and before.budget,
        after=after and after.budget,
    )


def _shown(state: BudgetState, *, said: Decimal | None = None) -> BudgetShown:
    budget = state.budget
    note = None
    if said is not None and said * MICRO != budget.limit:
        note = f"the limit {said} was rounded up to {from_micros(budget.limit)}: the ledger counts whole millionths"
    return BudgetShown(
        id=budget.id,
        tenant=budget.tenant,
        scope=budget.scope,
        name=budget.name,
        period=budget.period,
        seconds=budget.seconds,
        time_zone=budget.time_zone,
        currency=budget.currency,
        limit=from_micros(budget.limit),
        spent=from_micros(state.spent),
        held=from_micros(state.held),
        left=from_micros(state.left),
        presumed=from_micros(state.presumed),
        overrun=from_micros(state.overrun),
        leased=from_micros(state.leased),
        unknown_price=budget.unknown_price,
        alerts=budget.alerts,
        since=state.since,
        until=state.until,
        deleted_at=state.deleted_at,
        note=note,
    )


def _line(entry: LedgerEntry) -> EntryShown:
    return EntryShown(
        id=entry.id,
        subject=entry.subject,
        kind=entry.kind,
        at=entry.at,
        held=from_micros(entry.held),
        spent=from_micros(entry.spent),
        presumed=from_micros(entry.presumed),
    )


def _scope(text: str | None) -> Scope | None:
    if text is None:
        return None
    kind, _, name = text.partition(":")
    try:
        return Scope(msgspec.convert(kind, ScopeKind), name or "*")
    except msgspec.ValidationError as error:
        message = f"`scope` is {text[:80]!r}; give it as kind:id, where the kind is one of organisation, team, key, tag, end_user, account"
        raise InvalidRequestError(message, param="scope") from error
