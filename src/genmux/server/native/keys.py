"""The part of the native API that issues keys; and who the caller is."""

import datetime
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from litestar import Request, delete, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody, PathParameter, QueryParameter

from genmux.server.callers import caller_of, require_admin, tenant_asked
from genmux.server.native.cursors import cursor_of, read_cursor
from genmux.services.keys import Changes, Issued, KeyDesk, Wish
from genmux.services.keys.issuing import OVERLAP
from genmux.types.keys import Allowance, EndUsers, GatewayKey, RateLimit, Role, ScopeRates

Faults = dict[int, ResponseSpec] | None
Desk = Callable[[], KeyDesk]
Asked = Request[Any, Any, Any]

Tenant = Annotated[str | None, QueryParameter(description="Of which organisation; for root all of them by default")]
Id = Annotated[str, PathParameter(description="The key's id")]


class NewKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key that shall be made. Without a `tenant` it is the caller's organisation's."""

    name: str
    tenant: str | None = None
    team: str | None = None
    role: Role = "member"
    expires_at: datetime.datetime | None = None
    allow: Allowance = Allowance()
    limits: tuple[RateLimit, ...] = ()
    end_users: EndUsers = EndUsers()
    tags: dict[str, str] = msgspec.field(default_factory=dict)


class Rotation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a key is rotated: for `overlap` seconds the old one works on."""

    overlap: float = OVERLAP.total_seconds()


class KeyPage(msgspec.Struct, frozen=True, kw_only=True):
    """Keys, the newest first; `next` is the cursor of the next page."""

    data: list[GatewayKey]
    next: str | None = None


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who the caller is, and what he may do; `key` is None for a key of the settings and where none is needed."""

    organisation: str
    team: str | None
    role: Role
    key: GatewayKey | None
    allow: Allowance | None
    rates: tuple[ScopeRates, ...]
    address: str | None


def key_routes(desk: Desk, faults: Faults = None) -> list[HTTPRouteHandler]:
    """The handlers. `desk` gives the service, or raises ProviderError where there is none."""
    return [*_reading(desk, faults), *_writing(desk, faults), *_ending(desk, faults)]


def _reading(desk: Desk, faults: Faults) -> list[HTTPRouteHandler]:
    @get("/api/v1/keys", summary="All keys", tags=["keys"], responses=faults)
    async def keys(
        request: Asked,
        tenant: Tenant = None,
        team: Annotated[str | None, QueryParameter(description="Only those of this team")] = None,
        limit: Annotated[int, QueryParameter(description="So many at most on one page, 1 to 500")] = 100,
        cursor: Annotated[str | None, QueryParameter(description="`next` of the page before")] = None,
    ) -> KeyPage:
        """The newest first, without their texts. For admins."""
        caller = require_admin(request, tenant)
        found = await desk().issuing.keys(
            tenant_asked(caller, tenant), team=team, after=read_cursor(cursor), limit=limit
        )
        more = cursor_of(found[-1].created, found[-1].id) if len(found) == limit else None
        return KeyPage(data=[*found], next=more)

    @get("/api/v1/keys/{key:str}", summary="One key", tags=["keys"], responses=faults)
    async def one(request: Asked, key: Id) -> GatewayKey:
        """Without its text. For admins."""
        return await desk().issuing.key(tenant_asked(require_admin(request), None), key)

    return [keys, one]


def _writing(desk: Desk, faults: Faults) -> list[HTTPRouteHandler]:
    @post("/api/v1/keys", summary="Issue a key", tags=["keys"], responses=faults)
    async def issue(request: Asked, data: JSONBody[NewKey]) -> Issued:
        """Its text is told this once. For admins; only root makes keys of root."""
        caller = require_admin(request, data.tenant)
        tenant = data.tenant or caller.organisation
        await desk().tenancy.organisation(tenant)
        wish = Wish(
            name=data.name,
            tenant=tenant,
            team=data.team,
            role=data.role,
            expires_at=data.expires_at,
            allow=data.allow,
            limits=data.limits,
            end_users=data.end_users,
            tags=data.tags,
        )
        return await desk().issuing.issue(caller, wish)

    @patch("/api/v1/keys/{key:str}", summary="Change a key", tags=["keys"], responses=faults)
    async def change(request: Asked, key: Id, data: JSONBody[Changes]) -> GatewayKey:
        """What is left out stays. For admins."""
        caller = require_admin(request)
        return await desk().issuing.update(caller, tenant_asked(caller, None), key, data)

    return [issue, change]


def _ending(desk: Desk, faults: Faults) -> list[HTTPRouteHandler]:
    @post("/api/v1/keys/{key:str}/rotate", summary="Replace a key", tags=["keys"], responses=faults)
    async def rotate(request: Asked, key: Id, data: JSONBody[Rotation]) -> Issued:
        """The new one is like the old one, which works on for a while. For admins."""
        caller = require_admin(request)
        overlap = _seconds(data.overlap)
        return await desk().issuing.rotate(caller, tenant_asked(caller, None), key, overlap=overlap)

    @post("/api/v1/keys/{key:str}/revoke", summary="Revoke a key", status_code=200, tags=["keys"], responses=faults)
    async def revoke(request: Asked, key: Id) -> GatewayKey:
        """At once and for ever. For admins."""
        caller = require_admin(request)
        return await desk().issuing.revoke(caller, tenant_asked(caller, None), key)

    @delete("/api/v1/keys/{key:str}", summary="Revoke a key, too", tags=["keys"], responses=faults)
    async def remove(request: Asked, key: Id) -> None:
        """The same as `revoke`: the key stays in the list, for its usage does. For admins."""
        caller = require_admin(request)
        await desk().issuing.revoke(caller, tenant_asked(caller, None), key)

    return [rotate, revoke, remove]


def me_route(ring: Callable[[str], GatewayKey | None], faults: Faults = None) -> HTTPRouteHandler:
    """The handler that tells callers who they are; `ring` knows keys by their ids."""

    @get("/api/v1/me", summary="Who the caller is", tags=["keys"], responses=faults)
    async def me(request: Asked) -> Me:
        """The key that was sent, its organisation, and what it may do. For everybody."""
        caller = caller_of(request)
        return Me(
            organisation=caller.organisation,
            team=caller.team,
            role=caller.role,
            key=None if caller.key is None else ring(caller.key),
            allow=caller.allow,
            rates=caller.rates,
            address=caller.address,
        )

    return me


def _seconds(seconds: float) -> datetime.timedelta:
    """What is too long for a timedelta is too long for an overlap as well, which is told there."""
    return datetime.timedelta(seconds=min(max(seconds, -1.0), 1e9))
