"""The recorded exchanges of jobs: which belong to a job's wire, to which of its calls, and what they ask for.

One more provider is one more row of `JOB_APIS`.
"""

import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, Literal, NamedTuple

import msgspec

from genmux.contract.inputs import MediaRequest
from genmux.contract.manifest import ModelSpec
from genmux.contract.model import Model
from genmux.contract.operations import Operation
from genmux.contract.provider import Provider
from genmux.services.registry.building import complete
from genmux.testing.replay.recording import Exchange
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
    asks. Both see the exchange alone. `left_out` are keys of a request's body that the wire leaves out on purpose.
    """

    provider: str
    wire: str
    routes: tuple[Route, ...]
    asked: Callable[[Exchange], tuple[MediaRequest, Model]]
    ticket: Callable[[Exchange], Ticket]
    left_out: frozenset[str] = frozenset()


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
    method = exchange.request.method if exchange.request else None
    for api in JOB_APIS:
        if api.provider == exchange.provider:
            for route in api.routes:
                if route.method == method and re.fullmatch(route.path, exchange.path):
                    return JobClaim(api, route.call)
    return None


def unlisted(provider: str, wire_id: str) -> Model:
    """A model whose parameters are written as they are, as recordings have them."""
    return Model(provider=provider, id=wire_id, wire_id=wire_id, spec=ModelSpec(), listed=False)


def body_of(exchange: Exchange) -> dict[str, Any]:
    """The JSON body of a recorded request; empty where it has none."""
    return msgspec.json.decode(exchange.request.body, type=dict[str, Any]) if exchange.request else {}


@cache
def _provider(provider_id: str) -> Provider:
    return complete(import_module(f"genmux.providers.{provider_id}").provider)


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


JOB_APIS: tuple[JobApi, ...] = (
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
)
"""All of them."""
