"""Upkeep of the ledger: what has expired, what does not add up, what is struck off, what is old."""

from collections.abc import Sequence

from sqlalchemy import Table, delete, func, insert, select, update

from genmux.store.database import Tx
from genmux.store.ledger.budgets import missing
from genmux.store.ledger.postings import renew
from genmux.store.ledger.settling import Clock, end_holds, held_by, lock_budgets
from genmux.store.ledger.tables import budget_buckets, budgets, holds, ledger_entries, ledger_workers, slices
from genmux.types.ledger import Difference, Ended, Ending
from genmux.types.periods import SECOND


def expire_in(tx: Tx, clock: Clock, *, most: int = 500) -> list[Ended]:
    """Book holds that nobody ended in time as presumed spent: whether the request was sent, nobody knows."""
    old = select(holds.c.subject).where(holds.c.expires_at <= clock.moment).distinct().limit(most)
    subjects = list(tx.core.execute(old).scalars())
    lock_budgets(tx, held_by(tx, subjects))
    return end_holds(tx, [Ending(subject, "expire") for subject in subjects], clock)


def is_due_in(tx: Tx, clock: Clock) -> bool:
    """Whether a hold has expired, or a worker did not beat in time."""
    old = select(holds.c.subject).where(holds.c.expires_at <= clock.moment).limit(1)
    late = select(ledger_workers.c.worker).where(ledger_workers.c.expires_at <= clock.moment).limit(1)
    return any(tx.core.execute(found).first() is not None for found in (old, late))


def extend_in(tx: Tx, subjects: Sequence[str], clock: Clock, *, lasts: float) -> bool:
    """Let holds last so many seconds from now; False when none of them is open."""
    mine = update(holds).where(holds.c.subject.in_(subjects))
    return tx.core.execute(mine.values(expires_at=clock.moment + int(lasts * SECOND))).rowcount > 0


def held_in(tx: Tx, subject: str) -> dict[int, int]:
    """What is held for a subject, by budget."""
    found = tx.core.execute(select(holds.c.budget_id, holds.c.amount).where(holds.c.subject == subject))
    return {row[0]: row[1] for row in found}


def renew_in(tx: Tx, clock: Clock, budget_ids: Sequence[int]) -> None:
    """Begin new periods, and forget what sliding ones no longer look back to."""
    lock_budgets(tx, budget_ids)
    for number in budget_ids:
        row = tx.core.execute(select(budgets).where(budgets.c.id == number)).one()
        window = clock.windows.of(row.period, clock.moment, seconds=row.seconds, time_zone=row.time_zone)
        renew(tx, number, window, moment=clock.moment)


def reset_in(tx: Tx, tenant: str, budget: int, *, by: str, clock: Clock) -> None:
    """Strike off what a budget has spent; what it holds stays. `by` is a new subject. Raises NotFoundError."""
    lock_budgets(tx, [budget])
    row = tx.core.execute(select(budgets).where(budgets.c.id == budget, budgets.c.tenant == tenant)).first()
    if row is None:
        raise missing(budget)
    line = tx.core.execute(
        insert(ledger_entries).values(
            subject=by,
            kind="reset",
            budget_id=budget,
            turn=0,
            tenant=tenant,
            at=clock.moment,
            period_start=row.window_start,
            held=0,
            spent=-row.spent,
            presumed=-row.presumed,
        )
    )
    (number,) = line.inserted_primary_key or (0,)
    tx.core.execute(delete(budget_buckets).where(budget_buckets.c.budget_id == budget))
    tx.core.execute(
        update(budgets).where(budgets.c.id == budget).values(spent=0, presumed=0, peak=0, since_entry=number)
    )


def verify_in(tx: Tx, tenant: str | None) -> list[Difference]:
    """Everything that does not add up, of one tenant or of all: nothing, unless somebody changed the tables."""
    lines = _sums(tx, tenant, ledger_entries, "held", "spent", "presumed")
    opened = _sums(tx, tenant, holds, "amount")
    leased = _sums(tx, tenant, slices, "leased")
    steps = _sums(tx, tenant, budget_buckets, "spent", "presumed")
    found = select(budgets).order_by(budgets.c.id)
    rows = tx.core.execute(found if tenant is None else found.where(budgets.c.tenant == tenant)).all()
    wrong: list[Difference] = []
    for row in rows:
        held, spent, presumed = lines.get(row.id, (0, 0, 0))
        (in_holds,), (in_slices,) = opened.get(row.id, (0,)), leased.get(row.id, (0,))
        facts = [
            ("held, by the lines", row.held, held),
            ("spent, by the lines", row.spent, spent),
            ("presumed, by the lines", row.presumed, presumed),
            ("held, by open holds and slices", row.held, in_holds + in_slices),
            ("leased, by slices", row.leased, in_slices),
        ]
        if row.period == "sliding":
            step_spent, step_presumed = steps.get(row.id, (0, 0))
            facts += [
                ("spent, by steps", row.spent, step_spent),
                ("presumed, by steps", row.presumed, step_presumed),
            ]
        wrong += [
            Difference(tenant=row.tenant, budget=row.id, what=what, balance=balance, sum=total)
            for what, balance, total in facts
            if balance != total
        ]
    return wrong


def _sums(tx: Tx, tenant: str | None, table: Table, *columns: str) -> dict[int, tuple[int, ...]]:
    sums = [func.sum(table.c[name]) for name in columns]
    found = select(table.c.budget_id, *sums).group_by(table.c.budget_id)
    if tenant is not None:
        found = found.where(table.c.tenant == tenant)
    return {row[0]: tuple(int(value) for value in row[1:]) for row in tx.core.execute(found)}


def carry_in(tx: Tx, budget: int, clock: Clock, *, before: int, most: int) -> int:
    """Remove up to so many lines that were written before a moment, and write one that stands for them; gives how many.

    Lines of the present period and of what is still held stay.
    """
    lock_budgets(tx, [budget])
    row = tx.core.execute(select(budgets).where(budgets.c.id == budget)).one()
    older = (
        (ledger_entries.c.budget_id == budget)
        & (ledger_entries.c.at < before)
        & (ledger_entries.c.id < row.since_entry)
        & (ledger_entries.c.kind != "carry")
        & ledger_entries.c.subject.not_in(select(holds.c.subject).where(holds.c.budget_id == budget))
    )
    if row.period in ("sliding", "total"):
        return 0
    chosen = select(ledger_entries).where(older).order_by(ledger_entries.c.id).limit(most)
    lines = tx.core.execute(chosen).all()
    if not lines:
        return 0
    last = lines[-1]
    tx.core.execute(delete(ledger_entries).where(ledger_entries.c.id.in_([line.id for line in lines])))
    tx.core.execute(
        insert(ledger_entries).values(
            subject=f"lines until {last.id}",
            kind="carry",
            budget_id=budget,
            turn=0,
            tenant=row.tenant,
            at=clock.moment,
            period_start=last.period_start,
            held=sum(line.held for line in lines),
            spent=sum(line.spent for line in lines),
            presumed=sum(line.presumed for line in lines),
        )
    )
    return len(lines)


def with_older_lines(tx: Tx, before: int) -> Sequence[int]:
    """The ids of the budgets that have lines from before a moment: of millions of end users' it may be few."""
    older = (ledger_entries.c.at < before) & (ledger_entries.c.kind != "carry")
    return list(tx.core.execute(select(ledger_entries.c.budget_id).where(older).distinct()).scalars())
