"""The ledger in the database, on SQLite and on PostgreSQL: what the budgets' service needs."""

import asyncio
import datetime
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from genmux.store.clock import database_now
from genmux.store.database import Database, DatabaseKind, Tx
from genmux.store.ledger import budgets as ledger_budgets
from genmux.store.ledger import settling as ledger_settling
from genmux.store.ledger import slices as ledger_slices
from genmux.store.ledger import upkeep as ledger_upkeep
from genmux.store.ledger.holding import hold_in, hold_on_sqlite
from genmux.store.ledger.settling import Clock
from genmux.store.ledger.windows import Windows
from genmux.types.budgets import Budget, BudgetState, LedgerEntry, Scope
from genmux.types.ledger import Beat, Difference, Ended, Ending, HeldAlreadyError, HoldAsk, SliceChange, SliceState
from genmux.types.periods import to_moment

if TYPE_CHECKING:
    from genmux.store.ledger.line import HoldLine
    from genmux.store.postgres.database import PostgresDatabase
    from genmux.store.postgres.listening import Listener

T = TypeVar("T")

PIECE = 2_000
"""So many old lines are replaced in one transaction."""


class LedgerStore:
    """Holds, books and explains. Raises StoreError when the database fails.

    `now` is the time on SQLite, where one process has everything; on PostgreSQL the server's clock counts, and `now` only
    says in which period it is when something is held. What ends in `_in` is for the transaction of whoever calls, and may
    be done again after a failure.
    """

    def __init__(self, database: Database, now: Callable[[], datetime.datetime]) -> None:
        self._database = database
        self._now = now
        self._windows = Windows()
        self._lines: dict[asyncio.AbstractEventLoop, HoldLine] = {}
        self._postgres = _postgres(database)

    @property
    def kind(self) -> DatabaseKind:
        """Which database it is."""
        return self._database.kind

    def _moment(self) -> int:
        return to_moment(self._now())

    def clock(self, tx: Tx) -> Clock:
        """The moment by which a transaction goes."""
        return Clock(self._moment() if tx.raw is not None else to_moment(database_now(tx)), self._windows)

    # ---------------------------------------------------------------- holds
    async def hold(self, ask: HoldAsk, abandoned: Callable[[str], None]) -> None:
        """Hold in one statement of its own. Raises BudgetRefusedError, HeldAlreadyError or StoreError.

        Calls `abandoned` with the subject when it was held, or may have been, though the caller heard otherwise; what is
        released then, is released after the hold. The same ask again is well when its hold is open.
        """
        try:
            if self._postgres is not None:
                await self._line(self._postgres).hold(ask, abandoned)
            else:
                await self._hold_embedded(ask, abandoned)
        except HeldAlreadyError:
            if not ask.turn and await self.held(ask.subject) == _wanted(ask):
                return
            raise

    async def _hold_embedded(self, ask: HoldAsk, abandoned: Callable[[str], None]) -> None:
        windows, moment = self._windows, self._moment()

        def work(tx: Tx) -> None:
            assert tx.raw is not None  # noqa: S101 — SQLite's always has one
            hold_on_sqlite(tx.raw, ask, windows=windows, moment=moment)

        try:
            await self._database.write(work)
        except asyncio.CancelledError:
            abandoned(ask.subject)
            raise

    def _line(self, database: "PostgresDatabase") -> "HoldLine":
        loop = asyncio.get_running_loop()
        line = self._lines.get(loop)
        if line is None:
            from genmux.store.ledger.line import HoldLine

            self._lines = {known: one for known, one in self._lines.items() if not known.is_closed()}
            line = self._lines[loop] = HoldLine(database, self._windows, self._moment)
        return line

    def hold_in(self, tx: Tx, ask: HoldAsk) -> None:
        """Hold in a transaction that does more. Raises BudgetRefusedError or HeldAlreadyError, and has done nothing then."""
        hold_in(tx, ask, windows=self._windows, moment=self._moment())

    def settle_in(self, tx: Tx, subject: str, amount: int) -> Ended:
        """Book what something did cost, in a transaction that does more."""
        return self.end_in(tx, [Ending(subject, "settle", amount)])[0]

    def release_in(self, tx: Tx, subject: str) -> Ended:
        """Give back what was held, in a transaction that does more."""
        return self.end_in(tx, [Ending(subject, "release")])[0]

    def end_in(self, tx: Tx, endings: Sequence[Ending]) -> list[Ended]:
        """End holds in a transaction that does more."""
        ledger_settling.lock_budgets(tx, ledger_settling.held_by(tx, [one.subject for one in endings]))
        return ledger_settling.end_holds(tx, endings, self.clock(tx))

    def flush_in(
        self, tx: Tx, worker: str, endings: Sequence[Ending], changes: Sequence[SliceChange]
    ) -> tuple[list[Ended], list[SliceState]]:
        """Book what a worker did since the last time. May be done again: everything counts once."""
        alive = not changes or ledger_slices.is_alive(tx, worker)
        held = ledger_settling.held_by(tx, [one.subject for one in endings])
        ledger_settling.lock_budgets(tx, held | {change.budget for change in changes})
        clock = self.clock(tx)
        states = ledger_slices.change_slices(tx, worker, changes, clock, alive=alive)
        return ledger_settling.end_holds(tx, endings, clock), states

    async def end(self, endings: Sequence[Ending]) -> list[Ended]:
        """End holds at once."""
        return await self._write(lambda tx, _: self.end_in(tx, endings))

    async def correct(
        self,
        subject: str,
        actual: int,
        *,
        tenant: str | None = None,
        booked: int | None = None,
        counted: Sequence[Budget] = (),
    ) -> Ended:
        """Make right what a subject did cost in all its budgets; see `genmux.store.ledger.settling.correct_in`."""
        return await self._write(
            lambda tx, clock: ledger_settling.correct_in(
                tx, subject, actual, clock, tenant=tenant, booked=booked, counted=counted
            )
        )

    async def extend(self, subject: str, lasts: float) -> bool:
        """Let a hold last so many seconds from now; False when it is not open."""
        return await self._write(lambda tx, clock: ledger_upkeep.extend_in(tx, [subject], clock, lasts=lasts))

    async def extend_all(self, subjects: Sequence[str], lasts: float) -> None:
        """Let all of these that are open last so many seconds from now."""
        await self._write(lambda tx, clock: ledger_upkeep.extend_in(tx, subjects, clock, lasts=lasts))

    async def held(self, subject: str) -> dict[int, int]:
        """What is held for a subject, by budget."""
        return await self._database.read(lambda tx: ledger_upkeep.held_in(tx, subject))

    # ---------------------------------------------------------------- workers
    async def enter(self, worker: str, about: str, *, lasts: float) -> None:
        """A worker begins, and lives for so many seconds."""
        await self._write(lambda tx, clock: ledger_slices.enter_in(tx, worker, about, clock, lasts=lasts))

    async def beat(self, worker: str, *, lasts: float) -> Beat:
        """A worker lives for so many seconds more."""
        return await self._write(lambda tx, clock: ledger_slices.beat_in(tx, worker, clock, lasts=lasts))

    async def leave(self, worker: str) -> None:
        """A worker that has given everything back ends."""
        await self._write(lambda tx, _: ledger_slices.leave_in(tx, worker))

    async def tighten(self, budget: int, *, lasts: float) -> None:
        """Ask all workers for their slices of a budget."""
        await self._write(lambda tx, clock: ledger_slices.tighten_in(tx, budget, clock, lasts=lasts))

    async def is_due(self) -> bool:
        """Whether there is anything to sweep."""
        return await self._database.read(lambda tx: ledger_upkeep.is_due_in(tx, self.clock(tx)))

    async def sweep(self, *, all_but: str | None = None) -> tuple[list[str], list[Ended]]:
        """Book what dead workers had and what has expired as presumed spent; gives the workers, and what expired.

        With `all_but`, everybody but this worker is dead.
        """
        return await self._write(
            lambda tx, clock: (ledger_slices.bury_in(tx, clock, all_but=all_but), ledger_upkeep.expire_in(tx, clock))
        )

    # ---------------------------------------------------------------- budgets
    async def create(self, budget: Budget) -> Budget:
        """Make a budget; its id is given by the database."""
        return await self._write(lambda tx, clock: ledger_budgets.create_in(tx, budget, clock))

    async def own(self, origin: int, scope_id: str) -> Budget | None:
        """The budget of one of those for whom there is a budget each, made on first use; None when that is gone."""
        return await self._write(lambda tx, clock: ledger_budgets.own_in(tx, origin, scope_id, clock))

    async def update(self, budget: Budget) -> None:
        """Change a budget's limit, alerts, name and policy. Raises NotFoundError."""
        await self._write(lambda tx, _: ledger_budgets.update_in(tx, budget))

    async def delete(self, tenant: str, budget: int) -> None:
        """Hold nothing more in a budget. Raises NotFoundError."""
        await self._write(lambda tx, clock: ledger_budgets.delete_in(tx, tenant, budget, clock))

    async def reset(self, tenant: str, budget: int, *, by: str) -> None:
        """Strike off what a budget has spent; `by` is a new subject. Raises NotFoundError."""
        await self._write(lambda tx, clock: ledger_upkeep.reset_in(tx, tenant, budget, by=by, clock=clock))

    async def active(self) -> tuple[int, list[Budget]]:
        """The version of the set of budgets, and those that somebody made and nobody deleted, of all tenants."""
        return await self._database.read(lambda tx: (ledger_slices.version_in(tx), ledger_budgets.active_in(tx)))

    async def state(self, tenant: str, budget: int) -> BudgetState:
        """One budget. Raises NotFoundError."""
        return await self._database.read(lambda tx: ledger_budgets.state_in(tx, tenant, budget, self.clock(tx)))

    async def states(
        self, tenant: str, *, scope: Scope | None = None, after: int = 0, limit: int = 100, deleted: bool = False
    ) -> list[BudgetState]:
        """Budgets of a tenant in the order of their ids, a page after the budget `after`."""
        return await self._database.read(
            lambda tx: ledger_budgets.states_in(
                tx, tenant, self.clock(tx), scope=scope, after=after, limit=limit, deleted=deleted
            )
        )

    async def entries(
        self, tenant: str, budget: int, *, before: int | None = None, limit: int = 100
    ) -> list[LedgerEntry]:
        """Lines of a budget, the newest first, a page before the line `before`."""
        return await self._database.read(
            lambda tx: ledger_budgets.entries_in(tx, tenant, budget, before=before, limit=limit)
        )

    async def lines(self, tenant: str, subject: str) -> list[LedgerEntry]:
        """All lines of one subject, the oldest first."""
        return await self._database.read(lambda tx: ledger_budgets.subject_in(tx, tenant, subject))

    async def verify(self, tenant: str | None = None) -> list[Difference]:
        """Everything that does not add up, of one tenant or of all."""
        return await self._database.read(lambda tx: ledger_upkeep.verify_in(tx, tenant))

    async def prune(self, before: datetime.datetime) -> int:
        """Replace lines older than this by sums; gives how many. Lines of a period that is not over stay."""
        moment, count = to_moment(before), 0
        for budget in await self._database.read(lambda tx: ledger_upkeep.with_older_lines(tx, moment)):
            while True:
                gone = await self._write(lambda tx, clock, one=budget: _carry(tx, clock, one, moment))
                count += gone
                if gone < PIECE:
                    break
        return count

    async def listen(self, changed: Callable[[], None]) -> "Listener | None":
        """Hear when another process changed the set of budgets; None where there is no other."""
        if self._postgres is None:
            return None
        return await self._postgres.listen(ledger_budgets.CHANNEL, lambda _hint: changed())

    async def _write(self, work: Callable[[Tx, Clock], T]) -> T:
        return await self._database.write(lambda tx: work(tx, self.clock(tx)))


def _postgres(database: Database) -> "PostgresDatabase | None":
    """The database as PostgreSQL, None when it is another."""
    if database.kind != "postgresql":
        return None
    from genmux.store.postgres.database import PostgresDatabase

    return database if isinstance(database, PostgresDatabase) else None


def _carry(tx: Tx, clock: Clock, budget: int, moment: int) -> int:
    return ledger_upkeep.carry_in(tx, budget, clock, before=moment, most=PIECE)


def _wanted(ask: HoldAsk) -> dict[int, int | None]:
    return {budget.id: amount for budget, amount in zip(ask.budgets, ask.amounts, strict=True)}
