"""Slices: what workers lease of budgets, use and give back, and what becomes of those of dead workers."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from genmux.store.database import Tx
from genmux.store.ledger.postings import Posted, Posting, post, renew
from genmux.store.ledger.settling import Clock, Correction, correct_budget, lock_budgets
from genmux.store.ledger.tables import budgets, holds, ledger_entries, ledger_versions, ledger_workers, slices
from genmux.store.sqlite.prepared import Prepared
from genmux.types.budgets import EntryKind
from genmux.types.ledger import Beat, Booked, SliceChange, SliceState
from genmux.types.periods import SECOND, Window

SHARE = 100
"""A worker leases at most one part in so many of a limit."""

OF_LEFT = 8
"""And at most one part in so many of what is left."""

TIGHT = 20
"""When less than one part in so many of a limit is left, there are no slices."""

_MINE = (slices.c.worker == bindparam("whose")) & (slices.c.budget_id == bindparam("of"))
_LEASED = Prepared(select(slices.c.leased).where(_MINE))
_ADD = Prepared(
    insert(slices).values(
        worker=bindparam("whose"), budget_id=bindparam("of"), tenant=bindparam("whom"), leased=bindparam("much")
    )
)
_SET = Prepared(update(slices).where(_MINE).values(leased=bindparam("much")))
_REMOVE = Prepared(delete(slices).where(_MINE))
_PERIOD = Prepared(
    select(budgets.c.period, budgets.c.seconds, budgets.c.time_zone, budgets.c.tenant).where(
        budgets.c.id == bindparam("of")
    )
)
_LEFT = Prepared(
    select(
        *(budgets.c.limit_micros, budgets.c.spent, budgets.c.held, budgets.c.leased),
        *(budgets.c.deleted_at, budgets.c.tight_until),
    ).where(budgets.c.id == bindparam("of"))
)
_DONE = Prepared(
    select(ledger_entries.c.id)
    .where(
        ledger_entries.c.subject == bindparam("name"),
        or_(*(ledger_entries.c.kind == kind for kind in ("use", "return", "lease", "correct"))),
        ledger_entries.c.budget_id == bindparam("of"),
        ledger_entries.c.turn == bindparam("which"),
    )
    .limit(1)
)
_ALIVE = Prepared(
    select(ledger_workers.c.worker).where(ledger_workers.c.worker == bindparam("whose")).with_for_update()
)


def slice_subject(worker: str) -> str:
    """The subject of the lines of a worker's slices."""
    return f"slice {worker}"


def beat_in(tx: Tx, worker: str, clock: Clock, *, lasts: float) -> Beat:
    """A worker lives for so many seconds more."""
    expires = clock.moment + int(lasts * SECOND)
    changed = tx.core.execute(
        update(ledger_workers).where(ledger_workers.c.worker == worker).values(expires_at=expires)
    )
    left = budgets.c.limit_micros - budgets.c.spent - (budgets.c.held - budgets.c.leased)
    near = or_(
        budgets.c.deleted_at.is_not(None),
        budgets.c.tight_until > clock.moment,
        left * TIGHT <= budgets.c.limit_micros,
    )
    tight = select(slices.c.budget_id).join_from(slices, budgets, budgets.c.id == slices.c.budget_id)
    found = tx.core.execute(tight.where(slices.c.worker == worker, near)).scalars()
    return Beat(alive=changed.rowcount > 0, tight=frozenset(found), version=version_in(tx))


def enter_in(tx: Tx, worker: str, about: str, clock: Clock, *, lasts: float) -> None:
    """A worker begins."""
    expires = clock.moment + int(lasts * SECOND)
    tx.core.execute(insert(ledger_workers).values(worker=worker, about=about, expires_at=expires))


def leave_in(tx: Tx, worker: str) -> None:
    """A worker that has given everything back ends; otherwise it stays until it is taken for dead."""
    kept = select(slices.c.worker).where(slices.c.worker == worker)
    tx.core.execute(delete(ledger_workers).where(ledger_workers.c.worker == worker, ~kept.exists()))


def version_in(tx: Tx) -> int:
    """The version of the set of budgets."""
    return tx.core.execute(select(func.max(ledger_versions.c.version))).scalar() or 0


def tighten_in(tx: Tx, budget: int, clock: Clock, *, lasts: float) -> None:
    """Ask for the slices of a budget back."""
    until = clock.moment + int(lasts * SECOND)
    tx.core.execute(update(budgets).where(budgets.c.id == budget).values(tight_until=until))


def is_alive(tx: Tx, worker: str) -> bool:
    """Whether a worker counts as alive; until the end of the transaction it is not taken for dead then."""
    return bool(_ALIVE.rows(tx, whose=worker))


def change_slices(
    tx: Tx, worker: str, changes: Sequence[SliceChange], clock: Clock, *, alive: bool
) -> list[SliceState]:
    """Book what a worker did. The budgets are locked already. May be done again: a turn counts once."""
    return [_change(tx, worker, change, clock) if alive else _too_late(tx, worker, change, clock) for change in changes]


class _Slice:
    """What happens to one slice in one turn."""

    def __init__(self, change: SliceChange, *, leased: int, window: Window, subject: str) -> None:
        self.change = change
        self.leased = leased
        self.window = window
        self.subject = subject
        self.postings: list[Posting] = []

    def use(self) -> None:
        """What was spent; more than is leased comes out of nothing and is an overrun."""
        if self.change.used:
            taken = min(self.change.used, self.leased)
            self._add("use", -taken, spent=self.change.used)
        for name, amount in self.change.presumed:
            taken = min(amount, self.leased)
            self._add("presume", -taken, spent=amount, presumed=amount, subject=name)
        if returned := min(self.change.returned, self.leased):
            self._add("return", -returned)

    def lease(self, amount: int) -> Posting:
        """What is added."""
        self._add("lease", amount)
        return self.postings[-1]

    def _add(
        self, kind: EntryKind, leased: int, *, spent: int = 0, presumed: int = 0, subject: str | None = None
    ) -> None:
        self.leased += leased
        posting = Posting(
            budget=self.change.budget,
            window=self.window,
            subject=subject or self.subject,
            kind=kind,
            turn=self.change.turn if subject is None else 0,
            held=leased,
            spent=spent,
            presumed=presumed,
            leased=leased,
        )
        self.postings.append(posting)


def _change(tx: Tx, worker: str, change: SliceChange, clock: Clock) -> SliceState:
    found = _LEASED.rows(tx, whose=worker, of=change.budget)
    before: int | None = found[0][0] if found else None
    if _is_done(tx, worker, change):
        return SliceState(budget=change.budget, leased=before or 0)
    ((period, seconds, time_zone, tenant),) = _PERIOD.rows(tx, of=change.budget)
    window = clock.windows.of(period, clock.moment, seconds=seconds, time_zone=time_zone)
    slice_ = _Slice(change, leased=before or 0, window=window, subject=slice_subject(worker))
    slice_.use()
    posted = post(tx, slice_.postings, moment=clock.moment)
    if change.wanted:
        renew(tx, change.budget, window, moment=clock.moment)
        if granted := _grant(tx, change, slice_.leased, moment=clock.moment):
            post(tx, [slice_.lease(granted)], moment=clock.moment)
    if slice_.leased != (before or 0):
        _keep(tx, worker, change.budget, tenant, leased=slice_.leased, before=before)
    booked = _slice_booked(change, slice_.subject, posted)
    return SliceState(budget=change.budget, leased=slice_.leased, booked=booked)


def _slice_booked(change: SliceChange, subject: str, posted: Sequence[Posted]) -> tuple[Booked, ...]:
    spent = change.used + sum(amount for _, amount in change.presumed)
    if not spent or not posted:
        return ()
    after = posted[-1]
    peak = max(after.peak, after.total - spent)
    return (
        Booked(
            subject=subject,
            budget=change.budget,
            kept=spent,
            spent=spent,
            total=after.total,
            peak=peak,
            limit=after.limit,
        ),
    )


def _is_done(tx: Tx, worker: str, change: SliceChange) -> bool:
    """Whether a change was booked before."""
    return bool(_DONE.rows(tx, name=slice_subject(worker), of=change.budget, which=change.turn))


def _grant(tx: Tx, change: SliceChange, leased: int, *, moment: int) -> int:
    """How much a worker gets: less and less the nearer the limit is."""
    ((limit, spent, held, in_slices, deleted_at, tight_until),) = _LEFT.rows(tx, of=change.budget)
    left = limit - spent - held
    if deleted_at is not None or tight_until > moment or (left + in_slices) * TIGHT <= limit:
        return 0
    return max(0, min(change.wanted, limit // SHARE - leased, left // OF_LEFT))


def _keep(tx: Tx, worker: str, budget: int, tenant: str, *, leased: int, before: int | None) -> None:
    if before is None:
        _ADD.run(tx, whose=worker, of=budget, whom=tenant, much=leased)
    elif leased:
        _SET.run(tx, whose=worker, of=budget, much=leased)
    else:
        _REMOVE.run(tx, whose=worker, of=budget)


def _too_late(tx: Tx, worker: str, change: SliceChange, clock: Clock) -> SliceState:
    """A worker that was taken for dead says what it had done: as far as that was presumed, it is known now."""
    gone = SliceState(budget=change.budget, leased=0, dead=True)
    if _is_done(tx, worker, change):
        return gone
    subject = slice_subject(worker)
    lines = tx.core.execute(
        select(ledger_entries)
        .where(
            ledger_entries.c.subject == subject,
            ledger_entries.c.budget_id == change.budget,
            ledger_entries.c.kind.in_(("presume", "correct")),
        )
        .order_by(ledger_entries.c.id)
    ).all()
    left = sum(line.presumed for line in lines)
    known = min(change.used, left)
    unused = min(change.returned, left - known)
    first = next((line for line in lines if line.kind == "presume"), None)
    wanted = Correction(subject, change.budget, change.used - known - unused, -known - unused, change.turn)
    booked = correct_budget(
        tx, wanted, line=0 if first is None else first.id, step=0 if first is None else first.period_start, clock=clock
    )
    return msgspec.structs.replace(gone, booked=tuple(booked))


def bury_in(tx: Tx, clock: Clock, *, all_but: str | None = None) -> list[str]:
    """Book the slices of dead workers as presumed spent, and let their holds expire; gives who they were.

    Dead is who did not beat in time; with `all_but`, everybody else, for where one process has everything.
    """
    late = ledger_workers.c.expires_at <= clock.moment
    dead = select(ledger_workers.c.worker).where(late if all_but is None else ledger_workers.c.worker != all_but)
    workers = list(tx.core.execute(dead.with_for_update(skip_locked=True)).scalars())
    if not workers:
        return []
    kept = tx.core.execute(select(slices).where(slices.c.worker.in_(workers)).order_by(slices.c.budget_id)).all()
    lock_budgets(tx, {row.budget_id for row in kept})
    postings: list[Posting] = []
    for row in kept:
        budget = tx.core.execute(select(budgets).where(budgets.c.id == row.budget_id)).one()
        postings.append(
            Posting(
                budget=row.budget_id,
                window=clock.windows.of(
                    budget.period, clock.moment, seconds=budget.seconds, time_zone=budget.time_zone
                ),
                subject=slice_subject(row.worker),
                kind="presume",
                held=-row.leased,
                spent=row.leased,
                presumed=row.leased,
                leased=-row.leased,
            )
        )
    post(tx, postings, moment=clock.moment)
    tx.core.execute(delete(slices).where(slices.c.worker.in_(workers)))
    tx.core.execute(delete(ledger_workers).where(ledger_workers.c.worker.in_(workers)))
    tx.core.execute(update(holds).where(holds.c.worker.in_(workers)).values(expires_at=0))
    return workers
