"""Scribe, ElevenLabs' transcription: one form, and a reply with the time and the speaker of every word.

Sources: elevenlabs 2.78.0 (fields of the form and of the reply), recorded traffic; read 2026-11-27.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from genmux.contract.asked import heeded, language_of, own_fields
from genmux.contract.hearing import body_of, confidence_of, language_tag, segments_of
from genmux.contract.http import Field, Form, HttpReply, HttpRequest
from genmux.contract.model import Model
from genmux.contract.wires import Encoded, Sent
from genmux.types.timed_words import Word
from genmux.types.transcription import Transcript, TranscriptionRequest


class Told(msgspec.Struct):
    """A `word`, a `spacing` between words, or an `audio_event` such as laughter."""

    text: str
    type: str = "word"
    start: float | None = None
    end: float | None = None
    speaker_id: str | None = None
    logprob: float | None = None
    channel_index: int | None = None


class Heard(msgspec.Struct):
    """What was said, all of it or on one channel."""

    text: str
    words: list[Told] = msgspec.field(default_factory=list)
    language_code: str | None = None
    channel_index: int | None = None
    transcription_id: str | None = None
    audio_duration_secs: float | None = None


class Channels(msgspec.Struct):
    """What was said on each channel."""

    transcripts: list[Heard]
    transcription_id: str | None = None
    audio_duration_secs: float | None = None


_HEARD = msgspec.json.Decoder(Heard)
_CHANNELS = msgspec.json.Decoder(Channels)
_QUERY = "enable_logging"


class ScribeWire:
    """One request, one reply."""

    def encode(self, request: TranscriptionRequest, model: Model, *, stream: bool = False) -> Encoded:
        """Write the form."""
        del stream
        known, warnings = heeded(request, model, ("language", "prompt", "temperature", "diarize", "translate"))
        own, foreign = own_fields(request)
        asked: dict[str, Any] = {"timestamps_granularity": "word"}
        if "language" in known:
            asked["language_code"] = language_of(known["language"])
        asked |= {name: known[name] for name in ("temperature", "diarize") if name in known}
        asked |= {name: value for name, value in {**request.params, **own}.items() if name != _QUERY}
        asked["model_id"] = model.wire_id
        url = "/v1/speech-to-text"
        if request.params.get(_QUERY) is False:
            url += f"?{_QUERY}=false"
        form = Form((*_fields(asked), _sound(request)))
        http = HttpRequest(method="POST", url=url, headers=(("accept", "application/json"),), body=form)
        return Encoded(http, warnings + foreign)

    def decode(self, reply: HttpReply, sent: Sent[TranscriptionRequest]) -> Transcript:
        """Read the words."""
        told = _whole(reply) if sent.request.params.get("use_multi_channel") else reply.read(_HEARD)
        words = tuple(_words(told.words))
        language = language_tag(told.language_code)
        return Transcript(
            text=told.text,
            language=language,
            seconds=told.audio_duration_secs,
            words=words,
            segments=segments_of(words, language=language),
            id=told.transcription_id,
            request_id=reply.headers.get("request-id"),
        )


def _whole(reply: HttpReply) -> Heard:
    """All channels as one; with `multichannel_output_style = "combined"` they are that already."""
    if b'"transcripts"' not in reply.body:
        return reply.read(_HEARD)
    all_of = reply.read(_CHANNELS)
    words = [
        msgspec.structs.replace(word, channel_index=one.channel_index)
        for one in all_of.transcripts
        for word in one.words
    ]
    return Heard(
        text="\n".join(one.text for one in all_of.transcripts if one.text),
        words=sorted(words, key=lambda word: word.start or 0.0),
        language_code=next((one.language_code for one in all_of.transcripts), None),
        transcription_id=all_of.transcription_id,
        audio_duration_secs=all_of.audio_duration_secs,
    )


def _words(told: Iterable[Told]) -> Iterator[Word]:
    """The words alone. One without a time is where the one before it ended."""
    last = 0.0
    for one in told:
        if one.type == "word":
            start = last if one.start is None else one.start
            last = start if one.end is None else one.end
            channel = None if one.channel_index is None else f"channel_{one.channel_index}"
            yield Word(
                text=one.text,
                start=start,
                end=last,
                speaker=one.speaker_id or channel,
                confidence=confidence_of(one.logprob),
            )


def _fields(asked: dict[str, Any]) -> Iterator[Field]:
    """The form's texts: lists as a field each, booleans as `true` and `false`, tables as JSON."""
    for name, value in asked.items():
        for one in value if isinstance(value, list | tuple) else (value,):
            if one is not None:
                yield Field(name=name, value=one if isinstance(one, str) else msgspec.json.encode(one).decode())


def _sound(request: TranscriptionRequest) -> Field:
    audio = request.audio
    if audio.url is not None:
        return Field(name="source_url", value=audio.url)
    return Field(name="file", value=body_of(audio), media_type=audio.media_type, file_name=audio.name)
