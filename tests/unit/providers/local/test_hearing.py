import wave
from pathlib import Path

import pytest

pytest.importorskip("av")
pytest.importorskip("numpy")

import numpy as np

from genmux.providers.local.hearing import heard
from genmux.types.errors import AudioError
from genmux.types.transcription import AudioFile


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    path = tmp_path / "speech.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 48_000, 0, "NONE", ""))
        tone = np.sin(np.arange(48_000) * 2 * np.pi * 440 / 48_000) * 16_384
        file.writeframes(np.repeat(tone.astype("<i2"), 2).tobytes())
    return path


def test_a_sound_is_heard_in_one_channel_at_sixteen_thousand_a_second(speech: Path) -> None:
    for audio in (AudioFile(path=str(speech)), AudioFile(data=speech.read_bytes())):
        samples = heard(audio)
        assert len(samples) == pytest.approx(16_000, abs=20)
        assert samples.dtype == np.float32
        assert np.abs(samples).max() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("audio", "told"),
    [
        (AudioFile(data=b"no sound at all" * 50, name="letter.txt"), r"letter\.txt cannot be read"),
        (AudioFile(path="/nowhere/at/all.wav"), "No such file"),
        (AudioFile(url="https://example.com/a.wav"), "not addresses"),
    ],
)
def test_what_is_no_sound_is_told_so(audio: AudioFile, told: str) -> None:
    with pytest.raises(AudioError, match=told):
        heard(audio)


def test_a_play_list_opens_nothing(speech: Path) -> None:
    with pytest.raises(AudioError, match="cannot be read"):
        heard(AudioFile(data=f"#EXTM3U\n#EXTINF:1,\nfile://{speech}\n".encode()))
