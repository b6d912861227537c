"""The native API under /api/v1, with its OpenAPI document. Imported when it is first asked for."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import (
    Components,
    SecurityScheme,
)
from litestar.params import QueryParameter

from genmux.app import App
from genmux.contract.error_kinds import STATUS_KINDS
from genmux.server.callers import caller_of
from genmux.server.faults import Fault, as_error, fault_of, told_with
from genmux.server.http import CallerGoneError
from genmux.server.native.accounts import account_routes
from genmux.server.native.asset_import import asset_import_route
from genmux.server.native.asset_uploads import asset_upload_routes
from genmux.server.native.assets import asset_routes
from genmux.server.native.budgets import budget_routes
from genmux.server.native.estimates import estimate_routes
from genmux.server.native.events import event_routes
from genmux.server.native.forms import form_routes
from genmux.server.native.jobs import job_routes
from genmux.server.native.keys import key_routes, me_route
from genmux.server.native.tenancy import audit_route, tenancy_routes
from genmux.server.native.usage import usage_routes
from genmux.server.native.webhooks import webhook_routes
from genmux.server.terms import Terms
from genmux.services.catalog import ModelInfo
from genmux.services.keys import KeyDesk, may_use
from genmux.services.registry import ProviderInfo
from genmux.types.errors import ErrorKind, InvalidRequestError, ProviderError
from genmux.types.version import VERSION

_FAULTS = {
    400: ResponseSpec(data_container=Fault, description="The request is wrong", generate_examples=False),
    401: ResponseSpec(
        data_container=Fault, description="The gateway's key is missing or wrong", generate_examples=False
    ),
    403: ResponseSpec(data_container=Fault, description="The key may not do this", generate_examples=False),
    404: ResponseSpec(data_container=Fault, description="There is no such thing", generate_examples=False),
}


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """All providers."""

    data: list[ProviderInfo]


class ModelListing(msgspec.Struct, frozen=True, kw_only=True):
    """The models that fit."""

    data: list[ModelInfo]


class Detected(msgspec.Struct, frozen=True, kw_only=True):
    """Which provider a URL belongs to."""

    url: str
    provider: str | None


def native_app(app: App, terms: Terms) -> Litestar:
    """The native API as an ASGI application."""

    @get("/api/v1/providers", summary="All installed providers", tags=["providers"], responses=_FAULTS)
    async def providers() -> Listing:
        """Every provider, and why some cannot be used now."""
        return Listing(data=app.registry.providers())

    @get("/api/v1/providers/detect", summary="Which provider a URL belongs to", tags=["providers"], responses=_FAULTS)
    async def detect(url: Annotated[str, QueryParameter(description="Of a page, a file or an API")]) -> Detected:
        """Told by the domains in the manifests."""
        return Detected(url=url, provider=app.registry.detect(url))

    @get("/api/v1/models", summary="The listed models that fit", tags=["models"], responses=_FAULTS)
    async def models(
        request: Request[Any, Any, Any],
        provider: Annotated[str | None, QueryParameter(description="Its id")] = None,
        operation: Annotated[str | None, QueryParameter(description="Such as `chat` or `embed`")] = None,
        feature: Annotated[list[str] | None, QueryParameter(description="What they can do; repeatable")] = None,
        max_price: Annotated[str | None, QueryParameter(description="US dollars for a million input tokens")] = None,
    ) -> ModelListing:
        """Filter by provider, operation, features (repeatable) and price. Those that the caller's key may use."""
        found = app.catalog.models(
            app.prices,
            provider=provider,
            operation=operation,
            features=feature or (),
            max_price=_decimal(max_price),
        )
        caller = caller_of(request)
        if caller.allow is not None:
            found = [one for one in found if may_use(caller, one.reference, one.operations)]
        return ModelListing(data=found)

    return Litestar(
        route_handlers=[
            providers,
            detect,
            models,
            *estimate_routes(app, terms, _FAULTS),
            *account_routes(
                lambda: app.account_desk,
                _FAULTS,
                log=lambda: app.kept().audit,
                hook=lambda account: app.kept().account_hook(account),
            ),
            *asset_routes(lambda: app.kept().assets, _FAULTS),
            *asset_upload_routes(lambda: app.kept().assets, _FAULTS),
            asset_import_route(app.importing, _FAULTS),
            me_route(app.ring.key, _FAULTS),
            *key_routes(lambda: KeyDesk(app.kept().tenancy, app.kept().issuing, app.ring), _FAULTS),
            *tenancy_routes(lambda: app.kept().tenancy, _FAULTS),
            *budget_routes(lambda: app.kept().budgets, _FAULTS, log=lambda: app.kept().audit),
            audit_route(lambda: app.kept().audit, _FAULTS),
            *event_routes(lambda: app.kept().events.stories, _FAULTS),
            *webhook_routes(lambda: app.kept().events.webhooks, _FAULTS, log=lambda: app.kept().audit),
            *usage_routes(lambda: app.kept().reports, _FAULTS, log=lambda: app.kept().audit),
            *job_routes(lambda: app.kept().jobs, terms.check_generation, app.calls.door.aside, _FAULTS),
            *form_routes(app, _FAULTS),
        ],
        openapi_config=OpenAPIConfig(
            title="genmux",
            version=VERSION,
            path="/api",
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
            security=[{"bearer": []}],
            components=Components(
                security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer", description="A gateway key.")}
            ),
        ),
        exception_handlers={ProviderError: _refused, HTTPException: _wrong, Exception: _failed},
        request_max_body_size=None,
        logging_config=None,  # it would take over the root logger
    )


def _decimal(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        return Decimal(text)
    except InvalidOperation as error:
        message = f"`max_price` is {text!r}; it must be an amount of US dollars such as 2.50"
        raise InvalidRequestError(message, param="max_price") from error


def _refused(_request: Request[Any, Any, Any], error: ProviderError) -> Response[Fault]:
    status, fault = fault_of(error)
    return Response(fault, status_code=status, headers=dict(told_with(error)))


def _failed(_request: Request[Any, Any, Any], error: Exception) -> Response[Fault]:
    """A fault of our own: the log has it, and the caller only hears that there was one. Who has gone hears nothing."""
    if isinstance(error, CallerGoneError):
        raise error
    status, fault = fault_of(as_error(error))
    return Response(fault, status_code=status)


def _wrong(request: Request[Any, Any, Any], error: HTTPException) -> Response[Fault]:
    """What the framework itself refuses, in our form."""
    kind = STATUS_KINDS.get(error.status_code, ErrorKind.INVALID_REQUEST)
    if error.status_code >= 500:
        kind = as_error(error).kind
    found = [one for one in error.extra or () if isinstance(one, dict)]
    wrong = [str(one["key"]) for one in found if one.get("key") not in (None, "data")]
    told = list(map(_complaint, found))
    message = f"{request.method} {request.url.path}: {error.detail.partition(' for ')[0]}"
    if told:
        message += f" ({'; '.join(told)})"
    fault = Fault(kind=kind, message=message, param=wrong[0] if wrong else None)
    return Response(fault, status_code=error.status_code, headers=error.headers)


def _complaint(found: dict[str, Any]) -> str:
    """One of the framework's complaints; to it, the body is called `data`, and a missing one no more than that."""
    key, message = found.get("key"), str(found.get("message") or "")
    if key == "data":
        return "there is no body" if message == "'data'" else f"the body: {message}"
    return f"{key}: {message}" if key and message else str(key or message)
