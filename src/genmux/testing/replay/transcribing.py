"""An exchange of a transcript: its form and its text go round, whole or streamed."""

from typing import Any

import msgspec

from genmux.contract.error_map import classify
from genmux.contract.http import Form, HttpReply, HttpRequest
from genmux.contract.wires import Sent
from genmux.dialects.openai_audio import AcceptedTranscription
from genmux.dialects.openai_audio.schema import ResponseFormat
from genmux.testing.replay.answering import Answered, replay_error, reply_of
from genmux.testing.replay.asking import UNKNOWN_MODEL, decoded, model_of, not_accepted
from genmux.testing.replay.audio_claims import AudioClaim
from genmux.testing.replay.differences import differing, lost
from genmux.testing.replay.equivalences import normal_request
from genmux.testing.replay.forms import RecordedForm, grouped, read_form
from genmux.testing.replay.outcome import ResultSeen, usage_seen
from genmux.testing.replay.recording import Exchange, RecordedReply
from genmux.testing.replay.streaming import events_of, is_stream, split
from genmux.types.errors import ProviderError
from genmux.types.transcription import AudioFile, Transcript, TranscriptDone, TranscriptionRequest

SOUND = AudioFile(data=b"replayed", media_type="audio/wav", name="audio.wav")
"""In place of the recorded file."""


class AskedTranscript(msgspec.Struct, frozen=True, kw_only=True):
    """The request against which the reply is read, and how its own round trip went."""

    accepted: AcceptedTranscription
    sent: Sent[TranscriptionRequest]
    round_trip: bool | None = None
    differences: tuple[str, ...] = ()


def replay_transcript(
    exchange: Exchange, reply: RecordedReply, claimed: AudioClaim
) -> tuple[AskedTranscript, Answered]:
    """Replay one exchange."""
    asked = _asked(exchange, claimed)
    if reply.status >= 400:
        return asked, replay_error(classify(reply.http), claimed)
    answer = _streamed if is_stream(reply.http, reply) else _whole
    try:
        return asked, answer(reply, claimed, asked)
    except ProviderError as error:
        return asked, replay_error(error, claimed)


def _asked(exchange: Exchange, claimed: AudioClaim) -> AskedTranscript:
    """Accept what there is of the recorded form and encode it again; without one, make up the smallest."""
    form = read_form(exchange.request.body) if exchange.request is not None else None
    if form is None:
        return _made_up(exchange)
    try:
        accepted = claimed.dialect.server.accept_form(form.fields, SOUND, claimed.way)
    except ProviderError as error:
        round_trip, note = not_accepted(exchange, error)
        return msgspec.structs.replace(_made_up(exchange), round_trip=round_trip, differences=(note,))
    model = model_of(exchange, accepted.request.model)
    wire: Any = claimed.client(accepted.request.model)
    http: HttpRequest = wire.encode(accepted.request, model, stream=accepted.stream).http
    found = _differences(form, http, claimed)
    sent = Sent(request=accepted.request, model=model, http=http)
    return AskedTranscript(accepted=accepted, sent=sent, round_trip=not found, differences=found)


def _differences(form: RecordedForm, http: HttpRequest, claimed: AudioClaim) -> tuple[str, ...]:
    """Where the texts differ; of a form that was cut off, only what is missing."""
    fields = http.body.fields if isinstance(http.body, Form) else ()
    written = grouped((one.name, one.value) for one in fields if isinstance(one.value, str))
    before, after = (normal_request(claimed.dialect.name, each) for each in (form.fields, written))
    return tuple((differing if form.whole else lost)(before, after, "request"))


def _whole(reply: RecordedReply, claimed: AudioClaim, asked: AskedTranscript) -> Answered:
    wire, http = claimed.client(asked.accepted.request.model), reply.http
    told = _decode(wire, http, asked)
    wanted = format_of(http, told)
    wishes = msgspec.structs.replace(asked.accepted.request, words=True, segments=True)
    accepted = msgspec.structs.replace(asked.accepted, request=wishes, response_format=wanted)
    written = reply_of(claimed.dialect.server.respond_transcription(told, accepted))
    found = [*lost(decoded(http.body), decoded(written.body), "reply")]
    found += _lost(told, _decode(wire, written, asked), "reply")
    return Answered(result=_seen(told), round_trip=not found, differences=tuple(found))


def _streamed(reply: RecordedReply, claimed: AudioClaim, asked: AskedTranscript) -> Answered:
    wire: Any = claimed.client(asked.accepted.request.model)
    events = events_of(reply)
    reader, writer = wire.reader(asked.sent), claimed.dialect.server.transcript_writer(asked.accepted)
    parts = [part for event in events for part in reader.feed(event)] + [*reader.close()]
    written = split(b"".join(map(writer.write, parts)) + writer.close())
    again = wire.reader(asked.sent)
    parts_again = [part for event in written for part in again.feed(event)] + [*again.close()]
    recorded, ours = ([decoded(event.data) for event in each] for each in (events, written))
    before, after = (
        next(part.transcript for part in each if isinstance(part, TranscriptDone)) for each in (parts, parts_again)
    )
    found = [*lost(recorded, ours, "stream"), *_lost(before, after, "stream")]
    return Answered(result=_seen(before), round_trip=not found, differences=tuple(found))


def format_of(reply: HttpReply, told: Transcript) -> ResponseFormat:
    """The format in which a reply was asked for, by its looks."""
    document = decoded(reply.body)
    if not isinstance(document, dict):
        if reply.body.startswith(b"WEBVTT"):
            return "vtt"
        return "srt" if told.segments else "text"
    if any(one.speaker is not None for one in told.segments):
        return "diarized_json"
    return "verbose_json" if told.segments or told.words or told.seconds is not None else "json"


def _decode(wire: Any, reply: HttpReply, asked: AskedTranscript) -> Transcript:
    return wire.decode(reply, asked.sent)


def _lost(before: Transcript, after: Transcript, place: str) -> list[str]:
    """What was read before and not after. Fields without a name of ours are compared as they were written."""
    one, other = (
        msgspec.to_builtins(
            msgspec.structs.replace(each, extra=None, usage=msgspec.structs.replace(each.usage, raw=None))
        )
        for each in (before, after)
    )
    return [*lost(one, other, f"{place} read again")]


def _seen(told: Transcript) -> ResultSeen:
    return ResultSeen(
        text=told.text, reasoning="", tool_calls=(), finish=None, finish_raw=None, usage=usage_seen(told.usage)
    )


def _made_up(exchange: Exchange) -> AskedTranscript:
    request = TranscriptionRequest(model=UNKNOWN_MODEL, audio=SOUND)
    http = HttpRequest(method="POST", url=exchange.path or "/")
    sent = Sent(request=request, model=model_of(exchange, UNKNOWN_MODEL), http=http)
    return AskedTranscript(accepted=AcceptedTranscription(request=request), sent=sent)
