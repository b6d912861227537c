"""What is spoken on this machine is written down on this machine; skipped where packages or weights are not installed."""

import difflib
import os
import re
from collections.abc import AsyncIterator

import msgspec
import pytest
import pytest_asyncio

from genmux.app import App
from genmux.providers.local.files import weights_folder
from genmux.providers.local.weights import WEIGHTS
from genmux.services.settings import ProviderSettings, Settings
from genmux.types.errors import AudioError
from genmux.types.speech import SpeechDelta, SpeechRequest, SpeechStart
from genmux.types.transcription import (
    AudioFile,
    TranscriptDelta,
    TranscriptDone,
    TranscriptionRequest,
    TranscriptSegment,
)

for name in ("av", "soxr", "hibari", "faster_whisper"):
    pytest.importorskip(name, reason="the extra is not installed: pip install 'genmux[voice]'")
FOLDER = weights_folder(os.environ)
pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(
        not all((FOLDER / one.file).is_file() for one in WEIGHTS["whisper-tiny"].files),
        reason="no weights: run `genmux local install whisper-tiny`",
    ),
]
SENTENCES = (
    "The quick brown fox jumps over the lazy dog.",
    "Please send the invoice to the office before Friday afternoon.",
    "The weather in London will be cloudy with a chance of rain.",
    "I would like a cup of coffee and two slices of toast.",
    "How far is it from here to the railway station?",
)
TEXT = " ".join(SENTENCES)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app() -> AsyncIterator[App]:
    own = ProviderSettings(credentials={"data_dir": str(FOLDER.parent)})
    one = App(Settings(providers={"local": own}), environ={})
    yield one
    await one.aclose()


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def errors(said: str, written: str) -> float:
    """The word error rate: what would have to be changed, left out or put in, as a part of what was said."""
    one, other = words(said), words(written)
    changes = difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    return sum(max(b - a, d - c) for kind, a, b, c, d in changes if kind != "equal") / len(one)


async def spoken(app: App, text: str, **more: object) -> bytes:
    request = msgspec.convert({"model": "local/hibari", "text": text, "seed": 1, **more}, SpeechRequest)
    return (await app.speaking.speak(request)).audio


@pytest.mark.parametrize(("format_", "rate"), [("wav", None), ("mp3", None), ("opus", None), ("wav", 8_000)])
async def test_what_was_said_is_what_was_written(app: App, format_: str, rate: int | None) -> None:
    sound = await spoken(app, TEXT, format=format_, sample_rate=rate)
    request = TranscriptionRequest(model="local/whisper-tiny", audio=AudioFile(data=sound))
    told = await app.transcribing.transcribe(request)
    assert errors(TEXT, told.text) <= 0.05
    assert told.cost is not None
    assert told.cost.amount == 0
    assert told.usage.meters["seconds.input.audio"] == pytest.approx(17.3, abs=1)


async def test_speech_comes_while_it_is_made_in_the_format_that_was_asked_for(app: App) -> None:
    stream = await app.speaking.stream(SpeechRequest(model="local/hibari", text=TEXT, format="mp3", seed=1))
    parts = [part async for part in stream]
    assert isinstance(parts[0], SpeechStart)
    assert parts[0].format.encoding == "mp3"
    sound = [part.data for part in parts if isinstance(part, SpeechDelta)]
    assert len(sound) >= len(SENTENCES)
    request = TranscriptionRequest(model="local/whisper-tiny", audio=AudioFile(data=b"".join(sound)))
    assert errors(TEXT, (await app.transcribing.transcribe(request)).text) <= 0.05


async def test_text_comes_while_it_is_written_down(app: App) -> None:
    sound = await spoken(app, TEXT, format="flac")
    request = TranscriptionRequest(model="local/whisper-tiny", audio=AudioFile(data=sound))
    parts = [part async for part in await app.transcribing.stream(request)]
    assert isinstance(parts[-1], TranscriptDone)
    assert len([part for part in parts if isinstance(part, TranscriptSegment)]) >= len(SENTENCES) - 1
    deltas = "".join(part.text for part in parts if isinstance(part, TranscriptDelta))
    assert deltas == parts[-1].transcript.text
    assert errors(TEXT, deltas) <= 0.05


async def test_a_sound_that_is_too_long_is_written_down_in_parts(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(app.transcribing), "_most", lambda *_: (8.0, None))
    sound = await spoken(app, TEXT, format="mp3")
    heard: list[float] = []
    request = TranscriptionRequest(model="local/whisper-tiny", audio=AudioFile(data=sound), words=True)
    told = await app.transcribing.transcribe(request, progress=heard.append)
    assert len(heard) >= 3
    assert errors(TEXT, told.text) <= 0.05
    starts = [word.start for word in told.words]
    assert starts == sorted(starts)
    assert starts[-1] > 14


async def test_what_is_no_sound_is_told_before_any_model_hears_it(app: App) -> None:
    with pytest.raises(AudioError, match="is no sound that can be read"):
        await app.transcribing.transcribe(
            TranscriptionRequest(model="local/whisper-tiny", audio=AudioFile(data=b"%PDF-1.7 and so on"))
        )
