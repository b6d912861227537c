"""Puts the flow of jobs on a store. Imported when a store is opened."""

import asyncio
import logging
import os
import random
import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any, Literal, Protocol

from genmux.contract.operations import Operation
from genmux.engine.engine import Engine
from genmux.flows.call.hosts import LocalHosts
from genmux.flows.call.target import Targets
from genmux.flows.job.bench import Bench, Estimator, Pricer, Purse, Standing, Standings
from genmux.flows.job.dispatch import Embedded, Lazy, Shared
from genmux.flows.job.hooks import HookDesk
from genmux.flows.job.jobs import Jobs
from genmux.flows.job.ports import Files, Outbox
from genmux.flows.job.waiting import Waiters
from genmux.services.ports import NewId, Now
from genmux.services.registry import Registry
from genmux.services.settings import Settings
from genmux.store.events.incoming import SeenHooks
from genmux.store.jobs.store import CHANNEL, JobTables
from genmux.store.ledger.store import LedgerStore
from genmux.store.opening import Store
from genmux.store.postgres.database import PostgresDatabase
from genmux.store.usage.rows import row_of
from genmux.store.usage.writing import write_rows
from genmux.types.errors import ProviderError
from genmux.types.usage_record import UsageRecord

FROZEN = 70
"""The exit status of a worker that found that it stood still."""

SWEEP = 30.0
"""Seconds between two looks for jobs that could not begin for too long."""

_STEADY = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
"""The clock that goes on while a machine sleeps: on Linux the first, on macOS the second; Windows has no other."""

Works = Literal["at once", "when needed", "never"]
"""Whether a process does jobs: from its start, once it was given one, or not at all."""

_log = logging.getLogger("genmux.jobs")


class Around(Protocol):
    """What there is without a store: the App."""

    settings: Settings
    registry: Registry
    targets: Targets
    engine: Engine
    hosts: LocalHosts
    now: Now
    new_id: NewId

    @property
    def accounts(self) -> Standings:
        """The accounts at the providers."""
        ...

    @property
    def prices(self) -> Pricer:
        """Knows prices."""
        ...

    @property
    def estimator(self) -> Estimator:
        """Says what a generation may cost."""
        ...


class JobDesk:
    """The jobs of one process: what can be done with them, and the worker that does them where this process is one."""

    def __init__(  # noqa: PLR0913 — each is one who helps
        self,
        app: Around,
        store: Store,
        lines: LedgerStore,
        purse: Purse,
        *,
        files: Files,
        outbox: Outbox,
        about: str,
        works: Works,
        dies: bool,
        callback: Callable[[str, str], str | None],
    ) -> None:
        self._store = store
        self._dies = dies
        self.rows = JobTables(store.database, lines.hold_in, app.now)
        self.waiters = Waiters()
        bench = Bench(
            rows=self.rows,
            books=lines,
            purse=purse,
            files=files,
            outbox=outbox,
            write_usage=_write_usage,
            targets=app.targets,
            engine=app.engine,
            hosts=app.hosts,
            accounts=app.accounts,
            pricer=app.prices,
            estimator=app.estimator,
            settings=app.settings.jobs,
            clock=steady,
            random=random.random,
            new_id=app.new_id,
            new_secret=lambda: secrets.token_urlsafe(32),
            callback=callback,
            caps=lambda provider: _cap(app, provider),
            told=self.waiters.wake,
            show=self.waiters.show,
        )
        me = f"worker-{app.new_id()}"
        self._shared = isinstance(store.database, PostgresDatabase)
        worker: Embedded | None = None
        if works != "never":
            frozen = self._frozen
            worker = (
                Shared(bench, me=me, about=about, frozen=frozen)
                if self._shared
                else Embedded(bench, me=me, about=about)
            )
        self.worker = worker
        self._at_once = works == "at once"
        self._lazy = None if worker is None or self._at_once else Lazy(worker)
        self.jobs = Jobs(bench, self._lazy or worker, self.waiters)
        self.hooks = HookDesk(bench, self.jobs, SeenHooks(store.database), now=app.now, offered=_Offered(app))
        self._hints: Any = None
        self._sweeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to work, and to hear what others do. Raises StoreError."""
        database = self._store.database
        if isinstance(database, PostgresDatabase):
            self._hints = await database.listen(CHANNEL, self._heard)
            await self.rows.clock()
        if self.worker is not None and self._at_once:
            await self.worker.start()
            self._sweeping = asyncio.create_task(self._sweep(), name="genmux-job-expiry")

    async def stop(self) -> None:
        """Hand everything over. May be called again."""
        sweeping, self._sweeping = self._sweeping, None
        if sweeping is not None:
            sweeping.cancel()
            await asyncio.gather(sweeping, return_exceptions=True)
        if self._lazy is not None:
            await self._lazy.stop()
        elif self.worker is not None:
            await self.worker.stop()
        hints, self._hints = self._hints, None
        if hints is not None:
            await hints.aclose()

    async def _sweep(self) -> None:
        """End jobs that could not begin for too long, now and then."""
        while True:
            await asyncio.sleep(SWEEP)
            try:
                await self.jobs.expire()
            except ProviderError as error:
                _log.warning("jobs that are overdue cannot be ended now: %s", error.message)

    def _heard(self, told: str) -> None:
        what, _, job = told.partition(" ")
        if what == "ended":
            self.waiters.wake(job)
        elif isinstance(self.worker, Shared):
            self.worker.heard(told)

    def _frozen(self, seconds: float) -> None:
        """This process stood still. One that serves ends without touching anything; a program's own only lets go of its jobs."""
        _log.critical("this process stood still for %.1f s; others may have its jobs by now", seconds)
        if self._dies:
            os._exit(FROZEN)


class _Offered:
    """What there is of each provider."""

    def __init__(self, app: Around) -> None:
        self._app = app

    def accounts(self, provider: str) -> Iterator[Standing]:
        """All accounts, whosever they are."""
        pool = self._app.accounts
        for account in pool.accounts(provider):
            if (standing := pool.standing(account.id)) is not None:
                yield standing

    def models(self, provider: str) -> Iterator[tuple[str, Operation]]:
        """The models of the manifest."""
        for name, spec in self._app.registry.manifest(provider).models.items():
            for operation in spec.operations:
                yield name, operation


def steady() -> float:
    """Seconds that never go back, and also pass while this machine sleeps: leases of others run on meanwhile."""
    return time.monotonic() if _STEADY is None else time.clock_gettime(_STEADY)


def _write_usage(tx: Any, record: UsageRecord) -> None:
    write_rows(tx, [row_of(record)])


def _cap(app: Around, provider: str) -> int | None:
    own = app.settings.providers.get(provider)
    if own is not None and own.max_concurrency is not None:
        return own.max_concurrency
    manifest = app.registry.manifest(provider)
    return manifest.jobs.max_concurrency
