"""Which models are usual for a session, and what is needed for its ears."""

import os
from pathlib import Path

import pytest

from genmux.app.ears import VadEars
from genmux.app.voice import ears_for, judge_for, recorder_in, usual_model
from genmux.providers.local.files import weights_folder
from genmux.providers.local.weights import WEIGHTS
from genmux.services.settings import Defaults, Settings
from genmux.types.errors import ConfigurationError
from genmux.types.realtime import SessionConfig, TurnDetection
from genmux.types.realtime_events import InputTranscriptDone

FOLDER = weights_folder(os.environ)
"""The weights of whoever runs the tests; tests themselves have a data folder of their own."""


def test_what_is_configured_comes_before_what_runs_on_this_machine() -> None:
    assert usual_model(Settings(), "text_to_speech") == "local/hibari"
    assert usual_model(Settings(), "transcribe") == "local/whisper-tiny"
    mine = Settings(defaults=Defaults(models={"transcribe": "acme/ears"}))
    assert usual_model(mine, "transcribe") == "acme/ears"


def test_each_session_has_ears_of_its_own() -> None:
    assert isinstance(ears_for(None), VadEars)
    assert ears_for(None) is not ears_for(None)


async def test_a_recording_is_never_written_over_and_its_words_are_there_at_once(tmp_path: Path) -> None:
    recorder = recorder_in(tmp_path / "kept", SessionConfig())
    recorder.hear(InputTranscriptDone(text="hello"))
    transcript = tmp_path / "kept" / "transcript.jsonl"
    assert '"hello"' in transcript.read_text()
    await recorder.aclose()
    with pytest.raises(ConfigurationError, match="there is a recording in"):
        recorder_in(tmp_path / "kept", SessionConfig())
    assert '"hello"' in transcript.read_text()


async def test_silence_needs_no_judge() -> None:
    assert await judge_for(None) is None
    assert await judge_for(TurnDetection()) is None


async def test_turns_by_sense_need_a_model_that_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    monkeypatch.setenv("GENMUX_DATA_DIR", str(tmp_path))
    with pytest.raises(ConfigurationError, match="genmux local install smart-turn"):
        await judge_for(TurnDetection(kind="semantic"))


@pytest.mark.skipif(
    not (FOLDER / WEIGHTS["smart-turn"].file).is_file(), reason="no weights: run `genmux local install smart-turn`"
)
async def test_a_judge_hears_whether_somebody_has_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENMUX_DATA_DIR", str(FOLDER.parent))
    judge = await judge_for(TurnDetection(kind="semantic"))
    assert judge is not None
    assert isinstance(await judge.finished(bytes(32_000)), bool)
