"""`genmux say`, `transcribe`, `voices` and `talk`, with models that only play."""

import asyncio
import io
import json
import sys
import types
import wave
from pathlib import Path
from typing import Any

import pytest

from genmux.app import voice
from genmux.app.ears import VadEars
from genmux.cli.sound_devices import Speaker
from genmux.services.audio.detectors import Ear
from genmux.types.audio import AudioFormat
from tests.unit.cli.conftest import Run


@pytest.fixture(autouse=True)
def models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENMUX_SPEECH_MODEL", "mock/voice")
    monkeypatch.setenv("GENMUX_TRANSCRIBE_MODEL", "mock/ears")


def test_a_pipe_gets_a_wav_file_that_can_be_written_down_again(run: Run) -> None:
    spoken = run("say", "hello there")

    with wave.open(io.BytesIO(spoken.data)) as file:
        assert file.getframerate() == 24_000
    assert spoken.err == ""
    assert run("transcribe", "-", typed=spoken.data).out == "hello there\n"
    assert run("transcribe", typed=spoken.data).out == "hello there\n"


def test_a_file_is_written_in_the_format_of_its_name(run: Run, tmp_path: Path) -> None:
    assert run("say", "hello", "there", "--out", "hi.flac").out == "hi.flac\n"
    assert (tmp_path / "hi.flac").read_bytes()[:4] == b"fLaC"
    told = json.loads(run("say", "hello there", "--out", "hi.wav", "--json").out)
    assert (told["file"], told["media_type"], told["model"]) == ("hi.wav", "audio/wav", "mock/voice")


def test_a_terminal_gets_the_name_of_the_file_and_the_cost(run: Run, tmp_path: Path) -> None:
    ended = run("say", "Hello there!", terminal=True)

    [file] = tmp_path.glob("hello-there-*.wav")
    assert ended.out.strip() == file.name
    assert "mock/voice · wav" in ended.err
    assert "$0" in ended.err


def test_subtitles_and_json_have_the_text(run: Run) -> None:
    run("say", "hello there", "--out", "hi.wav")

    assert "00:00:00,000 --> " in run("transcribe", "hi.wav", "--srt").out
    assert run("transcribe", "hi.wav", "--vtt").out.startswith("WEBVTT\n")
    assert json.loads(run("transcribe", "hi.wav", "--json").out)["text"] == "hello there"
    shown = run("transcribe", "hi.wav", terminal=True)
    assert shown.out == "hello there\n"
    assert "mock/ears" in shown.err


def test_voices_are_listed(run: Run) -> None:
    assert run("voices", "mock/voice").out.splitlines()[1].startswith("tones")
    assert json.loads(run("voices", "mock/voice", "--json").out)[0]["id"] == "tones"


def test_what_is_wrong_is_told_in_a_line(run: Run) -> None:
    for arguments, told in (
        (("say",), "there is no text"),
        (("say", "x", "--out", "no/such/x.wav"), "there is no folder"),
        (("say", "x", "-m", "mock/echo"), "cannot text_to_speech"),
        (("transcribe", "nowhere.wav"), "is not there"),
        (("transcribe",), "nothing was piped in"),
        (("transcribe", "x", "--srt", "--vtt"), "choose one"),
        (("talk", "--in", "nowhere.wav"), "is not there"),
        (("talk", "--out", "no/such/a.wav"), "there is no folder"),
        (("talk", "-m", "mock/embed"), "cannot"),
    ):
        ended = run(*arguments)
        assert ended.code in {1, 2}, (arguments, ended)
        assert told in ended.err, (arguments, ended.err)
        assert "Traceback" not in ended.err


def test_without_sounddevice_it_says_what_to_do(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    for arguments in (("talk", "-m", "mock/echo"), ("say", "hi", "--play")):
        ended = run(*arguments)
        assert ended.code == 3
        assert "pip install sounddevice" in ended.err


class Loudness(Ear):
    """Takes whatever is not silent for speech."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[float]:
        self._rest = self._rest + data
        frames = [self._rest[at : at + 1_024] for at in range(0, len(self._rest) - 1_023, 1_024)]
        self._rest = self._rest[1_024 * len(frames) :]
        return [float(any(frame)) for frame in frames]

    def reset(self) -> None:
        pass


def test_a_question_in_a_file_is_answered_in_a_file(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice, "ears_for", lambda turns: VadEars(turns, ear=Loudness()))
    assert run("say", "how are you today", "--out", "question.wav").code == 0

    ended = run("talk", "-m", "mock/echo", "--in", "question.wav", "--out", "answer.wav")

    assert ended.code == 0, ended.err
    asked, answered = ended.out.splitlines()
    assert asked.startswith("you: ")
    assert answered.removeprefix("answer: ") == asked.removeprefix("you: ")
    assert "answered after 0." in ended.err
    assert "mock/echo · 1 answer · $0" in ended.err
    with wave.open(str(tmp_path / "answer.wav")) as file:
        assert file.getnframes() > 0


def test_programs_get_the_turns_as_data(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice, "ears_for", lambda turns: VadEars(turns, ear=Loudness()))
    run("say", "hello", "--out", "question.wav")

    told = json.loads(run("talk", "-m", "mock/echo", "--in", "question.wav", "--out", "a.wav", "--json").out)

    assert told["file"] == "a.wav"
    assert told["turns"][0]["latency"] > 0


def test_an_answer_before_the_end_of_the_file_ends_the_conversation_at_its_end(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voice, "ears_for", lambda turns: VadEars(turns, ear=Loudness()))
    run("say", "hello", "--out", "question.wav")
    with wave.open(str(tmp_path / "question.wav")) as file:
        params, sound = file.getparams(), file.readframes(file.getnframes())
    with wave.open(str(tmp_path / "question.wav"), "wb") as file:
        file.setparams(params)
        file.writeframes(sound + bytes(2 * params.framerate * 2))

    ended = run("talk", "-m", "mock/echo", "--in", "question.wav", "--out", "answer.wav")

    assert ended.code == 0, ended.err
    assert ended.out.splitlines() == ["you: hello", "answer: hello"]
    assert (tmp_path / "answer.wav").is_file()


def test_an_answer_that_fails_is_a_failure(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice, "ears_for", lambda turns: VadEars(turns, ear=Loudness()))
    run("say", "hello", "--out", "question.wav")

    ended = run("talk", "-m", "mock/echo", "--in", "question.wav", "--out", "answer.wav", "--voice", "nobody")

    assert ended.code != 0
    assert "`voice` is 'nobody'" in ended.err


def test_a_name_that_says_another_format_is_refused_before_anything_is_said(run: Run) -> None:
    run("say", "hello", "--out", "question.wav")

    answer = run("talk", "-m", "mock/echo", "--in", "question.wav", "--out", "answer.mp3")
    assert (answer.code, "answers are written as WAV" in answer.err) == (2, True)
    spoken = run("say", "hello", "--out", "hi.xyz")
    assert (spoken.code, "endings are .pcm" in spoken.err) == (2, True)


class Device:
    """A device that takes frames when the test says so."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings
        self.state = "made"

    def start(self) -> None:
        self.state = "on"

    def stop(self) -> None:
        self.state = "off"

    def close(self) -> None:
        self.state = "closed"

    def pull(self, size: int) -> bytes:
        wanted = bytearray(size)
        self.settings["callback"](wanted, size // 2, None, None)
        return bytes(wanted)


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> type[Device]:
    library = types.SimpleNamespace(RawOutputStream=Device, RawInputStream=Device, PortAudioError=RuntimeError)
    monkeypatch.setitem(sys.modules, "sounddevice", library)  # type: ignore[arg-type]
    return Device


def test_a_speaker_says_what_was_played_of_what(device: type[Device]) -> None:
    assert device is Device
    told: list[tuple[float, str | None]] = []
    speaker = Speaker(AudioFormat(sample_rate=1_000), lambda ms, item: told.append((ms, item)))
    stream = speaker._stream  # noqa: SLF001
    speaker.play(b"ab" * 3, "one")
    speaker.play(b"cd" * 2, "two")

    assert stream.pull(8) == b"abababcd"
    assert told == [(3.0, "one"), (1.0, "two")]
    assert stream.pull(4) == b"cd\0\0"
    speaker.play(b"ef", "three")
    speaker.clear()
    assert stream.pull(2) == b"\0\0"
    speaker.wait()
    speaker.close()
    assert stream.state == "closed"


def test_a_speaker_is_silent_while_it_is_held_and_goes_on_where_it_stopped(device: type[Device]) -> None:
    assert device is Device
    told: list[float] = []
    speaker = Speaker(AudioFormat(sample_rate=1_000), lambda ms, _: told.append(ms))
    stream = speaker._stream  # noqa: SLF001
    speaker.play(b"abcdef")

    assert stream.pull(2) == b"ab"
    speaker.hold(held=True)
    assert stream.pull(2) == b"\0\0"
    speaker.hold(held=False)
    assert stream.pull(2) == b"cd"
    assert told == [1.0, 1.0]
    speaker.hold(held=True)
    speaker.clear()
    speaker.play(b"gh")
    assert stream.pull(2) == b"gh"


def test_an_interrupt_ends_the_conversation_politely(
    run: Run, device: type[Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    from genmux.cli.talking import Conversation

    assert device is Device

    async def interrupted(_: Conversation, __: "asyncio.Queue[bytes]") -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Conversation, "hold", interrupted)
    ended = run("talk", "-m", "mock/echo")

    assert (ended.code, "Traceback" in ended.err) == (0, False)
