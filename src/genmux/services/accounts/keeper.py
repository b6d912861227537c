"""Keeps the pool and the store in step: loads what changed, writes down what was learnt, reserves across workers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from genmux.services.accounts.lease import Lease
from genmux.services.accounts.pool import AccountPool
from genmux.services.accounts.ports import AccountStore
from genmux.services.accounts.sealing import Sealer
from genmux.services.accounts.standing import Obstacle
from genmux.services.ports import NewId, Now
from genmux.types.accounts_stored import Reservation
from genmux.types.errors import ErrorKind, ProviderError

LIFETIME = 180.0
"""Seconds after which a reservation of a worker that was killed is free again."""

BEAT = 1.0
"""Seconds between two looks at the store."""

_SOON = 0.25
_log = logging.getLogger("genmux.accounts")


class AccountKeeper:
    """Stands between pool and store. `run` does everything in the background; each step can also be done at once."""

    def __init__(self, pool: AccountPool, store: AccountStore, sealer: Sealer, *, now: Now, new_id: NewId) -> None:
        self._pool = pool
        self._store = store
        self._sealer = sealer
        self._now = now
        self._new_id = new_id
        self._version: int | None = None
        self._turn = asyncio.Lock()
        self._live: set[str] = set()
        self._renewed = now()
        pool.exact = store.exact
        pool.confirm = self.confirm

    async def refresh(self, *, force: bool = False) -> bool:
        """Load all accounts when they changed, or when forced; tells whether it did. Raises StoreError."""
        version = await self._store.version()
        if version == self._version and not force:
            return False
        snapshot = await self._store.load()
        if self._version is not None and snapshot.version < self._version:
            return False  # somebody else has looked meanwhile, and later
        self._pool.accept(snapshot, self._sealer)
        self._version = snapshot.version
        return True

    async def flush(self) -> None:
        """Write down what was learnt and give back what is over; also what is being written already is durable then.

        Raises StoreError, and then it is still to be done.
        """
        async with self._turn:
            over = (
                self._pool.take_given_back()
            )  # before the notes: what these used is among them, and free only once it is booked
            noted = self._pool.take_notes()
            if noted:
                try:
                    await self._store.note(noted)
                except BaseException:
                    self._pool.take_back_notes()
                    self._pool.put_given_back(over)
                    raise
            await self._give_back(over)
            await self._renew()

    async def _give_back(self, over: list[str]) -> None:
        if over:
            self._live.difference_update(over)
            await self._store.give_back(over)  # what is not given back now is when it is overdue

    async def confirm(self, lease: Lease) -> Obstacle | None:
        """Reserve a pending lease in the database; tells what hinders it. Raises StoreError."""
        account = lease.account
        lease.id = self._new_id()
        known = {name: amount for name, amount in lease.credits.items() if name in account.balances}
        lost = await self._store.reserve(
            Reservation(
                lease=lease.id,
                account=account.id,
                lifetime=LIFETIME,
                max_concurrency=account.max_concurrency,
                credits=known,
            )
        )
        if lost is None:
            self._live.add(lease.id)
            lease.pending = False
            return None
        lease.id = None
        if lost == "slots":
            return Obstacle(f"has all {account.max_concurrency} slots in use", ErrorKind.RATE_LIMIT, _SOON)
        return Obstacle(f"has not enough {lost} left", ErrorKind.QUOTA_EXCEEDED)

    async def _renew(self) -> None:
        """Long requests keep their reservations while this process lives."""
        now = self._now()
        if not self._live or abs((now - self._renewed).total_seconds()) < LIFETIME / 3:
            return
        await self._store.renew(tuple(self._live), LIFETIME)
        self._renewed = now

    async def run(self, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        """Look after everything until cancelled; then what was learnt is written down once more.

        A database that fails is told in the log, and tried again.
        """
        loop, woken = asyncio.get_running_loop(), asyncio.Event()
        self._pool.wake = lambda: _wake(loop, woken)
        pause = asyncio.ensure_future(sleep(BEAT))
        try:
            await self._step()
            while True:
                waiting = asyncio.ensure_future(woken.wait())
                try:
                    await asyncio.wait((waiting, pause), return_when=asyncio.FIRST_COMPLETED)
                finally:
                    waiting.cancel()
                woken.clear()  # before the work: what comes meanwhile is for the next turn
                if pause.done():
                    pause = asyncio.ensure_future(sleep(BEAT))
                    await self._step()
                elif self._pool.urgent:
                    await self._flushed()
                else:
                    await self._returned()
        finally:
            pause.cancel()
            self._pool.wake = lambda: None
            await self._flushed()

    async def _step(self) -> None:
        await self._flushed()
        try:
            await self.refresh()
        except ProviderError as error:
            _log.warning("accounts could not be loaded: %s", error)

    async def _returned(self) -> None:
        """Slots are given back at once; what was learnt beside that can wait."""
        try:
            await self._give_back(self._pool.take_given_back())
        except ProviderError as error:
            _log.warning("slots of accounts could not be given back: %s", error)

    async def _flushed(self) -> None:
        try:
            await self.flush()
        except ProviderError as error:
            _log.warning("what was learnt about accounts could not be written down: %s", error)


def _wake(loop: asyncio.AbstractEventLoop, woken: asyncio.Event) -> None:
    """From any thread; a loop that has ended needs no waking."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(woken.set)
