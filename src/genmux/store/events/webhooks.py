"""Endpoints of webhooks in the database, and who listens at this moment."""

import datetime
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, insert, select, update

from genmux.store.clock import database_now
from genmux.store.database import Database, Tx
from genmux.store.events.planning import skip_to_end
from genmux.store.events.rows import secret_values, stored_of, types_of, types_text, webhook_of, webhook_values
from genmux.store.events.tables import event_listeners, webhook_deliveries, webhooks
from genmux.store.moments import to_micros
from genmux.store.postgres.listening import notify
from genmux.types.accounts_stored import Sealed
from genmux.types.errors import InvalidRequestError
from genmux.types.events import ALL_TENANTS, EventFilter
from genmux.types.webhooks import StoredWebhook, Webhook

CHANNEL = "genmux_events"
"""Where PostgreSQL tells other processes that something was told, or that somebody wants to hear it."""

INTEREST = "interest"
"""What is sent there when somebody new wants to hear something."""


class WebhookTable:
    """Keeps endpoints."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, tenant: str | None) -> tuple[Webhook, ...]:
        """Those of one organisation, or all; the oldest first."""
        asked = select(webhooks).order_by(webhooks.c.created, webhooks.c.id)
        if tenant is not None:
            asked = asked.where(webhooks.c.tenant == tenant)
        return await self._database.read(lambda tx: tuple(map(webhook_of, tx.core.execute(asked).mappings())))

    async def find(self, tenant: str | None, webhook: str) -> StoredWebhook | None:
        """One of an organisation, or of any."""

        def work(tx: Tx) -> StoredWebhook | None:
            """In one transaction."""
            found = tx.core.execute(select(webhooks).where(*_own(tenant, webhook))).mappings().first()
            return None if found is None else stored_of(found)

        return await self._database.read(work)

    async def add(self, row: StoredWebhook, *, most: int) -> None:
        """A new endpoint. Raises InvalidRequestError when its organisation has `most` already."""
        webhook = row.webhook
        values = webhook_values(webhook) | secret_values(row.sealed)

        def work(tx: Tx) -> None:
            """In one transaction."""
            there = len(tx.core.execute(select(webhooks.c.id).where(webhooks.c.tenant == webhook.tenant)).all())
            if there >= most:
                message = (
                    f"the organisation {webhook.tenant!r} has {there} webhooks, and no more are allowed; delete one"
                )
                raise InvalidRequestError(message, param="url")
            skip_to_end(tx)
            tx.core.execute(insert(webhooks).values(**values, since=values["created"], streak=0))
            notify(tx, CHANNEL, INTEREST)

        await self._database.write(work)

    async def replace(self, webhook: Webhook, *, since: datetime.datetime | None = None) -> bool:
        """Write what people say of an endpoint; False when it is gone. With `since`, what was told before is not delivered."""
        values: dict[str, Any] = webhook_values(webhook)
        if since is not None:
            values |= {"since": to_micros(since), "streak": 0}
        return await self._change(webhook, values)

    async def set_secrets(self, webhook: Webhook, sealed: Sealed, *, old_until: datetime.datetime) -> bool:
        """Change the secrets of an endpoint; False when it is gone."""
        return await self._change(webhook, {**secret_values(sealed), "old_until": to_micros(old_until)})

    async def remove(self, tenant: str | None, webhook: str) -> bool:
        """Delete an endpoint and its deliveries; False when it is not there."""

        def work(tx: Tx) -> bool:
            """In one transaction."""
            gone = tx.core.execute(delete(webhooks).where(*_own(tenant, webhook))).rowcount > 0
            if gone:
                tx.core.execute(delete(webhook_deliveries).where(webhook_deliveries.c.webhook == webhook))
                notify(tx, CHANNEL, INTEREST)
            return gone

        return await self._database.write(work)

    async def _change(self, webhook: Webhook, values: Mapping[str, Any]) -> bool:
        def work(tx: Tx) -> bool:
            """In one transaction."""
            if "since" in values:
                skip_to_end(tx)
            changed = update(webhooks).where(*_own(webhook.tenant, webhook.id)).values(**values)
            notify(tx, CHANNEL, INTEREST)
            return tx.core.execute(changed).rowcount > 0

        return await self._database.write(work)


def _own(tenant: str | None, webhook: str) -> list[Any]:
    own = [webhooks.c.id == webhook]
    return own if tenant is None else [*own, webhooks.c.tenant == tenant]


class Listeners:
    """Knows who wants to hear what: endpoints that are enabled, and readers that said so lately."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(self) -> tuple[tuple[EventFilter, ...], tuple[EventFilter, ...]]:
        """What endpoints want to hear, and what readers do."""

        def work(tx: Tx) -> tuple[tuple[EventFilter, ...], tuple[EventFilter, ...]]:
            """In one transaction."""
            w, r = webhooks.c, event_listeners.c
            endpoints = select(w.tenant, w.types).where(w.enabled)
            readers = select(r.tenant, r.types).where(r.until > to_micros(database_now(tx)))
            return tuple(map(_wish, tx.core.execute(endpoints))), tuple(map(_wish, tx.core.execute(readers)))

        return await self._database.read(work)

    async def say(self, listener: str, which: EventFilter, lifetime: float) -> None:
        """Somebody listens, for so many seconds from now."""

        def work(tx: Tx) -> None:
            """In one transaction."""
            until = to_micros(database_now(tx) + datetime.timedelta(seconds=lifetime))
            same = event_listeners.c.id == listener
            if tx.core.execute(update(event_listeners).where(same).values(until=until)).rowcount:
                return
            values = {"id": listener, "tenant": which.tenant, "types": types_text(which.types), "until": until}
            tx.core.execute(insert(event_listeners).values(**values))
            notify(tx, CHANNEL, INTEREST)

        await self._database.write(work)

    async def leave(self, listener: str) -> None:
        """Somebody listens no more."""
        gone = delete(event_listeners).where(event_listeners.c.id == listener)

        def work(tx: Tx) -> None:
            """In one transaction."""
            tx.core.execute(gone)
            notify(tx, CHANNEL, INTEREST)

        await self._database.write(work)


def _wish(row: Any) -> EventFilter:
    return EventFilter(tenant=row[0] or ALL_TENANTS, types=types_of(row[1]))
