"""Everything about accounts that is not on the way of a request, put together."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from genmux.contract.manifest import Manifest
from genmux.contract.provider import Provider
from genmux.services.accounts.pool import AccountPool
from genmux.services.ports import NewId, Now
from genmux.types.errors import ProviderError

if TYPE_CHECKING:  # what manages accounts is imported when somebody does
    from genmux.engine.engine import Engine
    from genmux.services.accounts.balances import Addresses, BalanceDesk
    from genmux.services.accounts.book import AccountBook
    from genmux.services.accounts.capture import CaptureDesk
    from genmux.services.accounts.keeper import AccountKeeper
    from genmux.services.accounts.key_sources import KeyPlace
    from genmux.services.accounts.ports import AccountStore

_log = logging.getLogger("genmux.accounts")


class Registered(Protocol):
    """Knows and builds providers."""

    def ids(self) -> tuple[str, ...]:
        """All of them."""
        ...

    def is_registered(self, provider_id: str) -> bool:
        """Whether there is such a provider."""
        ...

    def manifest(self, provider_id: str) -> Manifest:
        """One as data."""
        ...

    def unavailable(self, provider_id: str) -> str | None:
        """Why one cannot be used."""
        ...

    def load(self, provider_id: str) -> Provider:
        """One as it is used."""
        ...

    def detect(self, url: str) -> str | None:
        """To which one a URL belongs."""
        ...


class AccountDesk:
    """Manages accounts: `book` adds and changes them, `captures` takes those of browsers, `balances` asks providers.

    `attach` when the store is open; `run` looks after everything in the background.
    """

    def __init__(
        self,
        pool: AccountPool,
        registry: Registered,
        engine: "Engine",
        addresses: "Addresses",
        *,
        now: Now,
        new_id: NewId,
    ) -> None:
        self._pool = pool
        self._registry = registry
        self._engine = engine
        self._addresses = addresses
        self._now = now
        self._new_id = new_id
        self.keeper: AccountKeeper | None = None

    @cached_property
    def book(self) -> "AccountBook":
        """Adds, changes and removes accounts."""
        from genmux.services.accounts.book import AccountBook

        return AccountBook(self._pool, self._registry, now=self._now, new_id=self._new_id)

    @cached_property
    def captures(self) -> "CaptureDesk":
        """Takes accounts out of what browsers post."""
        from genmux.services.accounts.capture import CaptureDesk

        return CaptureDesk(self._registry, self.book)

    @cached_property
    def balances(self) -> "BalanceDesk":
        """Asks providers what is left."""
        from genmux.services.accounts.balances import BalanceDesk

        return BalanceDesk(self._pool, self.book, self._engine, self._registry, self._addresses, now=self._now)

    async def attach(
        self, store: "AccountStore", *, environ: Mapping[str, str], sealing: "KeyPlace | None" = None
    ) -> "AccountKeeper":
        """Use the accounts of an open store from now on. Raises StoreError.

        A sealing key that is lost or wrong stops only the accounts that it seals.
        """
        from genmux.services.accounts.book import Stored
        from genmux.services.accounts.keeper import AccountKeeper
        from genmux.services.accounts.key_sources import key_source
        from genmux.services.accounts.sealing import Sealer

        sealer = Sealer(key_source(environ, os.urandom, place=sealing), store, os.urandom)
        keeper = AccountKeeper(self._pool, store, sealer, now=self._now, new_id=self._new_id)
        stored = Stored(store, sealer, keeper)
        await keeper.refresh()
        self.book.attach(stored)
        self.balances.attach(stored)
        self.keeper = keeper
        return keeper

    async def run(self, *, sync_seconds: float, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        """Look after everything until cancelled: the store, and every `sync_seconds` the balances; 0 for never."""
        async with asyncio.TaskGroup() as tasks:
            if self.keeper is not None:
                tasks.create_task(self.keeper.run(sleep), name="accounts")
            if sync_seconds > 0:
                tasks.create_task(self._sync(sync_seconds, sleep), name="balances")

    async def _sync(self, seconds: float, sleep: Callable[[float], Awaitable[object]]) -> None:
        while True:
            await sleep(seconds)
            try:
                await self.balances.sync_all(older_than=seconds / 2)
            except ProviderError as error:
                _log.warning("balances could not be brought up to date: %s", error)
