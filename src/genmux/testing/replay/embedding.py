"""An exchange of embeddings: request and reply go round as those of chat do."""

from typing import Any

import msgspec

from genmux.contract.dialect import AcceptedEmbed
from genmux.contract.error_map import classify
from genmux.contract.http import HttpReply, HttpRequest
from genmux.contract.wires import Sent
from genmux.testing.replay.answering import Answered, error_answered, reply_of
from genmux.testing.replay.asking import UNKNOWN_MODEL, decoded, model_of, not_accepted
from genmux.testing.replay.claiming import EmbedClaim
from genmux.testing.replay.differences import differing, lost
from genmux.testing.replay.equivalences import normal_request
from genmux.testing.replay.outcome import embeddings_seen
from genmux.testing.replay.recording import Exchange, RecordedReply
from genmux.types.embed import EmbedRequest, EmbedResult
from genmux.types.errors import ProviderError


class AskedEmbed(msgspec.Struct, frozen=True, kw_only=True):
    """The request against which the reply is read, and how its own round trip went."""

    accepted: AcceptedEmbed
    sent: Sent[EmbedRequest]
    round_trip: bool | None = None
    differences: tuple[str, ...] = ()


def replay_embed_request(exchange: Exchange, reply: RecordedReply, claimed: EmbedClaim) -> AskedEmbed:
    """Accept the recorded request and encode it again; without one, make up as many inputs as there are vectors."""
    body = b"" if exchange.request is None else exchange.request.body
    if not body:
        return _made_up(exchange, reply)
    try:
        accepted = claimed.dialect.server.accept(body)
    except ProviderError as error:
        round_trip, note = not_accepted(exchange, error)
        return msgspec.structs.replace(_made_up(exchange, reply), round_trip=round_trip, differences=(note,))
    model = model_of(exchange, accepted.request.model)
    encoded = claimed.client.encode(accepted.request, model)
    name = claimed.dialect.name
    before, after = (normal_request(name, decoded(each)) for each in (body, encoded.http.document or b""))
    found = tuple(differing(before, after, "request"))
    sent = Sent(request=accepted.request, model=model, http=encoded.http)
    return AskedEmbed(accepted=accepted, sent=sent, round_trip=not found, differences=found)


def replay_embeddings(reply: HttpReply, claimed: EmbedClaim, asked: AskedEmbed) -> Answered:
    """Replay a reply with vectors. Errors have no round trip of their own: the gateway writes them as for chat."""
    if reply.status >= 400:
        return error_answered(classify(reply))
    try:
        result = claimed.client.decode(reply, asked.sent)
    except ProviderError as error:
        return error_answered(error)
    accepted = msgspec.structs.replace(asked.accepted, encoding="float")
    written = reply_of(claimed.dialect.server.respond(result, accepted))
    found = [*lost(_without_vectors(reply.body), _without_vectors(written.body), "reply")]
    again = claimed.client.decode(written, asked.sent)
    before, after = (msgspec.to_builtins(_bare(each, asked)) for each in (result, again))
    found += differing(before, after, "reply read again")
    return Answered(result=embeddings_seen(result), round_trip=not found, differences=tuple(found))


def _without_vectors(body: bytes) -> Any:
    """Vectors may travel as numbers or packed; whether they are the same is told by the results."""
    document: Any = decoded(body)
    for item in document["data"]:
        del item["embedding"]
    return document


def _bare(result: EmbedResult, asked: AskedEmbed) -> EmbedResult:
    """What of a result must be the same. Counts that official clients require may be added to what was told."""
    usage = msgspec.structs.replace(result.usage, raw=None)
    return msgspec.structs.replace(result, request_id=None, usage=usage, model=result.model or asked.sent.request.model)


def _made_up(exchange: Exchange, reply: RecordedReply) -> AskedEmbed:
    document: Any = decoded(reply.body)
    vectors = document.get("data") if isinstance(document, dict) else None
    inputs = tuple("" for _ in vectors) if isinstance(vectors, list) else ()
    request = EmbedRequest(model=UNKNOWN_MODEL, inputs=inputs)
    http = HttpRequest(method="POST", url=exchange.path or "/")
    sent = Sent(request=request, model=model_of(exchange, UNKNOWN_MODEL), http=http)
    return AskedEmbed(accepted=AcceptedEmbed(request=request), sent=sent)
