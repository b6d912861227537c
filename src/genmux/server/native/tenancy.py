"""The part of the native API that manages organisations and teams; and the audit log."""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from litestar import Request, delete, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody, PathParameter, QueryParameter

from genmux.server.callers import require_admin, require_root, tenant_asked
from genmux.server.native.cursors import read_number
from genmux.services.audit import AuditLog
from genmux.services.keys import Tenancy
from genmux.types.audit import AuditEntry
from genmux.types.keys import Organisation, RateLimit, Team

Faults = dict[int, ResponseSpec] | None
Get = Callable[[], Tenancy]
Asked = Request[Any, Any, Any]

Tenant = Annotated[str | None, QueryParameter(description="Of which organisation; for root all of them by default")]
OrganisationId = Annotated[str, PathParameter(description="The organisation's id")]
TeamId = Annotated[str, PathParameter(description="The team's id")]


class NewOrganisation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An organisation that shall be made."""

    id: str
    name: str | None = None
    limits: tuple[RateLimit, ...] = ()


class NewTeam(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A team that shall be made. Without a `tenant` it is the caller's organisation's."""

    name: str
    tenant: str | None = None
    limits: tuple[RateLimit, ...] = ()


class Limited(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall be different; what is left out stays."""

    name: str | None = None
    limits: tuple[RateLimit, ...] | None = None


class Organisations(msgspec.Struct, frozen=True, kw_only=True):
    """Organisations by name."""

    data: list[Organisation]


class Teams(msgspec.Struct, frozen=True, kw_only=True):
    """Teams by name."""

    data: list[Team]


class AuditPage(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of the audit log, the newest first; `next` is the cursor of the next page."""

    data: list[AuditEntry]
    next: str | None = None


def tenancy_routes(tenancy: Get, faults: Faults = None) -> list[HTTPRouteHandler]:
    """The handlers. `tenancy` gives the service, or raises ProviderError where there is none."""
    return [*_organisations(tenancy, faults), *_teams(tenancy, faults)]


def _organisations(tenancy: Get, faults: Faults) -> list[HTTPRouteHandler]:
    path = "/api/v1/organisations"
    how: dict[str, Any] = {"tags": ["organisations"], "responses": faults}

    @get(path, summary="All organisations", **how)
    async def organisations(request: Asked) -> Organisations:
        """For root all of them, for admins their own."""
        return Organisations(data=[*await tenancy().organisations(tenant_asked(require_admin(request), None))])

    @get(path + "/{organisation:str}", summary="One organisation", **how)
    async def one(request: Asked, organisation: OrganisationId) -> Organisation:
        """For root, and for its admins."""
        require_admin(request, organisation)
        return await tenancy().organisation(organisation)

    @post(path, summary="Add an organisation", **how)
    async def add(request: Asked, data: JSONBody[NewOrganisation]) -> Organisation:
        """For root."""
        caller = require_root(request)
        return await tenancy().create_organisation(caller, tenant=data.id, name=data.name, limits=data.limits)

    @patch(path + "/{organisation:str}", summary="Change an organisation", **how)
    async def change(request: Asked, organisation: OrganisationId, data: JSONBody[Limited]) -> Organisation:
        """Its name and its rate limits. For root: an organisation does not set its own limits."""
        caller = require_root(request)
        return await tenancy().update_organisation(caller, organisation, name=data.name, limits=data.limits)

    @delete(path + "/{organisation:str}", summary="Remove an organisation", **how)
    async def remove(request: Asked, organisation: OrganisationId) -> None:
        """With its teams, after its keys were revoked; what it used stays known. For root."""
        await tenancy().remove_organisation(require_root(request), organisation)

    return [organisations, one, add, change, remove]


def _teams(tenancy: Get, faults: Faults) -> list[HTTPRouteHandler]:
    path = "/api/v1/teams"
    how: dict[str, Any] = {"tags": ["organisations"], "responses": faults}

    @get(path, summary="All teams", **how)
    async def teams(request: Asked, tenant: Tenant = None) -> Teams:
        """By organisation and name. For admins."""
        caller = require_admin(request, tenant)
        return Teams(data=[*await tenancy().teams(tenant_asked(caller, tenant))])

    @get(path + "/{team:str}", summary="One team", **how)
    async def one(request: Asked, team: TeamId) -> Team:
        """For admins."""
        return await tenancy().team(tenant_asked(require_admin(request), None), team)

    @post(path, summary="Add a team", **how)
    async def add(request: Asked, data: JSONBody[NewTeam]) -> Team:
        """For admins."""
        caller = require_admin(request, data.tenant)
        tenant = data.tenant or caller.organisation
        return await tenancy().create_team(caller, tenant=tenant, name=data.name, limits=data.limits)

    @patch(path + "/{team:str}", summary="Change a team", **how)
    async def change(request: Asked, team: TeamId, data: JSONBody[Limited]) -> Team:
        """Its name and its rate limits. For admins."""
        caller = require_admin(request)
        found = await tenancy().team(tenant_asked(caller, None), team)
        return await tenancy().update_team(caller, found, name=data.name, limits=data.limits)

    @delete(path + "/{team:str}", summary="Remove a team", **how)
    async def remove(request: Asked, team: TeamId) -> None:
        """After its keys were revoked. For admins."""
        caller = require_admin(request)
        await tenancy().remove_team(caller, await tenancy().team(tenant_asked(caller, None), team))

    return [teams, one, add, change, remove]


def audit_route(log: Callable[[], AuditLog], faults: Faults = None) -> HTTPRouteHandler:
    """The handler that lists the audit log."""

    @get("/api/v1/audit", summary="Who changed what", tags=["audit"], responses=faults)
    async def audit(
        request: Asked,
        tenant: Tenant = None,
        kind: Annotated[str | None, QueryParameter(description="Only things of this kind, such as `key`")] = None,
        subject: Annotated[str | None, QueryParameter(description="Only this thing, by its id")] = None,
        limit: Annotated[int, QueryParameter(description="So many at most on one page, 1 to 500")] = 100,
        cursor: Annotated[str | None, QueryParameter(description="`next` of the page before")] = None,
    ) -> AuditPage:
        """The newest first. For admins."""
        caller = require_admin(request, tenant)
        found = await log().entries(
            tenant_asked(caller, tenant), kind=kind, subject=subject, before=read_number(cursor), limit=limit
        )
        more = str(found[-1].id) if len(found) == limit else None
        return AuditPage(data=[*found], next=more)

    return audit
