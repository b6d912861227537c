"""Hosts of OpenAI's audio dialect, through the flows, over a real connection: what is spoken is written down."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from genmux.app import App
from genmux.flows.voice.speaking import Speaking
from genmux.flows.voice.transcribing import Transcribing
from genmux.services.settings import ProviderSettings, Settings
from genmux.testing.simulator import Simulator
from genmux.types.errors import MalformedReplyError, NetworkError, RateLimitError, ServerError
from genmux.types.speech import SpeechDelta, SpeechRequest
from genmux.types.transcription import AudioFile, TranscriptDelta, TranscriptDone, TranscriptionRequest

TEXT = "Hello there. How are you?"
SPEAKERS = [
    ("openai/gpt-4o-mini-tts", "wav"),
    ("openai/tts-1", "pcm"),
    ("openai/tts-1-hd", "mp3"),
    ("groq/canopylabs/orpheus-v1-english", "wav"),
    ("mock/voice", "wav"),
]
LISTENERS = [
    "openai/whisper-1",
    "openai/gpt-transcribe",
    "openai/gpt-4o-transcribe-diarize",
    "groq/whisper-large-v3-turbo",
    "mistral/voxtral-mini-transcribe-3",
    "mock/ears",
]


class Tools:
    """Knows how long a sound of the simulator's is. Nothing here needs another format."""

    async def measured(self, audio: AudioFile) -> AudioFile:
        return msgspec.structs.replace(audio, size=len(audio.data or b""), seconds=len(audio.data or b"") / 48_000)


@pytest.fixture
async def house() -> AsyncIterator[tuple[Speaking, Transcribing]]:
    async with Simulator() as simulator:
        own = ProviderSettings(
            base_url=f"{simulator.base_url}/v1", credentials={"api_key": "sk-simulated-key-of-the-provider"}
        )
        app = App(Settings(providers=dict.fromkeys(("openai", "groq", "mistral"), own)), environ={})
        tools: Any = Tools
        yield Speaking(app.calls, tools), Transcribing(app.calls, tools)
        await app.aclose()


async def sound(speaking: Speaking, model: str = "mock/voice", format_: Any = "wav", text: str = TEXT) -> bytes:
    return (await speaking.speak(SpeechRequest(model=model, text=text, format=format_))).audio


@pytest.mark.parametrize(("model", "format_"), SPEAKERS)
async def test_what_is_streamed_is_what_is_spoken_whole(
    house: tuple[Speaking, Transcribing], model: str, format_: Any
) -> None:
    speaking, transcribing = house
    whole = await sound(speaking, model, format_)
    stream = await speaking.stream(SpeechRequest(model=model, text=TEXT, format=format_))
    parts = [part async for part in stream]
    assert b"".join(part.data for part in parts if isinstance(part, SpeechDelta)) == whole
    if format_ == "wav":
        audio = AudioFile(data=whole, media_type="audio/wav", name="a.wav")
        assert (await transcribing.transcribe(TranscriptionRequest(model="mock/ears", audio=audio))).text == TEXT


@pytest.mark.parametrize("model", LISTENERS)
async def test_what_is_heard_as_it_comes_is_what_is_heard_whole(
    house: tuple[Speaking, Transcribing], model: str
) -> None:
    speaking, transcribing = house
    audio = AudioFile(data=await sound(speaking), media_type="audio/wav", name="a.wav")
    request = TranscriptionRequest(model=model, audio=audio, diarize="diarize" in model)
    told = await transcribing.transcribe(request)
    parts = [part async for part in await transcribing.stream(request)]
    done = parts[-1]
    assert isinstance(done, TranscriptDone)
    assert told.text == done.transcript.text == TEXT
    assert "".join(part.text for part in parts if isinstance(part, TranscriptDelta)) == TEXT
    assert [one.speaker for one in told.segments] == (["A", "A"] if request.diarize else [])


async def test_times_are_told_by_those_who_have_them(house: tuple[Speaking, Transcribing]) -> None:
    speaking, transcribing = house
    audio = AudioFile(data=await sound(speaking), media_type="audio/wav", name="a.wav")
    for model, words in (("groq/whisper-large-v3", 5), ("openai/gpt-4o-transcribe", 0)):
        told = await transcribing.transcribe(TranscriptionRequest(model=model, audio=audio, words=True))
        assert (len(told.words), bool(told.warnings)) == (words, not words)


@pytest.mark.parametrize(
    ("model", "wish", "error"),
    [
        ("openai/tts-1", "rate_limit", RateLimitError),
        ("openai/tts-1", "html_200", MalformedReplyError),
        ("openai/tts-1", "cut_stream after=2", NetworkError),
        ("openai/gpt-4o-mini-tts", "cut_stream after=2", NetworkError),
        ("openai/gpt-4o-mini-tts", "clean_cut after=2", NetworkError),
        ("openai/gpt-4o-mini-tts", "error_event after=2", ServerError),
        ("openai/gpt-4o-mini-tts", "garbage_event", MalformedReplyError),
    ],
)
async def test_what_goes_wrong_is_a_typed_error(
    house: tuple[Speaking, Transcribing], model: str, wish: str, error: type[Exception]
) -> None:
    asked = SpeechRequest(model=model, text=f"One two three four. [mock fault={wish}]", format="pcm")
    with pytest.raises(error):
        async for _ in await house[0].stream(asked):
            pass
