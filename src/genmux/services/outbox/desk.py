"""Manages endpoints: makes, changes and tests them, replaces their secrets, shows and repeats deliveries."""

import base64
import datetime
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, UnsetType

from genmux.contract.signatures import SECRET_PREFIX
from genmux.services.outbox.courier import Courier
from genmux.services.outbox.names import checked_types
from genmux.services.outbox.ports import DeliveryStore, Secrets, WebhookStore
from genmux.services.ports import NewId, Now
from genmux.types.errors import ConfigurationError, InvalidRequestError, NotFoundError
from genmux.types.webhooks import DeliveryState, StoredWebhook, Webhook, WebhookDelivery

MOST = 100
"""So many endpoints an organisation may have."""

OVERLAP = 86_400.0
"""For so many seconds deliveries are signed with the old secret too, when nothing else is asked for."""

LONGEST_OVERLAP = 30 * 86_400.0
MOST_LISTED = 500
SECRET_BYTES = 32

_LONGEST_URL = 2_048
_LONGEST_NAME = 200


class WebhookWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An endpoint that shall be made. `types` are names of events or their beginning as `generation.*`; without any, all."""

    url: str
    types: tuple[str, ...] = ()
    name: str | None = None
    enabled: bool = True


class WebhookChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall be different; what is left out stays."""

    url: str | UnsetType = UNSET
    types: tuple[str, ...] | UnsetType = UNSET
    name: str | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET


class WebhookSecret(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint with its secret, which is told this once."""

    webhook: Webhook
    secret: str

    def __repr__(self) -> str:
        """Without the secret."""
        return f"WebhookSecret(webhook={self.webhook!r})"


class WebhookDesk:
    """Manages endpoints. A `tenant` of None is anybody's. `random` gives so many bytes that nobody can guess."""

    def __init__(  # noqa: PLR0913 — each is one who helps
        self,
        store: WebhookStore,
        deliveries: DeliveryStore,
        courier: Courier,
        secrets: Secrets,
        *,
        now: Now,
        new_id: NewId,
        random: Callable[[int], bytes],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._deliveries = deliveries
        self._courier = courier
        self._secrets = secrets
        self._now = now
        self._new_id = new_id
        self._random = random
        self._changed = changed

    async def list(self, tenant: str | None) -> tuple[Webhook, ...]:
        """All endpoints, the oldest first. Raises StoreError."""
        return await self._store.list(tenant)

    async def get(self, tenant: str | None, webhook: str) -> Webhook:
        """One endpoint. Raises NotFoundError, StoreError."""
        return (await self._find(tenant, webhook)).webhook

    async def create(self, tenant: str, wish: WebhookWish) -> WebhookSecret:
        """Make an endpoint; events from now on are sent to it. Raises InvalidRequestError, ConfigurationError, StoreError."""
        webhook = Webhook(
            id=f"wh_{self._new_id()}",
            tenant=tenant,
            url=_checked_url(wish.url),
            types=checked_types(wish.types),
            name=_checked_name(wish.name),
            enabled=wish.enabled,
            created_at=self._now(),
        )
        secret = self._secret()
        sealed = await self._secrets.seal(webhook, {"0": secret})
        await self._store.add(StoredWebhook(webhook=webhook, sealed=sealed), most=MOST)
        self._changed()
        return WebhookSecret(webhook=webhook, secret=secret)

    async def change(self, tenant: str | None, webhook: str, change: WebhookChange) -> Webhook:
        """Change an endpoint. One that is enabled again gets what happens from then on. Raises as `create`, and NotFoundError."""
        old = await self.get(tenant, webhook)
        new = msgspec.structs.replace(
            old,
            url=old.url if change.url is UNSET else _checked_url(change.url),
            types=old.types if change.types is UNSET else checked_types(change.types),
            name=old.name if change.name is UNSET else _checked_name(change.name),
            enabled=old.enabled if change.enabled is UNSET else change.enabled,
            reason=None if change.enabled is True else old.reason,
        )
        since = self._now() if new.enabled and not old.enabled else None
        if not await self._store.replace(new, since=since):
            raise _unknown(webhook)
        self._changed()
        return new

    async def remove(self, tenant: str | None, webhook: str) -> None:
        """Delete an endpoint with its deliveries. Raises NotFoundError, StoreError."""
        if not await self._store.remove(tenant, webhook):
            raise _unknown(webhook)
        self._changed()

    async def rotate(self, tenant: str | None, webhook: str, overlap: float = OVERLAP) -> WebhookSecret:
        """Give an endpoint a new secret; for `overlap` seconds deliveries are signed with the old one too.

        Raises NotFoundError, InvalidRequestError, ConfigurationError, StoreError.
        """
        if not 0 <= overlap <= LONGEST_OVERLAP:
            message = f"`overlap` is {overlap:g}; it must be 0 to {LONGEST_OVERLAP:.0f} seconds"
            raise InvalidRequestError(message, param="overlap")
        stored = await self._find(tenant, webhook)
        secret = self._secret()
        told = {"0": secret}
        try:
            told["1"] = self._secrets.open(stored.webhook, stored.sealed)["0"]
        except ConfigurationError:
            overlap = 0.0  # the old one is lost, and signs nothing any more
        sealed = await self._secrets.seal(stored.webhook, told)
        until = self._now() + datetime.timedelta(seconds=overlap)
        if not await self._store.set_secrets(stored.webhook, sealed, old_until=until):
            raise _unknown(webhook)
        return WebhookSecret(webhook=stored.webhook, secret=secret)

    async def test(self, tenant: str | None, webhook: str) -> WebhookDelivery:
        """Send a test now, and tell what came of it. Raises NotFoundError, StoreError."""
        stored = await self._find(tenant, webhook)
        event, _ = await self._courier.test(stored)
        return await self._delivery(webhook, event.id)

    async def deliveries(
        self,
        tenant: str | None,
        webhook: str,
        *,
        state: DeliveryState | None = None,
        before: tuple[datetime.datetime, str] | None = None,
        limit: int = 100,
    ) -> tuple[WebhookDelivery, ...]:
        """The newest first; those that `failed` are given up. Raises NotFoundError, InvalidRequestError, StoreError."""
        if not 1 <= limit <= MOST_LISTED:
            message = f"`limit` is {limit}; it must be 1 to {MOST_LISTED}"
            raise InvalidRequestError(message, param="limit")
        await self._find(tenant, webhook)
        return await self._deliveries.list(webhook, state=state, before=before, limit=limit)

    async def redeliver(self, tenant: str | None, webhook: str, event: str) -> WebhookDelivery:
        """Send an event to an endpoint again, with all attempts. Raises NotFoundError, StoreError."""
        await self._find(tenant, webhook)
        if not await self._deliveries.redeliver(webhook, event=event):
            raise _undelivered(webhook, event)
        self._changed()
        return await self._delivery(webhook, event)

    async def redeliver_failed(self, tenant: str | None, webhook: str) -> int:
        """Send everything again that was given up; tells how many. Raises NotFoundError, StoreError."""
        await self._find(tenant, webhook)
        count = await self._deliveries.redeliver(webhook)
        self._changed()
        return count

    async def _find(self, tenant: str | None, webhook: str) -> StoredWebhook:
        found = await self._store.find(tenant, webhook)
        if found is None:
            raise _unknown(webhook)
        return found

    async def _delivery(self, webhook: str, event: str) -> WebhookDelivery:
        found = await self._deliveries.find(webhook, event)
        if found is None:
            raise _undelivered(webhook, event)
        return found

    def _secret(self) -> str:
        return SECRET_PREFIX + base64.b64encode(self._random(SECRET_BYTES)).decode()


def _checked_url(url: str) -> str:
    """Only what is wrong with it as a text; where it leads is looked at whenever something is sent there."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        fits, parts = False, urlsplit("")
    printable = url.isascii() and url.isprintable() and " " not in url
    if not fits or not printable or len(url) > _LONGEST_URL:
        message = f"`url` is {url[:100]!r}; it must be an address such as https://example.com/hook"
        raise InvalidRequestError(message, param="url")
    if parts.username is not None or parts.password is not None:
        message = "`url` has a user name or password in it; deliveries are signed instead: leave it out"
        raise InvalidRequestError(message, param="url")
    if parts.fragment:
        message = "`url` has a fragment (`#…`), which is never sent; leave it out"
        raise InvalidRequestError(message, param="url")
    return url


def _checked_name(name: str | None) -> str | None:
    if name is not None and (len(name) > _LONGEST_NAME or "\0" in name):
        message = f"`name` must have at most {_LONGEST_NAME} characters, and no NUL"
        raise InvalidRequestError(message, param="name")
    return name or None


def _unknown(webhook: str) -> NotFoundError:
    return NotFoundError(f"there is no webhook {webhook[:60]!r}; `genmux webhooks` lists them", status=404)


def _undelivered(webhook: str, event: str) -> NotFoundError:
    return NotFoundError(f"the webhook {webhook[:60]!r} has no delivery of the event {event[:60]!r}", status=404)
