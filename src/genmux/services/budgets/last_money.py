"""The end of a budget: what is left of it may be in slices, which are called back before anybody is refused."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from genmux.services.budgets.ports import Keeper, LedgerStore
from genmux.services.budgets.slices import Slices
from genmux.types.ledger import BudgetRefusedError, HoldAsk

T = TypeVar("T")

PAUSE = 0.3
"""Seconds between two attempts."""

PATIENCE = 3.0
"""Seconds after which a request is refused whatever others may give back."""

BEATS = 1.6
"""Seconds in which whoever can give something back has heard of it."""

TIGHT = 5.0
"""Seconds for which nobody leases anything of such a budget."""


class LastMoney:
    """Holds after a refusal, as long as slices may come back that would be enough."""

    def __init__(self, store: LedgerStore, slices: Slices, keeper: Keeper, monotonic: Callable[[], float]) -> None:
        self._store = store
        self._slices = slices
        self._keeper = keeper
        self._monotonic = monotonic
        self._rounds: dict[asyncio.AbstractEventLoop, dict[int, asyncio.Task[None]]] = {}

    async def hold(self, ask: HoldAsk, abandoned: Callable[[str], None], refused: BudgetRefusedError) -> None:
        """Hold as soon as it can be. Raises BudgetRefusedError when it cannot."""
        await self.insist(lambda: self._store.hold(ask, abandoned), refused)

    async def insist(self, attempt: Callable[[], Awaitable[T]], refused: BudgetRefusedError) -> T:
        """Make an attempt to hold again, as soon as it may go well. Raises BudgetRefusedError when it cannot."""
        if refused.refusal.held > refused.refusal.leased:  # some of that may have ended here, and wait to be booked
            await self._keeper.flush()
            try:
                return await attempt()
            except BudgetRefusedError as error:
                refused = error
        begun = self._monotonic()
        first = True
        while _may_suffice(refused):
            leased = refused.refusal.leased
            await self._round(refused.refusal.budget, first=first)
            first = False
            try:
                return await attempt()
            except BudgetRefusedError as error:
                waited = self._monotonic() - begun
                refused = error
                if waited > PATIENCE or (waited > BEATS and error.refusal.leased >= leased):
                    break
        raise refused

    async def _round(self, budget: int, *, first: bool) -> None:
        """Give back and have others give back; together with whoever else waits for the same budget."""
        loop = asyncio.get_running_loop()
        rounds = self._rounds.get(loop)
        if rounds is None:
            self._rounds = {known: one for known, one in self._rounds.items() if not known.is_closed()}
            rounds = self._rounds.setdefault(loop, {})
        task = rounds.get(budget)
        if task is None:
            task = rounds[budget] = asyncio.create_task(self._call_back(budget, first=first))
            task.add_done_callback(lambda ended: _forget(rounds, budget, ended))
        await asyncio.shield(task)

    async def _call_back(self, budget: int, *, first: bool) -> None:
        alone = self._store.kind == "sqlite"
        self._slices.give_back([budget], tight=True)
        try:
            await self._keeper.flush()
            if first and not alone:
                await self._store.tighten(budget, lasts=TIGHT)
            if not (alone and first):
                await asyncio.sleep(PAUSE)
        finally:
            if alone:
                self._slices.give_back([budget], tight=False)


def _may_suffice(refused: BudgetRefusedError) -> bool:
    state = refused.refusal
    return state.leased > 0 and state.spent + state.held - state.leased + refused.asked <= state.limit


def _forget(rounds: dict[int, asyncio.Task[None]], budget: int, ended: asyncio.Task[None]) -> None:
    rounds.pop(budget, None)
    if not ended.cancelled():
        ended.exception()  # whoever waited heard it
