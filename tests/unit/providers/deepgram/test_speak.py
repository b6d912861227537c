"""Aura, as its documents and recordings show it."""

from typing import Any

import pytest

from genmux.contract.http import Framing
from genmux.types.audio import AudioFormat
from genmux.types.errors import MalformedReplyError
from tests.recordings import needs_recordings
from tests.unit.providers.voiced import Voiced, body, query, recorded, reply, sound

AURA = Voiced("deepgram", "aura-2")
FIRST = Voiced("deepgram", "aura-1")


def test_the_voice_is_the_end_of_the_model_and_the_text_alone_is_the_body() -> None:
    http = AURA.encoded(AURA.speech(voice="zeus-en", format="wav")).http
    assert query(http) == (
        "/v1/speak",
        {"model": "aura-2-zeus-en", "encoding": "linear16", "container": "wav"},
    )
    assert (body(http), http.framing) == ({"text": "Hello there"}, Framing.RAW)
    assert query(FIRST.encoded(FIRST.speech(voice="luna-en")).http)[1]["model"] == "aura-luna-en"
    assert query(AURA.encoded(AURA.speech(voice="aura-2-luna-en")).http)[1]["model"] == "aura-2-luna-en"


@pytest.mark.parametrize(
    ("encoding", "wanted", "written", "rate"),
    [
        ("mp3", 44_100, {"encoding": "mp3"}, 24_000),
        ("pcm", 16_000, {"encoding": "linear16", "container": "none", "sample_rate": "16000"}, 16_000),
        ("opus", None, {"encoding": "opus", "container": "ogg"}, 48_000),
        ("pcma", None, {"encoding": "alaw", "container": "none"}, 8_000),
        ("m4a", None, {"encoding": "mp3"}, 24_000),
    ],
)
def test_formats_are_written_as_deepgram_calls_them(
    encoding: Any, wanted: int | None, written: dict[str, str], rate: int
) -> None:
    asked = {"voice": "thalia-en", "format": encoding, "sample_rate": wanted}
    assert query(AURA.encoded(AURA.speech(**asked)).http)[1] == {"model": "aura-2-thalia-en", **written}
    assert AURA.spoken(sound(b"ab"), **asked).format.sample_rate == rate


def test_without_a_voice_the_usual_one_speaks_and_what_cannot_be_done_is_told() -> None:
    encoded = AURA.encoded(AURA.speech(speed=1.2, language="en", instructions="softly"))
    assert query(encoded.http)[1]["speed"] == "1.2"
    assert [one.field for one in encoded.warnings] == ["voice", "language", "instructions"]


def test_streamed_sound_is_the_same_as_whole_sound() -> None:
    whole = AURA.spoken(sound(b"abcd"), format="pcm")
    assert AURA.streamed([b"ab", b"cd"], format="pcm") == whole
    assert whole.format == AudioFormat(encoding="pcm", sample_rate=24_000)


@pytest.mark.parametrize("answer", [sound(b""), reply({"ok": True})])
def test_a_reply_without_sound_is_malformed(answer: Any) -> None:
    with pytest.raises(MalformedReplyError):
        AURA.spoken(answer)


@needs_recordings
@pytest.mark.parametrize(
    ("file", "voice", "encoding", "head", "count"),
    [
        ("providers-deepgram-audio-speaks-text-with-aura-2-1cf984fa", "thalia-en", "mp3", b"\xff\xf3", 64),
        ("providers-deepgram-audio-swaps-the-voice-inside-the-model-id-f6e44589", "zeus-en", "wav", b"RIFF", 24),
    ],
)
def test_recorded_speech_is_read_with_its_count_of_characters(
    file: str, voice: str, encoding: Any, head: bytes, count: int
) -> None:
    result = AURA.spoken(recorded(f"deepgram/tts/{file}.json"), voice=voice, format=encoding)
    assert result.audio.startswith(head)
    assert result.usage.meters == {"characters.input": count}
    assert str(result.request_id).startswith("019ffa")
    if encoding == "mp3":  # MPEG-2 layer 3, whose rate has the number 1 here: 24 kHz
        assert (result.audio[2] >> 2) & 3 == 1
