"""Sound on the wire: OpenAI's own client against the simulator's voice and ears."""

import base64
import io
import wave
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import openai
import pytest

from genmux.providers.mock.hearing import read_sound
from genmux.providers.mock.modem import size_of
from genmux.testing.simulator import Simulator
from genmux.testing.simulator.audio import words_of
from genmux.testing.simulator.sounds import encoded, understood
from genmux.types.errors import UnsupportedError
from genmux.types.transcription import AudioFile

TEXT = "Hello there. How are you?"


@pytest.fixture
def client(genmux_simulator: Simulator) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{genmux_simulator.base_url}/v1", api_key="sk-test", max_retries=0) as made:
        yield made


def spoken(client: openai.OpenAI, text: str = TEXT, response_format: Any = "wav", **fields: Any) -> bytes:
    made = client.audio.speech.create(
        model="tts-1", voice="alloy", input=text, response_format=response_format, **fields
    )
    return made.content


def written(
    client: openai.OpenAI, data: bytes, name: str = "a.wav", *, model: str = "gpt-4o-transcribe", **fields: Any
) -> Any:
    return client.audio.transcriptions.create(model=model, file=(name, data), **fields)


@pytest.mark.parametrize(
    ("model", "usage"),
    [
        ("whisper-1", {"type": "duration", "seconds": 0.64}),
        ("gpt-4o-transcribe", {"type": "tokens", "input_tokens": 6}),
    ],
)
def test_usage_is_told_as_the_model_counts(client: openai.OpenAI, model: str, usage: dict[str, Any]) -> None:
    told = written(client, spoken(client, "Hello there."), model=model).usage.model_dump()
    assert {name: told[name] for name in usage} == usage


@pytest.mark.parametrize("response_format", ["wav", "mp3", "opus", "flac", "aac"])
def test_what_is_spoken_in_any_format_is_written_down(client: openai.OpenAI, response_format: str) -> None:
    sound = spoken(client, response_format=response_format)
    assert written(client, sound, f"a.{response_format}").text == TEXT


def test_bare_samples_last_as_long_as_their_text(client: openai.OpenAI) -> None:
    assert len(spoken(client, response_format="pcm")) == size_of(TEXT)
    with wave.open(io.BytesIO(spoken(client))) as read:
        assert read.getnframes() * 2 == size_of(TEXT)


def test_sound_comes_in_pieces_with_its_media_type(client: openai.OpenAI) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="alloy", input=TEXT, response_format="pcm"
    ) as reply:
        assert reply.headers["content-type"] == "audio/pcm"
        assert len([*reply.iter_bytes()]) >= 1
        assert "content-length" not in reply.headers


def test_sound_comes_as_events_with_its_usage(genmux_simulator: Simulator) -> None:
    asked = {
        "model": "gpt-4o-mini-tts",
        "voice": "alloy",
        "input": TEXT,
        "response_format": "pcm",
        "stream_format": "sse",
    }
    reply = httpx.post(f"{genmux_simulator.base_url}/v1/audio/speech", json=asked)
    told = [msgspec.json.decode(line[6:]) for line in reply.text.splitlines() if line.startswith("data: ")]
    sound = b"".join(base64.b64decode(one["audio"]) for one in told[:-1])
    assert len(sound) == size_of(TEXT)
    assert told[-1]["usage"] == {
        "input_tokens": 7,
        "output_tokens": -(-size_of(TEXT) // 960),
        "total_tokens": 7 - (-size_of(TEXT) // 960),
    }


def test_a_transcript_has_all_that_the_client_reads(client: openai.OpenAI) -> None:
    told = written(
        client,
        spoken(client),
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
        language="en",
    )
    assert (told.text, told.language, [one.text for one in told.segments]) == (
        TEXT,
        "english",
        ["Hello there.", "How are you?"],
    )
    assert [one.word for one in told.words] == TEXT.split()
    assert told.segments[0].no_speech_prob == 0
    assert told.duration > 1


def test_a_transcript_comes_as_subtitles_and_as_text(client: openai.OpenAI) -> None:
    sound = spoken(client)
    assert written(client, sound, response_format="srt").startswith("1\n00:00:00,000 --> ")
    assert written(client, sound, response_format="vtt").startswith("WEBVTT\n\n00:00:00.000 --> ")
    assert written(client, sound, response_format="text") == f"{TEXT}\n"


def test_speakers_are_told_apart(client: openai.OpenAI) -> None:
    told = written(client, spoken(client), response_format="diarized_json")
    assert [(one.speaker, one.text) for one in told.segments] == [("A", "Hello there."), ("A", "How are you?")]


def test_a_transcript_is_streamed(client: openai.OpenAI) -> None:
    events = [*written(client, spoken(client), stream=True)]
    assert "".join(one.delta for one in events if one.type == "transcript.text.delta") == TEXT
    assert (events[-1].type, events[-1].text, events[-1].usage.output_tokens) == ("transcript.text.done", TEXT, 5)


def test_a_translation_is_a_transcript(client: openai.OpenAI, genmux_simulator: Simulator) -> None:
    address = f"{genmux_simulator.base_url}/v1/audio/translations"
    told = httpx.post(address, data={"model": "whisper-1"}, files={"file": ("a.wav", spoken(client))})
    assert told.json()["text"] == TEXT


def test_another_sound_says_what_the_prompt_says_or_its_name(client: openai.OpenAI) -> None:
    silence = encoded(bytes(48_000), "mp3")
    assert written(client, silence, "they-sing.mp3").text == "they sing"
    assert written(client, silence, "they-sing.mp3", prompt="We dance.").text == "We dance."
    assert words_of("a/b/c_d-e.tar.mp3") == "c d e.tar"


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"no sound at all", "no sound that can be read"), (b"", "file"), (b"RIFF\0\0\0\0WAVE", "no samples")],
)
def test_what_is_no_sound_is_refused(client: openai.OpenAI, data: bytes, words: str) -> None:
    with pytest.raises(openai.BadRequestError, match=words):
        written(client, data, "a.mp3")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"{}", "application/json"),
        (b"--x\r\nno", "multipart/form-data; boundary=x"),
        (b"--x--\r\n", "multipart/form-data; boundary=x"),
    ],
)
def test_what_is_no_form_is_refused(genmux_simulator: Simulator, content: bytes, kind: str) -> None:
    address = f"{genmux_simulator.base_url}/v1/audio/transcriptions"
    reply = httpx.post(address, content=content, headers={"content-type": kind})
    assert (reply.status_code, reply.json()["error"]["type"]) == (400, "invalid_request_error")


def test_a_format_that_is_not_written_is_refused(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="does not write m4a"):
        spoken(client, response_format="m4a")
    with pytest.raises(UnsupportedError):
        encoded(b"", "webm")


def test_an_upload_is_read_whatever_it_was() -> None:
    sound = encoded(bytes(48_000), "opus")
    read = read_sound(understood(AudioFile(data=sound, media_type="audio/ogg")))
    assert read.seconds == pytest.approx(1, abs=0.05)


def test_faults_of_all_kinds_strike(client: openai.OpenAI) -> None:
    with pytest.raises(openai.RateLimitError):
        spoken(client, "Hi. [mock rate_limit]")
    with pytest.raises(openai.RateLimitError):
        written(client, spoken(client), prompt="[mock rate_limit]")
    with pytest.raises(openai.InternalServerError):
        spoken(client, extra_headers={"x-mock-fault": "overloaded"})
    with pytest.raises(openai.APIConnectionError):
        spoken(client, "One two three four five. [mock fault=cut_stream after=2]")


def test_sound_that_breaks_off_has_no_words_for_it_but_events_have(genmux_simulator: Simulator) -> None:
    address = f"{genmux_simulator.base_url}/v1/audio/speech"
    asked = {"model": "m", "input": "One two three. [mock fault=server after=2]", "response_format": "pcm"}
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(address, json=asked)
    reply = httpx.post(address, json={**asked, "stream_format": "sse"})
    assert '"error"' in reply.text.splitlines()[-2]


def test_faults_of_events_strike_events_and_not_sound_that_has_none(client: openai.OpenAI) -> None:
    garbage = {"x-mock-fault": "garbage_event"}
    with pytest.raises(openai.BadRequestError, match="cannot strike bare sound"):
        spoken(client, extra_headers=garbage)
    assert b"this is no JSON" in spoken(client, extra_headers=garbage, stream_format="sse")


def test_a_stream_of_text_meets_faults_too(client: openai.OpenAI) -> None:
    stream = written(client, spoken(client), stream=True, prompt="[mock fault=server after=2]")
    with pytest.raises(openai.APIError, match="the server failed"):
        list(stream)
