"""Ink, Cartesia's transcription of recorded sound: one form, one reply.

Sources: cartesia 4.2.0, docs.cartesia.ai/api-reference/stt/transcribe (fields, English where nothing is said, any length);
read 2026-11-27. No reply was recorded.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from genmux.contract.asked import heeded, language_of, own_fields, with_query
from genmux.contract.hearing import body_of, language_tag, segments_of
from genmux.contract.http import Field, Form, HttpReply, HttpRequest
from genmux.contract.model import Model
from genmux.contract.wires import Encoded, Sent
from genmux.types.content import Fields
from genmux.types.timed_words import Word
from genmux.types.transcription import Transcript, TranscriptionRequest
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

_IN_QUERY = ("encoding", "sample_rate")


class Told(msgspec.Struct):
    """One word."""

    word: str
    start: float
    end: float


class Heard(msgspec.Struct):
    """A reply; `duration` is in seconds."""

    text: str
    language: str | None = None
    duration: float | None = None
    words: list[Told] | None = None
    request_id: str | None = None


_HEARD = msgspec.json.Decoder(Heard)


class InkWire:
    """One request, one reply."""

    def encode(self, request: TranscriptionRequest, model: Model, *, stream: bool = False) -> Encoded:
        """Write the form. Without a language English is heard, which is told."""
        del stream
        known, warnings = heeded(request, model, ("language", "prompt", "temperature", "diarize", "translate"))
        if "language" not in known:
            told = "no language was named, so English is heard"
            warnings += (Warning("defaulted", "language", told),)
        own, foreign = own_fields(request)
        form = Form(tuple(_fields(request, model, known, own)))
        url = with_query("/stt", {name: request.params.get(name) for name in _IN_QUERY})
        http = HttpRequest(method="POST", url=url, headers=(("accept", "application/json"),), body=form)
        return Encoded(http, warnings + foreign)

    def decode(self, reply: HttpReply, sent: Sent[TranscriptionRequest]) -> Transcript:
        """Read the words."""
        del sent
        told = reply.read(_HEARD)
        words = tuple(Word(text=one.word, start=one.start, end=one.end) for one in told.words or ())
        language = language_tag(told.language)
        return Transcript(
            text=told.text,
            language=language,
            seconds=told.duration,
            words=words,
            segments=segments_of(words, language=language),
            id=told.request_id,
            request_id=told.request_id,
        )


def _fields(request: TranscriptionRequest, model: Model, known: dict[str, Any], own: Fields) -> Iterator[Field]:
    audio = request.audio
    yield Field(name="model", value=model.wire_id)
    if "language" in known:
        yield Field(name="language", value=language_of(known["language"]))
    yield Field(name="timestamp_granularities[]", value="word")
    for name, value in own.items():
        if name != "model":
            yield Field(name=name, value=str(value))
    yield Field(name="file", value=body_of(audio), media_type=audio.media_type, file_name=audio.name)
