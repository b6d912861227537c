"""Holding money: all budgets of a request or none, refused where the limit would be passed."""

import sqlite3
from collections.abc import Callable, Sequence

import msgspec

from genmux.store.database import Tx
from genmux.store.ledger.postings import ENTRY, renew_on_sqlite
from genmux.store.ledger.windows import Windows
from genmux.types.budgets import Budget
from genmux.types.errors import ProviderError
from genmux.types.ledger import BudgetRefusal, BudgetRefusedError, HeldAlreadyError, HoldAsk
from genmux.types.periods import SECOND, from_moment

_TAKE = (
    "UPDATE budgets SET held = held + ?1 WHERE id = ?2 AND deleted_at IS NULL AND spent + held + ?1 <= limit_micros"
    " AND (window_start >= ?3 OR period = 'sliding')"
)
_STATE = "SELECT limit_micros, spent, held, leased FROM budgets WHERE id = ?1 AND deleted_at IS NULL"
_HOLD = (
    "INSERT INTO holds (subject, budget_id, tenant, amount, expires_at, worker) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
    " ON CONFLICT (subject, budget_id) DO UPDATE"
    " SET amount = amount + excluded.amount, expires_at = max(expires_at, excluded.expires_at)"
)


def hold_on_sqlite(raw: sqlite3.Connection, ask: HoldAsk, *, windows: Windows, moment: int) -> None:
    """Hold in the transaction that runs. Raises BudgetRefusedError or HeldAlreadyError; what was done is then to be undone."""
    execute = raw.execute
    expires = moment + int(ask.lasts * SECOND)
    for budget, asked in zip(ask.budgets, ask.amounts, strict=True):
        start = windows.at(budget, moment).start
        amount = asked
        if amount is None or execute(_TAKE, (amount, budget.id, start)).rowcount == 0:
            amount = _take_slowly(raw, budget, asked, windows=windows, moment=moment)
            if amount is None:
                continue
        try:
            line = (ask.subject, "hold", budget.id, ask.turn, budget.tenant, moment, start, amount, 0, 0)
            execute(ENTRY, line)
        except sqlite3.IntegrityError as error:
            raise HeldAlreadyError(ask.subject) from error
        execute(_HOLD, (ask.subject, budget.id, budget.tenant, amount, expires, ask.worker))


def _take_slowly(
    raw: sqlite3.Connection, budget: Budget, asked: int | None, *, windows: Windows, moment: int
) -> int | None:
    """Take after a new period has begun; gives the amount, None when the budget is gone. Raises BudgetRefusedError."""
    if raw.execute(_STATE, (budget.id,)).fetchone() is None:
        return None
    window = windows.at(budget, moment)
    renew_on_sqlite(raw, budget.id, window, moment=moment)
    limit, spent, held, leased = raw.execute(_STATE, (budget.id,)).fetchone()
    amount = limit - spent - held if asked is None else asked
    if spent + held + max(amount, 1 if asked is None else 0) > limit:
        refusal = BudgetRefusal(budget=budget.id, limit=limit, spent=spent, held=held, leased=leased)
        raise refused(budget, refusal, asked=asked, windows=windows, moment=moment)
    raw.execute("UPDATE budgets SET held = held + ?1 WHERE id = ?2", (amount, budget.id))
    return amount


def refused(
    budget: Budget, refusal: BudgetRefusal, *, asked: int | None, windows: Windows, moment: int
) -> BudgetRefusedError:
    """The error that tells why."""
    end = windows.at(budget, moment).end
    until = None if end is None or budget.period == "sliding" else from_moment(end)
    return BudgetRefusedError(budget, refusal, asked=1 if asked is None else asked, until=until)


class HoldCall(msgspec.Struct, frozen=True):
    """Several holds as PostgreSQL's function takes them: every list in the order of the function's arguments."""

    workers: list[str | None]
    subjects: list[str]
    lasts: list[int]
    turns: list[int]
    firsts: list[int]
    budgets: list[int]
    amounts: list[int | None]
    starts: list[int]
    drops: list[int]


def hold_call(asks: Sequence[HoldAsk], *, windows: Windows, moment: int) -> HoldCall:
    """Several holds as one call."""
    call = HoldCall([], [], [], [], [1], [], [], [], [])
    for ask in asks:
        call.workers.append(ask.worker)
        call.subjects.append(ask.subject)
        call.lasts.append(int(ask.lasts * SECOND))
        call.turns.append(ask.turn)
        for budget, amount in zip(ask.budgets, ask.amounts, strict=True):
            window = windows.at(budget, moment)
            call.budgets.append(budget.id)
            call.amounts.append(amount)
            call.starts.append(window.start)
            call.drops.append(window.drop)
        call.firsts.append(len(call.budgets) + 1)
    return call


def hold_error(ask: HoldAsk, row: Sequence[int | None], *, windows: Windows, moment: int) -> ProviderError:
    """What a row says that the function gives for a hold that was not made."""
    _, number, limit, spent, held, leased = row
    if number is None:
        return HeldAlreadyError(ask.subject)
    place = [budget.id for budget in ask.budgets].index(number)
    refusal = BudgetRefusal(budget=number, limit=limit or 0, spent=spent or 0, held=held or 0, leased=leased or 0)
    return refused(ask.budgets[place], refusal, asked=ask.amounts[place], windows=windows, moment=moment)


def hold_in(tx: Tx, ask: HoldAsk, *, windows: Windows, moment: int) -> None:
    """Hold in a transaction that does more. Raises BudgetRefusedError or HeldAlreadyError, and has done nothing then."""
    if tx.raw is None:
        _hold_by_function(tx, ask, windows=windows, moment=moment)
        return
    undoing(tx.raw, lambda raw: hold_on_sqlite(raw, ask, windows=windows, moment=moment))


def undoing(raw: sqlite3.Connection, work: Callable[[sqlite3.Connection], None]) -> None:
    """Do something that is undone when it fails."""
    raw.execute("SAVEPOINT hold")
    try:
        work(raw)
    except BaseException:
        raw.execute("ROLLBACK TO hold")
        raise
    finally:
        raw.execute("RELEASE hold")


def _hold_by_function(tx: Tx, ask: HoldAsk, *, windows: Windows, moment: int) -> None:
    from genmux.store.ledger.functions import HOLD

    call = hold_call([ask], windows=windows, moment=moment)
    rows = tx.core.execute(HOLD, msgspec.structs.asdict(call)).all()
    if rows:
        raise hold_error(ask, tuple(rows[0]), windows=windows, moment=moment)
