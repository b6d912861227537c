"""The official client speaks and writes down through a running gateway, with models that a test can hear."""

import asyncio
import contextlib
import io
import os
import wave
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import openai
import pytest

from genmux.services.settings import GatewaySettings, Settings
from tests.e2e.conftest import RunningGateway, running
from tests.unit.services.audio.test_measuring import video

KEY = "a-key-of-the-gateway-0123456789"
TEXT = "The quick brown fox jumps over the lazy dog."


@pytest.fixture(scope="module")
def gateway() -> Iterator[RunningGateway]:
    with running(Settings(gateway=GatewaySettings(keys=(KEY,)))) as serving:
        yield serving


@pytest.fixture
async def client(gateway: RunningGateway) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=KEY, max_retries=0) as client:
        yield client


async def spoken(client: openai.AsyncOpenAI, text: str = TEXT, response_format: Any = "wav") -> bytes:
    made = await client.audio.speech.create(
        model="mock/voice", voice="tones", input=text, response_format=response_format
    )
    return made.content


@pytest.mark.parametrize(
    ("encoding", "media_type", "magic"),
    [
        ("mp3", "audio/mpeg", b""),
        ("wav", "audio/wav", b"RIFF"),
        ("flac", "audio/flac", b"fLaC"),
        ("opus", "audio/ogg", b"OggS"),
        ("pcm", "audio/pcm", b""),
        ("aac", "audio/aac", b""),
    ],
)
async def test_speech_comes_in_every_format(client: openai.AsyncOpenAI, encoding: Any, media_type: str, magic: bytes):
    made = await client.audio.speech.create(model="mock/voice", voice="tones", input="hi", response_format=encoding)
    assert made.response.headers["content-type"] == media_type
    assert made.content.startswith(magic)
    assert len(made.content) > 500


async def test_what_was_spoken_is_heard_again(client: openai.AsyncOpenAI):
    heard = await client.audio.transcriptions.create(model="mock/ears", file=("a.wav", await spoken(client)))
    assert heard.text == TEXT


async def test_speech_flows_as_it_is_made(client: openai.AsyncOpenAI, tmp_path: Path):
    file = tmp_path / "speech.pcm"
    async with client.audio.speech.with_streaming_response.create(
        model="mock/voice", voice="tones", input=TEXT, response_format="pcm"
    ) as made:
        assert "content-length" not in made.headers
        await made.stream_to_file(file)
    assert file.read_bytes() == await spoken(client, response_format="pcm")


async def test_speech_comes_as_events(client: openai.AsyncOpenAI):
    made = await client.audio.speech.create(
        model="mock/voice", voice="tones", input="hi", response_format="pcm", stream_format="sse"
    )
    assert made.response.headers["content-type"].startswith("text/event-stream")
    assert b'"speech.audio.delta"' in made.content
    assert b'"speech.audio.done"' in made.content


@pytest.mark.parametrize("wanted", ["json", "text", "srt", "vtt", "verbose_json", "diarized_json"])
async def test_a_transcript_comes_in_every_format(client: openai.AsyncOpenAI, wanted: Any):
    told: Any = await client.audio.transcriptions.create(
        model="mock/ears", file=("a.wav", await spoken(client)), response_format=wanted
    )
    text = told if isinstance(told, str) else told.text
    assert TEXT in " ".join(text.split())
    if wanted == "vtt":
        assert text.startswith("WEBVTT")


async def test_a_transcript_comes_as_events(client: openai.AsyncOpenAI):
    stream = await client.audio.transcriptions.create(
        model="mock/ears", file=("a.wav", await spoken(client)), stream=True
    )
    events = [event async for event in stream]
    assert events[-1].type == "transcript.text.done"
    assert events[-1].text == TEXT
    assert "".join(one.delta for one in events if one.type == "transcript.text.delta") == TEXT


async def test_a_translation_is_made(client: openai.AsyncOpenAI):
    with pytest.warns(DeprecationWarning, match="deprecated"):
        told = await client.audio.translations.create(model="mock/ears", file=("a.wav", await spoken(client)))
    assert told.text == TEXT


# ---------------------------------------------------------------- faults
EMOJI = "\N{GRINNING FACE}\N{PARTY POPPER}" * 20


async def refused(call: Any) -> openai.APIStatusError:
    with pytest.raises(openai.APIStatusError) as caught:
        await call
    return caught.value


@pytest.mark.parametrize("text", [EMOJI, "a\x00b\x07c\x1b[31m", "<speak>louder<break time='9s'/></speak>", " \n\t "])
async def test_strange_text_is_spoken_or_refused_in_words(client: openai.AsyncOpenAI, text: str):
    with contextlib.suppress(openai.BadRequestError):
        assert await spoken(client, text)


async def test_an_empty_text_is_refused(client: openai.AsyncOpenAI):
    error = await refused(spoken(client, ""))
    assert error.status_code == 400
    assert "input" in error.message


async def test_a_long_text_is_spoken_in_pieces(client: openai.AsyncOpenAI):
    made = await client.audio.speech.create(
        model="mock/voice", voice="tones", input="Hello there. " * 400, response_format="pcm"
    )
    assert len(made.content) > 100_000


async def test_a_voice_that_there_is_not_is_refused_before_anything_is_sent(client: openai.AsyncOpenAI):
    error = await refused(client.audio.speech.create(model="mock/voice", voice="nobody", input="hi"))
    assert error.status_code == 400
    assert "tones" in error.message


async def test_a_model_that_cannot_speak_is_refused(client: openai.AsyncOpenAI):
    error = await refused(client.audio.speech.create(model="mock/echo", voice="tones", input="hi"))
    assert error.status_code == 400


def silence(seconds: float = 1.0) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(int(seconds * 32_000)))
    return made.getvalue()


async def test_silence_has_no_words(client: openai.AsyncOpenAI):
    heard = await client.audio.transcriptions.create(model="mock/ears", file=("a.wav", silence()))
    assert heard.text == ""


@pytest.mark.parametrize(
    ("data", "told"), [(b"", "empty"), (b"this is no sound at all", ""), (silence()[:44], ""), (b"\x00" * 3_001, "")]
)
async def test_what_is_no_sound_is_refused_in_words(client: openai.AsyncOpenAI, data: bytes, told: str):
    error = await refused(client.audio.transcriptions.create(model="mock/ears", file=("a.wav", data)))
    assert error.status_code == 400
    assert told in error.message


async def test_a_video_that_the_model_does_not_understand_is_refused_in_words(client: openai.AsyncOpenAI):
    error = await refused(client.audio.transcriptions.create(model="mock/ears", file=("a.mp4", video(sound=True))))
    assert error.status_code == 400
    assert "not video/mp4" in error.message


@pytest.mark.parametrize(
    "field", [{"temperature": "hot"}, {"response_format": "poem"}, {"timestamp_granularities": ["year"]}]
)
async def test_a_wrong_value_in_the_form_is_refused_in_words(client: openai.AsyncOpenAI, field: dict[str, Any]):
    given: Any = field
    error = await refused(client.audio.transcriptions.create(model="mock/ears", file=("a.wav", silence()), **given))
    assert error.status_code == 400
    assert next(iter(field)) in error.message


async def test_a_form_without_a_sound_is_refused(client: openai.AsyncOpenAI):
    error = await refused(client.post("/audio/transcriptions", cast_to=object, body={"model": "mock/ears"}))
    assert error.status_code == 400
    assert "multipart/form-data" in error.message


async def test_a_large_sound_leaves_no_file_behind(
    client: openai.AsyncOpenAI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    heard = await client.audio.transcriptions.create(model="mock/ears", file=("a.wav", silence(60)))
    assert heard.text == ""
    for _ in range(500):  # the answer is there before the file is gone
        if not os.listdir(tmp_path):  # noqa: PTH208 — without a thread
            break
        await asyncio.sleep(0.01)
    assert os.listdir(tmp_path) == []  # noqa: PTH208 — without a thread


async def test_nobody_speaks_without_a_key(gateway: RunningGateway):
    async with openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key="wrong", max_retries=0) as stranger:
        error = await refused(spoken(stranger))
    assert error.status_code == 401
    assert msgspec.json.decode(error.response.content)["error"]["code"] == "invalid_api_key"
