"""The recorded exchanges of jobs: which belong to a job's wire, to which of its calls, and what they ask for.

One more provider is one more row of `JOB_APIS`.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Literal, NamedTuple

import msgspec

from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.manifest import ModelSpec
from genmux.contract.model import Model
from genmux.contract.operations import Operation
from genmux.contract.provider import Provider
from genmux.services.registry import Registry
from genmux.testing.replay.asking import decoded
from genmux.testing.replay.recording import Exchange
from genmux.types.generation import InputRole
from genmux.types.jobs import Ticket

Call = Literal["submit", "poll", "cancel", "list"]


class Route(NamedTuple):
    """Requests with this method, whose path fits the whole pattern, are this call of the wire."""

    call: Call
    method: str
    path: str


class JobApi(msgspec.Struct, frozen=True, kw_only=True):
    """The recorded exchanges of one wire of a provider.

    `asked` says what a recorded submission asks for, and of which model; `ticket` by what a recorded poll or cancellation
    asks. Both see the exchange alone. `left_out` are keys of a request's body that the wire leaves out on purpose, and
    `compared` is what of a body is compared, recorded or written, where more is left open than that.
    `recorded_as` is what the recordings call the provider, where that is not its id. `unasked` says which call a reply answers
    whose request was not kept, None where it is of no job.
    """

    provider: str
    wire: str
    routes: tuple[Route, ...]
    asked: Callable[[Exchange], tuple[MediaRequest, Model]]
    ticket: Callable[[Exchange], Ticket] = lambda _exchange: {}
    left_out: frozenset[str] = frozenset()
    compared: Callable[[dict[str, Any]], dict[str, Any]] = dict
    recorded_as: str = ""
    unasked: Callable[[Exchange], Call | None] | None = None


class JobClaim(NamedTuple):
    """Whose exchange it is, and which call."""

    api: JobApi
    call: Call

    @property
    def provider(self) -> Provider:
        """The provider, with its code."""
        return _provider(self.api.provider)

    @property
    def wire(self) -> Any:
        """The wire that reads the exchange."""
        return self.provider.wires[self.api.wire]


def job_claim(exchange: Exchange) -> JobClaim | None:
    """The wire and the call of an exchange; None where it is of no job."""
    for api in JOB_APIS:
        if (api.recorded_as or api.provider) == exchange.provider and (call := _call(api, exchange)) is not None:
            return JobClaim(api, call)
    return None


def _call(api: JobApi, exchange: Exchange) -> Call | None:
    if exchange.request is None:
        return api.unasked(exchange) if api.unasked else None
    for route in api.routes:
        if route.method == exchange.request.method and re.fullmatch(route.path, exchange.path):
            return route.call
    return None


def unlisted(provider: str, wire_id: str) -> Model:
    """A model whose parameters are written as they are, as recordings have them."""
    return Model(provider=provider, id=wire_id, wire_id=wire_id, spec=ModelSpec(), listed=False)


def body_of(exchange: Exchange) -> dict[str, Any]:
    """The JSON body of a recorded request; empty where it has none."""
    return msgspec.json.decode(exchange.request.body, type=dict[str, Any]) if exchange.request else {}


@cache
def _provider(provider_id: str) -> Provider:
    return Registry().load(provider_id)


# ---------------------------------------------------------------- Replicate
def _prediction(exchange: Exchange) -> tuple[MediaRequest, Model]:
    body = body_of(exchange)
    asked = dict(body["input"])
    named = re.fullmatch(r"/v1/(?:models/([^/]+/[^/]+)|(deployments/[^/]+/[^/]+))/predictions", exchange.path)
    name = (named[1] or named[2]) if named else body["version"]
    operation: Operation = "text_to_image"
    prompt = asked.pop("prompt", "")
    return MediaRequest(operation=operation, prompt=prompt, params=asked), unlisted("replicate", name)


def _of_prediction(exchange: Exchange) -> Ticket:
    address = f"https://api.replicate.com{exchange.path.removesuffix('/cancel')}"
    return {"id": address.rpartition("/")[2], "get": address, "cancel": f"{address}/cancel"}


# ---------------------------------------------------------------- OpenAI
def _pictures(exchange: Exchange) -> tuple[MediaRequest, Model]:
    asked = body_of(exchange)
    inputs = tuple(_picture("image", one["image_url"]) for one in asked.pop("images", []))
    if (mask := asked.pop("mask", None)) is not None:
        inputs += (_picture("mask", mask["image_url"]),)
    model, prompt = asked.pop("model", ""), asked.pop("prompt", "")
    operation: Operation = "image_to_image" if inputs else "text_to_image"
    return MediaRequest(operation=operation, prompt=prompt, params=asked, inputs=inputs), unlisted("openai", model)


def _picture(role: InputRole, url: str) -> MediaInput:
    return MediaInput(kind="image", role=role, url=url)


def _with_model(body: dict[str, Any]) -> dict[str, Any]:
    """A body may lack the model, which then is the provider's choice."""
    return {"model": "", **body}


# ---------------------------------------------------------------- Google
def _content(exchange: Exchange) -> tuple[MediaRequest, Model]:
    """The last turn alone: a wire of pictures has no other."""
    asked = body_of(exchange)
    parts, config = asked["contents"][-1]["parts"], asked.get("generationConfig") or {}
    image = config.get("imageConfig") or {}
    params = {
        "instructions": "".join(part["text"] for part in _parts(asked.get("systemInstruction"))),
        "aspect_ratio": image.get("aspectRatio"),
        "resolution": image.get("imageSize"),
        "seed": config.get("seed"),
        "thinking_level": (config.get("thinkingConfig") or {}).get("thinkingLevel"),
    }
    inline = [part["inlineData"] for part in parts if "inlineData" in part]
    inputs = tuple(_picture("image", f"data:{one['mimeType']};base64,{one['data']}") for one in inline)
    prompt = "".join(part.get("text", "") for part in parts)
    named = re.search(r"/models/([^/:]+):", exchange.path)
    operation: Operation = "image_to_image" if inputs else "text_to_image"
    return (
        MediaRequest(operation=operation, prompt=prompt, params=params, inputs=inputs),
        unlisted("google", named[1] if named else ""),
    )


def _parts(said: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The parts of a turn; some write a single one without a list."""
    parts = (said or {}).get("parts", [])
    return parts if isinstance(parts, list) else [parts]


def _last_turn(body: dict[str, Any]) -> dict[str, Any]:
    """What is asked for in the last turn, with the settings that pictures have, and without those that say nothing.

    Which kinds of answer are asked for is left open: the wire always asks for pictures with words beside them.
    """
    config = body.get("generationConfig") or {}
    kept = {name: config.get(name) for name in ("imageConfig", "seed", "thinkingConfig")}
    text = "".join(part["text"] for part in _parts(body.get("systemInstruction")))
    said = {"parts": body["contents"][-1]["parts"], "instructions": text, **kept}
    return {name: value for name, value in said.items() if value}


# ---------------------------------------------------------------- xAI and Kling
def _xai_picture(exchange: Exchange) -> tuple[MediaRequest, Model]:
    asked = body_of(exchange)
    name, prompt = asked.pop("model"), asked.pop("prompt")
    return MediaRequest(operation="text_to_image", prompt=prompt, params=asked), unlisted("xai", name)


def _poll_with(api: str, field: str) -> Callable[[Exchange], Call | None]:
    """The replies of an API that tell where a job stands: those in which there is something in this field."""

    def unasked(exchange: Exchange) -> Call | None:
        told = decoded(exchange.reply.body) if exchange.reply and exchange.api == api else None
        return "poll" if isinstance(told, dict) and told.get(field) else None

    return unasked


def _anybody(exchange: Exchange) -> Ticket:
    del exchange
    return {"id": "replayed"}


# ---------------------------------------------------------------- AssemblyAI, of which no request was kept
def _talk(exchange: Exchange) -> tuple[MediaRequest, Model]:
    del exchange
    sound = MediaInput(kind="audio", role="audio", url="https://replayed.example/talk.mp3")
    return MediaRequest(operation="transcribe", inputs=(sound,)), unlisted("assemblyai", "universal-2")


def _is_submitted(exchange: Exchange) -> Call | None:
    return "submit" if exchange.path == "/v2/transcript" else None


JOB_APIS: tuple[JobApi, ...] = (
    JobApi(
        provider="assemblyai",
        wire="transcripts",
        routes=(Route("submit", "POST", r"/v2/transcript"), Route("poll", "GET", r"/v2/transcript/[^/]+")),
        asked=_talk,
        ticket=_anybody,
        unasked=_is_submitted,
    ),
    JobApi(
        provider="xai",
        wire="images",
        routes=(Route("submit", "POST", r"/v1/images/generations"),),
        asked=_xai_picture,
        ticket=_anybody,
    ),
    JobApi(
        provider="xai",
        wire="videos",
        routes=(Route("poll", "GET", r"/v1/videos/[^/]+"),),
        asked=_xai_picture,
        ticket=_anybody,
        unasked=_poll_with("xai-video", "status"),
    ),
    JobApi(
        provider="kling",
        wire="older_text",
        routes=(),
        asked=_xai_picture,
        ticket=_anybody,
        recorded_as="klingai",
        unasked=_poll_with("klingai-video", "data"),
    ),
    JobApi(
        provider="replicate",
        wire="predictions",
        routes=(
            Route("submit", "POST", r"/v1/(?:models/[^/]+/[^/]+/|deployments/[^/]+/[^/]+/)?predictions"),
            Route("list", "GET", r"/v1/predictions"),
            Route("poll", "GET", r"/v1/predictions/[^/]+"),
            Route("cancel", "POST", r"/v1/predictions/[^/]+/cancel"),
        ),
        asked=_prediction,
        ticket=_of_prediction,
        left_out=frozenset({"stream"}),  # deprecated, and without effect on a prediction
    ),
    JobApi(
        provider="openai",
        wire="images",
        routes=(Route("submit", "POST", r"/v1/images/(?:generations|edits)"),),
        asked=_pictures,
        compared=_with_model,
    ),
    JobApi(
        provider="google",
        wire="images",
        routes=(Route("submit", "POST", r"/v1beta/models/[^/:]*image[^/:]*:generateContent"),),
        asked=_content,
        compared=_last_turn,
    ),
)
"""All of them."""
