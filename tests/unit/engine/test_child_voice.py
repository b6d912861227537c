from collections.abc import AsyncIterator
from typing import Any

import pytest

from genmux.contract.local import LocalEngine
from genmux.types.errors import AudioError
from genmux.types.parts import UsagePart, WarningPart
from genmux.types.speech import SpeechDelta, SpeechRequest, SpeechStart, SpeechWords
from genmux.types.transcription import (
    AudioFile,
    TranscriptDelta,
    TranscriptDone,
    TranscriptionRequest,
    TranscriptSegment,
)
from tests.unit.engine.callers import Caller
from tests.unit.engine.voice_engines import InlineTalkEngine, TalkEngine

EITHER = pytest.mark.parametrize("engine", [TalkEngine(), InlineTalkEngine()], ids=["process", "inline"])


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    one = Caller(grace=3)
    yield one
    await one.host.aclose()


async def outputs(caller: Caller, request: Any, engine: LocalEngine) -> list[Any]:
    return [output async for output in caller.run(request, engine)]


@EITHER
async def test_speech_comes_as_it_was_made(caller: Caller, engine: LocalEngine) -> None:
    parts = await outputs(caller, SpeechRequest(model="fake/tiny", text="hi", params={"pitch": 2}), engine)
    assert [type(part) for part in parts] == [WarningPart, SpeechStart, SpeechDelta, SpeechWords, UsagePart]
    assert parts[1].format.sample_rate == 8_000
    assert parts[2].data == bytes(range(256)) + b"hi"
    assert parts[3].words[0].end == 1.5


@EITHER
async def test_a_transcript_comes_as_it_was_made(caller: Caller, engine: LocalEngine) -> None:
    audio = AudioFile(data=b"\x00\xff")
    parts = await outputs(caller, TranscriptionRequest(model="fake/tiny", audio=audio), engine)
    assert [type(part) for part in parts[1:]] == [TranscriptDelta, TranscriptSegment, TranscriptDone]
    told = parts[-1].transcript
    assert told.text == r"b'\x00\xff'"
    assert told.words[0].confidence == 0.5


@EITHER
async def test_an_error_of_the_sound_is_one_on_the_other_side_too(caller: Caller, engine: LocalEngine) -> None:
    request = TranscriptionRequest(model="fake/tiny", audio=AudioFile(path="/nowhere"))
    with pytest.raises(AudioError, match="nothing to hear") as caught:
        await outputs(caller, request, engine)
    assert caught.value.param == "audio"
