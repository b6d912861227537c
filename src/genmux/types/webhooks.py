"""Webhooks that we send: the endpoints of our users, and what became of each delivery."""

import datetime
from typing import Literal

import msgspec

from genmux.types.accounts_stored import Sealed
from genmux.types.events import Event

DeliveryState = Literal["waiting", "delivered", "failed"]


class Webhook(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An endpoint: where events of an organisation are sent to, `*` for those of all.

    `types` are the names of events, or their beginning as `generation.*`; without any, all are sent. `reason` says why it
    is not `enabled`, where genmux switched it off. `failures` counts those in a row, `last_status` is the latest HTTP
    status, None where there was none.
    """

    id: str
    tenant: str
    url: str
    created_at: datetime.datetime
    types: tuple[str, ...] = ()
    name: str | None = None
    enabled: bool = True
    reason: str | None = None
    failures: int = 0
    last_at: datetime.datetime | None = None
    last_status: int | None = None


class StoredWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the store. Until `old_until`, deliveries are also signed with the secret before the last."""

    webhook: Webhook
    sealed: Sealed
    old_until: datetime.datetime | None = None


class WebhookDelivery(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event for one endpoint. `event` is its id, which the receiver finds in the header `webhook-id`.

    `state`: it is `waiting` until `next_at`, was `delivered`, or `failed` for good. `status` is the HTTP status of the last
    attempt, `error` what went wrong in it, and `seconds` how long it took.
    """

    webhook: str
    event: str
    type: str
    state: DeliveryState
    created_at: datetime.datetime
    subject: str | None = None
    attempts: int = 0
    next_at: datetime.datetime | None = None
    ended_at: datetime.datetime | None = None
    status: int | None = None
    error: str | None = None
    seconds: float | None = None


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that this process has for a while: nobody else sends it meanwhile. `attempts` counts this one already."""

    webhook: StoredWebhook
    event: Event
    attempts: int


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How an attempt ended: the `state` from now on and, while it waits, for how many seconds."""

    state: DeliveryState
    wait: float = 0.0
    status: int | None = None
    error: str | None = None
    seconds: float | None = None
