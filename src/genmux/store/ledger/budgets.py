"""Budgets as rows: made, changed, deleted, read."""

from typing import Any

import msgspec
from sqlalchemy import Row, insert, select, update

from genmux.store.database import Tx
from genmux.store.ledger.settling import Clock
from genmux.store.ledger.tables import budgets, ledger_entries, ledger_versions
from genmux.store.postgres.listening import notify
from genmux.types.budgets import EVERY, Budget, BudgetState, LedgerEntry, Scope
from genmux.types.errors import NotFoundError
from genmux.types.periods import from_moment

CHANNEL = "genmux_budgets"
"""Where PostgreSQL tells the others that the set of budgets changed."""

_VERSION = "budgets"
_alerts = msgspec.json.Decoder(tuple[float, ...])


def create_in(tx: Tx, budget: Budget, clock: Clock) -> Budget:
    """Make a budget; its id is given by the database."""
    made = _insert(tx, budget, clock, origin=None)
    _changed(tx)
    return made


def _insert(tx: Tx, budget: Budget, clock: Clock, *, origin: int | None) -> Budget:
    made = tx.core.execute(
        insert(budgets).values(
            tenant=budget.tenant,
            scope_kind=budget.scope.kind,
            scope_id=budget.scope.id,
            period=budget.period,
            seconds=budget.seconds,
            time_zone=budget.time_zone,
            currency=budget.currency,
            origin=origin,
            window_start=clock.windows.at(budget, clock.moment).start,
            created_at=clock.moment,
            **_changeable(budget),
        )
    )
    (number,) = made.inserted_primary_key or (0,)
    return msgspec.structs.replace(budget, id=number)


def own_in(tx: Tx, origin: int, scope_id: str, clock: Clock) -> Budget | None:
    """The budget of one of those for whom there is a budget each: made now if it is the first time.

    None when the budget for everyone is gone.
    """
    found = select(budgets).where(budgets.c.id == origin, budgets.c.deleted_at.is_(None)).with_for_update()
    row = tx.core.execute(found).first()
    if row is None:
        return None
    mine = select(budgets).where(
        budgets.c.origin == origin, budgets.c.scope_id == scope_id, budgets.c.deleted_at.is_(None)
    )
    known = tx.core.execute(mine).first()
    if known is not None:
        return budget_of(known)
    whole = budget_of(row)
    own: Budget = msgspec.structs.replace(whole, scope=Scope(whole.scope.kind, scope_id))
    return _insert(tx, own, clock, origin=origin)


def update_in(tx: Tx, budget: Budget) -> None:
    """Change the limit, the alerts, the name and what happens to unknown prices; also for those that it has made.

    Raises NotFoundError.
    """
    here = (budgets.c.tenant == budget.tenant) & budgets.c.deleted_at.is_(None)
    mine = (budgets.c.id == budget.id) | (budgets.c.origin == budget.id)
    if not tx.core.execute(update(budgets).where(here, mine).values(**_changeable(budget))).rowcount:
        raise missing(budget.id)
    _changed(tx)


def delete_in(tx: Tx, tenant: str, budget: int, clock: Clock) -> None:
    """Nothing more is held in a budget; what is held will be booked. Raises NotFoundError."""
    here = (budgets.c.tenant == tenant) & budgets.c.deleted_at.is_(None)
    mine = (budgets.c.id == budget) | (budgets.c.origin == budget)
    if not tx.core.execute(update(budgets).where(here, mine).values(deleted_at=clock.moment)).rowcount:
        raise missing(budget)
    _changed(tx)


def missing(budget: int) -> NotFoundError:
    """The error for a budget that is not there."""
    return NotFoundError(f"there is no budget {budget}; `genmux budgets list` shows those that there are")


def _changeable(budget: Budget) -> dict[str, Any]:
    return {
        "limit_micros": budget.limit,
        "unknown_price": budget.unknown_price,
        "alerts": msgspec.json.encode(budget.alerts).decode(),
        "name": budget.name,
    }


def _changed(tx: Tx) -> None:
    """Let everybody know, at the commit."""
    counted = update(ledger_versions).where(ledger_versions.c.name == _VERSION)
    if not tx.core.execute(counted.values(version=ledger_versions.c.version + 1)).rowcount:
        tx.core.execute(insert(ledger_versions).values(name=_VERSION, version=1))
    notify(tx, CHANNEL)


# ---------------------------------------------------------------- reading
def active_in(tx: Tx) -> list[Budget]:
    """All budgets of all tenants that somebody made and nobody deleted; those made on first use are not among them."""
    found = select(budgets).where(budgets.c.deleted_at.is_(None), budgets.c.origin.is_(None)).order_by(budgets.c.id)
    return [budget_of(row) for row in tx.core.execute(found)]


def state_in(tx: Tx, tenant: str, budget: int, clock: Clock) -> BudgetState:
    """One budget. Raises NotFoundError."""
    found = select(budgets).where(budgets.c.tenant == tenant, budgets.c.id == budget)
    row = tx.core.execute(found).first()
    if row is None:
        raise missing(budget)
    return _state(row, clock)


def states_in(  # noqa: PLR0913 — each narrows or turns the page
    tx: Tx,
    tenant: str,
    clock: Clock,
    *,
    scope: Scope | None = None,
    after: int = 0,
    limit: int = 100,
    deleted: bool = False,
) -> list[BudgetState]:
    """Budgets of a tenant in the order of their ids, those of `scope` only if it is given (`*` as its id for all of a kind)."""
    found = select(budgets).where(budgets.c.tenant == tenant, budgets.c.id > after).order_by(budgets.c.id).limit(limit)
    if scope is not None:
        found = found.where(budgets.c.scope_kind == scope.kind)
        if scope.id != EVERY:
            found = found.where(budgets.c.scope_id == scope.id)
    if not deleted:
        found = found.where(budgets.c.deleted_at.is_(None))
    return [_state(row, clock) for row in tx.core.execute(found)]


def entries_in(tx: Tx, tenant: str, budget: int, *, before: int | None, limit: int) -> list[LedgerEntry]:
    """Lines of a budget, the newest first; `before` is the id of the last one of the page before."""
    found = select(ledger_entries).where(ledger_entries.c.tenant == tenant, ledger_entries.c.budget_id == budget)
    if before is not None:
        found = found.where(ledger_entries.c.id < before)
    return [_entry(row) for row in tx.core.execute(found.order_by(ledger_entries.c.id.desc()).limit(limit))]


def subject_in(tx: Tx, tenant: str, subject: str) -> list[LedgerEntry]:
    """All lines of one subject, the oldest first."""
    found = select(ledger_entries).where(ledger_entries.c.tenant == tenant, ledger_entries.c.subject == subject)
    return [_entry(row) for row in tx.core.execute(found.order_by(ledger_entries.c.id))]


def budget_of(row: "Row[Any]") -> Budget:
    """A row as a budget."""
    return Budget(
        id=row.id,
        tenant=row.tenant,
        scope=Scope(row.scope_kind, row.scope_id),
        limit=row.limit_micros,
        period=row.period,
        seconds=row.seconds,
        time_zone=row.time_zone,
        currency=row.currency,
        unknown_price=row.unknown_price,
        alerts=_alerts.decode(row.alerts),
        name=row.name,
    )


def _state(row: "Row[Any]", clock: Clock) -> BudgetState:
    budget = budget_of(row)
    window = clock.windows.at(budget, clock.moment)
    over = budget.period != "sliding" and row.window_start < window.start
    since = max(row.window_start, window.start)
    if budget.period == "sliding":
        since = clock.moment - (budget.seconds or 0) * 1_000_000
    return BudgetState(
        budget=budget,
        spent=0 if over else row.spent,
        held=row.held,
        presumed=0 if over else row.presumed,
        leased=row.leased,
        since=from_moment(row.created_at if budget.period == "total" else since),
        until=None if window.end is None or budget.period == "sliding" else from_moment(window.end),
        deleted_at=None if row.deleted_at is None else from_moment(row.deleted_at),
    )


def _entry(row: "Row[Any]") -> LedgerEntry:
    return LedgerEntry(
        id=row.id,
        subject=row.subject,
        kind=row.kind,
        budget=row.budget_id,
        at=from_moment(row.at),
        turn=row.turn,
        held=row.held,
        spent=row.spent,
        presumed=row.presumed,
    )
