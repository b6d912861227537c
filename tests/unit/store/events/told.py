"""Events and endpoints to be kept."""

import datetime
from collections.abc import Sequence
from typing import Any

from genmux.store.events.log import EventLog
from genmux.store.opening import Store
from genmux.types.accounts_stored import Sealed
from genmux.types.events import Event
from genmux.types.webhooks import StoredWebhook, Webhook

NOON = datetime.datetime(2026, 11, 27, 12, tzinfo=datetime.UTC)


def event(number: int, type_: str = "generation.completed", **more: Any) -> Event:
    fields: dict[str, Any] = {"tenant": "acme", "subject": f"job {number}", **more}
    at = NOON + datetime.timedelta(seconds=number)
    return Event(type=type_, id=f"e{number}", time=at, **fields)


def endpoint(name: str = "w1", **more: Any) -> StoredWebhook:
    fields: dict[str, Any] = {"tenant": "acme", "url": f"https://{name}.example/", "created_at": NOON, **more}
    webhook = Webhook(id=name, **fields)
    return StoredWebhook(webhook=webhook, sealed=Sealed(key_id="k", fields={"0": b"\x00sealed"}))


async def tell(store: Store, log: EventLog, events: Sequence[Event]) -> None:
    await store.database.write(lambda tx: log.add_in(tx, events))
