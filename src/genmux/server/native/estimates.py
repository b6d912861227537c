"""The part of the native API that tells what things cost: estimates, and expressions for forms."""

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example, OpenAPIMediaType, OpenAPIType, Operation, Reference, RequestBody, Schema
from litestar.params import QueryParameter

from genmux.app import App
from genmux.contract.operations import OPERATIONS
from genmux.dialects import load_dialect
from genmux.server.callers import caller_of
from genmux.server.terms import Terms
from genmux.services.estimates import generation_of
from genmux.services.keys import check_allowed
from genmux.types.chat import ChatRequest
from genmux.types.embed import EmbedRequest
from genmux.types.errors import InvalidRequestError
from genmux.types.money import Estimate
from genmux.types.principal import Principal

_DIALECTS = {"chat": "openai_chat", "embed": "openai_embeddings"}
_HELLO = {"model": "openai/gpt-5.4-mini", "max_tokens": 200, "messages": [{"role": "user", "content": "Hello"}]}
_VIDEO = {
    "operation": "text_to_video",
    "model": "google/veo-3.1-generate-001",
    "prompt": "A cat on a skateboard",
    "params": {"duration": 8, "resolution": "1080p"},
}
_FIELDS: dict[str, str] = {
    "model": "A model, as `provider/model` or by an alias.",
    "operation": f"For anything but a chat and embeddings in OpenAI's form: {', '.join(OPERATIONS)}.",
    "prompt": "What a generation would be asked.",
}


@dataclass
class EstimateOperation(Operation):
    """Describes the body of an estimate, which the dialects read."""

    def __post_init__(self) -> None:
        text = Schema(type=OpenAPIType.STRING)
        message = Schema(type=OpenAPIType.OBJECT, description="As in OpenAI's Chat Completions.")
        entry = Schema(
            type=OpenAPIType.OBJECT,
            description="`kind` (image, audio, video, document, text), and what is known of it: `source`, `seconds`, "
            "`pages`, `width`, `height`, `bytes`, `characters`.",
            required=["kind"],
        )
        schema = Schema(
            title="EstimateRequest",
            type=OpenAPIType.OBJECT,
            properties={
                **{name: Schema(type=OpenAPIType.STRING, description=words) for name, words in _FIELDS.items()},
                "messages": Schema(type=OpenAPIType.ARRAY, items=message, description="What a chat would be asked."),
                "max_tokens": Schema(type=OpenAPIType.INTEGER, description="The most that may be answered."),
                "input": Schema(
                    one_of=[text, Schema(type=OpenAPIType.ARRAY, items=text)], description="Texts for embeddings."
                ),
                "inputs": Schema(type=OpenAPIType.ARRAY, items=entry, description="What goes in beside the prompt."),
                "params": Schema(
                    type=OpenAPIType.OBJECT, description="Such as `duration`, `resolution`, `size`, `quality`, `n`."
                ),
            },
            any_of=[Schema(required=[name]) for name in ("messages", "input", "operation")],
            additional_properties=True,
        )
        examples: dict[str, Example | Reference] = {
            "chat": Example(summary="A chat", value=_HELLO),
            "embeddings": Example(
                summary="Embeddings", value={"model": "openai/text-embedding-3-small", "input": ["Hello"]}
            ),
            "video": Example(summary="A video", value=_VIDEO),
        }
        self.request_body = RequestBody(
            content={"application/json": OpenAPIMediaType(schema=schema, examples=examples)}, required=True
        )


def estimate_routes(app: App, terms: Terms, faults: dict[int, ResponseSpec]) -> list[HTTPRouteHandler]:
    """The handlers; `faults` describe what every route may refuse with."""

    @post(
        "/api/v1/estimates",
        summary="What a request may cost",
        status_code=200,
        tags=["money"],
        responses=faults,
        operation_class=EstimateOperation,
    )
    async def estimates(request: Request[Any, Any, Any]) -> Estimate:
        """Takes the request that would be sent: `messages` or `input` in OpenAI's form, or an `operation` with its `params`."""
        caller = caller_of(request)
        async with app.calls.door.aside(caller):
            return _estimate(app, terms, caller, await request.body())

    @get("/api/v1/expressions", summary="What an operation costs, for forms", tags=["money"], responses=faults)
    async def expressions(
        request: Request[Any, Any, Any],
        model: Annotated[str, QueryParameter(description="As `provider/model`, or by an alias")],
        operation: Annotated[str, QueryParameter(description="Such as `text_to_video`")],
        service_tier: Annotated[str | None, QueryParameter(description="Such as `batch`")] = None,
    ) -> dict[str, Any]:
        """A table of what is billed, with quantities as sums and products of parameters, to be evaluated while people choose."""
        caller = caller_of(request)
        async with app.calls.door.aside(caller):
            _check_model(app, terms, caller, model, operation)
            return msgspec.to_builtins(app.estimates.expression(model, operation, service_tier=service_tier))

    return [estimates, expressions]


def _estimate(app: App, terms: Terms, caller: Principal, body: bytes) -> Estimate:
    try:
        document = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        message = f"the body must be a JSON object: {error}"
        raise InvalidRequestError(message) from error
    if "operation" in document:
        generation = generation_of(document)
        _check_model(app, terms, caller, generation.model, generation.operation)
        return app.estimates.generation(generation)
    operation = "embed" if "input" in document else "chat"
    request: ChatRequest | EmbedRequest = load_dialect(_DIALECTS[operation]).server.accept(body).request
    if unknown := [name for name, value in (request.extra or {}).items() if value is not None]:
        message = f"unknown parameters: {', '.join(sorted(unknown))}"
        raise InvalidRequestError(message, param=unknown[0])
    terms.check_model(caller, request.model, operation)
    return app.calls.estimate(request)


def _check_model(app: App, terms: Terms, caller: Principal, name: str, operation: str) -> None:
    """Raise ProviderError for a model that is not offered: one that can be called by the terms, any other by its price."""
    model = app.estimates.model(name or None, operation)
    check_allowed(caller, model, operation, name=name or None)
    if app.registry.is_registered(model.provider) and operation in _DIALECTS:
        terms.check_model(caller, name, "embed" if operation == "embed" else "chat")
