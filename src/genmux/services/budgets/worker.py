"""This process among the others: it beats, hears which budgets run near their end, and sweeps up after the dead."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from genmux.services.budgets.index import BudgetIndex
from genmux.services.budgets.ports import Closable, LedgerStore
from genmux.services.budgets.slices import Slices
from genmux.services.ports import NewId
from genmux.types.errors import ProviderError
from genmux.types.ledger import Ended

BEAT = 1.0
"""Seconds between two beats."""

SWEEP = 15
"""So many beats apart it is swept."""

LEASE = 15.0
"""Seconds after the last beat when a worker is taken for dead."""

FOR_EVER = 100 * 366 * 86_400.0
"""Seconds for which a process lives that is alone: until another one starts."""

TRUSTED = 10.0
"""Seconds after the last beat when a worker stops to spend what it has leased."""

Swept = Callable[[Sequence[str], Sequence[Ended]], None]

_log = logging.getLogger("genmux.budgets")


class Worker:
    """Begins, beats and ends. On SQLite there is no other process: nobody needs to hear the beats."""

    def __init__(
        self,
        store: LedgerStore,
        slices: Slices,
        index: BudgetIndex,
        *,
        new_id: NewId,
        monotonic: Callable[[], float],
        about: str,
    ) -> None:
        self._store = store
        self._slices = slices
        self._index = index
        self._new_id = new_id
        self._monotonic = monotonic
        self._about = about
        self._alone = store.kind == "sqlite"
        self._dead = False
        self._task: asyncio.Task[None] | None = None
        self._listener: Closable | None = None
        self._hint = asyncio.Event()
        self._nudge: Callable[[], None] = _nothing
        self._swept: Swept = _nobody
        self._renew: Callable[[], Awaitable[None]] = _never

    async def start(self, nudge: Callable[[], None], swept: Swept, renew: Callable[[], Awaitable[None]]) -> None:
        """Begin in the running event loop; `renew` is done at each beat. Raises StoreError."""
        self._nudge, self._swept, self._renew = nudge, swept, renew
        await self._enter()
        swept(*await self._store.sweep(all_but=self._slices.worker if self._alone else None))
        self._listener = await self._store.listen(self._hint.set)
        await self.refresh()
        self._task = asyncio.create_task(self._run(), name="genmux-ledger")

    async def stop(self) -> None:
        """End; what was not given back is presumed spent when the lease ends. May be called again."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if self._listener is not None:
            await self._listener.aclose()
        try:
            await self._store.leave(self._slices.worker)
        except ProviderError as error:
            _log.error("the ledger could not be left: %s", error.message)

    async def refresh(self) -> None:
        """Learn the budgets anew."""
        version, budgets = await self._store.active()
        if version != self._index.version:
            self._index.replace(version, budgets)

    def died(self) -> None:
        """This worker was taken for dead, and begins again under another name at the next beat."""
        self._dead = True

    async def _enter(self) -> None:
        worker, began = self._new_id(), self._monotonic()
        await self._store.enter(worker, self._about, lasts=FOR_EVER if self._alone else LEASE)
        self._slices.begin(worker)
        self._slices.valid_until = float("inf") if self._alone else began + TRUSTED
        self._dead = False

    async def _run(self) -> None:
        beats = 0
        while True:
            try:
                await asyncio.wait_for(self._hint.wait(), BEAT)
            except TimeoutError:
                beats += 1
            hinted = self._hint.is_set()
            self._hint.clear()
            try:
                if hinted:
                    await self.refresh()
                else:
                    await self._tick(beats)
            except ProviderError as error:
                _log.warning("the ledger's beat failed: %s", error.message)

    async def _tick(self, beats: int) -> None:
        if self._slices.is_idle():
            self._nudge()
        if self._dead:
            await self._enter()
        if not self._alone:
            await self._beat()
        await self._renew()
        if beats % SWEEP == 0 and await self._store.is_due():
            self._swept(*await self._store.sweep())

    async def _beat(self) -> None:
        began = self._monotonic()
        beat = await self._store.beat(self._slices.worker, lasts=LEASE)
        if not beat.alive:
            _log.warning("this process was taken for dead; what it had leased is presumed spent until it is booked")
            await self._enter()
            self._nudge()
            return
        self._slices.valid_until = began + TRUSTED
        if self._slices.tighten(beat.tight):
            self._nudge()
        if beat.version != self._index.version:
            await self.refresh()


def _nothing() -> None:
    return None


async def _never() -> None:
    return None


def _nobody(_workers: Sequence[str], _ended: Sequence[Ended]) -> None:
    return None
