"""Embeddings against recorded traffic."""

from collections.abc import Iterator

import msgspec

from genmux.contract.dialect import AcceptedEmbed
from genmux.contract.http import HttpReply, HttpRequest
from genmux.contract.manifest import ModelSpec
from genmux.contract.model import Model
from genmux.contract.wires import Sent
from genmux.dialects.openai_embeddings import client, dialect
from genmux.dialects.openai_embeddings.equivalence import normalize
from genmux.types.embed import EmbedRequest
from tests.recordings import Exchange, exchanges, needs_recordings

pytestmark = needs_recordings

SERVER = dialect.server
INT8 = "perplexity/"
"""Numbers inside base64 are 8-bit integers there."""


def recorded() -> Iterator[Exchange]:
    for api in ("openai-embeddings", "mistral-embeddings", "voyageai-embeddings"):
        yield from exchanges(api=api)


def model(wire_id: str) -> Model:
    return Model(provider="p", id="m", wire_id=wire_id, spec=ModelSpec())


def test_every_request_leaves_as_it_came() -> None:
    requests = [exchange for exchange in recorded() if exchange.request_body]
    differing: list[str] = []
    for exchange in requests:
        asked = SERVER.accept(exchange.request_body).request
        body = client({}).encode(asked, model(asked.model)).http.body or b""
        if normalize(msgspec.json.decode(body)) != normalize(msgspec.json.decode(exchange.request_body)):
            differing.append(exchange.id)
    assert differing == []
    assert len(requests) > 40


def test_every_reply_is_read_again_as_it_was_read() -> None:
    replies = [exchange for exchange in recorded() if exchange.status < 400]
    differing: list[str] = []
    for exchange in replies:
        items = msgspec.json.decode(exchange.response_body)["data"]
        request = EmbedRequest(model="", inputs=("x",) * len(items))
        sent = Sent(request, model("m"), HttpRequest(method="POST", url="/"))
        numbers = "int8" if exchange.file.startswith(INT8) else "float32"
        first = client({"base64_numbers": numbers}).decode(_reply(exchange.response_body), sent)
        told = SERVER.respond(first, AcceptedEmbed(request=request)).body
        again = client({}).decode(_reply(told), sent)
        # official clients require `prompt_tokens`, which Voyage does not tell
        raw = {**(first.usage.raw or {}), "prompt_tokens": first.usage.input or 0}
        first = msgspec.structs.replace(first, usage=msgspec.structs.replace(first.usage, raw=raw))
        if again != first:
            differing.append(exchange.id)
    assert differing == []
    assert len(replies) > 40


def _reply(body: bytes) -> HttpReply:
    return HttpReply(status=200, headers={}, body=body)
