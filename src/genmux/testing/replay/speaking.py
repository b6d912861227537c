"""An exchange of speech: request and sound go round."""

from typing import Any

import msgspec

from genmux.contract.error_map import classify
from genmux.contract.http import HttpRequest
from genmux.contract.wires import Sent
from genmux.dialects.openai_audio import AcceptedSpeech
from genmux.testing.replay.answering import Answered, replay_error, reply_of
from genmux.testing.replay.asking import UNKNOWN_MODEL, decoded, model_of, not_accepted
from genmux.testing.replay.audio_claims import AudioClaim
from genmux.testing.replay.differences import differing
from genmux.testing.replay.equivalences import normal_request
from genmux.testing.replay.outcome import ResultSeen, usage_seen
from genmux.testing.replay.recording import Exchange, RecordedReply
from genmux.types.errors import ProviderError
from genmux.types.speech import SpeechRequest, SpeechResult


class AskedSpeech(msgspec.Struct, frozen=True, kw_only=True):
    """The request against which the reply is read, and how its own round trip went."""

    accepted: AcceptedSpeech
    sent: Sent[SpeechRequest]
    round_trip: bool | None = None
    differences: tuple[str, ...] = ()


def replay_speech(exchange: Exchange, reply: RecordedReply, claimed: AudioClaim) -> tuple[AskedSpeech, Answered]:
    """Replay one exchange."""
    asked = _asked(exchange, claimed)
    return asked, _answered(reply, claimed, asked)


def _asked(exchange: Exchange, claimed: AudioClaim) -> AskedSpeech:
    """Accept the recorded request and encode it again; without one, make up the smallest."""
    body = b"" if exchange.request is None else exchange.request.body
    if not body:
        return _made_up(exchange)
    try:
        accepted = claimed.dialect.server.accept_speech(body)
    except ProviderError as error:
        round_trip, note = not_accepted(exchange, error)
        return msgspec.structs.replace(_made_up(exchange), round_trip=round_trip, differences=(note,))
    model = model_of(exchange, accepted.request.model)
    wire: Any = claimed.client(accepted.request.model)
    http: HttpRequest = wire.encode(accepted.request, model, stream=False).http
    name = claimed.dialect.name
    before, after = (normal_request(name, decoded(each)) for each in (body, http.document or b""))
    found = tuple(differing(before, after, "request"))
    sent = Sent(request=accepted.request, model=model, http=http)
    return AskedSpeech(accepted=accepted, sent=sent, round_trip=not found, differences=found)


def _answered(reply: RecordedReply, claimed: AudioClaim, asked: AskedSpeech) -> Answered:
    if reply.status >= 400:
        return replay_error(classify(reply.http), claimed)
    wire: Any = claimed.client(asked.accepted.request.model)
    try:
        result: SpeechResult = wire.decode(reply.http, asked.sent)
    except ProviderError as error:
        return replay_error(error, claimed)
    again: SpeechResult = wire.decode(
        reply_of(claimed.dialect.server.respond_speech(result, asked.accepted)), asked.sent
    )
    found = [
        f"sound: {name}: read {before!r:.40}, after the round trip {after!r:.40}"
        for name in ("audio", "format", "seconds")
        if (before := getattr(result, name)) != (after := getattr(again, name))
    ]
    return Answered(result=_seen(result), round_trip=not found, differences=tuple(found))


def _seen(result: SpeechResult) -> ResultSeen:
    return ResultSeen(
        text="", reasoning="", tool_calls=(), finish=None, finish_raw=None, usage=usage_seen(result.usage)
    )


def _made_up(exchange: Exchange) -> AskedSpeech:
    request = SpeechRequest(model=UNKNOWN_MODEL, text="")
    http = HttpRequest(method="POST", url=exchange.path or "/")
    sent = Sent(request=request, model=model_of(exchange, UNKNOWN_MODEL), http=http)
    return AskedSpeech(accepted=AcceptedSpeech(request=request), sent=sent)
