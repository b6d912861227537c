"""The simulator speaks, and hears itself."""

import io
import wave
from array import array
from pathlib import Path
from typing import Any

import pytest

from genmux.contract.local import Pause
from genmux.providers.mock.chance import Chance
from genmux.providers.mock.hearing import read_sound
from genmux.providers.mock.modem import RATE, heard, size_of, spoken
from genmux.types.errors import AudioError, OverloadedError, RateLimitError, UnsupportedError
from genmux.types.speech import SpeechDelta, SpeechRequest, SpeechStart, SpeechWords
from genmux.types.transcription import (
    AudioFile,
    Transcript,
    TranscriptDelta,
    TranscriptDone,
    TranscriptionRequest,
    TranscriptSegment,
)
from tests.unit.providers.mock.asking import load

SENTENCES = "Hello there, how are you? Grüezi mitenand! Emoji: 🎉."


def speech(
    text: str = SENTENCES, *, model: str = "voice", options: dict[str, str] | None = None, **f: Any
) -> list[Any]:
    return [*load(model, options=options).run(SpeechRequest(model=f"mock/{model}", text=text, **f))]


def sound(text: str = SENTENCES, **fields: Any) -> bytes:
    return b"".join(part.data for part in speech(text, **fields) if isinstance(part, SpeechDelta))


def file(data: bytes, media_type: str = "audio/pcm") -> AudioFile:
    return AudioFile(data=data, media_type=media_type, size=len(data))


def parts(audio: AudioFile, *, options: dict[str, str] | None = None, **fields: Any) -> list[Any]:
    return [*load("ears", options=options).run(TranscriptionRequest(model="mock/ears", audio=audio, **fields))]


def transcript(audio: AudioFile, **fields: Any) -> Transcript:
    done = parts(audio, **fields)[-1]
    assert isinstance(done, TranscriptDone)
    return done.transcript


def resampled(samples: "array[int]", rate: int, *, volume: float = 1.0) -> "array[int]":
    """The same at another rate, in straight lines from sample to sample."""
    made = array("h")
    for number in range(int(len(samples) * rate / RATE)):
        at = number * RATE / rate
        one, part = int(at), at % 1
        other = min(one + 1, len(samples) - 1)
        made.append(int((samples[one] * (1 - part) + samples[other] * part) * volume))
    return made


@pytest.mark.parametrize(("format_", "media_type"), [("pcm", "audio/pcm"), ("wav", "audio/wav")])
def test_what_was_spoken_is_heard(format_: Any, media_type: str) -> None:
    assert transcript(file(sound(format=format_), media_type)).text == SENTENCES


def test_the_same_text_sounds_the_same_and_lasts_as_long_as_it_is() -> None:
    assert sound() == sound()
    assert len(sound()) == size_of(SENTENCES)
    assert 2 < len(sound()) / (2 * RATE) < 4
    assert len(sound("Hi.")) < len(sound("Hi there, and more."))


def test_a_wav_is_one() -> None:
    with wave.open(io.BytesIO(sound(format="wav"))) as read:
        assert (read.getframerate(), read.getnchannels(), read.getsampwidth()) == (RATE, 1, 2)
        assert read.getnframes() * 2 == size_of(SENTENCES)


def test_speech_comes_word_by_word_with_times_where_they_are_wanted() -> None:
    made = speech("One two.", timestamps=True)
    assert isinstance(made[0], SpeechStart)
    words = [word for part in made if isinstance(part, SpeechWords) for word in part.words]
    assert [one.text for one in words] == ["One", "two."]
    assert words[0].end < words[1].start
    assert not any(isinstance(part, SpeechWords) for part in speech("One two."))


@pytest.mark.parametrize(
    "text",
    [
        "Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrik steht dort.",
        "🎉" * 60,
        "日本語の文章です。",
        "a",
        "\x00\x01 \x07",
    ],
)
def test_any_text_is_heard_again_but_for_its_spaces(text: str) -> None:
    assert transcript(file(sound(text))).text == " ".join(text.split())


@pytest.mark.parametrize(("rate", "volume"), [(8_000, 1.0), (16_000, 0.3), (22_050, 2.0), (48_000, 0.1)])
def test_another_rate_and_another_volume_do_no_harm(rate: int, volume: float) -> None:
    samples = resampled(array("h", sound()), rate, volume=volume)
    assert " ".join(one.text for one in heard(samples, rate) if one) == SENTENCES


def test_noise_and_silence_around_do_no_harm() -> None:
    noise = Chance("noise")
    spoken_ = array("h", sound("Hello there."))
    around = array("h", (noise.below(301) - 150 for _ in range(RATE // 2)))
    assert " ".join(one.text for one in heard(around + spoken_ + around, RATE) if one) == "Hello there."


def test_words_and_sentences_have_their_times_where_they_are_wanted() -> None:
    told = transcript(file(sound()), words=True, segments=True, diarize=True, language="gsw")
    assert [one.text for one in told.segments] == ["Hello there, how are you?", "Grüezi mitenand!", "Emoji: 🎉."]
    assert {one.speaker for one in told.segments} == {"A"}
    assert (len(told.words), told.language) == (9, "gsw")
    assert told.words[0].start < 0.01
    assert told.segments[-1].end <= (told.seconds or 0)
    assert transcript(file(sound())).segments == ()


def test_a_transcript_comes_word_by_word_and_whole_at_the_end() -> None:
    told = parts(file(sound("One two. Three.")), segments=True)
    assert "".join(one.text for one in told if isinstance(one, TranscriptDelta)) == "One two. Three."
    assert [one.segment.text for one in told if isinstance(one, TranscriptSegment)] == ["One two.", "Three."]


def test_of_another_sound_the_prompt_is_told() -> None:
    chord = sound("Some words.", model="speech")
    assert transcript(file(chord, "audio/wav"), prompt="They sing.").text == "They sing."
    assert transcript(file(bytes(48_000))).text == ""


def test_usage_is_what_a_provider_bills() -> None:
    assert transcript(file(bytes(48_000))).usage.meters == {"seconds.input.audio": 1.0}


def test_a_file_is_read_from_its_place(tmp_path: Path) -> None:
    place = tmp_path / "a.wav"
    place.write_bytes(sound(format="wav"))
    audio = AudioFile(path=str(place), media_type="audio/wav", name="a.wav")
    assert transcript(audio).text == SENTENCES
    place.unlink()
    with pytest.raises(AudioError, match=r"a\.wav cannot be read"):
        transcript(audio)


def test_a_wav_that_was_streamed_goes_to_its_end_and_other_chunks_are_passed_over() -> None:
    whole = sound("Hi there.", format="wav")
    streamed = (
        whole[:4] + b"\xff\xff\xff\xff" + whole[8:36] + b"LIST\x03\0\0\0abc\0" + b"data\xff\xff\xff\xff" + whole[44:]
    )
    assert transcript(file(streamed, "audio/wav")).text == "Hi there."


def test_of_several_channels_the_first_is_heard() -> None:
    samples = array("h", sound("Hi there."))
    both = array("h", (value for sample in samples for value in (sample, 0)))
    written = io.BytesIO()
    with wave.open(written, "wb") as writer:
        writer.setnchannels(2)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes(both.tobytes())
    assert transcript(file(written.getvalue(), "audio/wav")).text == "Hi there."


@pytest.mark.parametrize(
    ("audio", "words"),
    [
        (file(b"ID3", "audio/mpeg"), "understands WAV and bare 16-bit samples at 24000 Hz, not audio/mpeg"),
        (file(b"RIFF\0\0\0\0WAVE", "audio/wav"), "no samples in it"),
        (file(b"RIFF\0\0\0\0WAVEdata\x02\0\0\0ab", "audio/wav"), "written in another way"),
        (AudioFile(url="https://a.test/a.wav"), "fetches no addresses"),
    ],
)
def test_a_sound_that_cannot_be_read_is_an_error_that_says_what_can(audio: AudioFile, words: str) -> None:
    with pytest.raises(AudioError, match=words):
        parts(audio)


def test_half_a_sample_is_left_out() -> None:
    assert len(read_sound(file(b"abc")).samples) == 1


def test_wishes_are_not_spoken_and_are_obeyed() -> None:
    wished = speech("Hi there. [mock latency=0.5 pace=0.25]")
    assert [part.seconds for part in wished if isinstance(part, Pause)] == [0.5, 0.25, 0.25]
    assert sound("Hi there. [mock latency=0.5]") == sound("Hi there.")
    heard_ = parts(file(sound("Hi there.")), prompt="[mock latency=0.5]")
    assert heard_[0] == Pause(0.5)


def test_what_is_wished_for_goes_wrong_after_so_many_words() -> None:
    made = load("voice").run(SpeechRequest(model="m", text="One two three. [mock fault=rate_limit after=2]"))
    seen: list[Any] = []
    with pytest.raises(RateLimitError):
        seen.extend(made)
    assert sum(isinstance(one, SpeechDelta) for one in speech("One two three.")) == 3
    with pytest.raises(OverloadedError):
        speech("One. [mock fault=overloaded after=9]")
    with pytest.raises(OverloadedError):
        speech("One. [mock overloaded]", model="speech")
    with pytest.raises(RateLimitError):
        parts(file(sound("One two.")), prompt="[mock fault=rate_limit after=1]")
    with pytest.raises(UnsupportedError, match="cannot be played inside the process"):
        speech("One. [mock fault=cut_stream]")


def test_a_burst_that_was_changed_is_no_word() -> None:
    samples = array("h", next(spoken("Hello")).samples)
    tone = RATE // 50
    samples[2 * tone : 3 * tone], samples[3 * tone : 4 * tone] = (
        samples[3 * tone : 4 * tone],
        samples[4 * tone : 5 * tone],
    )
    assert [one for one in heard(samples, RATE) if one] == []
