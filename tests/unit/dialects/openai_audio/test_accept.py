"""What callers send, understood."""

from typing import Any

import msgspec
import pytest

from genmux.dialects.openai_audio import AcceptedTranscription, dialect
from genmux.types.errors import InvalidRequestError
from tests.unit.dialects.openai_audio.sounding import SOUND

SERVER = dialect.server


def speech(**fields: Any) -> bytes:
    return msgspec.json.encode({"model": "m", "input": "Hi", "voice": "alloy", **fields})


def form(**fields: Any) -> AcceptedTranscription:
    return SERVER.accept_form({"model": "m", **fields}, SOUND)


def test_a_request_for_speech_is_understood() -> None:
    accepted = SERVER.accept_speech(
        speech(response_format="opus", speed=2, instructions="Slow.", stream_format="sse", novelty=1, user=None)
    )
    asked = accepted.request
    assert (asked.model, asked.text, asked.voice, asked.format, asked.speed) == ("m", "Hi", "alloy", "opus", 2)
    assert (asked.instructions, asked.extra, asked.dialect) == ("Slow.", {"novelty": 1}, "openai_audio")
    assert accepted.events


def test_a_voice_may_be_an_object_with_an_id() -> None:
    assert SERVER.accept_speech(speech(voice={"id": "voice_1"})).request.voice == "voice_1"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": ""}, "input"),
        ({"input": 3}, "input"),
        ({"model": 3}, "model"),
        ({"voice": {"name": "x"}}, "voice"),
        ({"voice": ""}, "voice"),
        ({"speed": "fast"}, "speed"),
        ({"speed": True}, "speed"),
        ({"response_format": "midi"}, "response_format"),
        ({"stream_format": "ndjson"}, "stream_format"),
        ({"sample_rate": 1.5}, "sample_rate"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        SERVER.accept_speech(speech(**fields))
    assert caught.value.param == param


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"input":'])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequestError, match="not a JSON object"):
        SERVER.accept_speech(body)


def test_a_form_is_understood() -> None:
    accepted = form(
        **{"timestamp_granularities[]": ["word"], "keywords": ["a"], "temperature": "0.5", "stream": "false"},
        language="de",
        prompt="Käse",
        response_format="verbose_json",
    )
    asked = accepted.request
    assert (asked.model, asked.audio, asked.language, asked.prompt) == ("m", SOUND, "de", "Käse")
    assert (asked.words, asked.segments, asked.temperature, asked.extra) == (True, False, 0.5, {"keywords": ["a"]})
    assert (accepted.response_format, accepted.stream) == ("verbose_json", False)


@pytest.mark.parametrize(
    ("wanted", "segments", "diarize"),
    [
        ("json", False, False),
        ("text", False, False),
        ("srt", True, False),
        ("vtt", True, False),
        ("verbose_json", True, False),
        ("diarized_json", False, True),
    ],
)
def test_a_format_says_what_is_asked_of_the_model(wanted: str, segments: bool, diarize: bool) -> None:
    asked = form(response_format=wanted).request
    assert (asked.words, asked.segments, asked.diarize) == (False, segments, diarize)


def test_only_what_can_come_in_parts_is_streamed() -> None:
    assert form(stream="true").stream
    assert form(stream=True, response_format="diarized_json").stream
    assert not form(stream="True", response_format="srt").stream


def test_a_translation_is_asked_for_by_its_path() -> None:
    accepted = SERVER.accept_form({"model": "m"}, SOUND, "translations")
    assert accepted.request.translate
    with pytest.raises(InvalidRequestError, match="must be one of json, text, srt, verbose_json, vtt"):
        SERVER.accept_form({"response_format": "diarized_json"}, SOUND, "translations")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"temperature": "warm"}, "temperature"),
        ({"stream": "perhaps"}, "stream"),
        ({"language": ["de"]}, "language"),
        ({"response_format": "pdf"}, "response_format"),
        ({"timestamp_granularities": ["page"], "response_format": "verbose_json"}, "timestamp_granularities"),
        ({"timestamp_granularities": "word"}, "timestamp_granularities"),
    ],
)
def test_a_wrong_field_of_a_form_is_named(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        form(**fields)
    assert caught.value.param == param
