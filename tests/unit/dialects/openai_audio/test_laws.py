"""What is written is read as it was meant, in both directions."""

from typing import Any

import msgspec
import pytest

from genmux.contract.http import HttpReply
from genmux.dialects.openai_audio import AcceptedSpeech, AcceptedTranscription, dialect
from genmux.dialects.openai_audio.equivalence import normalize
from genmux.dialects.openai_audio.schema import NAME
from genmux.engine.sse import SseSplitter
from genmux.types.timed_words import Segment, Word
from genmux.types.transcription import Transcript, TranscriptDelta, TranscriptDone
from tests.unit.dialects.openai_audio.sounding import (
    SOUND,
    document,
    hear,
    listener,
    model,
    say,
    sent,
    speaker,
    texts,
)

SERVER = dialect.server
EVERYTHING = ("instructions", "speed", "language", "seed", "user", "sample_rate")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"voice": "alloy", "format": "pcm", "speed": 0.5},
        {"instructions": "Softly.", "language": "de", "seed": 3, "user": "u", "sample_rate": 8_000},
        {"extra": {"novelty": [1]}},
    ],
)
def test_a_request_for_speech_is_accepted_as_it_was_encoded(fields: dict[str, Any]) -> None:
    asked = say(dialect=NAME, **fields)
    accepted = SERVER.accept_speech(speaker(takes=EVERYTHING).encode(asked, model()).http.document or b"")
    assert accepted.request == msgspec.structs.replace(asked, model="host-m")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"language": "de", "prompt": "Käse", "temperature": 0.5},
        {"words": True},
        {"words": True, "segments": True},
        {"diarize": True},
        {"extra": {"keywords": ["a", "b"], "chunking_strategy": "auto"}},
    ],
)
def test_a_request_for_a_transcript_is_accepted_as_it_was_encoded(fields: dict[str, Any]) -> None:
    asked = hear(dialect=NAME, **fields)
    for stream in (False, True):
        form = texts(listener().encode(asked, model(), stream=stream).http)
        accepted = SERVER.accept_form(form, SOUND)
        assert accepted.request == msgspec.structs.replace(asked, model="host-m")
        assert accepted.stream is (stream and not asked.words)


def test_a_translation_is_accepted_as_it_was_encoded() -> None:
    asked = hear(dialect=NAME, translate=True, segments=True)
    form = texts(listener().encode(asked, model()).http)
    accepted = SERVER.accept_form(form, SOUND, "translations")
    assert accepted.request == msgspec.structs.replace(asked, model="host-m")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"input": "x", "voice": {"id": "v"}, "stream_format": "audio"}, {"input": "x", "voice": "v", "speed": None}),
        ({"response_format": "json", "stream": "false"}, {"stream": False}),
        (
            {"timestamp_granularities[]": ["segment"], "response_format": "verbose_json"},
            {"timestamp_granularities": "segment", "response_format": "verbose_json"},
        ),
        (
            {"response_format": "verbose_json"},
            {"response_format": "verbose_json", "timestamp_granularities": "segment"},
        ),
        ({"temperature": "0"}, {"temperature": "0.0"}),
        ({"language": "de-CH"}, {"language": "de"}),
        ({"include[]": ["logprobs"]}, {"include": "logprobs"}),
    ],
)
def test_requests_that_say_the_same_are_normalized_to_the_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert normalize(one) == normalize(other)


def test_requests_that_say_something_else_stay_apart() -> None:
    assert normalize({"temperature": "warm"}) != normalize({"temperature": "0"})
    assert normalize({"stream": "true"}) != normalize({})


TOLD = Transcript(
    text="Hello there.",
    language="en",
    seconds=2.5,
    words=(Word(text="Hello", start=0.0, end=0.5),),
    segments=(Segment(text="Hello there.", start=0.0, end=2.5, speaker="B"),),
)


@pytest.mark.parametrize(
    ("response_format", "kept"),
    [
        ("json", ("text",)),
        ("text", ("text",)),
        ("verbose_json", ("text", "language", "seconds", "words")),
        ("diarized_json", ("text", "seconds", "segments")),
    ],
)
def test_a_reply_is_read_as_it_was_written(response_format: Any, kept: tuple[str, ...]) -> None:
    accepted = AcceptedTranscription(request=hear(words=True, segments=True), response_format=response_format)
    answer = SERVER.respond_transcription(TOLD, accepted)
    reply = HttpReply(status=200, headers=dict(answer.headers), body=answer.body)
    again = listener().decode(reply, sent(hear()))
    assert {name: getattr(again, name) for name in kept} == {name: getattr(TOLD, name) for name in kept}


def test_a_stream_is_read_as_it_was_written() -> None:
    writer = SERVER.transcript_writer(AcceptedTranscription(request=hear()))
    parts = [TranscriptDelta("Hello "), TranscriptDelta("there."), TranscriptDone(TOLD)]
    splitter, reader = SseSplitter(), listener().reader(sent(hear()))
    events = [*splitter.feed(b"".join(map(writer.write, parts)) + writer.close()), *splitter.flush()]
    again = [part for event in events for part in reader.feed(event)]
    assert again[:2] == parts[:2]
    assert isinstance(again[2], TranscriptDone)
    assert again[2].transcript.text == TOLD.text


def test_a_request_is_json_whose_voice_is_the_one_that_was_asked_for() -> None:
    accepted = AcceptedSpeech(request=say(voice="alloy"))
    assert document(speaker().encode(accepted.request, model()).http)["voice"] == "alloy"
