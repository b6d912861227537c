"""Ending holds: with what it did cost, with nothing, or with what must be presumed; and making right what was booked."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import bindparam, delete, insert, select

from genmux.store.database import Tx
from genmux.store.ledger.postings import Posting, post, renew
from genmux.store.ledger.tables import budget_buckets, budgets, holds, ledger_entries
from genmux.store.ledger.windows import Windows
from genmux.store.sqlite.prepared import Prepared
from genmux.types.budgets import Budget, EntryKind
from genmux.types.ledger import Booked, Ended, Ending
from genmux.types.periods import Window

CHARGES = frozenset({"settle", "expire", "presume", "release"})
"""The lines that end a hold."""


class Clock(msgspec.Struct, frozen=True):
    """The moment (microseconds since 1970) and the periods around it."""

    moment: int
    windows: Windows


_OPEN = (
    select(
        holds.c.subject,
        holds.c.budget_id,
        holds.c.amount,
        holds.c.expires_at,
        budgets.c.period,
        budgets.c.seconds,
        budgets.c.time_zone,
    )
    .join_from(holds, budgets, budgets.c.id == holds.c.budget_id)
    .where(holds.c.subject.in_(bindparam("subjects", expanding=True)))
    .order_by(budgets.c.id, holds.c.subject)
    .with_for_update(of=(budgets, holds))
)
_OPEN_RAW = (
    "SELECT h.subject, h.budget_id, h.amount, h.expires_at, b.period, b.seconds, b.time_zone"
    " FROM holds h JOIN budgets b ON b.id = h.budget_id WHERE h.subject = ?1 ORDER BY b.id"
)
_LOCK = (
    select(budgets.c.id)
    .where(budgets.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(budgets.c.id)
    .with_for_update()
)


def lock_budgets(tx: Tx, ids: Iterable[int]) -> None:
    """Keep others from changing these budgets until the end, on PostgreSQL; in the order in which everybody does."""
    wanted = sorted(set(ids))
    if tx.raw is None and wanted:
        tx.core.execute(_LOCK, {"ids": wanted})


def held_by(tx: Tx, subjects: Sequence[str]) -> set[int]:
    """The budgets that hold something for these subjects."""
    if tx.raw is not None or not subjects:
        return set()
    found = select(holds.c.budget_id).where(holds.c.subject.in_(subjects)).distinct()
    return set(tx.core.execute(found).scalars())


def end_holds(tx: Tx, endings: Sequence[Ending], clock: Clock) -> list[Ended]:
    """End holds; what ended before is left as it is. An `expire` ends only what has expired."""
    by_subject: dict[str, list[Ending]] = {}
    for ending in endings:
        by_subject.setdefault(ending.subject, []).append(ending)
    opened: dict[str, list[tuple[Posting, int]]] = {}
    for row in _open_holds(tx, list(by_subject)):
        subject, budget, amount, expires, period, seconds, time_zone = row
        ending = by_subject[subject][0]
        if ending.end == "expire" and expires > clock.moment:
            continue
        window = clock.windows.of(period, clock.moment, seconds=seconds, time_zone=time_zone)
        opened.setdefault(subject, []).append((_end(ending, budget, amount, window), amount))
    pairs = [pair for found in opened.values() for pair in found]
    posted = post(tx, [posting for posting, _ in pairs], moment=clock.moment)
    _forget(tx, list(opened))
    booked: dict[str, list[Booked]] = {}
    for (posting, kept), after in zip(pairs, posted, strict=True):
        booked.setdefault(posting.subject, []).append(_booked(posting, kept, after.total, after.limit, after.peak))
    ended: list[Ended] = []
    for subject, several in by_subject.items():
        first, *further = several
        if subject in booked:
            ended.append(Ended(first, tuple(booked[subject])))
        else:
            further = several
        ended.extend(_end_late(tx, ending, clock) for ending in further)
    return ended


def _open_holds(tx: Tx, subjects: list[str]) -> Sequence[Sequence[Any]]:
    if tx.raw is not None:
        execute = tx.raw.execute
        return [row for subject in subjects for row in execute(_OPEN_RAW, (subject,)).fetchall()]
    return [tuple(row) for row in tx.core.execute(_OPEN, {"subjects": subjects})] if subjects else []


def _forget(tx: Tx, subjects: list[str]) -> None:
    if tx.raw is not None:
        tx.raw.executemany("DELETE FROM holds WHERE subject = ?1", [(subject,) for subject in subjects])
    elif subjects:
        tx.core.execute(delete(holds).where(holds.c.subject.in_(subjects)))


def _end(ending: Ending, budget: int, amount: int, window: Window) -> Posting:
    presumed = amount if ending.end in ("presume", "expire") else 0
    spent = ending.amount if ending.end == "settle" else presumed
    kind: EntryKind = ending.end
    return Posting(
        budget=budget, window=window, subject=ending.subject, kind=kind, held=-amount, spent=spent, presumed=presumed
    )


def _booked(posting: Posting, kept: int, total: int, limit: int, peak: int) -> Booked:
    return Booked(
        subject=posting.subject,
        budget=posting.budget,
        kept=kept,
        spent=posting.spent,
        total=total,
        peak=max(peak, total - posting.spent),
        limit=limit,
    )


# ---------------------------------------------------------------- what has ended already
_BOOKED = (
    select(
        ledger_entries.c.budget_id,
        ledger_entries.c.kind,
        ledger_entries.c.spent,
        ledger_entries.c.presumed,
        ledger_entries.c.id,
        ledger_entries.c.period_start,
        ledger_entries.c.turn,
    )
    .where(ledger_entries.c.subject == bindparam("about"))
    .where(ledger_entries.c.kind != "roll", ledger_entries.c.kind != "lease")
    .where(ledger_entries.c.kind != "use", ledger_entries.c.kind != "return")
    .order_by(ledger_entries.c.budget_id, ledger_entries.c.id)
)
_LINES = Prepared(_BOOKED)
_LINES_OF = Prepared(_BOOKED.where(ledger_entries.c.tenant == bindparam("whose")))


class _Line(msgspec.Struct, frozen=True):
    kind: EntryKind
    spent: int
    presumed: int
    id: int
    period_start: int
    turn: int


def _end_late(tx: Tx, ending: Ending, clock: Clock) -> Ended:
    """An end for what is not open (any more): the same again, another one, or at last what was only presumed."""
    by_budget = _lines_of(tx, ending.subject)
    if not by_budget:
        return Ended(ending, unknown=True)
    if ending.end in ("presume", "expire"):
        return Ended(ending)
    booked: list[Booked] = []
    amount = ending.amount if ending.end == "settle" else 0
    for budget, lines in by_budget.items():
        kinds = {line.kind for line in lines}
        if "settle" in kinds or "release" in kinds or "correct" in kinds:
            before = sum(line.spent for line in lines if line.kind == "settle" or "settle" not in kinds)
            if before != amount:
                said = "given back as not spent" if "release" in kinds else f"settled with {before} micro-units"
                return Ended(ending, tuple(booked), conflict=f"{ending.subject!r} was {said} before, and now {amount}")
        elif kinds & CHARGES:
            booked += _correct(tx, ending.subject, budget, lines, actual=amount, clock=clock)
    return Ended(ending, tuple(booked))


def _lines_of(tx: Tx, subject: str, *, tenant: str | None = None) -> dict[int, list[_Line]]:
    """What was booked for a subject, in the budgets of one tenant or in all, by budget; budgets are locked in order."""
    asked, values = (_LINES, {}) if tenant is None else (_LINES_OF, {"whose": tenant})
    rows = asked.rows(tx, about=subject, **values)
    if tx.raw is None and rows:
        lock_budgets(tx, {budget for budget, *_ in rows})
        rows = asked.rows(tx, about=subject, **values)
    by_budget: dict[int, list[_Line]] = {}
    for budget, *facts in rows:
        by_budget.setdefault(budget, []).append(_Line(*facts))
    return by_budget


def correct_in(  # noqa: PLR0913 — each says what is made right, or where
    tx: Tx,
    subject: str,
    actual: int,
    clock: Clock,
    *,
    tenant: str | None = None,
    booked: int | None = None,
    counted: Sequence[Budget] = (),
) -> Ended:
    """Make right what a subject did cost in all its budgets, or in those of one tenant; saying it again changes nothing.

    For what was spent from slices there are no lines of its own: `booked` is then what was booked, in the budgets
    `counted`.
    """
    ending = Ended(Ending(subject, "settle", actual))
    by_budget = _lines_of(tx, subject, tenant=tenant)
    if not any(line.kind in CHARGES for lines in by_budget.values() for line in lines):
        if booked is None or not counted:
            return msgspec.structs.replace(ending, unknown=True)
        lock_budgets(tx, (budget.id for budget in counted))
        first = _Line("settle", booked, 0, 0, 0, 0)
        by_budget = {budget.id: [first, *by_budget.get(budget.id, ())] for budget in counted}
    done: list[Booked] = []
    for budget, lines in by_budget.items():
        done += _correct(tx, subject, budget, lines, actual=actual, clock=clock)
    return msgspec.structs.replace(ending, booked=tuple(done))


def _correct(tx: Tx, subject: str, budget: int, lines: Sequence[_Line], *, actual: int, clock: Clock) -> list[Booked]:
    spent = actual - sum(line.spent for line in lines)
    presumed = -sum(line.presumed for line in lines)
    if not spent and not presumed:
        return []
    turn = sum(line.kind == "correct" for line in lines)
    first = next((line for line in lines if line.kind in CHARGES), lines[0])
    return correct_budget(
        tx, Correction(subject, budget, spent, presumed, turn), line=first.id, step=first.period_start, clock=clock
    )


class Correction(msgspec.Struct, frozen=True):
    """By how much more or less something did cost, and how much of that is presumed no longer."""

    subject: str
    budget: int
    spent: int
    presumed: int
    turn: int


def correct_budget(tx: Tx, wanted: Correction, *, line: int, step: int, clock: Clock) -> list[Booked]:
    """Write a correction of what was booked with this line (its id and its period; 0 for now).

    What was booked in a period that is over counts there, and changes nothing in the present one.
    """
    found = select(budgets).where(budgets.c.id == wanted.budget)
    row = tx.core.execute(found).one()
    window = clock.windows.of(row.period, clock.moment, seconds=row.seconds, time_zone=row.time_zone)
    renew(tx, wanted.budget, window, moment=clock.moment)
    row = tx.core.execute(found).one()
    counts = not line or line > row.since_entry
    bucket = None
    if row.period == "sliding" and line:
        bucket = step
        found_step = select(budget_buckets).where(budget_buckets.c.budget_id == row.id, budget_buckets.c.start == step)
        counts = counts and tx.core.execute(found_step).first() is not None
    if not counts or row.spent + wanted.spent < 0 or row.presumed + wanted.presumed < 0:
        _write_uncounted(tx, wanted, tenant=row.tenant, moment=clock.moment, step=step)
        return []
    posting = Posting(
        budget=wanted.budget,
        window=window,
        subject=wanted.subject,
        kind="correct",
        turn=wanted.turn,
        spent=wanted.spent,
        presumed=wanted.presumed,
        bucket=bucket,
    )
    (after,) = post(tx, [posting], moment=clock.moment)
    return [_booked(posting, 0, after.total, after.limit, after.peak)]


def _write_uncounted(tx: Tx, wanted: Correction, *, tenant: str, moment: int, step: int) -> None:
    """A correction, and the line that says that it belongs to a period that is over."""
    shape = {
        "subject": wanted.subject,
        "budget_id": wanted.budget,
        "turn": wanted.turn,
        "tenant": tenant,
        "at": moment,
        "period_start": step,
        "held": 0,
    }
    tx.core.execute(
        insert(ledger_entries),
        [
            {**shape, "kind": "correct", "spent": wanted.spent, "presumed": wanted.presumed},
            {**shape, "kind": "roll", "spent": -wanted.spent, "presumed": -wanted.presumed},
        ],
    )
