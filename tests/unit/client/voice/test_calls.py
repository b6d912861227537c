"""Clients speak and write down, whatever the sound is given as."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from genmux import AsyncClient, Client
from genmux.types.assets import Asset
from genmux.types.errors import ConfigurationError, InvalidRequestError, NotFoundError, ValidationError
from genmux.types.speech import SpeechDelta, SpeechResult, SpeechStart
from genmux.types.transcription import AudioFile, TranscriptDelta, TranscriptDone

EARS, VOICE = "mock/ears", "mock/voice"


@pytest.fixture(scope="module")
def spoken() -> SpeechResult:
    with Client() as client:
        return client.speak("hello there", model=VOICE, format="wav")


async def test_a_text_is_spoken_and_saved(tmp_path: Path) -> None:
    async with AsyncClient(model=VOICE) as client:
        result = await client.speak("hello", format="wav", voice="tones")

    assert result.save(tmp_path / "hello.wav").read_bytes()[:4] == b"RIFF"
    assert (result.provider, result.model, result.media_type) == ("mock", "voice", "audio/wav")
    assert result.cost is not None
    assert result.cost.amount == 0


async def test_speech_comes_as_it_is_made() -> None:
    async with AsyncClient() as client:
        async with await client.stream_speech("one two", model=VOICE, format="pcm") as stream:
            parts = [part async for part in stream]
        again = await client.stream_speech("one two", model=VOICE, format="pcm")
        sound = b"".join([data async for data in again.audio()])

    assert isinstance(parts[0], SpeechStart)
    assert b"".join(part.data for part in parts if isinstance(part, SpeechDelta)) == sound == again.result().audio


async def test_a_sound_may_be_speech_bytes_a_path_or_a_data_uri(spoken: SpeechResult, tmp_path: Path) -> None:
    file = spoken.save(tmp_path / "spoken.wav")
    data = f"data:audio/wav;base64,{base64.b64encode(spoken.audio).decode()}"
    async with AsyncClient(model=EARS) as client:
        for sound in (spoken, spoken.audio, file, str(file), file.as_uri(), data):
            assert (await client.transcribe(sound)).text == "hello there"


async def test_samples_without_a_head_are_transcribed_too() -> None:
    async with AsyncClient() as client:
        raw = await client.speak("hello", model=VOICE, format="pcm")

        assert (await client.transcribe(raw, model=EARS)).text == "hello"


class Line:
    """Stands in for the place of assets."""

    def __init__(self, data: bytes, place: Path | None) -> None:
        self._data = data
        self._place = place

    async def asset(self, asset: str) -> Asset:
        made = msgspec.convert("2026-11-28T00:00:00Z", Asset.__annotations__["created_at"], strict=False)
        return Asset(id=asset, tenant="me", media_type="audio/wav", bytes=len(self._data), sha256="", created_at=made)

    async def place(self, asset: Asset) -> Path | None:
        assert asset.id == "asset_one"
        return self._place

    async def open(self, asset: Asset) -> AsyncIterator[bytes]:
        assert asset.id == "asset_one"
        yield self._data


async def test_a_kept_file_is_read_where_it_lies_or_fetched(
    spoken: SpeechResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = spoken.save(tmp_path / "kept")
    async with AsyncClient(model=EARS) as client:
        for place in (file, None):
            monkeypatch.setattr(client, "_job_line", lambda place=place: Line(spoken.audio, place))
            assert (await client.transcribe("asset_one")).text == "hello there"


async def test_what_is_no_sound_is_told_before_anything_is_sent() -> None:
    async with AsyncClient(model=EARS) as client:
        for sound, told in ((Path("nowhere.wav"), "is not there"), (3, "must be a path"), ("", "must be a path")):
            with pytest.raises(InvalidRequestError, match=told):
                await client.transcribe(sound)  # type: ignore[arg-type]
        with pytest.raises(NotFoundError):
            await client.transcribe("job_nothing")
        with pytest.raises(InvalidRequestError, match="must be a text"):
            await client.speak(3, model=VOICE)  # type: ignore[arg-type]
        with pytest.raises(InvalidRequestError, match="there are pcm, "):
            await client.speak("hi", model=VOICE, format="tape")  # type: ignore[arg-type]
        with pytest.raises(ValidationError, match="did you mean voice"):
            await client.speak("hi", model=VOICE, voce="tones")
    with pytest.raises(ConfigurationError, match="closed"):
        await client.speak("hi")


async def test_a_transcript_comes_in_parts_and_at_last_as_a_whole(spoken: SpeechResult) -> None:
    async with AsyncClient() as client:
        parts = [part async for part in client.stream_transcription(spoken, model=EARS)]

    assert "".join(part.text for part in parts if isinstance(part, TranscriptDelta)) == "hello there"
    assert isinstance(parts[-1], TranscriptDone)
    assert parts[-1].transcript.text == "hello there"
    assert "hello there" in parts[-1].transcript.srt()
    assert parts[-1].transcript.vtt().startswith("WEBVTT")


async def test_voices_are_those_of_the_manifest_where_no_provider_lists_them() -> None:
    async with AsyncClient() as client:
        assert [one.id for one in await client.voices(VOICE)] == ["tones"]


async def test_models_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENMUX_SPEECH_MODEL", VOICE)
    monkeypatch.setenv("GENMUX_TRANSCRIBE_MODEL", EARS)
    async with AsyncClient() as client:
        assert (await client.transcribe(await client.speak("as configured", format="wav"))).text == "as configured"


def test_code_without_an_event_loop_does_the_same(spoken: SpeechResult) -> None:
    with Client() as client:
        assert client.transcribe(spoken, model=EARS).text == "hello there"
        with client.stream_speech("hello", model=VOICE, format="pcm") as stream:
            sound = b"".join(stream.audio())
        assert stream.result().audio == sound
        parts = list(client.stream_transcription(spoken, model=EARS))
        assert isinstance(parts[-1], TranscriptDone)
        assert [one.id for one in client.voices(VOICE)] == ["tones"]


class Piece(msgspec.Struct):
    """A part of a sound."""

    audio: AudioFile
    start: float
    seconds: float


async def test_a_long_sound_is_written_down_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    async with AsyncClient() as client:
        said = [await client.speak(text, model=VOICE, format="wav") for text in ("hello", "there")]
        pieces = [
            Piece(AudioFile(data=one.audio, media_type="audio/wav", seconds=1.0, size=9), float(at), 1.0)
            for at, one in enumerate(said)
        ]

        async def cut(_: object) -> list[Piece]:
            return pieces

        monkeypatch.setattr(client.app.transcribing, "_pieces", cut)
        parts = [part async for part in client.stream_transcription(said[0], model=EARS)]

    assert [part.text for part in parts if isinstance(part, TranscriptDelta)] == ["hello", " there"]
    assert isinstance(parts[-1], TranscriptDone)
    assert (parts[-1].transcript.text, parts[-1].transcript.seconds) == ("hello there", 2.0)


async def test_a_text_that_is_longer_than_the_model_takes_is_streamed_piece_by_piece() -> None:
    async with AsyncClient() as client:
        text = "Hello there. " * 700
        stream = await client.stream_speech(text, model="mock/voice", format="pcm")
        async for _ in stream:
            pass
        whole = await client.speak(text, model="mock/voice", format="pcm")
    told = stream.result()
    assert told.seconds == pytest.approx(whole.seconds, rel=0.01)
    assert told.usage.meters["characters.input"] == pytest.approx(len(text), abs=5)
    assert told.cost is not None
