"""Speech of hibari is written down by Whisper. The weights of whoever runs the tests are used, where there are some."""

import importlib.util
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from genmux.contract.manifest import inherit
from genmux.contract.model import Model
from genmux.engine.child import LocalHost
from genmux.engine.permit import Permit
from genmux.providers.local import provider
from genmux.providers.local.weights import WEIGHTS
from genmux.types.errors import AudioError, ConfigurationError, InvalidRequestError
from genmux.types.parts import WarningPart
from genmux.types.transcription import (
    AudioFile,
    TranscriptDelta,
    TranscriptDone,
    TranscriptionRequest,
    TranscriptSegment,
)
from tests.unit.providers.local.conftest import FOLDER
from tests.unit.providers.local.test_hibari import MODEL as VOICE
from tests.unit.providers.local.test_hibari import sound, spoken

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(
        any(importlib.util.find_spec(name) is None for name in ("hibari", "faster_whisper", "av")),
        reason="the extra is not installed: pip install 'genmux[voice]'",
    ),
]
needs_weights = pytest.mark.skipif(
    not all((FOLDER / one.file).is_file() for one in WEIGHTS["whisper-tiny"].files),
    reason=f"no weights in {FOLDER}: run `genmux local install whisper-tiny`",
)
MODEL = msgspec.structs.replace(
    VOICE,
    id="whisper-tiny",
    wire_id="whisper-tiny",
    spec=inherit(provider.manifest.models["whisper-tiny"], provider.manifest.model_defaults),
)
BROWSER = Path(__file__).parents[3] / "data" / "question_from_a_browser.flac"
SENTENCES = "The quick brown fox jumps over the lazy dog. How far is it from here to the railway station?"


def as_wave(samples: bytes, rate: int = 24_000) -> bytes:
    import io
    import wave

    file = io.BytesIO()
    with wave.open(file, "wb") as one:
        one.setparams((1, 2, rate, 0, "NONE", ""))
        one.writeframes(samples)
    return file.getvalue()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def host() -> AsyncIterator[LocalHost]:
    one = LocalHost()
    yield one
    await one.aclose()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def speech(host: LocalHost) -> bytes:
    return as_wave(sound(await spoken(host, SENTENCES, seed=1)))


async def written(host: LocalHost, data: bytes, model: Model = MODEL, **more: Any) -> list[Any]:
    request = TranscriptionRequest(model="local/whisper-tiny", audio=AudioFile(data=data), **more)
    options = {"data_dir": str(FOLDER.parent)}
    run = host.run(provider, provider.wires["whisper"], model, request, options=options, permit=Permit())
    async with aclosing(run) as parts:
        return [part async for part in parts]


@needs_weights
async def test_what_was_spoken_is_written_down(host: LocalHost, speech: bytes) -> None:
    parts = await written(host, speech)
    last = parts[-1]
    assert isinstance(last, TranscriptDone)
    told = last.transcript
    assert told.text == SENTENCES
    assert told.language == "en"
    assert told.words == ()
    assert told.usage.meters == {"seconds.input.audio": told.seconds}
    assert "".join(part.text for part in parts if isinstance(part, TranscriptDelta)) == told.text
    assert tuple(part.segment for part in parts if isinstance(part, TranscriptSegment)) == told.segments


@needs_weights
async def test_words_have_times_in_their_order(host: LocalHost, speech: bytes) -> None:
    told = (await written(host, speech, words=True))[-1].transcript
    assert " ".join(word.text for word in told.words) == SENTENCES
    assert all(word.start <= word.end <= told.seconds + 0.1 for word in told.words)
    assert [word.start for word in told.words] == sorted(word.start for word in told.words)


@needs_weights
async def test_what_a_browser_sends_is_written_down_once(host: LocalHost) -> None:
    """A question of hibari as Chromium's microphone gives it: with a short window, Whisper wrote it down three times."""
    told = (await written(host, BROWSER.read_bytes()))[-1].transcript
    assert told.text == "What is the capital of France?"


@needs_weights
async def test_in_silence_nothing_was_said(host: LocalHost) -> None:
    told = (await written(host, as_wave(bytes(48_000 * 3))))[-1].transcript
    assert (told.text, told.segments, told.seconds) == ("", (), 3.0)


@needs_weights
async def test_it_says_what_it_cannot_do(host: LocalHost, speech: bytes) -> None:
    parts = await written(host, speech, diarize=True)
    assert [part.warning.field for part in parts if isinstance(part, WarningPart)] == ["diarize"]
    with pytest.raises(InvalidRequestError, match="knows en"):
        await written(host, speech, language="de")
    with pytest.raises(AudioError, match="cannot be read"):
        await written(host, b"no sound " * 99)


async def test_weights_that_are_missing_are_named_with_the_way_to_get_them(host: LocalHost, tmp_path: Any) -> None:
    request = TranscriptionRequest(model="local/whisper-tiny", audio=AudioFile(data=b"RIFF"))
    options = {"data_dir": str(tmp_path)}
    run = host.run(provider, provider.wires["whisper"], MODEL, request, options=options, permit=Permit())
    with pytest.raises(ConfigurationError, match="run `genmux local install whisper-tiny`"):
        await anext(run)
