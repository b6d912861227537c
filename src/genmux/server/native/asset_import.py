"""The part of the native API that adopts what accounts had made."""

import datetime
from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody

from genmux.flows.job.importing import Imported, Importing
from genmux.server.callers import require_admin
from genmux.types.errors import InvalidRequestError

Asked = Request[Any, Any, Any]


class NewImport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be adopted: of a provider, from one of its accounts (by name or id), of jobs from `since` on, so many at most.

    Without a `tenant` it becomes the caller's organisation's.
    """

    provider: str
    account: str | None = None
    since: datetime.datetime | None = None
    limit: int = 100
    tenant: str | None = None


def asset_import_route(
    importing: Callable[[], Importing], faults: dict[int, ResponseSpec] | None = None
) -> HTTPRouteHandler:
    """The handler. `importing` gives the flow, or raises ProviderError where there is none."""

    @post(
        "/api/v1/assets/import",
        summary="Adopt what an account made",
        tags=["assets"],
        responses=faults,
        status_code=200,
    )
    async def adopt(request: Asked, data: JSONBody[NewImport]) -> Imported:
        """Files of jobs that we did not make, with what they were made of. Done again, it adopts nothing twice. For admins."""
        caller = require_admin(request, data.tenant)
        if data.since is not None and data.since.tzinfo is None:
            raise InvalidRequestError(f"`since` is {data.since}; say its zone", param="since")
        principal = msgspec.structs.replace(caller, organisation=data.tenant or caller.organisation)
        return await importing().run(data.provider, principal, account=data.account, since=data.since, limit=data.limit)

    return adopt
