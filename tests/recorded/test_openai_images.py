"""Images in OpenAI's dialect against recorded traffic."""

from collections.abc import Iterator
from typing import Any

import msgspec

from genmux.contract.http import HttpReply
from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.jobs import Prepared
from genmux.contract.manifest import ModelSpec
from genmux.contract.model import Model
from genmux.dialects.openai_images import AcceptedImages, client, dialect, served
from genmux.dialects.openai_images.accept import Way
from genmux.dialects.openai_images.equivalence import normalize
from genmux.types.jobs import Completed
from tests.recordings import Exchange, exchanges, needs_recordings

pytestmark = needs_recordings

SERVER = dialect.server


def recorded() -> Iterator[Exchange]:
    for exchange in exchanges():
        if exchange.fidelity == "authored":  # their base64 is none
            continue
        named = exchange.api in ("openai-images", "openai-image") and "videos" not in exchange.path
        named |= (exchange.provider, exchange.capability) == ("openai", "image")  # some have no path, and another label
        if (named or exchange.path.endswith(dialect.paths)) and not exchange.path.startswith("/xai-imgen"):
            yield exchange


def way_of(exchange: Exchange) -> Way:
    return "edits" if exchange.path.endswith("/edits") else "generations"


def asked(exchange: Exchange) -> AcceptedImages:
    return SERVER.accept(exchange.request_body, way_of(exchange))


def ready(accepted: AcceptedImages) -> Prepared:
    inputs = tuple(
        MediaInput(kind="image", role=one.role or "image", url=one.source) for one in accepted.request.inputs
    )
    request = MediaRequest(
        operation=accepted.request.operation,  # pyright: ignore[reportArgumentType] — an operation as text
        prompt=accepted.request.prompt,
        params={**accepted.request.params, **accepted.extra},
        inputs=inputs,
        user=accepted.user,
    )
    model = Model(provider="p", id="m", wire_id=accepted.request.model, spec=ModelSpec())
    steps = client({}).prepare(request, model)
    try:
        next(steps)
    except StopIteration as end:
        return end.value
    raise AssertionError("there was a step")


def test_every_request_leaves_as_it_came() -> None:
    requests = [exchange for exchange in recorded() if exchange.request_body]
    differing: list[str] = []
    for exchange in requests:
        http = client({}).submit(ready(asked(exchange)), "key", None)
        came: dict[str, Any] = msgspec.json.decode(exchange.request_body)
        left: dict[str, Any] = msgspec.json.decode(http.document or b"")
        if {"model": "", **normalize(came)} != normalize(left) or not exchange.path.endswith(http.url):
            differing.append(exchange.id)
    assert differing == []
    assert len(requests) == 11


def test_every_reply_is_read_again_as_it_was_read() -> None:
    replies = [exchange for exchange in recorded() if exchange.status < 300]
    differing: list[str] = []
    empty = Prepared(
        request=MediaRequest(operation="text_to_image"),
        model=Model(provider="p", id="m", wire_id="m", spec=ModelSpec()),
    )
    accepted = SERVER.accept(b'{"model": "m", "prompt": "p"}')
    for exchange in replies:
        first = client({}).submitted(HttpReply(status=200, headers={}, body=exchange.response_body), empty)
        if not isinstance(first, Completed) or not first.outputs:
            differing.append(f"{exchange.id}: {type(first).__name__}")
            continue
        told = SERVER.respond(served(first, 1), accepted)
        again = client({}).submitted(HttpReply(status=200, headers={}, body=told.body), empty)
        assert isinstance(again, Completed)
        if [(one.data, one.url) for one in again.outputs] != [(one.data, one.url) for one in first.outputs]:
            differing.append(exchange.id)
        counted = {name: count for name, count in first.usage.meters.items() if count and name.startswith("tokens")}
        if counted != {name: count for name, count in again.usage.meters.items() if count and name in counted}:
            differing.append(f"{exchange.id}: usage")
    assert differing == []
    assert len(replies) == 11
