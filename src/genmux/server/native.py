"""The native API under /api/v1, with its OpenAPI document. Imported when it is first asked for."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import msgspec
from litestar import Litestar, Request, Response, get, post
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.params import Parameter

from genmux import __version__
from genmux.app import App
from genmux.contract.error_map import STATUS_KINDS
from genmux.dialects import load_dialect
from genmux.services.catalog import ModelInfo
from genmux.services.registry import ProviderInfo
from genmux.types.embed import EmbedRequest
from genmux.types.errors import ErrorKind, InvalidRequestError, NotFoundError, ProviderError
from genmux.types.money import Estimate

_STATUS = {kind: status for status, kind in reversed(STATUS_KINDS.items())} | {
    ErrorKind.BUDGET_EXCEEDED: 402,
    ErrorKind.CONFIGURATION: 500,
    ErrorKind.CONTEXT_OVERFLOW: 400,
    ErrorKind.INVALID_REQUEST: 400,
    ErrorKind.NETWORK: 502,
    ErrorKind.MALFORMED_REPLY: 502,
    ErrorKind.SERVER: 502,
    ErrorKind.UNKNOWN: 502,
    ErrorKind.UNSUPPORTED: 400,
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


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """An error of the native API."""

    kind: str
    message: str
    param: str | None = None
    provider: str | None = None
    model: str | None = None
    retry: str = "never"


def native_app(app: App) -> Litestar:
    """The native API as an ASGI application."""

    @get("/api/v1/providers", summary="All installed providers", tags=["providers"])
    async def providers() -> Listing:
        """Every provider, and why some cannot be used now."""
        return Listing(data=app.registry.providers())

    @get("/api/v1/providers/detect", summary="Which provider a URL belongs to", tags=["providers"])
    async def detect(url: str) -> Detected:
        """Told by the domains in the manifests."""
        return Detected(url=url, provider=app.registry.detect(url))

    @get("/api/v1/models", summary="The listed models that fit", tags=["models"])
    async def models(
        provider: str | None = None,
        operation: str | None = None,
        feature: list[str] | None = None,
        max_price: Annotated[str | None, Parameter(description="US dollars for a million input tokens")] = None,
    ) -> ModelListing:
        """Filter by provider, operation, features (repeatable) and price."""
        return ModelListing(
            data=app.catalog.models(
                app.prices,
                provider=provider,
                operation=operation,
                features=feature or (),
                max_price=_decimal(max_price),
            )
        )

    @post("/api/v1/estimates", summary="What a request may cost", status_code=200, tags=["money"])
    async def estimates(request: Request[Any, Any, Any]) -> Estimate:
        """Takes the request that would be sent, in OpenAI's form: `messages` for chat, `input` for embeddings."""
        return _estimate(app, await request.body())

    return Litestar(
        route_handlers=[providers, detect, models, estimates],
        openapi_config=OpenAPIConfig(
            title="genmux", version=__version__, path="/api", render_plugins=[JsonRenderPlugin(path="/openapi.json")]
        ),
        exception_handlers={ProviderError: _refused},
    )


def _estimate(app: App, body: bytes) -> Estimate:
    try:
        document = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        message = f"the body must be a JSON object: {error}"
        raise InvalidRequestError(message) from error
    if "input" in document:
        inputs = document["input"]
        many = (inputs,) if isinstance(inputs, str) else tuple(inputs)
        model = str(document.get("model") or "")
        return app.calls.estimate(EmbedRequest(model=model, inputs=many, dimensions=document.get("dimensions")))
    request = load_dialect("openai_chat").server.accept(body).request
    if request.extra:
        message = f"unknown parameters: {', '.join(sorted(request.extra))}"
        raise InvalidRequestError(message, param=next(iter(request.extra)))
    return app.calls.estimate(request)


def _decimal(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        return Decimal(text)
    except InvalidOperation as error:
        message = f"`max_price` is {text!r}; it must be an amount of US dollars such as 2.50"
        raise InvalidRequestError(message, param="max_price") from error


def _refused(_request: Request[Any, Any, Any], error: Exception) -> Response[Fault]:
    if not isinstance(error, ProviderError):
        raise error
    status = 404 if isinstance(error, NotFoundError) else _STATUS.get(error.kind, 500)
    fault = Fault(
        kind=str(error.kind),
        message=error.message,
        param=error.param,
        provider=error.provider,
        model=error.model,
        retry=str(error.retry),
    )
    return Response(fault, status_code=status)
