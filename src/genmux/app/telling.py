"""Puts the telling of events on a store: the outbox, who listens, webhooks, and what reads along. Imported when a store is opened."""

import asyncio
import logging
import os
import random
import secrets
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from typing import Any, Protocol

from genmux.engine.guarded_transport import GuardedTransport
from genmux.engine.outward import OutwardPoster
from genmux.engine.url_guard import Checked, UrlGuard, found_by_proxy
from genmux.services.accounts.key_sources import key_source
from genmux.services.accounts.sealing import Sealer
from genmux.services.events import EventBus
from genmux.services.keys import KeyRing
from genmux.services.outbox import Bell, Courier, Echo, Interest, Outbox, Stories, Tail, WebhookDesk
from genmux.services.ports import NewId, Now
from genmux.services.settings import Settings
from genmux.store.accounts.store import AccountTables
from genmux.store.events.deliveries import Deliveries
from genmux.store.events.log import EventLog
from genmux.store.events.webhooks import CHANNEL, INTEREST, Listeners, WebhookTable
from genmux.store.opening import Store
from genmux.store.postgres.database import PostgresDatabase
from genmux.types.accounts import Account
from genmux.types.accounts_stored import Sealed
from genmux.types.errors import ConfigurationError, ProviderError
from genmux.types.version import VERSION
from genmux.types.webhooks import Webhook

ASK = 5.0
"""Seconds after which it is asked who listens, where other processes may: a hint can be lost."""

GAP = 0.02
"""Seconds between two hints to other processes at least."""

LOOPBACK = ("127.0.0.0/8", "::1")

_log = logging.getLogger("genmux.events")


class Wakes(Protocol):
    """Writes what waits: the bookkeeper."""

    def nudge(self) -> None:
        """Something waits."""
        ...


class Telling(Protocol):
    """What there is without a store: the App."""

    settings: Settings
    environ: Mapping[str, str]
    ring: KeyRing
    events: EventBus
    now: Now
    new_id: NewId


class EventDesk:
    """The events of one process: `outbox` tells them, `stories` shows them, `webhooks` manages endpoints.

    It is made and started in the event loop in which it works. With `delivers`, this process sends webhooks. The outbox is
    a sink of the bookkeeper, which must be told of it.
    """

    def __init__(self, app: Telling, store: Store, keeper: Wakes, *, delivers: bool) -> None:
        database, now, new_id = store.database, app.now, app.new_id
        self._bus = app.events
        self._database = database
        self._delivers = delivers
        self._tasks: list[asyncio.Task[None]] = []
        self._stack = AsyncExitStack()
        self._asking, self._announcing, self._sending = Bell(), Bell(), Bell()
        log, listeners = EventLog(database), Listeners(database)
        self._shared = log.shared
        self.interest = Interest(listeners, self._changed)
        self.tail = Tail(log, Bell())
        self.outbox = Outbox(log, now=now, new_id=new_id, wants=self.interest.wants, wake=keeper.nudge, told=self._told)
        self._echo = Echo(app.events, self.tail, self.outbox, now)
        self.stories = Stories(log, listeners, self.tail, self.interest, new_id=new_id)
        boxes = _Secrets(app, store)
        self._poster = OutwardPoster(_Guard(app), transport=GuardedTransport(user_agent=f"genmux/{VERSION}"))
        deliveries = Deliveries(database, log)
        self._courier = Courier(
            deliveries,
            self._poster,
            boxes,
            bell=self._sending,
            wanted=lambda: bool(self.interest.endpoints),
            now=now,
            new_id=new_id,
            random=random.random,
            shared=log.shared,
        )
        self.webhooks = WebhookDesk(
            WebhookTable(database),
            deliveries,
            self._courier,
            boxes,
            now=now,
            new_id=new_id,
            random=secrets.token_bytes,
            changed=self._asking.ring,
        )

    async def start(self) -> None:
        """Learn who listens, and begin. Raises StoreError."""
        await self.interest.refresh()
        await self._echo.start()
        self._bus.changed = self._echo.look
        if isinstance(self._database, PostgresDatabase):
            hints = await self._database.listen(CHANNEL, self._hinted)
            self._stack.push_async_callback(hints.aclose)
            self._background(self._announce(self._database), "hints")
        self._background(self.tail.run(), "events")
        self._background(self._ask(), "interest")
        if self._delivers:
            self._background(self._courier.run(), "webhooks")

    async def stop(self) -> None:
        """Hand over what was told until now, and end. May be called again."""
        self._bus.lead_out(None)
        self._bus.changed = lambda: None
        await self.stories.aclose()
        await self._echo.stop()
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._poster.aclose()
        await self._stack.aclose()

    def _background(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._tasks.append(asyncio.create_task(work, name=f"genmux-{name}"))

    def _changed(self) -> None:
        """Somebody else wants to hear something."""
        self._bus.lead_out(self.outbox.take_in if self.interest.any else None)
        self._sending.ring()

    def _told(self) -> None:
        """Something new was committed by this process."""
        self.tail.bell.ring()
        self._sending.ring()
        if self._shared and self.interest.any:
            self._announcing.ring()

    def _hinted(self, said: str) -> None:
        """Another process did something; an empty word may be any."""
        if said != INTEREST:
            self.tail.bell.ring()
            self._sending.ring()
        if said != NEWS:
            self._asking.ring()

    async def _announce(self, database: PostgresDatabase) -> None:
        """Let other processes know that there is something new: not within the transactions, which would wait for each other."""
        while True:
            await self._announcing.heard(None)
            try:
                await database.direct(lambda connection: connection.execute("SELECT pg_notify($1, $2)", CHANNEL, NEWS))
            except ProviderError:
                continue  # they look by themselves now and then
            await asyncio.sleep(GAP)

    async def _ask(self) -> None:
        """Ask who listens, at every hint and now and then."""
        failed = False
        while True:
            await self._asking.heard(ASK if self._shared else None)
            try:
                await self.interest.refresh()
            except ProviderError as error:
                if not failed:
                    _log.warning("it cannot be asked who listens to events: %s", error)
                failed = True
            else:
                failed = False
            self._sending.ring()


NEWS = "news"
"""What is sent to other processes when something was told."""


class _Secrets:
    """Seals the secrets of endpoints with the key that seals credentials."""

    def __init__(self, app: Telling, store: Store) -> None:
        source = key_source(app.environ, os.urandom, place=app.settings.accounts.sealing)
        self._sealer = Sealer(source, AccountTables(store.database), os.urandom)

    async def seal(self, webhook: Webhook, secrets: Mapping[str, str]) -> Sealed:
        """Seal them, bound to the endpoint."""
        return await self._sealer.seal(_as_account(webhook), secrets)

    def open(self, webhook: Webhook, sealed: Sealed) -> Mapping[str, str]:
        """What was sealed. Raises ConfigurationError."""
        try:
            return self._sealer.open(_as_account(webhook), sealed)
        except ConfigurationError as error:
            message = (
                f"the secret of the webhook {webhook.id} cannot be opened: it needs the sealing key {sealed.key_id}, which"
                f" is not here; put that back, or give it a new secret: `genmux webhooks rotate {webhook.id}`"
            )
            raise ConfigurationError(message) from error


def _as_account(webhook: Webhook) -> Account:
    """What its secrets are bound to, so that they are worth nothing in another row."""
    return Account(id=f"webhook {webhook.id}", tenant=webhook.tenant, provider="webhook", name=webhook.id)


class _Guard:
    """Lets through public addresses, those that the operator named, and this machine as long as only its own user can call."""

    def __init__(self, app: Telling) -> None:
        named = app.settings.webhooks.private_hosts
        left = found_by_proxy(allowed=app.settings.webhooks.proxy_resolves)
        self._ring = app.ring
        self._strict = UrlGuard(named, by_proxy=left)
        self._own = UrlGuard((*named, *LOOPBACK), by_proxy=left)

    async def check(self, url: str) -> Checked:
        """The URL with its addresses. Raises InvalidRequestError, NetworkError."""
        return await (self._strict if self._ring.demands else self._own).check(url)
