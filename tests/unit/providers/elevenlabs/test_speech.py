"""ElevenLabs' speech and voices, as its documents and recordings show them."""

from typing import Any

import msgspec
import pytest

from genmux.contract.http import Framing
from genmux.contract.voices import Voices
from genmux.types.audio import AudioFormat
from genmux.types.errors import MalformedReplyError, ProviderError
from genmux.types.speech import SpeechStart, SpokenWord, Voice
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning
from tests.recordings import needs_recordings
from tests.unit.providers.voiced import Voiced, body, query, recorded, reply, sound, told

TOLD = told("elevenlabs")
MULTI = Voiced("elevenlabs", "eleven_multilingual_v2")
V3 = Voiced("elevenlabs", "eleven_v3")
WORDS = (SpokenWord(text="Hi", start=0.0, end=0.2), SpokenWord(text="you", start=0.3, end=0.6))


def test_the_voice_is_in_the_path_and_the_format_in_the_query() -> None:
    http = MULTI.encoded(MULTI.speech(voice="v/1", format="pcm")).http
    assert query(http) == ("/v1/text-to-speech/v%2F1", {"output_format": "pcm_24000"})
    assert body(http) == {"text": "Hello there", "model_id": "eleven_multilingual_v2"}
    assert http.framing is Framing.RAW


def test_settings_of_the_voice_stand_together_and_the_rest_beside_them() -> None:
    params = {"stability": 0.3, "apply_text_normalization": "off", "enable_logging": False}
    http = MULTI.encoded(MULTI.speech(voice="v", speed=1.1, seed=7, params=params)).http
    assert query(http)[1] == {"output_format": "mp3_44100_128", "enable_logging": "false"}
    written = body(http)
    assert written["voice_settings"] == {"stability": 0.3, "speed": 1.1}
    assert (written["seed"], written["apply_text_normalization"]) == (7, "off")


@pytest.mark.parametrize(
    ("encoding", "wanted", "written", "rate"),
    [
        ("pcm", 8_000, "pcm_8000", 8_000),
        ("pcm", 12_000, "pcm_16000", 16_000),
        ("pcm", 96_000, "pcm_48000", 48_000),
        ("mp3", 16_000, "mp3_22050_32", 22_050),
        ("opus", None, "opus_48000_128", 48_000),
        ("wav", None, "wav_24000", 24_000),
        ("pcmu", 24_000, "ulaw_8000", 8_000),
        ("flac", None, "mp3_44100_128", 44_100),
    ],
)
def test_the_nearest_format_that_there_is_is_asked_for_and_told(
    encoding: Any, wanted: int | None, written: str, rate: int
) -> None:
    asked = {"voice": "v", "format": encoding, "sample_rate": wanted}
    assert query(MULTI.encoded(MULTI.speech(**asked)).http)[1]["output_format"] == written
    made = MULTI.spoken(sound(b"abcd"), **asked).format
    assert (made.encoding, made.sample_rate) == (encoding if encoding != "flac" else "mp3", rate)


def test_without_a_voice_the_usual_one_speaks_and_that_is_told() -> None:
    encoded = MULTI.encoded(MULTI.speech())
    assert query(encoded.http)[0].endswith("/JBFqnCBsd6RMkjVDRZzb")
    assert [(one.kind, one.field) for one in encoded.warnings] == [("defaulted", "voice")]


def test_what_a_model_has_no_setting_for_is_left_out_and_told() -> None:
    asked = {"voice": "v", "speed": 1.1, "language": "de-AT", "instructions": "softly"}
    multi, v3 = MULTI.encoded(MULTI.speech(**asked)), V3.encoded(V3.speech(**asked))
    assert [one.field for one in multi.warnings] == ["language", "instructions"]
    assert [one.field for one in v3.warnings] == ["speed", "instructions"]
    assert body(v3.http)["language_code"] == "de"
    assert Warning("unsupported", "speed", "eleven_v3 has no such setting; it was left out") in v3.warnings


@pytest.mark.parametrize(
    ("stream", "timestamps", "tail", "framing"),
    [
        (True, False, "/stream", Framing.RAW),
        (False, True, "/with-timestamps", Framing.RAW),
        (True, True, "/stream/with-timestamps", Framing.NDJSON),
    ],
)
def test_streams_and_times_have_places_of_their_own(
    stream: bool, timestamps: bool, tail: str, framing: Framing
) -> None:
    http = MULTI.encoded(MULTI.speech(voice="v", timestamps=timestamps), stream=stream).http
    assert (query(http)[0], http.framing) == (f"/v1/text-to-speech/v{tail}", framing)


def test_letters_become_words() -> None:
    result = MULTI.spoken(reply(TOLD["timed"]), voice="v", timestamps=True)
    assert (result.audio, result.words) == (b"ID3\x04", WORDS)


def test_a_word_that_is_torn_by_a_stream_is_one_word() -> None:
    lines = [msgspec.json.encode(one) for one in TOLD["timed_stream"]]
    result = MULTI.streamed(lines, voice="v", timestamps=True)
    assert (result.audio, result.words) == (b"ID3\x04", WORDS)


def test_streamed_sound_is_the_same_as_whole_sound() -> None:
    whole = MULTI.spoken(sound(b"abcdef"), voice="v", format="pcm")
    parts = MULTI.parts([b"ab", b"", b"cdef"], voice="v", format="pcm")
    assert parts[0] == SpeechStart(format=AudioFormat(encoding="pcm", sample_rate=24_000))
    assert MULTI.streamed([b"ab", b"", b"cdef"], voice="v", format="pcm") == whole
    assert whole.seconds == 3 / 24_000


@pytest.mark.parametrize("name", ["character-cost", "x-character-count"])
def test_what_the_provider_counts_is_kept_as_it_was_told(name: str) -> None:
    answer = sound(b"abc", **{name: "11", "request-id": "r-1"})
    result = MULTI.spoken(answer, voice="v")
    assert (result.usage.meters, result.usage.raw, result.request_id) == ({}, {"character_cost": 11}, "r-1")


@pytest.mark.parametrize("answer", [sound(b""), reply({"ok": True}), sound(b"<html>", "text/html")])
def test_a_reply_without_sound_is_malformed(answer: Any) -> None:
    with pytest.raises(MalformedReplyError):
        MULTI.spoken(answer, voice="v")


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"audio_base64": "!!"},
        {"audio_base64": 3},
        {"audio_base64": "SUQz", "alignment": {"characters": ["a"], "character_start_times_seconds": []}},
        {
            "audio_base64": "SUQz",
            "alignment": {
                "characters": ["a"],
                "character_start_times_seconds": [],
                "character_end_times_seconds": [0.1],
            },
        },
    ],
)
def test_times_that_make_no_sense_are_malformed(document: Any) -> None:
    with pytest.raises(MalformedReplyError):
        MULTI.spoken(reply(document), voice="v", timestamps=True)


@pytest.mark.parametrize("timestamps", [True, False])
def test_a_stream_without_sound_is_malformed(timestamps: bool) -> None:
    with pytest.raises(MalformedReplyError):
        MULTI.parts([], voice="v", timestamps=timestamps)


def test_an_error_inside_of_a_stream_is_raised() -> None:
    line = msgspec.json.encode({"detail": {"status": "quota_exceeded", "message": "no credits are left"}})
    with pytest.raises(ProviderError) as caught:
        MULTI.parts([line], voice="v", timestamps=True)
    assert caught.value.kind == "quota_exceeded"


def test_voices_are_listed_page_by_page() -> None:
    assert isinstance(MULTI.wire, Voices)
    first = MULTI.wire.encode_voices(MULTI.model)
    assert (first.method, first.url, first.read_only) == ("GET", "/v2/voices?page_size=100", True)
    page = reply(TOLD["voices"])
    assert MULTI.wire.decode_voices(page) == (
        Voice(
            id="JBFqnCBsd6RMkjVDRZzb",
            name="George",
            languages=("en", "fr-FR"),
            gender="male",
            description="warm",
            preview_url="https://storage.example/george.mp3",
        ),
    )
    assert MULTI.wire.more_voices(page).url == "/v2/voices?page_size=100&next_page_token=p2"
    last = reply(TOLD["last_voices"])
    assert MULTI.wire.decode_voices(last) == (Voice(id="v2", name="v2"),)
    assert MULTI.wire.more_voices(last) is None


@needs_recordings
@pytest.mark.parametrize(
    "file", ["elevenlabs/tts/text-to-speech-basic-1-b83fb153.json", "elevenlabs/tts/text-to-speech-wav-1-71ef7e95.json"]
)
def test_recorded_speech_is_read(file: str) -> None:
    result = MULTI.spoken(recorded(file), voice="v")
    assert result.audio.startswith(b"ID3")
    assert result.media_type == "audio/mpeg"
