"""Events, webhooks and deliveries as rows."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from genmux.store.moments import from_micros, to_micros
from genmux.types.accounts_stored import Sealed
from genmux.types.events import NOBODYS, Event, Place, Told
from genmux.types.webhooks import StoredWebhook, Webhook, WebhookDelivery

Row = Mapping[Any, Any]

_data = msgspec.json.Decoder(dict[str, Any]).decode
_types = msgspec.json.Decoder(tuple[str, ...]).decode
_boxes = msgspec.msgpack.Decoder(dict[str, bytes]).decode


def event_values(event: Event) -> dict[str, Any]:
    """As columns, but for the place."""
    return {
        "id": event.id,
        "tenant": _kept(event.tenant) or NOBODYS,
        "type": event.type,
        "subject": _kept(event.subject),
        "provider": event.provider,
        "model": _kept(event.model),
        "key": event.key,
        "at": to_micros(event.time),
        "data": _data_text(event.data),
    }


def _kept(text: str | None) -> str | None:
    """A text as a database can hold it: one that it refused would keep everything back that is written with it."""
    return text and text.replace("\0", "").encode("utf-8", "replace").decode()


def _data_text(data: Mapping[str, Any]) -> str:
    """The particulars as JSON, whatever is in them."""
    try:
        return msgspec.json.encode(data, enc_hook=str).decode()
    except (TypeError, ValueError, RecursionError):  # half a surrogate, a key that is no text
        return json.dumps(data, default=str, skipkeys=True, ensure_ascii=False).encode("utf-8", "replace").decode()


def event_of(row: Row) -> Event:
    """From columns."""
    return Event(
        type=row["type"],
        time=from_micros(row["at"]),
        id=row["id"],
        subject=row["subject"],
        provider=row["provider"],
        model=row["model"],
        data=_data(row["data"]),
        tenant=row["tenant"] or None,
        key=row["key"],
    )


def told_of(row: Row) -> Told:
    """An event with its place."""
    return Told(Place(row["xact"], row["seq"]), event_of(row))


def webhook_values(webhook: Webhook) -> dict[str, Any]:
    """What people say of an endpoint, as columns."""
    return {
        "id": webhook.id,
        "tenant": webhook.tenant,
        "url": webhook.url,
        "types": types_text(webhook.types),
        "name": webhook.name,
        "enabled": webhook.enabled,
        "reason": webhook.reason,
        "created": to_micros(webhook.created_at),
    }


def secret_values(sealed: Sealed) -> dict[str, Any]:
    """Its secrets, as columns."""
    return {"key_id": sealed.key_id, "secrets": msgspec.msgpack.encode(sealed.fields)}


def webhook_of(row: Row) -> Webhook:
    """From columns."""
    return Webhook(
        id=row["id"],
        tenant=row["tenant"],
        url=row["url"],
        types=types_of(row["types"]),
        name=row["name"],
        enabled=row["enabled"],
        reason=row["reason"],
        created_at=from_micros(row["created"]),
        failures=row["streak"],
        last_at=None if row["last_at"] is None else from_micros(row["last_at"]),
        last_status=row["last_status"],
    )


def stored_of(row: Row) -> StoredWebhook:
    """The same with its sealed secrets."""
    return StoredWebhook(
        webhook=webhook_of(row),
        sealed=Sealed(key_id=row["key_id"], fields=_boxes(bytes(row["secrets"]))),
        old_until=None if row["old_until"] is None else from_micros(row["old_until"]),
    )


def delivery_of(row: Row) -> WebhookDelivery:
    """From columns."""
    waiting = row["state"] == "waiting"
    return WebhookDelivery(
        webhook=row["webhook"],
        event=row["event"],
        type=row["type"],
        state=row["state"],
        created_at=from_micros(row["created"]),
        subject=row["subject"],
        attempts=row["attempts"],
        next_at=from_micros(row["next_at"]) if waiting else None,
        ended_at=None if row["ended"] is None else from_micros(row["ended"]),
        status=row["status"],
        error=row["error"],
        seconds=row["seconds"],
    )


def types_text(types: tuple[str, ...]) -> str:
    """Names of events as one text."""
    return msgspec.json.encode(types).decode()


def types_of(text: str) -> tuple[str, ...]:
    """Names of events from a text."""
    return _types(text)
