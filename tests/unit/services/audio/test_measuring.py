import io
from pathlib import Path

import av
import numpy as np
import pytest

from genmux.services.audio.tools import LocalAudioTools
from genmux.services.audio.waves import wave_head
from genmux.types.audio import AudioEncoding
from genmux.types.errors import AudioError
from genmux.types.transcription import AudioFile
from tests.unit.services.audio.sounds import form, silence, tone

SOUND = tone(2.0)


def video(*, sound: bool, seconds: float = 1.0) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as film:
        pictures = film.add_stream("libx264", rate=10)
        pictures.width = pictures.height = 32
        pictures.pix_fmt = "yuv420p"
        samples = film.add_stream("aac", rate=24_000, layout="mono") if sound else None
        for _ in range(int(seconds * 10)):
            film.mux(pictures.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))))
        film.mux(pictures.encode(None))
        if samples is not None:
            data = np.frombuffer(tone(seconds), np.int16).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(data, format="s16", layout="mono")
            frame.sample_rate = 24_000
            film.mux(samples.encode(frame))
            film.mux(samples.encode(None))
    return file.getvalue()


@pytest.mark.parametrize(
    ("encoding", "media_type"),
    [
        ("wav", "audio/wav"),
        ("mp3", "audio/mpeg"),
        ("opus", "audio/ogg"),
        ("flac", "audio/flac"),
        ("aac", "audio/aac"),
        ("m4a", "audio/mp4"),
        ("webm", "video/webm"),
    ],
)
async def test_a_file_is_what_its_content_says(
    tools: LocalAudioTools, encoding: AudioEncoding, media_type: str
) -> None:
    data = await tools.convert(SOUND, form(), form(encoding))
    found = await tools.measured(AudioFile(data=data, media_type="text/plain"))
    assert (found.media_type, found.size) == (media_type, len(data))
    assert found.seconds == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("encoding", ["mp3", "opus", "webm", "m4a", "flac"])
async def test_a_file_that_was_streamed_is_measured_too(tools: LocalAudioTools, encoding: AudioEncoding) -> None:
    one = tools.transcoder(form(), form(encoding))
    found = await tools.measured(AudioFile(data=one.feed(SOUND) + one.close()))
    assert found.seconds == pytest.approx(2.0, abs=0.1)


async def test_a_file_of_this_machine_stays_where_it_is(tools: LocalAudioTools, tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    path.write_bytes(await tools.convert(SOUND, form(), form("wav")))
    found = await tools.measured(AudioFile(path=str(path)))
    assert (found.path, found.data, found.seconds) == (str(path), None, 2.0)


async def test_the_head_of_a_wave_file_is_not_believed(tools: LocalAudioTools) -> None:
    for claimed in (None, 10 * len(SOUND)):
        found = await tools.measured(AudioFile(data=wave_head(24_000, 1, claimed) + SOUND))
        assert found.seconds == pytest.approx(2.0, abs=0.01)


async def test_the_sound_of_a_video_counts(tools: LocalAudioTools) -> None:
    found = await tools.measured(AudioFile(data=video(sound=True)))
    assert found.media_type == "video/mp4"
    assert found.seconds == pytest.approx(1.0, abs=0.1)


async def test_silence_is_sound(tools: LocalAudioTools) -> None:
    found = await tools.measured(AudioFile(data=await tools.convert(silence(1.0), form(), form("flac"))))
    assert found.seconds == 1.0


async def test_samples_without_a_head_get_one(tools: LocalAudioTools) -> None:
    found = await tools.measured(AudioFile(data=SOUND, media_type="audio/pcm;rate=24000"))
    assert (found.media_type, found.seconds) == ("audio/wav", 2.0)
    assert found.data is not None
    assert found.data[44:] == SOUND
    telephone = await tools.convert(SOUND, form(), form("pcmu", 8_000))
    assert (await tools.measured(AudioFile(data=telephone, media_type="audio/x-mulaw"))).seconds == 2.0


@pytest.mark.parametrize(
    ("audio", "told"),
    [
        (AudioFile(data=b"", name="call.mp3"), r"call\.mp3 is empty"),
        (AudioFile(data=b"hello, this is a letter"), r"it is text/plain\); accepted are WAV, MP3"),
        (AudioFile(data=bytes(range(256)) * 9), "is no sound that can be read"),
        (AudioFile(data=b"RIFF\x00\x00\x00\x00WAVEfmt nonsense" * 20), "cannot be read"),
        (AudioFile(data=b"\xff\xfb\x90\x64" + b"nonsense" * 200), "cannot be read"),
        (AudioFile(data=wave_head(24_000, 1, 0)), "cannot be read|no sound"),
        (AudioFile(data=SOUND, media_type="audio/pcm"), "nobody says how many a second"),
        (AudioFile(data=b"\x00", media_type="audio/pcm;rate=16000"), "no whole sample"),
        (AudioFile(path="/nowhere/at/all.wav"), "No such file"),
    ],
)
async def test_what_holds_no_sound_is_told_so(tools: LocalAudioTools, audio: AudioFile, told: str) -> None:
    with pytest.raises(AudioError, match=told):
        await tools.measured(audio)


async def test_a_video_without_sound_is_told_so(tools: LocalAudioTools) -> None:
    with pytest.raises(AudioError, match="there is no sound in it"):
        await tools.measured(AudioFile(data=video(sound=False)))


async def test_a_play_list_opens_nothing(tools: LocalAudioTools, tmp_path: Path) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(wave_head(24_000, 1, len(SOUND)) + SOUND)
    with pytest.raises(AudioError, match="no sound that can be read"):
        await tools.measured(AudioFile(data=f"#EXTM3U\n#EXTINF:1,\nfile://{secret}\n".encode()))
