"""Gemini's speech, as its documents and recordings show it."""

import base64
import struct
from typing import Any

import msgspec
import pytest

from genmux.contract.http import Framing
from genmux.testing.replay.recording import read_exchanges
from genmux.types.audio import AudioFormat
from genmux.types.errors import MalformedReplyError, ProviderError
from tests.recordings import RECORDINGS, needs_recordings
from tests.unit.providers.voiced import Voiced, body, recorded, reply, told

TOLD = told("google")
TTS = Voiced("google", "gemini-3.8-flash-tts")
EVENTS = [msgspec.json.encode(one) for one in TOLD["stream"]]
PCM = AudioFormat(encoding="pcm", sample_rate=24_000)


def answer(data: bytes, media_type: str = "audio/wav", finish: str | None = "STOP", **rest: Any) -> Any:
    blob = {"inlineData": {"mimeType": media_type, "data": base64.b64encode(data).decode()}}
    return {"candidates": [{"content": {"role": "model", "parts": [blob]}, "finishReason": finish}], **rest}


def wav(samples: bytes, *, size: int | None = None, coding: int = 1, bits: int = 16, rate: int = 24_000) -> bytes:
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, coding, 1, rate, rate * 2, 2, bits)
    odd = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    return b"RIFF\0\0\0\0WAVE" + fmt + odd + b"data" + struct.pack("<I", size or len(samples)) + samples


def test_the_voice_and_the_style_have_their_places() -> None:
    encoded = TTS.encoded(TTS.speech(voice="Puck", language="de-DE", instructions="softly"))
    assert encoded.http.url == "/models/gemini-3.8-flash-tts:generateContent"
    assert body(encoded.http) == {
        "contents": [{"role": "user", "parts": [{"text": "Hello there", "speechMetadata": {"style": "softly"}}]}],
        "generationConfig": {
            "responseModalities": ["AUDIO"],
            "speechConfig": {
                "voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Puck"}},
                "languageCode": "de-DE",
            },
        },
    }
    assert encoded.warnings == ()


def test_a_stream_is_asked_for_as_events_and_what_cannot_be_done_is_told() -> None:
    encoded = TTS.encoded(TTS.speech(speed=1.5, seed=3), stream=True)
    assert encoded.http.url == "/models/gemini-3.8-flash-tts:streamGenerateContent?alt=sse"
    assert encoded.http.framing is Framing.SSE
    assert [one.field for one in encoded.warnings] == ["voice", "speed", "seed"]


@pytest.mark.parametrize("size", [None, 0xFFFF_FFFF])
def test_of_a_file_the_samples_are_taken(size: int | None) -> None:
    result = TTS.spoken(reply(answer(wav(b"\1\2\3\4", size=size, rate=48_000))))
    assert (result.audio, result.format) == (b"\1\2\3\4", AudioFormat(encoding="pcm", sample_rate=48_000))


@pytest.mark.parametrize("file", [wav(b"\1\2\3\4", bits=24), wav(b"\1\2", coding=7), b"RIFF\0\0\0\0WAVEfmt "])
def test_a_file_of_other_samples_stays_a_file(file: bytes) -> None:
    result = TTS.spoken(reply(answer(file)))
    assert (result.audio, result.format.encoding) == (file, "wav")


def test_samples_are_what_they_say() -> None:
    assert TTS.spoken(reply(answer(b"abcd", "audio/L16;codec=pcm;rate=16000"))).format.sample_rate == 16_000
    assert TTS.spoken(reply(answer(b"abcd", "audio/mpeg"))).format.encoding == "mp3"


def test_a_stream_is_sound_and_at_its_end_what_was_used() -> None:
    result = TTS.streamed(EVENTS)
    assert (result.audio, result.format) == (bytes(range(8)), PCM)
    assert result.usage.meters == {"tokens.input": 3, "tokens.output": 9, "tokens.output.audio": 9}


def test_streamed_sound_is_the_same_as_whole_sound() -> None:
    usage = TOLD["stream"][-1]["usageMetadata"]
    whole = reply(answer(bytes(range(8)), "audio/L16;codec=pcm;rate=24000", usageMetadata=usage))
    assert TTS.streamed(EVENTS) == TTS.spoken(whole)


@pytest.mark.parametrize("events", [EVENTS[:1], EVENTS[:2]])
def test_a_stream_that_ends_without_a_reason_is_malformed(events: list[bytes]) -> None:
    with pytest.raises(MalformedReplyError):
        TTS.parts(events)


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({"candidates": [{"finishReason": "SAFETY"}]}, "content_filtered"),
        ({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}, "content_filtered"),
        ({"candidates": [{"finishReason": "OTHER"}]}, "server"),
        ({"candidates": [{"finishReason": "BRAND_NEW"}]}, "server"),
        ({"candidates": [{"content": {"parts": [{"text": "Sure!"}]}, "finishReason": "STOP"}]}, "server"),
        ({}, "server"),
        ({"error": {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}}, "rate_limit"),
    ],
)
def test_an_answer_without_sound_says_why(document: Any, kind: str) -> None:
    for read in (lambda: TTS.spoken(reply(document)), lambda: TTS.parts([msgspec.json.encode(document)])):
        with pytest.raises(ProviderError) as caught:
            read()
        assert caught.value.kind == kind


@pytest.mark.parametrize("document", [[], {"candidates": 3}, answer(b"") | {"candidates": "x"}])
def test_an_answer_that_makes_no_sense_is_malformed(document: Any) -> None:
    with pytest.raises(MalformedReplyError):
        TTS.spoken(reply(document))


def test_sound_that_is_no_base64_is_malformed() -> None:
    blob = {"inlineData": {"mimeType": "audio/L16", "data": "!!"}}
    with pytest.raises(MalformedReplyError):
        TTS.spoken(reply({"candidates": [{"content": {"parts": [blob]}, "finishReason": "STOP"}]}))


@needs_recordings
def test_recorded_speech_is_asked_for_as_it_was_and_read() -> None:
    file = "google/tts/speech-basic-functionality-gemini-gemini-2-5-flash-preview-t-0aed8f34.json"
    exchange = next(iter(read_exchanges([RECORDINGS / file])))
    assert exchange.request is not None
    asked = msgspec.json.decode(exchange.request.body)
    asked.pop("model")  # the address names it, too
    text = asked["contents"][0]["parts"][0]["text"]
    assert body(TTS.encoded(TTS.speech(text, voice="Kore")).http) == asked
    result = TTS.spoken(recorded(file))
    assert (result.format, len(result.audio)) == (PCM, 3_072)
    assert result.usage.meters == {"tokens.input": 11, "tokens.output": 111, "tokens.output.audio": 111}


@needs_recordings
def test_a_recorded_refusal_and_a_recorded_stream_are_read() -> None:
    file = "google/tts/speechconfigparam-google-6a3331ed.json"
    with pytest.raises(ProviderError, match="OTHER"):
        TTS.spoken(recorded(file))
    event = recorded(file, 1).body.strip().removeprefix(b"data: ")
    result = TTS.streamed([event])
    assert result.format == PCM
    assert result.usage.meters["tokens.output.audio"] == 23
