"""A session is set up with a few words, and its tools are plain functions."""

import asyncio
from pathlib import Path

import pytest

from genmux import AsyncClient
from genmux.app import voice
from genmux.client.voice.live import config_of
from genmux.types.audio import AudioFormat
from genmux.types.errors import InvalidRequestError
from genmux.types.realtime import Transcribing, TurnDetection
from genmux.types.realtime_events import OutputTranscriptDone, RealtimeEvent, ResponseDone


def weather(city: str) -> str:
    """The weather of a city."""
    return f"sunny in {city}"


def test_short_words_mean_whole_settings() -> None:
    config, functions = config_of(
        {"input": 16_000, "output": "pcmu", "turns": "client", "transcription": True, "tools": [weather], "vad": 3}
    )

    assert config.input == AudioFormat(sample_rate=16_000)
    assert config.output == AudioFormat(encoding="pcmu", sample_rate=8_000)
    assert (config.turns, config.transcription) == (TurnDetection(kind="client"), Transcribing())
    assert ([one.name for one in config.tools], functions) == (["weather"], {"weather": weather})
    assert config.params == {"vad": 3}
    assert config_of({"turns": 250})[0].turns == TurnDetection(silence_ms=250)
    assert config_of({"transcription": "x/y", "turns": {"kind": "semantic"}})[0].transcription == Transcribing(
        model="x/y"
    )


@pytest.mark.parametrize(
    "wrong", [{"input": "tape"}, {"turns": "never"}, {"turns": True}, {"speed": "fast"}, {"tools": [3]}]
)
def test_what_cannot_be_set_up_is_named(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidRequestError):
        config_of(wrong)


class NoEars:
    """Hears nothing."""

    def feed(self, data: bytes) -> tuple[()]:
        assert data is not None
        return ()

    def reset(self) -> None:
        pass


async def test_a_text_model_is_talked_with_and_recorded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GENMUX_SPEECH_MODEL", "mock/voice")
    monkeypatch.setenv("GENMUX_TRANSCRIBE_MODEL", "mock/ears")
    monkeypatch.setattr(voice, "ears_for", lambda turns: NoEars())  # noqa: ARG005
    told: list[RealtimeEvent] = []
    async with asyncio.timeout(20), AsyncClient() as client:
        opening = client.realtime("mock/echo", instructions="Be brief.", record=tmp_path / "kept", on_event=told.append)
        async with opening as session:
            await session.send_text("hello there")
            answer = ""
            async for event in session:
                match event:
                    case OutputTranscriptDone(text=text):
                        answer = text
                    case ResponseDone(status=status):
                        assert status == "completed"
                        break
                    case _:
                        pass

    assert answer == "hello there"
    assert any(isinstance(one, ResponseDone) for one in told)
    assert {one.name for one in (tmp_path / "kept").iterdir()} == {"user.wav", "model.wav", "transcript.jsonl"}


async def test_functions_are_called_with_what_the_model_wrote() -> None:
    from genmux.client.voice.live import _call

    assert _call(weather, '{"city": "Rome"}') == "sunny in Rome"
    with pytest.raises(Exception, match="city"):
        _call(weather, "{}")
