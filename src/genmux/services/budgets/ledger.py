"""The ledger: holds money before anything is sent, and books what it did cost."""

import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from genmux.services.budgets.alerts import Alerts
from genmux.services.budgets.amounts import LONGEST, checked, checked_subject
from genmux.services.budgets.booking import Heard, LedgerBatch, Taken
from genmux.services.budgets.held import Held
from genmux.services.budgets.index import BudgetIndex
from genmux.services.budgets.last_money import LastMoney
from genmux.services.budgets.lasting import Lasting
from genmux.services.budgets.ports import Keeper, LedgerStore, Teller
from genmux.services.budgets.slices import Slice, Slices
from genmux.services.budgets.worker import Worker
from genmux.services.ports import NewId
from genmux.types.budgets import Budget
from genmux.types.errors import InvalidRequestError, StoreError
from genmux.types.ledger import BudgetRefusedError, Ended, Ending, HoldAsk, SliceChange, SliceState
from genmux.types.principal import Principal

T = TypeVar("T")

LASTS = 900.0
"""Seconds that an exact hold lasts, if nothing else is said."""

_log = logging.getLogger("genmux.budgets")


class Ledger:
    """Keeps hard budgets: what is spent and what is held is never more than the limit, unless a provider bills more.

    `start` it before use and `stop` it before the bookkeeper ends; it is one of the bookkeeper's sinks. All amounts are
    whole micro-units. Everything but `start` and `stop` may be called from any thread and any event loop.
    """

    def __init__(
        self,
        store: LedgerStore,
        keeper: Keeper,
        *,
        new_id: NewId,
        monotonic: Callable[[], float],
        teller: Teller | None = None,
        about: str = "",
    ) -> None:
        self._store = store
        self._keeper = keeper
        self.index = BudgetIndex()
        self.slices = Slices(monotonic, keeper.nudge)
        self._endings: deque[Ending] = deque()
        self._alerts = Alerts(teller, self.index.by_id)
        self._lasting = Lasting(store, monotonic)
        self._worker = Worker(store, self.slices, self.index, new_id=new_id, monotonic=monotonic, about=about)
        self._last = LastMoney(store, self.slices, keeper, monotonic)
        self._heard = Heard(self._alerts.booked, self._changed, self._undone)

    async def start(self) -> None:
        """Begin: learn the budgets, and book what a process that died had as presumed. Raises StoreError."""
        await self._worker.start(self._keeper.nudge, self._swept, self._lasting.renew)

    async def stop(self) -> None:
        """Give all slices back, and end. May be called again."""
        self.slices.close()
        try:
            await self._keeper.flush()
        except StoreError as error:
            _log.error("the slices cannot be given back, and will be presumed spent: %s", error.message)
        await self._worker.stop()

    async def refresh(self) -> None:
        """Learn the budgets anew, at once. Raises StoreError."""
        await self._worker.refresh()

    async def recall(self) -> None:
        """Learn the budgets anew after one was changed, and give back what is leased: less of it may be spent now.

        Raises StoreError.
        """
        await self._worker.refresh()
        known = self.slices.budgets
        self.slices.give_back(known, tight=True)
        try:
            await self._keeper.flush()
        finally:
            self.slices.give_back(known, tight=False)

    # ---------------------------------------------------------------- holding
    def budgets_for(
        self, principal: Principal, account: str | None = None, *, account_tenant: str | None = None
    ) -> tuple[Budget, ...]:
        """The budgets in which a request of somebody is held; see `BudgetIndex.for_principal`."""
        return self.index.for_principal(principal, account, account_tenant=account_tenant)

    def try_hold(self, subject: str, budgets: tuple[Budget, ...], amount: int, *, currency: str = "USD") -> Held | None:
        """Hold at once, out of what this process has leased; None when that is not enough, and `hold` is to be awaited."""
        if subject.__class__ is not str or not 0 < len(subject) <= LONGEST:
            checked_subject(subject)
        if not budgets:
            return Held(self, subject, budgets, checked(amount))
        if budgets[0].id < 0 or self._keeper.fault() is not None:
            return None
        group = self.slices.group(budgets)
        if group.currency != currency:
            raise _mismatch(budgets, currency)
        if not self.slices.try_hold(group.slices, checked(amount)):
            return None
        return Held(self, subject, budgets, amount, group.slices)

    async def hold(
        self,
        subject: str,
        budgets: tuple[Budget, ...],
        amount: int,
        *,
        lasts: float = LASTS,
        currency: str = "USD",
    ) -> Held:
        """Hold exactly, in the database. Raises BudgetRefusedError, StoreError, or InvalidRequestError for another currency.

        Where nobody settles it in `lasts` seconds, it is booked as presumed spent; as long as it is open and somebody in this
        process has it, that time begins anew.
        """
        checked(amount)
        return await self._hold(subject, budgets, amount, lasts=lasts, currency=currency)

    async def hold_all(
        self, subject: str, budgets: tuple[Budget, ...], *, lasts: float = LASTS, currency: str = "USD"
    ) -> Held:
        """Hold everything that is left in those budgets that say so for unknown prices, and nothing in the others.

        `amount` is then the least that one of them had left. Raises like `hold`.
        """
        self.slices.give_back([budget.id for budget in budgets], tight=True)
        await self._keeper.flush()
        try:
            return await self._hold(subject, budgets, None, lasts=lasts, currency=currency)
        finally:
            self.slices.give_back([budget.id for budget in budgets], tight=False)

    async def _hold(
        self, subject: str, budgets: tuple[Budget, ...], amount: int | None, *, lasts: float, currency: str
    ) -> Held:
        checked_subject(subject)
        if (fault := self._keeper.fault()) is not None:
            raise fault
        if not 0 < lasts <= 366 * 86_400:
            raise InvalidRequestError(f"a hold cannot last {lasts} seconds; give up to a year", param="lasts")
        if any(budget.currency != currency for budget in budgets):
            raise _mismatch(budgets, currency)
        if budgets and budgets[0].id < 0:
            budgets = await self.made(budgets)
        amounts = tuple(amount if amount is not None or one.unknown_price == "use_limit" else 0 for one in budgets)
        ask = HoldAsk(subject=subject, budgets=budgets, amounts=amounts, lasts=lasts, worker=self.slices.worker or None)
        if not budgets:
            return Held(self, subject, budgets, amount or 0)
        try:
            await self._store.hold(ask, self._abandoned)
        except BudgetRefusedError as error:
            await self._last.hold(ask, self._abandoned, error)
        if amount is None:
            amount = await self._least(ask)
        held = Held(self, subject, budgets, amount, exact=amount)
        self._lasting.add(held, lasts)
        return held

    async def insist(self, attempt: Callable[[], Awaitable[T]], refused: BudgetRefusedError) -> T:
        """Make an attempt to hold again, in a transaction that does more, after a refusal: what is leased is called back first.

        Raises BudgetRefusedError when that does not help.
        """
        return await self._last.insist(attempt, refused)

    def booked(self, ended: Sequence[Ended]) -> None:
        """Holds ended in a transaction that did more: those who want to hear of it are told."""
        for one in ended:
            self._alerts.booked(one.booked)

    async def _least(self, ask: HoldAsk) -> int:
        """Of what was held whole, the least."""
        try:
            found = await self._store.held(ask.subject)
        except BaseException:
            self._abandoned(ask.subject)
            raise
        whole = [one.id for one, asked in zip(ask.budgets, ask.amounts, strict=True) if asked is None]
        return min((found.get(number, 0) for number in whole), default=0)

    async def made(self, budgets: tuple[Budget, ...]) -> tuple[Budget, ...]:
        """The same with everyone's own budgets made; those that are gone are left out."""
        whole: list[Budget] = []
        for budget in budgets:
            if budget.id > 0:
                whole.append(budget)
            elif (own := await self._store.own(-budget.id, budget.scope.id)) is not None:
                self.index.learn(-budget.id, own)
                whole.append(own)
        return tuple(sorted(whole, key=lambda one: one.id))

    # ---------------------------------------------------------------- what holds call
    def end(self, ending: Ending) -> None:
        """Book the end of an exact hold, soon."""
        self._lasting.end(ending.subject)
        self._endings.append(ending)
        self._keeper.nudge()

    async def more(self, held: Held, amount: int, *, turn: int) -> None:
        """Hold exactly so much more for the same subject. Raises BudgetRefusedError."""
        ask = HoldAsk(
            subject=held.subject,
            budgets=held.budgets,
            amounts=(amount,) * len(held.budgets),
            lasts=LASTS,
            worker=self.slices.worker or None,
            turn=turn,
        )
        abandoned = _nothing if turn else self._abandoned  # what is held exactly before ends together with this
        try:
            await self._store.hold(ask, abandoned)
        except BudgetRefusedError as error:
            await self._last.hold(ask, abandoned, error)
        if not turn:
            self._lasting.add(held, LASTS)

    async def extend(self, subject: str, lasts: float) -> bool:
        """Let an exact hold last so many seconds from now; False when it is not open."""
        return await self._store.extend(subject, lasts)

    def overran(self, held: Held, spent: int) -> None:
        """It did cost more than was held."""
        self._alerts.overran(held.subject, held.budgets, held=held.amount, spent=spent)

    def _abandoned(self, subject: str) -> None:
        """It was held, or may have been, but nobody waits for it: nothing was sent."""
        self.end(Ending(subject, "release"))

    # ---------------------------------------------------------------- as a sink
    def take(self) -> LedgerBatch | None:
        """What waits to be booked."""
        endings = [self._endings.popleft() for _ in range(len(self._endings))]
        taken = self.slices.take()
        if not endings and not taken:
            return None
        return LedgerBatch(self._store, self.slices.worker, endings, taken, self._heard)

    def _changed(self, slices: list[Slice], changes: list[SliceChange], states: list[SliceState]) -> None:
        if self.slices.done(slices, changes, states):
            self._worker.died()

    def _undone(self, endings: list[Ending], taken: list[Taken]) -> None:
        self._endings.extendleft(reversed(endings))
        for _, changes, slices in taken:
            self.slices.undo(slices, changes)

    def _swept(self, workers: Sequence[str], ended: Sequence[Ended]) -> None:
        """Others died, and holds expired."""
        for worker in workers:
            _log.warning("the worker %s died; what it had leased is booked as presumed spent", worker)
        for one in ended:
            if one.booked:
                _log.warning("the hold of %s expired and is booked as presumed spent", one.ending.subject)
            self._alerts.booked(one.booked)


def _nothing(_subject: str) -> None:
    return None


def _mismatch(budgets: tuple[Budget, ...], currency: str) -> InvalidRequestError:
    budget = next(one for one in budgets if one.currency != currency)
    return InvalidRequestError(
        f"the budget {budget.name or budget.id} of {budget.scope} is in {budget.currency}, and the price is in {currency};"
        f" make a budget in {currency}, amounts are not converted",
        param="currency",
    )
