"""Commands that speak, hear and converse on this machine alone, as people type them; they need the weights of Whisper and SmolLM2."""

import os
import re
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from tests.e2e.talking import FOLDER, embedded

SENTENCES = (
    "The quick brown fox jumps over the lazy dog.",
    "Please close the window before you leave the house.",
    "The train to the city leaves in twenty minutes.",
    "She bought some bread and a bottle of milk.",
    "A good question is often better than a quick answer.",
)

WORST = 0.05
"""The share of words that may be wrong."""

pytestmark = pytest.mark.skipif(not embedded(), reason="the local voice is not installed: genmux local install")


def genmux(*arguments: str, given: bytes = b"", folder: Path) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "genmux", *arguments]
    environ = {**os.environ, "GENMUX_DATA_DIR": str(FOLDER.parent)}
    return subprocess.run(command, input=given, capture_output=True, cwd=folder, env=environ, timeout=120, check=False)


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text.lower())


def wrong(said: list[str], heard: list[str]) -> int:
    """Words to be changed, added or left out to come from one to the other."""
    row = [*range(len(heard) + 1)]
    for at, one in enumerate(said, 1):
        before, row = row, [at]
        for place, other in enumerate(heard, 1):
            row.append(min(before[place] + 1, row[-1] + 1, before[place - 1] + (one != other)))
    return row[-1]


def test_what_is_said_is_written_down_again(tmp_path: Path) -> None:
    text = " ".join(SENTENCES)
    spoken = genmux("say", text, folder=tmp_path)
    assert spoken.returncode == 0, spoken.stderr
    heard = genmux("transcribe", "-", given=spoken.stdout, folder=tmp_path)
    assert heard.returncode == 0, heard.stderr

    assert wrong(words(text), words(heard.stdout.decode())) <= WORST * len(words(text))


def test_a_spoken_question_has_a_spoken_answer(tmp_path: Path) -> None:
    assert genmux("say", "What is the capital of France?", "--out", "question.wav", folder=tmp_path).returncode == 0

    talked = genmux("talk", "--in", "question.wav", "--out", "answer.wav", "--model", "local/voice", folder=tmp_path)

    assert talked.returncode == 0, talked.stderr
    asked, answered = talked.stdout.decode().splitlines()
    assert words(asked) == ["you", "what", "is", "the", "capital", "of", "france"]
    assert len(words(answered)) > 1
    with wave.open(str(tmp_path / "answer.wav")) as answer:
        assert answer.getnframes() > answer.getframerate() / 2
        assert any(answer.readframes(answer.getnframes()))
