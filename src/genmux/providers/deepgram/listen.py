"""Deepgram's transcription of recorded sound: everything but the sound is in the query.

Sources: deepgram-sdk 7.17.0 (query and reply), recorded traffic; read 2026-11-27.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from genmux.contract.asked import heeded, own_fields, with_query
from genmux.contract.hearing import body_of, language_tag, segments_of
from genmux.contract.http import HttpReply, HttpRequest, json_request, malformed
from genmux.contract.model import Model
from genmux.contract.wires import Encoded, Sent
from genmux.types.timed_words import Segment, Word
from genmux.types.transcription import Transcript, TranscriptionRequest
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

_OPEN = frozenset({"detect_language", "language"})


class Told(msgspec.Struct):
    """One word; with its mark and its capital only where these were asked for."""

    word: str
    start: float
    end: float
    confidence: float | None = None
    speaker: int | None = None
    punctuated_word: str | None = None


class Alternative(msgspec.Struct):
    """One way to write it down."""

    transcript: str
    words: list[Told] = msgspec.field(default_factory=list)
    languages: list[str] = msgspec.field(default_factory=list)


class Channel(msgspec.Struct):
    """One channel, the best way first."""

    alternatives: list[Alternative] = msgspec.field(default_factory=list)
    detected_language: str | None = None


class Utterance(msgspec.Struct):
    """A sentence or so."""

    transcript: str
    start: float
    end: float
    speaker: int | None = None
    channel: int | None = None


class Results(msgspec.Struct):
    """Everything that was heard."""

    channels: list[Channel]
    utterances: list[Utterance] = msgspec.field(default_factory=list)


class Metadata(msgspec.Struct):
    """What was listened to; `duration` is in seconds."""

    request_id: str | None = None
    duration: float | None = None


class Heard(msgspec.Struct):
    """A reply."""

    results: Results
    metadata: Metadata = msgspec.field(default_factory=Metadata)


_HEARD = msgspec.json.Decoder(Heard)


class ListenWire:
    """One request, one reply."""

    def encode(self, request: TranscriptionRequest, model: Model, *, stream: bool = False) -> Encoded:
        """Write the request. Without a language English is heard, which is told."""
        del stream
        known, warnings = heeded(request, model, ("language", "prompt", "temperature", "diarize", "translate"))
        own, foreign = own_fields(request)
        query: dict[str, Any] = {
            "smart_format": True,
            "utterances": True,
            "language": known.get("language"),
            "diarize_model": "latest" if known.get("diarize") else None,
            **request.params,
            **own,
            "model": model.wire_id,
        }
        if not any(query.get(name) for name in _OPEN):
            told = "no language was named, so English is heard; name it, or set `detect_language`"
            warnings += (Warning("defaulted", "language", told),)
        return Encoded(_sent(request, with_query("/v1/listen", query)), warnings + foreign)

    def decode(self, reply: HttpReply, sent: Sent[TranscriptionRequest]) -> Transcript:
        """Read channels, utterances and words."""
        told = reply.read(_HEARD)
        best = [channel.alternatives[0] for channel in told.results.channels if channel.alternatives]
        if not best:
            raise malformed("the reply holds no transcript", status=reply.status)
        several = len(best) > 1
        words = [word for number, one in enumerate(best) for word in _words(one.words, number if several else None)]
        words.sort(key=lambda word: word.start)
        detected = next((one.detected_language for one in told.results.channels if one.detected_language), None)
        spoken = detected or next((one.languages[0] for one in best if one.languages), None) or sent.request.language
        return Transcript(
            text="\n".join(one.transcript for one in best if one.transcript),
            language=language_tag(spoken),
            seconds=told.metadata.duration,
            words=tuple(words),
            segments=tuple(_segments(told.results.utterances, several=several)) or segments_of(words),
            id=told.metadata.request_id,
            request_id=told.metadata.request_id or reply.headers.get("dg-request-id"),
        )


def _sent(request: TranscriptionRequest, url: str) -> HttpRequest:
    audio = request.audio
    if audio.url is not None:
        return json_request(url, {"url": audio.url})
    headers = (("content-type", audio.media_type), ("accept", "application/json"))
    return HttpRequest(method="POST", url=url, headers=headers, body=body_of(audio))


def _words(told: Iterable[Told], channel: int | None) -> Iterator[Word]:
    for one in told:
        yield Word(
            text=one.punctuated_word or one.word,
            start=one.start,
            end=one.end,
            confidence=one.confidence,
            speaker=_speaker(one.speaker, channel),
        )


def _segments(told: Iterable[Utterance], *, several: bool) -> Iterator[Segment]:
    for one in told:
        speaker = _speaker(one.speaker, one.channel if several else None)
        yield Segment(text=one.transcript, start=one.start, end=one.end, speaker=speaker)


def _speaker(number: int | None, channel: int | None) -> str | None:
    """Who speaks: a number within a channel, or the channel where that is all that is known."""
    told = [f"channel_{channel}"] if channel is not None else []
    return "_".join([*told, *([f"speaker_{number}"] if number is not None else [])]) or None
