"""The part of the native API that describes forms: what an operation of a model takes, as JSON Schema with hints."""

from typing import Annotated, Any

import msgspec
from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import PathParameter, QueryParameter

from genmux.app import App
from genmux.flows.job.forms import Form, form_of
from genmux.server.callers import caller_of
from genmux.services.keys import check_allowed
from genmux.types.errors import InvalidRequestError, NotFoundError


def form_routes(app: App, faults: dict[int, ResponseSpec]) -> list[HTTPRouteHandler]:
    """The handlers."""

    @get("/api/v1/models/{reference:path}", summary="What a model takes", tags=["models"], responses=faults)
    async def form(
        request: Request[Any, Any, Any],
        reference: Annotated[str, PathParameter(description="`provider/model` or an alias, followed by `/form`")],
        operation: Annotated[
            str | None, QueryParameter(description="Such as `text_to_video`; the first one by default")
        ] = None,
    ) -> dict[str, Any]:
        """JSON Schema of its parameters and inputs, with hints for a form; `/api/v1/estimates` tells the price."""
        name, slash, what = reference.strip("/").rpartition("/")
        if not slash or what != "form":
            message = f"there is nothing at /api/v1/models{reference}; a model's form is at /api/v1/models/MODEL/form"
            raise NotFoundError(message, status=404)
        return msgspec.to_builtins(_form(app, request, name, operation))

    return [form]


def _form(app: App, request: Request[Any, Any, Any], name: str, operation: str | None) -> Form:
    caller = caller_of(request)
    offered = app.catalog.operations(name)
    if operation is not None and operation not in offered:
        message = f"{name} cannot {operation}; it can: {', '.join(offered) or 'nothing'}"
        raise InvalidRequestError(message, param="operation")
    chosen = operation or offered[0]
    model = app.estimates.model(name, chosen)
    check_allowed(caller, model, chosen, name=name)
    return form_of(model, chosen, offered)
