"""The part of the native API that manages accounts. Credentials go in and never come out."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec
from litestar import Request, delete, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody, PathParameter, QueryParameter
from msgspec import UnsetType

from genmux.server.callers import caller_of, require_admin, require_root, tenant_asked
from genmux.services.accounts import AccountDesk
from genmux.services.accounts.drafts import AccountChange, AccountDraft
from genmux.services.audit import AuditLog
from genmux.types.accounts import Account, AccountStatus, Grants
from genmux.types.errors import InvalidRequestError, PermissionDeniedError
from genmux.types.principal import Principal

Tenant = Annotated[str | None, QueryParameter(description="Of which organisation; for root all of them by default")]


Id = Annotated[str, PathParameter(description="The account's id")]


class AccountListing(msgspec.Struct, frozen=True, kw_only=True):
    """The accounts that fit."""

    data: list[Account]


class CapturedReply(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a capture; `created` says whether its account is new."""

    account: Account
    created: bool


class Synced(msgspec.Struct, frozen=True, kw_only=True):
    """Of how many accounts the provider told what is left."""

    accounts: int


class HookAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a provider's webhook is to be sent to. Whoever knows it can send, but not sign."""

    url: str


class Resealed(msgspec.Struct, frozen=True, kw_only=True):
    """How many credentials were sealed anew."""

    accounts: int


def account_routes(
    desk: Callable[[], AccountDesk],
    faults: dict[int, ResponseSpec] | None = None,
    *,
    log: Callable[[], AuditLog | None] = lambda: None,
    hook: Callable[[Account], str] | None = None,
) -> list[HTTPRouteHandler]:
    """The handlers.

    `desk` gives the service, or raises ProviderError where there is none; `log` is the audit log; `hook` tells where an
    account's webhook comes in; `faults` describe what every route may refuse with.
    """

    async def noted(caller: Principal, action: str, account: Account) -> Account:
        """The account, once it is in the audit log."""
        if (audit := log()) is not None:
            after = None if action == "remove" else account
            await audit.note(
                caller, action=action, kind="account", subject=account.id, tenant=account.tenant, after=after
            )
        return account

    async def resealed(caller: Principal, count: int) -> Resealed:
        """The number, once it is in the audit log."""
        told = Resealed(accounts=count)
        if (audit := log()) is not None:
            await audit.note(caller, action="reseal", kind="account", subject="*", after=told)
        return told

    return [
        *_reading(desk, faults),
        *_writing(desk, faults, noted),
        *_acting(desk, faults, noted),
        _resealing(desk, faults, resealed),
        *([] if hook is None else [_hooking(desk, faults, hook)]),
    ]


Noted = Callable[[Principal, str, Account], Any]


def _reading(desk: Callable[[], AccountDesk], faults: dict[int, ResponseSpec] | None) -> list[HTTPRouteHandler]:
    @get("/api/v1/accounts", summary="All accounts that fit", tags=["accounts"], responses=faults)
    async def accounts(
        request: Request[Any, Any, Any],
        tenant: Tenant = None,
        provider: Annotated[str | None, QueryParameter(description="Only of this provider")] = None,
        status: Annotated[str | None, QueryParameter(description="active, disabled, revoked or exhausted")] = None,
    ) -> AccountListing:
        """As they stand, without their credentials. For admins."""
        caller = require_admin(request, tenant)
        found = desk().book.list(tenant_asked(caller, tenant), provider=provider, status=_status(status))
        return AccountListing(data=[*found])

    @get("/api/v1/accounts/{account:str}", summary="One account", tags=["accounts"], responses=faults)
    async def one(request: Request[Any, Any, Any], account: Id) -> Account:
        """As it stands, without its credential. For admins."""
        return desk().book.get(tenant_asked(require_admin(request), None), account)

    return [accounts, one]


def _writing(
    desk: Callable[[], AccountDesk], faults: dict[int, ResponseSpec] | None, noted: Noted
) -> list[HTTPRouteHandler]:
    @post("/api/v1/accounts", summary="Add an account", tags=["accounts"], responses=faults)
    async def add(request: Request[Any, Any, Any], data: JSONBody[AccountDraft], tenant: Tenant = None) -> Account:
        """Its credential is sealed and never told again. For admins."""
        caller = require_admin(request, tenant)
        _check_grants(caller, data.grants)
        return await noted(caller, "create", await desk().book.add(data, tenant or caller.organisation))

    @patch("/api/v1/accounts/{account:str}", summary="Change an account", tags=["accounts"], responses=faults)
    async def change(request: Request[Any, Any, Any], account: Id, data: JSONBody[AccountChange]) -> Account:
        """What is left out stays; a new credential makes it active again. For admins."""
        caller = require_admin(request)
        if not isinstance(data.grants, UnsetType):
            _check_grants(caller, data.grants)
        return await noted(caller, "update", await desk().book.change(tenant_asked(caller, None), account, data))

    @delete("/api/v1/accounts/{account:str}", summary="Remove an account", tags=["accounts"], responses=faults)
    async def remove(request: Request[Any, Any, Any], account: Id) -> None:
        """With its credential; requests that use it go on. For admins."""
        caller, book = require_admin(request), desk().book
        tenant = tenant_asked(caller, None)
        old = book.get(tenant, account)
        await book.remove(tenant, account)
        await noted(caller, "remove", old)

    return [add, change, remove]


def _acting(
    desk: Callable[[], AccountDesk], faults: dict[int, ResponseSpec] | None, noted: Noted
) -> list[HTTPRouteHandler]:
    how: dict[str, Any] = {"status_code": 200, "tags": ["accounts"], "responses": faults}

    @post("/api/v1/accounts/{account:str}/enable", summary="Let an account be used", **how)
    async def enable(request: Request[Any, Any, Any], account: Id) -> Account:
        """Also one that was revoked or exhausted. For admins."""
        caller = require_admin(request)
        tenant = tenant_asked(caller, None)
        return await noted(caller, "enable", await desk().book.set_status(tenant, account, "active"))

    @post("/api/v1/accounts/{account:str}/disable", summary="Let nothing new use an account", **how)
    async def disable(request: Request[Any, Any, Any], account: Id) -> Account:
        """What uses it goes on. For admins."""
        caller = require_admin(request)
        tenant = tenant_asked(caller, None)
        return await noted(caller, "disable", await desk().book.set_status(tenant, account, "disabled"))

    @post("/api/v1/accounts/{account:str}/sync", summary="Ask the provider what is left", **how)
    async def sync(request: Request[Any, Any, Any], account: Id) -> Account:
        """Brings the balances of an account up to date. For admins."""
        caller = require_admin(request)
        return await desk().balances.sync(tenant_asked(caller, None), account)

    @post("/api/v1/accounts/sync", summary="Ask all providers what is left", **how)
    async def sync_all(request: Request[Any, Any, Any]) -> Synced:
        """Of all accounts that have somewhere to ask. For root."""
        require_root(request)
        return Synced(accounts=await desk().balances.sync_all())

    @post("/api/v1/accounts/capture", summary="Take an account from a browser", **how)
    async def capture(request: Request[Any, Any, Any]) -> CapturedReply:
        """Takes `url`, `provider`, `name`, `cookies`, `headers`, `storage` and `email`; tokens only, never passwords.

        The same identity again renews its account. What a member captures is its key's alone.
        """
        caller = caller_of(request)
        owner = caller.key if caller.role == "member" else None
        account, created = await desk().captures.take(await request.body(), caller.organisation, owner=owner)
        return CapturedReply(account=await noted(caller, "capture", account), created=created)

    return [enable, disable, sync, sync_all, capture]


def _resealing(
    desk: Callable[[], AccountDesk],
    faults: dict[int, ResponseSpec] | None,
    resealed: Callable[[Principal, int], Awaitable[Resealed]],
) -> HTTPRouteHandler:
    @post(
        "/api/v1/accounts/reseal",
        summary="Seal all credentials with a new key",
        status_code=200,
        tags=["accounts"],
        responses=faults,
    )
    async def reseal(request: Request[Any, Any, Any]) -> Resealed:
        """With the newest key in the environment, or with one that is made now. For root."""
        return await resealed(require_root(request), await desk().book.reseal())

    return reseal


def _hooking(
    desk: Callable[[], AccountDesk], faults: dict[int, ResponseSpec] | None, hook: Callable[[Account], str]
) -> HTTPRouteHandler:
    @get(
        "/api/v1/accounts/{account:str}/webhook",
        summary="Where its webhook comes in",
        tags=["accounts"],
        responses=faults,
    )
    async def address(request: Request[Any, Any, Any], account: Id) -> HookAddress:
        """For providers that have one webhook for all jobs of an account: what is entered there. For admins."""
        found = desk().book.get(tenant_asked(require_admin(request), None), account)
        return HookAddress(url=hook(found))

    return address


def _status(text: str | None) -> AccountStatus | None:
    if text is None:
        return None
    try:
        return msgspec.convert(text, AccountStatus)
    except msgspec.ValidationError as error:
        message = f"there is no status {text!r:.60}; there are active, disabled, revoked and exhausted"
        raise InvalidRequestError(message, param="status") from error


def _check_grants(caller: Principal, grants: Grants) -> None:
    """What others send must not go through an account that its owner reads along with, so only root shares that far."""
    if caller.role != "root" and any(one != caller.organisation for one in grants.organisations):
        message = "only root may share an account with other organisations; grant it to teams and keys of your own"
        raise PermissionDeniedError(message, param="grants", status=403)
