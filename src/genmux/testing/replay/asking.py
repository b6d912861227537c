"""The request of an exchange: accepted as a server, encoded again as a client."""

from collections.abc import Iterator
from typing import Any

import msgspec

from genmux.contract.dialect import Accepted
from genmux.contract.features import FEATURES, Support
from genmux.contract.http import HttpRequest
from genmux.contract.manifest import ModelSpec
from genmux.contract.model import Model
from genmux.contract.wires import Encoded, Sent
from genmux.testing.replay.claiming import Claim
from genmux.testing.replay.differences import differing
from genmux.testing.replay.equivalences import normal_request
from genmux.testing.replay.recording import Exchange
from genmux.types.chat import ChatRequest
from genmux.types.errors import ProviderError
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

UNKNOWN_MODEL = "unknown"

CAPABLE = ModelSpec(features=dict.fromkeys(FEATURES, Support.NATIVE))
"""A model of which everything is native, so that nothing of a request is imitated or left out."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The request against which the reply is read, and how its own round trip went."""

    accepted: Accepted
    sent: Sent[ChatRequest]
    round_trip: bool | None = None
    differences: tuple[str, ...] = ()


def replay_request(exchange: Exchange, claimed: Claim) -> Asked:
    """Accept the recorded request and encode it again; without one, make up the smallest."""
    body = b"" if exchange.request is None else exchange.request.body
    if not body:
        return _made_up(exchange)
    original = _with_model(body, claimed.model)
    try:
        accepted = _accept(original, claimed)
    except ProviderError as error:
        round_trip, note = not_accepted(exchange, error)
        return msgspec.structs.replace(_made_up(exchange), round_trip=round_trip, differences=(note,))
    model = model_of(exchange, accepted.request.model)
    encoded = _encode(accepted, model, claimed)
    found = tuple(_differences(claimed, body, original, encoded))
    warnings = tuple(f"request: warning: {warning}" for warning in _warnings(accepted, encoded))
    return Asked(
        accepted=msgspec.structs.replace(accepted, include_usage=True),
        sent=Sent(request=accepted.request, model=model, http=encoded.http),
        round_trip=not found,
        differences=(*found, *warnings) if found else (),
    )


def _accept(body: bytes, claimed: Claim) -> Accepted:
    return claimed.counting_server.accept_count(body) if claimed.counts else claimed.dialect.server.accept(body)


def _encode(accepted: Accepted, model: Model, claimed: Claim) -> Encoded:
    if claimed.counts:
        return claimed.counter.encode_count(accepted.request, model)
    return claimed.client.encode(accepted.request, model, stream=accepted.stream)


def _differences(claimed: Claim, body: bytes, original: bytes, encoded: Encoded) -> Iterator[str]:
    written = encoded.http.document or b""
    # Where the client puts the model into the path, its body has none either.
    recorded = body if claimed.options else original
    name = claimed.dialect.name
    before, after = (normal_request(name, decoded(each)) for each in (recorded, written))
    yield from differing(before, after, "request")


def _warnings(accepted: Accepted, encoded: Encoded) -> tuple[Warning, ...]:
    return (*accepted.warnings, *encoded.warnings)


def _made_up(exchange: Exchange) -> Asked:
    request = ChatRequest(model=UNKNOWN_MODEL, messages=())
    http = HttpRequest(method="POST", url=exchange.path or "/")
    return Asked(
        accepted=Accepted(request=request, stream=True, include_usage=True),
        sent=Sent(request=request, model=model_of(exchange, UNKNOWN_MODEL), http=http),
    )


def not_accepted(exchange: Exchange, error: ProviderError) -> tuple[bool | None, str]:
    """A request that we refuse has no round trip where the provider refused it too, else a false one; and a note."""
    refused_too = exchange.reply is not None and exchange.reply.status >= 400
    note = f"request: not accepted{', nor was it by the provider' if refused_too else ''}: {error.message}"
    return (None if refused_too else False), note


def model_of(exchange: Exchange, wire_id: str) -> Model:
    """The model of an exchange; it can do everything."""
    return Model(provider=exchange.provider, id=wire_id, wire_id=wire_id, spec=CAPABLE)


def _with_model(body: bytes, model: str | None) -> bytes:
    """The body with the model that the path names, where it has none of its own."""
    document = decoded(body)
    if model is None or not isinstance(document, dict) or "model" in document:
        return body
    return msgspec.json.encode({**document, "model": model})


def decoded(body: bytes) -> Any:
    """A JSON document, None when it is none."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
