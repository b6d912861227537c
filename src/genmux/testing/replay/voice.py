"""The exchanges of speech and of transcription, replayed through their wire: what it would have sent, what it makes of the reply."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from genmux.contract.error_map import classify
from genmux.contract.http import HttpRequest
from genmux.contract.wires import Sent
from genmux.engine.urls import absolute_url
from genmux.flows.call.whole import speech_of
from genmux.testing.replay.answering import Answered, error_answered
from genmux.testing.replay.differences import differing
from genmux.testing.replay.recording import Exchange, RecordedReply
from genmux.testing.replay.streaming import events_of, is_stream
from genmux.testing.replay.voice_apis import VoiceClaim, body_of, written_of
from genmux.testing.replay.voice_seen import VoiceSeen, voice_seen
from genmux.types.errors import ProviderError
from genmux.types.speech import SpeechRequest


class VoiceReplayed(msgspec.Struct, frozen=True, kw_only=True):
    """What the wire made of an exchange, and whether it would have sent the same request."""

    answered: Answered
    voice: VoiceSeen
    request_round_trip: bool | None = None
    differences: tuple[str, ...] = ()


def replay_voice(exchange: Exchange, reply: RecordedReply, claimed: VoiceClaim) -> VoiceReplayed:
    """Replay one exchange."""
    request = claimed.api.asked(exchange, claimed.model.id)
    streamed = is_stream(reply.http, reply)
    encoded = claimed.wire.encode(request, claimed.model, stream=streamed)
    sent = Sent(request=request, model=claimed.model, http=encoded.http)
    found = tuple(_differences(exchange, claimed, encoded.http))
    went_round = None if exchange.request is None else not found
    try:
        seen = voice_seen(_read(reply, claimed, sent, streamed=streamed))
    except ProviderError as error:
        asked = VoiceSeen(kind="speech" if isinstance(request, SpeechRequest) else "transcript")
        return VoiceReplayed(
            answered=error_answered(error), voice=asked, request_round_trip=went_round, differences=found
        )
    return VoiceReplayed(answered=Answered(), voice=seen, request_round_trip=went_round, differences=found)


def _read(reply: RecordedReply, claimed: VoiceClaim, sent: Sent[Any], *, streamed: bool) -> Any:
    """What the wire makes of the reply. Raises ProviderError."""
    http = reply.http
    if http.status >= 400:
        raise classify(http, claimed.provider.errors)
    if not streamed:
        return claimed.wire.decode(http, sent)
    reader = claimed.wire.reader(sent)
    parts = [part for event in events_of(reply) for part in reader.feed(event)]
    return speech_of([*parts, *reader.close()])


def _differences(exchange: Exchange, claimed: VoiceClaim, sent: HttpRequest) -> Iterator[str]:
    """Where method, address and body are not those that were recorded; `alt` is only how a stream is written."""
    request = exchange.request
    if request is None:
        return
    manifest = claimed.provider.manifest
    written = urlsplit(absolute_url(manifest.base_url, sent.url, api_hosts=manifest.api_hosts))
    recorded = urlsplit(request.path)
    yield from differing(f"{request.method} {recorded.path}", f"{sent.method} {written.path}", "request")
    before, after = (dict(parse_qsl(one.query)) for one in (recorded, written))
    yield from differing(before, {name: value for name, value in after.items() if name != "alt"}, "request.query")
    body = body_of(exchange, claimed.api.named)
    if body is not None:
        yield from differing(body, written_of(sent.document), "request")
    elif isinstance(sent.body, bytes) and sent.body != request.body:
        yield f"request: recorded {len(request.body)} bytes, written {len(sent.body)}"
