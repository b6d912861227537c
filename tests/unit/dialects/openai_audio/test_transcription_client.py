"""Transcription, as a client of a host."""

from typing import Any

import pytest

from genmux.contract.http import FileBody, Form, Framing
from genmux.dialects.openai_audio.schema import NAME
from genmux.types.errors import InvalidRequestError, NetworkError, ProviderError, UnsupportedError
from genmux.types.timed_words import Segment, Word
from genmux.types.transcription import AudioFile, TranscriptDelta, TranscriptDone, TranscriptSegment
from tests.unit.dialects.openai_audio.sounding import event, hear, listener, model, reply, sent, texts

PLAIN = {"model": "host-m", "response_format": "json"}


def test_a_request_is_a_form_with_the_file_at_its_end() -> None:
    encoded = listener().encode(hear(language="de-CH", prompt="Käse", temperature=0.2), model())

    assert encoded.http.url == "/audio/transcriptions"
    assert texts(encoded.http) == {**PLAIN, "language": "de", "prompt": "Käse", "temperature": "0.2"}
    assert isinstance(encoded.http.body, Form)
    file = encoded.http.body.fields[-1]
    assert (file.name, file.value, file.media_type, file.file_name) == ("file", b"RIFF....", "audio/wav", "a.wav")


def test_a_file_of_this_machine_is_read_as_it_is_sent() -> None:
    audio = AudioFile(path="sounds/a.mp3", size=9, media_type="audio/mpeg", name="a.mp3")
    body = listener().encode(hear(audio=audio), model()).http.body
    assert isinstance(body, Form)
    assert body.fields[-1].value == FileBody(path="sounds/a.mp3", size=9, media_type="audio/mpeg", name="a.mp3")


def test_an_address_goes_along_only_where_the_host_fetches_it() -> None:
    audio = AudioFile(url="https://a.test/a.mp3")
    assert texts(listener(url="file_url").encode(hear(audio=audio), model()).http)["file_url"] == audio.url
    with pytest.raises(InvalidRequestError, match="p/m fetches no addresses"):
        listener().encode(hear(audio=audio), model())


@pytest.mark.parametrize(
    ("options", "wishes", "fields", "unsaid"),
    [
        ({}, {"words": True}, {"response_format": "verbose_json", "timestamp_granularities[]": ["word"]}, []),
        (
            {},
            {"words": True, "segments": True},
            {"response_format": "verbose_json", "timestamp_granularities[]": ["word", "segment"]},
            [],
        ),
        ({}, {"diarize": True, "segments": True}, {"response_format": "diarized_json"}, []),
        ({}, {"diarize": True, "words": True}, {"response_format": "diarized_json"}, ["words"]),
        ({"formats": ["json"]}, {"words": True}, {"response_format": "json"}, ["words"]),
        ({"formats": ["json"]}, {"diarize": True}, {"response_format": "json"}, ["diarize"]),
        (
            {"formats": [], "granularities": ["segment"], "diarize": "diarize", "list_suffix": ""},
            {"words": True, "segments": True, "diarize": True},
            {"timestamp_granularities": "segment", "diarize": "true"},
            ["words"],
        ),
    ],
)
def test_times_and_speakers_are_asked_for_as_the_host_has_them(
    options: dict[str, Any], wishes: dict[str, Any], fields: dict[str, Any], unsaid: list[str]
) -> None:
    encoded = listener(**options).encode(hear(**wishes), model())
    assert texts(encoded.http) == {"model": "host-m", **fields}
    assert [one.field for one in encoded.warnings] == unsaid


def test_translations_have_a_path_of_their_own_and_no_language() -> None:
    encoded = listener().encode(hear(translate=True, language="de", segments=True), model())
    assert encoded.http.url == "/audio/translations"
    assert texts(encoded.http) == {"model": "host-m", "response_format": "verbose_json"}
    with pytest.raises(UnsupportedError, match="p/m does not translate"):
        listener(translations="").encode(hear(translate=True), model())


def test_a_stream_is_asked_for() -> None:
    encoded = listener().encode(hear(), model(), stream=True)
    assert (texts(encoded.http)["stream"], encoded.http.framing) == ("true", Framing.SSE)


def test_what_the_host_does_not_take_is_left_out_with_a_warning() -> None:
    encoded = listener(takes=["language"]).encode(hear(prompt="x", temperature=1.0, user="u"), model())
    assert [one.field for one in encoded.warnings] == ["prompt", "temperature"]
    assert texts(encoded.http) == PLAIN


def test_parameters_of_the_host_go_along_lists_with_brackets() -> None:
    encoded = listener(defaults={"chunking_strategy": "auto"}).encode(
        hear(params={"keywords": ["a", "b"], "chunking_strategy": {"type": "server_vad"}}), model()
    )
    assert texts(encoded.http) == {**PLAIN, "keywords[]": ["a", "b"], "chunking_strategy": '{"type":"server_vad"}'}


def test_a_verbose_reply_has_times_language_and_length_and_keeps_the_rest() -> None:
    told = {
        "task": "transcribe",
        "language": "english",
        "duration": "2.5",
        "text": "Hello world",
        "words": [{"word": "Hello", "start": 0, "end": 1.0}],
        "segments": [{"id": 0, "seek": 3, "text": "Hello world", "start": 0.0, "end": 2.0}],
        "usage": {"type": "duration", "seconds": 3},
    }
    read = listener().decode(reply(told), sent(hear()))
    assert (read.text, read.language, read.seconds) == ("Hello world", "en", 2.5)
    assert read.words == (Word(text="Hello", start=0, end=1.0),)
    assert read.segments == (Segment(text="Hello world", start=0.0, end=2.0),)
    assert read.usage.meters == {"seconds.input.audio": 3}
    assert read.extra is not None
    assert read.extra[NAME]["segments"] == [{"id": 0, "seek": 3}]


@pytest.mark.parametrize("field", ["speaker", "speaker_id"])
def test_who_speaks_is_read(field: str) -> None:
    told = {"text": "Hi", "segments": [{"text": "Hi", "start": 0.0, "end": 1.0, field: "B"}]}
    assert listener().decode(reply(told), sent(hear())).segments[0].speaker == "B"


@pytest.mark.parametrize(
    ("usage", "meters"),
    [
        (
            {"type": "tokens", "input_tokens": 37, "input_token_details": {"audio_tokens": 37}, "output_tokens": 12},
            {"tokens.input": 37, "tokens.input.audio": 37, "tokens.output": 12},
        ),
        (
            {
                "prompt_audio_seconds": 3,
                "prompt_tokens": 5,
                "total_tokens": 391,
                "completion_tokens": 11,
                "prompt_tokens_details": {"audio_tokens": 375},
            },
            {"tokens.input": 380, "tokens.input.audio": 375, "tokens.output": 11, "seconds.input.audio": 3},
        ),
    ],
)
def test_usage_is_read_as_each_host_counts(usage: dict[str, Any], meters: dict[str, Any]) -> None:
    read = listener().decode(reply({"text": "x", "usage": usage}), sent(hear()))
    assert (read.usage.meters, read.usage.raw) == (meters, usage)


def test_a_stated_price_is_kept() -> None:
    read = listener().decode(reply({"text": "x", "usage": {"input_tokens": 1, "cost": 0.5}}), sent(hear()))
    assert str(read.usage.reported_cost) == "0.5"


def test_a_reply_that_is_text_is_the_transcript() -> None:
    read = listener().decode(reply("Grüezi\n".encode(), "text/plain"), sent(hear()))
    assert read.text == "Grüezi"


@pytest.mark.parametrize(
    "body",
    [
        "WEBVTT\n\n00:00.500 --> 00:02.000\nA &lt; B\nand C\n\n00:00:02.000 --> 01:00:03.250\nEnd\n\n",
        "1\n00:00:00,500 --> 00:00:02,000\nA < B\nand C\n\n2\n00:00:02,000 --> 01:00:03,250\nEnd\n\n",
    ],
)
def test_subtitles_are_read_as_segments(body: str) -> None:
    read = listener().decode(reply(body.encode(), "text/plain"), sent(hear()))
    assert read.segments == (
        Segment(text="A < B and C", start=0.5, end=2.0),
        Segment(text="End", start=2.0, end=3_603.25),
    )
    assert read.text == "A < B and C End"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"error": {"message": "no", "code": "rate_limit_exceeded"}}, "rate_limit"),
        ({"words": []}, "malformed_reply"),
        (b"[1]", "malformed_reply"),
        (b"<html>", "malformed_reply"),
    ],
)
def test_a_reply_that_is_no_transcript_is_an_error(body: object, kind: str) -> None:
    with pytest.raises(ProviderError) as caught:
        listener().decode(reply(body), sent(hear()))
    assert caught.value.kind == kind


def test_a_transcript_is_read_as_it_comes() -> None:
    reader = listener().reader(sent(hear()))
    parts = [*reader.feed(event(type="transcript.text.delta", delta="Hi"))]
    parts += reader.feed(event(type="transcript.text.segment", id="s", text="Hi", start=0.0, end=1.0, speaker="A"))
    parts += reader.feed(event(type="something.new"))
    parts += reader.feed(event(type="transcript.text.done", text="Hi", usage={"input_tokens": 3, "output_tokens": 1}))
    parts += reader.close()

    said = Segment(text="Hi", start=0.0, end=1.0, speaker="A")
    assert parts[:2] == [TranscriptDelta("Hi"), TranscriptSegment(said)]
    assert isinstance(parts[2], TranscriptDone)
    assert (parts[2].transcript.segments, parts[2].transcript.usage.input) == ((said,), 3)


def test_the_events_of_mistral_mean_the_same() -> None:
    reader = listener().reader(sent(hear()))
    parts = [*reader.feed(event(type="transcription.language", audio_language="fr"))]
    parts += reader.feed(event(type="transcription.text.delta", text="Oui"))
    parts += reader.feed(event(type="transcription.segment", text="Oui", start=0.0, end=1.0, speaker_id="s1"))
    parts += reader.feed(event(type="transcription.done", model="v", text="Oui", language=None, usage={}))
    assert parts[0] == TranscriptDelta("Oui")
    assert isinstance(parts[-1], TranscriptDone)
    assert (parts[-1].transcript.language, parts[-1].transcript.segments[0].speaker) == ("fr", "s1")


def test_a_stream_that_ends_too_early_or_in_an_error_is_an_error() -> None:
    reader = listener().reader(sent(hear()))
    assert [*reader.feed(event(type="transcript.text.delta", delta="Hi"))]
    with pytest.raises(NetworkError, match="before the transcript was complete"):
        reader.close()
    with pytest.raises(ProviderError, match="too loud"):
        reader.feed(event(type="error", error={"message": "too loud"}))
