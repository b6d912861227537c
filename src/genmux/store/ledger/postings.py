"""Lines of the ledger and what they do to balances: one function for each database."""

import sqlite3
from collections.abc import Sequence

import msgspec

from genmux.store.database import Tx
from genmux.types.budgets import EntryKind
from genmux.types.periods import Window


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """A line to be written: by how much it changes what a budget holds, has spent, presumes and has leased.

    `window` is the budget's period at the moment. `bucket` is the step of a sliding period in which something is made right,
    None for the present one.
    """

    budget: int
    window: Window
    subject: str
    kind: EntryKind
    turn: int = 0
    held: int = 0
    spent: int = 0
    presumed: int = 0
    leased: int = 0
    bucket: int | None = None


class Posted(msgspec.Struct, frozen=True):
    """What a line led to: what the budget has spent now, its limit, the most that it had spent before, the line's id."""

    total: int
    limit: int
    peak: int
    line: int


ENTRY = (
    "INSERT INTO ledger_entries (subject, kind, budget_id, turn, tenant, at, period_start, held, spent, presumed)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
)
_ROW = "SELECT period, window_start, spent, presumed, tenant FROM budgets WHERE id = ?1"
_AGE = "DELETE FROM budget_buckets WHERE budget_id = ?1 AND start <= ?2 RETURNING start, spent, presumed"
_TAKE_OFF = "UPDATE budgets SET spent = spent - ?2, presumed = presumed - ?3, peak = 0 WHERE id = ?1"
_ROLL = "UPDATE budgets SET window_start = ?2, since_entry = ?3, spent = 0, presumed = 0, peak = 0 WHERE id = ?1"
_BUCKET = (
    "INSERT INTO budget_buckets (budget_id, start, tenant, spent, presumed) VALUES (?1, ?2, ?3, ?4, ?5)"
    " ON CONFLICT (budget_id, start) DO UPDATE SET spent = spent + excluded.spent, presumed = presumed + excluded.presumed"
)
_CHANGE = (
    "UPDATE budgets SET held = held + ?2, spent = spent + ?3, presumed = presumed + ?4, leased = leased + ?5,"
    " window_start = max(window_start, ?6), peak = CASE WHEN ?3 < 0 THEN max(peak, spent) ELSE peak END"
    " WHERE id = ?1 RETURNING spent, limit_micros, peak"
)


def renew(tx: Tx, budget: int, window: Window, *, moment: int) -> None:
    """Begin a budget's new period if it has come: what was spent in an older one is taken off, what is held stays."""
    if tx.raw is not None:
        renew_on_sqlite(tx.raw, budget, window, moment=moment)
        return
    from genmux.store.ledger.functions import RENEW

    tx.core.execute(RENEW, {"budget": budget, "start": window.start, "drop": window.drop, "moment": moment})


def renew_on_sqlite(raw: sqlite3.Connection, budget: int, window: Window, *, moment: int) -> tuple[str, int, str]:
    """The same on SQLite; gives the budget's kind of period, when the present one began, and the tenant."""
    period, start, spent, presumed, tenant = raw.execute(_ROW, (budget,)).fetchone()
    if period == "sliding":
        old = raw.execute(_AGE, (budget, window.drop)).fetchall()
        if old:
            last, spent, presumed = max(row[0] for row in old), sum(row[1] for row in old), sum(row[2] for row in old)
            raw.execute(_TAKE_OFF, (budget, spent, presumed))
            raw.execute(ENTRY, (f"window {last}", "roll", budget, 0, tenant, moment, last, 0, -spent, -presumed))
    elif start < window.start:
        start = window.start
        line = (f"window {start}", "roll", budget, 0, tenant, moment, start, 0, -spent, -presumed)
        raw.execute(_ROLL, (budget, start, raw.execute(ENTRY, line).lastrowid))
    return period, start, tenant


def post(tx: Tx, postings: Sequence[Posting], *, moment: int) -> list[Posted]:
    """Write lines. `moment` is the time on SQLite; PostgreSQL takes its own."""
    if not postings:
        return []
    if tx.raw is None:
        return _post_by_function(tx, postings)
    return [_post_one(tx.raw, posting, moment=moment) for posting in postings]


def _post_one(raw: sqlite3.Connection, posting: Posting, *, moment: int) -> Posted:
    budget, window = posting.budget, posting.window
    period, bucket, tenant = renew_on_sqlite(raw, budget, window, moment=moment)
    if period == "sliding":
        bucket = max(bucket, window.start) if posting.bucket is None else posting.bucket
        if posting.spent or posting.presumed:
            raw.execute(_BUCKET, (budget, bucket, tenant, posting.spent, posting.presumed))
    changes = (budget, posting.held, posting.spent, posting.presumed, posting.leased, bucket)
    ((total, limit, peak),) = raw.execute(_CHANGE, changes).fetchall()
    line = (
        *(posting.subject, posting.kind, budget, posting.turn, tenant, moment, bucket),
        *(posting.held, posting.spent, posting.presumed),
    )
    number = raw.execute(ENTRY, line).lastrowid
    return Posted(total, limit, peak, number or 0)


def _post_by_function(tx: Tx, postings: Sequence[Posting]) -> list[Posted]:
    from genmux.store.ledger.functions import POST

    values = {
        "budgets": [one.budget for one in postings],
        "starts": [one.window.start for one in postings],
        "drops": [one.window.drop for one in postings],
        "buckets": [one.bucket for one in postings],
        "subjects": [one.subject for one in postings],
        "kinds": [one.kind for one in postings],
        "turns": [one.turn for one in postings],
        "held": [one.held for one in postings],
        "spent": [one.spent for one in postings],
        "presumed": [one.presumed for one in postings],
        "leased": [one.leased for one in postings],
    }
    rows = tx.core.execute(POST, values).all()
    return [Posted(total, limit, peak, line) for _, total, limit, peak, line in sorted(tuple(row) for row in rows)]
