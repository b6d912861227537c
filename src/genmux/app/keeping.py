"""What is kept beyond this process: the store, and all that stands on it. Imported when a store is opened."""

import asyncio
import datetime
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Protocol

from genmux.app.assets import AssetDesk, lacking_media
from genmux.app.jobs import Around as JobsAround
from genmux.app.jobs import JobDesk, Works
from genmux.app.telling import EventDesk, Telling
from genmux.flows.call.door import Keepers
from genmux.flows.job.hooks import HookDesk, account_hook
from genmux.flows.job.jobs import Jobs
from genmux.services.accounts import AccountDesk
from genmux.services.audit import AuditLog
from genmux.services.bookkeeper import Bookkeeper
from genmux.services.budgets import Budgets, Ledger
from genmux.services.keys import Issuing, Tenancy
from genmux.services.rates import MemoryRates, SharedRates
from genmux.services.registry import Registry
from genmux.services.usage import Contents, UsageBook, UsageReports
from genmux.store.accounts.store import AccountTables
from genmux.store.keys.audit import AuditRows
from genmux.store.keys.store import CHANNEL, KeyRows
from genmux.store.ledger.store import LedgerStore
from genmux.store.lock import Role
from genmux.store.opening import Store, open_store
from genmux.store.postgres.database import PostgresDatabase
from genmux.store.upkeep.retention import prune
from genmux.store.usage.contents import ContentTable
from genmux.store.usage.records import UsageTables
from genmux.types.accounts import Account
from genmux.types.errors import ConfigurationError, NotFoundError, ProviderError
from genmux.types.money import micros
from genmux.types.principal import Principal
from genmux.types.usage_record import UsageRecord

DAILY = 86_400.0
"""Seconds between two times when what was kept long enough is removed."""

WORKS: dict[Role, Works] = {
    "gateway": "at once",
    "worker": "at once",
    "library": "when needed",
    "command": "when needed",
}
"""Who does jobs, and from when on."""

_log = logging.getLogger("genmux.app")


class Around(JobsAround, Telling, Protocol):
    """What there is without a store: the App."""

    registry: Registry
    account_desk: AccountDesk
    keepers: Keepers


class Keeping:
    """Budgets, keys, accounts, usage, files and the audit log of one process, on one store.

    It belongs to the event loop in which it was opened, and works in its background until `aclose`.
    """

    def __init__(self, app: Around, store: Store, *, role: Role, about: str) -> None:
        database, now, new_id = store.database, app.now, app.new_id
        self.store = store
        self._app = app
        self._tasks: list[asyncio.Task[None]] = []
        self._stack = AsyncExitStack()
        self.bookkeeper = Bookkeeper(database.write, time.monotonic)
        self._lines = LedgerStore(database, now)
        self.ledger = Ledger(
            self._lines,
            self.bookkeeper,
            new_id=new_id,
            monotonic=time.monotonic,
            teller=app.events,
            about=about,
        )
        self.budgets = Budgets(self._lines, self.ledger, new_id)
        self.records = UsageBook(UsageTables(database), nudge=self.bookkeeper.nudge, teller=app.events)
        days = app.settings.usage.content_days
        self.contents = Contents(ContentTable(database), now, days=days, nudge=self.bookkeeper.nudge)
        self.reports = UsageReports(
            UsageTables(database),
            ContentTable(database),
            now,
            flush=self.bookkeeper.flush,
            correct=self._correct,
        )
        self.audit = AuditLog(AuditRows(database), now)
        keys = KeyRows(database)
        self._keys = keys
        self.tenancy = Tenancy(keys, app.ring, now=now, new_id=new_id)
        self.issuing = Issuing(
            keys,
            app.ring,
            now=now,
            new_id=new_id,
            chance=lambda: secrets.token_urlsafe(32),
            providers=app.registry.ids,
        )
        self._rates = _rates(store, new_id)
        self._assets: AssetDesk | None = None
        self._lack = lacking_media()  # everything else is kept all the same
        if self._lack is None:
            self._assets = AssetDesk(
                store,
                app.settings.assets,
                environ=app.environ,
                now=now,
                new_id=new_id,
                public_url=app.settings.gateway.public_url,
            )
        self._jobs: JobDesk | None = None
        own_file = role == "library" and store.kind == "sqlite"  # which nobody else has open
        self.events = EventDesk(app, store, self.bookkeeper, delivers=own_file or role not in ("library", "command"))
        if self._assets is not None:
            self._jobs = JobDesk(
                app,
                store,
                self._lines,
                self.ledger,
                files=self._assets.files,
                outbox=self.events.outbox,
                about=about,
                works=WORKS[role] if app.settings.jobs.work or role == "worker" else "never",
                dies=role in ("gateway", "worker"),
                callback=self._callback,
            )

    @property
    def jobs(self) -> Jobs:
        """The jobs. Raises ConfigurationError where files cannot be kept, as then there can be none."""
        if self._jobs is None:
            raise self._lack or ConfigurationError("there can be no jobs here")
        return self._jobs.jobs

    async def had_tickets(self, provider: str, tickets: Sequence[str]) -> frozenset[str]:
        """Which of these tickets (JSON) a job has or had, whoever's it is."""
        return frozenset() if self._jobs is None else await self._jobs.rows.had_tickets(provider, tickets)

    @property
    def hooks(self) -> HookDesk | None:
        """Where webhooks of providers come in; None where there can be no jobs."""
        return None if self._jobs is None else self._jobs.hooks

    async def job_counts(self) -> list[tuple[str, str, int]]:
        """How many jobs there are by status and provider, of all tenants."""
        return [] if self._jobs is None else await self._jobs.rows.counts()

    def account_hook(self, account: Account) -> str:
        """Where the webhook of an account comes in. Raises ConfigurationError, NotFoundError, UnsupportedError."""
        app = self._app
        standing = app.accounts.standing(account.id)
        if standing is None:
            raise NotFoundError(f"there is no account {account.reference}", provider=account.provider)
        return account_hook(app.settings.gateway.public_url, app.registry.manifest(account.provider), standing)

    def _callback(self, provider: str, token: str) -> str | None:
        """Where a provider's webhooks for one job come in, where anybody outside can reach us."""
        base = self._app.settings.gateway.public_url
        return None if base is None else f"{base.rstrip('/')}/hooks/{provider}/{token}"

    @property
    def assets(self) -> AssetDesk:
        """Files that were made or uploaded. Raises ConfigurationError where they cannot be kept."""
        if self._assets is None:
            raise self._lack or ConfigurationError("files cannot be kept here")
        return self._assets

    async def secrets(self) -> tuple[bytes, ...]:
        """What all gateways of this store sign with; none where files cannot be kept. Raises StoreError."""
        return () if self._assets is None else await self._assets.links.secrets()

    async def start(self) -> None:
        """Learn what is in the store and begin to work. Raises StoreError."""
        app = self._app
        await app.ring.attach(self._keys)
        await app.account_desk.attach(
            AccountTables(self.store.database), environ=app.environ, sealing=app.settings.accounts.sealing
        )
        self.bookkeeper.add(self.ledger, self.records, self.contents, app.ring, self.events.outbox)
        self.bookkeeper.start()
        self._stack.push_async_callback(self.events.stop)
        self._stack.push_async_callback(self.bookkeeper.stop)
        await self.events.start()
        await self.ledger.start()
        self._stack.push_async_callback(self.ledger.stop)
        if isinstance(self._rates, SharedRates):
            self._stack.push_async_callback(self._rates.aclose)
        if isinstance(self.store.database, PostgresDatabase):
            hints = await self.store.database.listen(CHANNEL, lambda _: app.ring.nudge())
            self._stack.push_async_callback(hints.aclose)
        keepers = app.keepers
        keepers.ledger, keepers.limits, keepers.records = self.ledger, self._rates, self.records
        keepers.contents = self.contents if app.settings.usage.content else None
        self._background(app.ring.watch(), "keys")
        self._background(app.account_desk.run(sync_seconds=app.settings.accounts.sync_seconds), "accounts")
        self._background(self._prune(), "retention")
        if self._assets is not None:
            self._stack.push_async_callback(self._assets.aclose)
            self._background(self._assets.sweeper.run(), "assets")
        if self._jobs is not None:
            self._stack.push_async_callback(self._jobs.stop)
            await self._jobs.start()

    async def leave(self) -> None:
        """Close what belongs to the running event loop, which is about to end; other loops go on."""
        await self.store.leave()
        if self._assets is not None:
            await self._assets.downloader.leave()

    async def aclose(self) -> None:
        """Write what waits, give back what was leased, and close the store. May be called again."""
        keepers = self._app.keepers
        keepers.ledger = keepers.limits = keepers.records = keepers.contents = None
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        try:
            await self._stack.aclose()
        finally:
            await self.store.aclose()

    async def _correct(self, row: UsageRecord, actual: int, whose: str | None) -> object:
        """Book what a request did cost in place of what was booked for it, in the budgets of one organisation or in all.

        What is presumed has lines of its own.
        """
        principal = Principal(organisation=row.tenant, team=row.team, key=row.key, end_user=row.end_user, tags=row.tags)
        account = None if row.account is None else f"{row.provider}/{row.account}"
        booked = None if row.cost is None else micros(row.cost)
        counted = self.ledger.budgets_for(principal, account)
        return await self.budgets.correct(row.id, actual, tenant=whose, booked=booked, counted=counted)

    def _background(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._tasks.append(asyncio.create_task(work, name=f"genmux-{name}"))

    async def _prune(self, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        """Remove what was kept long enough, now and every day. The ledger's lines stay as long as usage rows do."""
        settings = self._app.settings
        days, told = settings.usage.keep_days, settings.webhooks.keep_days
        keep = {"usage": days, "jobs": settings.jobs.keep_days, "events": told, "deliveries": told}
        while True:
            try:
                now = self._app.now()
                await prune(self.store.database, now, keep)
                await self._lines.prune(now - datetime.timedelta(days=days))
                if isinstance(self._rates, SharedRates):
                    await self._rates.sweep()
            except ProviderError as error:
                _log.warning("old rows could not be removed: %s", error)
            await sleep(DAILY)


def _rates(store: Store, new_id: Callable[[], str]) -> MemoryRates | SharedRates:
    """Rate limits: of this process where it is alone, else shared with all that use the database."""
    if isinstance(store.database, PostgresDatabase):
        from genmux.store.keys.rate_limits import PostgresRates

        return SharedRates(PostgresRates(store.database), new_id=new_id)
    return MemoryRates(time.monotonic_ns)


async def open_keeping(app: Around, *, url: str | Path | None, role: Role, about: str) -> Keeping:
    """Open the store at a URL (None for the usual file) and put everything on it. Raises ConfigurationError or StoreError."""
    store = await open_store(url, environ=app.environ, role=role, about=about)
    try:
        keeping = Keeping(app, store, role=role, about=about)
        await keeping.start()
    except BaseException:
        await store.aclose()
        raise
    return keeping
