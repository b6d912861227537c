"""The part of the native API that manages webhooks: where events are sent to, and what became of each delivery."""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from litestar import Request, delete, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody, PathParameter, QueryParameter

from genmux.server.callers import require_admin, require_root, tenant_asked
from genmux.server.native.cursors import cursor_of, read_cursor
from genmux.services.audit import AuditLog
from genmux.services.outbox import WebhookChange, WebhookDesk, WebhookSecret, WebhookWish
from genmux.services.outbox.desk import OVERLAP
from genmux.types.errors import InvalidRequestError
from genmux.types.events import ALL_TENANTS
from genmux.types.principal import Principal
from genmux.types.webhooks import DeliveryState, Webhook, WebhookDelivery

Faults = dict[int, ResponseSpec] | None
Desk = Callable[[], WebhookDesk]
Asked = Request[Any, Any, Any]

Id = Annotated[str, PathParameter(description="The webhook's id")]
EventId = Annotated[str, PathParameter(description="The event's id, which the receiver finds in `webhook-id`")]


class NewWebhook(WebhookWish, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An endpoint that shall be made. `tenant` is whose events it gets, by default the caller's; for root also `*`, all."""

    tenant: str | None = None


class WebhookListing(msgspec.Struct, frozen=True, kw_only=True):
    """The endpoints that fit."""

    data: list[Webhook]


class DeliveryPage(msgspec.Struct, frozen=True, kw_only=True):
    """Deliveries, the newest first; `next` is the cursor of the next page."""

    data: list[WebhookDelivery]
    next: str | None = None


class SecretRotation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a secret is replaced: for `overlap` seconds deliveries are signed with the old one too."""

    overlap: float = OVERLAP


class Redelivered(msgspec.Struct, frozen=True, kw_only=True):
    """How many deliveries are sent again."""

    deliveries: int


def webhook_routes(
    desk: Desk, faults: Faults = None, *, log: Callable[[], AuditLog | None] = lambda: None
) -> list[HTTPRouteHandler]:
    """The handlers. `desk` gives the service, or raises ProviderError where nothing is kept; `log` is the audit log."""

    async def noted(caller: Principal, action: str, webhook: Webhook) -> None:
        """It stands in the audit log."""
        if (audit := log()) is not None:
            after = None if action == "delete" else webhook
            await audit.note(
                caller, action=action, kind="webhook", subject=webhook.id, tenant=webhook.tenant, after=after
            )

    return [
        *_reading(desk, faults),
        *_writing(desk, faults, noted),
        *_acting(desk, faults, noted),
        *_deliveries(desk, faults),
    ]


Noted = Callable[[Principal, str, Webhook], Any]


def _reading(desk: Desk, faults: Faults) -> list[HTTPRouteHandler]:
    @get("/api/v1/webhooks", summary="All webhooks", tags=["webhooks"], responses=faults)
    async def webhooks(
        request: Asked,
        tenant: Annotated[str | None, QueryParameter(description="Of which organisation; for root all")] = None,
    ) -> WebhookListing:
        """Where events are sent to, and how that goes; without secrets. For admins."""
        caller = require_admin(request, tenant)
        return WebhookListing(data=[*await desk().list(tenant_asked(caller, tenant))])

    @get("/api/v1/webhooks/{webhook:str}", summary="One webhook", tags=["webhooks"], responses=faults)
    async def one(request: Asked, webhook: Id) -> Webhook:
        """Without its secret. For admins."""
        return await desk().get(tenant_asked(require_admin(request), None), webhook)

    return [webhooks, one]


def _writing(desk: Desk, faults: Faults, noted: Noted) -> list[HTTPRouteHandler]:
    @post("/api/v1/webhooks", summary="Send events somewhere", tags=["webhooks"], responses=faults)
    async def create(request: Asked, data: JSONBody[NewWebhook]) -> WebhookSecret:
        """Events from now on. The secret with which deliveries are signed is told this once. For admins."""
        tenant = None if data.tenant == ALL_TENANTS else data.tenant
        caller = require_root(request) if data.tenant == ALL_TENANTS else require_admin(request, tenant)
        wish = WebhookWish(url=data.url, types=data.types, name=data.name, enabled=data.enabled)
        made = await desk().create(data.tenant or caller.organisation, wish)
        await noted(caller, "create", made.webhook)
        return made

    @patch("/api/v1/webhooks/{webhook:str}", summary="Change a webhook", tags=["webhooks"], responses=faults)
    async def change(request: Asked, webhook: Id, data: JSONBody[WebhookChange]) -> Webhook:
        """What is left out stays. One that is enabled again gets what happens from then on. For admins."""
        caller = require_admin(request)
        changed = await desk().change(tenant_asked(caller, None), webhook, data)
        await noted(caller, "update", changed)
        return changed

    @delete("/api/v1/webhooks/{webhook:str}", summary="Delete a webhook", tags=["webhooks"], responses=faults)
    async def remove(request: Asked, webhook: Id) -> None:
        """With its deliveries. For admins."""
        caller = require_admin(request)
        tenant = tenant_asked(caller, None)
        old = await desk().get(tenant, webhook)
        await desk().remove(tenant, webhook)
        await noted(caller, "delete", old)

    return [create, change, remove]


def _acting(desk: Desk, faults: Faults, noted: Noted) -> list[HTTPRouteHandler]:
    how: dict[str, Any] = {"status_code": 200, "tags": ["webhooks"], "responses": faults}

    @post("/api/v1/webhooks/{webhook:str}/rotate", summary="Replace the secret of a webhook", **how)
    async def rotate(request: Asked, webhook: Id, data: JSONBody[SecretRotation]) -> WebhookSecret:
        """The new one is told this once; for a while deliveries are signed with both. For admins."""
        caller = require_admin(request)
        made = await desk().rotate(tenant_asked(caller, None), webhook, data.overlap)
        await noted(caller, "rotate", made.webhook)
        return made

    @post("/api/v1/webhooks/{webhook:str}/test", summary="Try a webhook", **how)
    async def test(request: Asked, webhook: Id) -> WebhookDelivery:
        """Sends `webhook.test` now and once, and tells what came of it. For admins."""
        return await desk().test(tenant_asked(require_admin(request), None), webhook)

    return [rotate, test]


def _deliveries(desk: Desk, faults: Faults) -> list[HTTPRouteHandler]:
    base = "/api/v1/webhooks/{webhook:str}/deliveries"
    how: dict[str, Any] = {"status_code": 200, "tags": ["webhooks"], "responses": faults}

    @get(base, summary="What became of each delivery", tags=["webhooks"], responses=faults)
    async def deliveries(
        request: Asked,
        webhook: Id,
        stands: Annotated[
            str | None, QueryParameter(name="state", description="`waiting`, `delivered` or `failed`")
        ] = None,
        limit: Annotated[int, QueryParameter(description="So many at most on one page, 1 to 500")] = 100,
        cursor: Annotated[str | None, QueryParameter(description="`next` of the page before")] = None,
    ) -> DeliveryPage:
        """The newest first. Those that `failed` are given up, and can be sent again. For admins."""
        tenant = tenant_asked(require_admin(request), None)
        found = await desk().deliveries(tenant, webhook, state=_state(stands), before=read_cursor(cursor), limit=limit)
        more = cursor_of(found[-1].created_at, found[-1].event) if len(found) == limit else None
        return DeliveryPage(data=[*found], next=more)

    @post(f"{base}/{{event:str}}/redeliver", summary="Send an event again", **how)
    async def redeliver(request: Asked, webhook: Id, event: EventId) -> WebhookDelivery:
        """Whatever became of it, with all attempts. For admins."""
        return await desk().redeliver(tenant_asked(require_admin(request), None), webhook, event)

    @post(f"{base}/redeliver", summary="Send all again that failed", **how)
    async def redeliver_all(request: Asked, webhook: Id) -> Redelivered:
        """Everything that was given up. For admins."""
        count = await desk().redeliver_failed(tenant_asked(require_admin(request), None), webhook)
        return Redelivered(deliveries=count)

    return [deliveries, redeliver, redeliver_all]


def _state(text: str | None) -> DeliveryState | None:
    if text is None:
        return None
    try:
        return msgspec.convert(text, DeliveryState)
    except msgspec.ValidationError as error:
        message = f"there is no state {text!r:.60}; there are waiting, delivered and failed"
        raise InvalidRequestError(message, param="state") from error
