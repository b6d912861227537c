"""Sonic and Cartesia's voices, as its documents show them."""

from typing import Any

import msgspec
import pytest

from genmux.contract.http import Framing, HttpReply
from genmux.contract.voices import Voices
from genmux.types.audio import AudioFormat
from genmux.types.errors import MalformedReplyError, ProviderError
from genmux.types.speech import SpeechStart, SpokenWord, Voice
from tests.unit.providers.voiced import Voiced, body, reply, sound, told

TOLD = told("cartesia")
SONIC = Voiced("cartesia", "sonic-3")
EVENTS = [msgspec.json.encode(one) for one in TOLD["events"]]
WORDS = (SpokenWord(text="Hello", start=0.0, end=0.35), SpokenWord(text="there", start=0.4, end=0.8))


def as_stream(events: list[bytes]) -> HttpReply:
    written = b"".join(b"event: x\ndata: " + one + b"\n\n" for one in events)
    return HttpReply(status=200, headers={"content-type": "text/event-stream"}, body=written)


def test_sound_is_asked_for_as_bytes() -> None:
    http = SONIC.encoded(SONIC.speech(voice="v", language="en-GB", speed=1.2, params={"emotion": "calm"})).http
    assert (http.url, http.framing, dict(http.headers)["accept"]) == ("/tts/bytes", Framing.RAW, "audio/mpeg")
    assert body(http) == {
        "model_id": "sonic-3",
        "transcript": "Hello there",
        "voice": {"id": "v"},
        "output_format": {"container": "mp3", "sample_rate": 44_100, "bit_rate": 128_000},
        "generation_config": {"emotion": "calm", "speed": 1.2},
        "language": "en",
    }


@pytest.mark.parametrize(
    ("encoding", "stream", "timestamps", "url", "framing"),
    [
        ("mp3", True, False, "/tts/bytes", Framing.RAW),
        ("pcm", False, False, "/tts/bytes", Framing.RAW),
        ("pcm", True, False, "/tts/sse", Framing.SSE),
        ("mp3", False, True, "/tts/sse", Framing.SSE),
        ("mp3", True, True, "/tts/sse", Framing.SSE),
    ],
)
def test_streams_of_samples_and_times_come_as_events(
    encoding: Any, stream: bool, timestamps: bool, url: str, framing: Framing
) -> None:
    http = SONIC.encoded(SONIC.speech(voice="v", format=encoding, timestamps=timestamps), stream=stream).http
    assert (http.url, http.framing) == (url, framing)
    assert body(http).get("add_timestamps", False) is timestamps


@pytest.mark.parametrize(
    ("encoding", "wanted", "written"),
    [
        ("wav", None, {"container": "wav", "encoding": "pcm_s16le", "sample_rate": 24_000}),
        ("pcm", 12_000, {"container": "raw", "encoding": "pcm_s16le", "sample_rate": 16_000}),
        ("pcmu", None, {"container": "raw", "encoding": "pcm_mulaw", "sample_rate": 8_000}),
        ("flac", None, {"container": "mp3", "sample_rate": 44_100, "bit_rate": 128_000}),
    ],
)
def test_formats_are_written_as_cartesia_calls_them(encoding: Any, wanted: int | None, written: Any) -> None:
    http = SONIC.encoded(SONIC.speech(voice="v", format=encoding, sample_rate=wanted)).http
    assert body(http)["output_format"] == written


def test_events_are_sound_and_words() -> None:
    parts = SONIC.parts(EVENTS, voice="v", format="pcm")
    assert parts[0] == SpeechStart(format=AudioFormat(encoding="pcm", sample_rate=24_000))
    result = SONIC.streamed(EVENTS, voice="v", format="pcm")
    assert (result.audio, result.words) == (bytes(range(6)), WORDS)


def test_events_that_came_whole_are_the_same_as_events_that_came_one_by_one() -> None:
    whole = SONIC.spoken(as_stream(EVENTS), voice="v", timestamps=True)
    assert whole == SONIC.streamed(EVENTS, voice="v", timestamps=True)
    assert whole.format.encoding == "pcm"


def test_sound_as_bytes_is_the_same_whole_and_streamed() -> None:
    assert SONIC.spoken(sound(b"abcd"), voice="v") == SONIC.streamed([b"ab", b"cd"], voice="v")


@pytest.mark.parametrize("events", [[], EVENTS[:2], EVENTS[-1:]])
def test_a_stream_without_its_end_or_without_sound_is_malformed(events: list[bytes]) -> None:
    with pytest.raises(MalformedReplyError):
        SONIC.parts(events, voice="v", format="pcm")


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"type": 3},
        {"type": "chunk", "data": "!!"},
        {"type": "timestamps", "word_timestamps": {"words": ["a"], "start": [], "end": [0.1]}},
    ],
)
def test_events_that_make_no_sense_are_malformed(event: Any) -> None:
    with pytest.raises(MalformedReplyError):
        SONIC.parts([msgspec.json.encode(event)], voice="v", format="pcm")


def test_an_error_event_is_its_error() -> None:
    with pytest.raises(ProviderError) as caught:
        SONIC.parts([EVENTS[0], msgspec.json.encode(TOLD["error_event"])], voice="v", format="pcm")
    assert (caught.value.kind, caught.value.status, caught.value.code) == ("rate_limit", 429, "concurrency_limited")


def test_voices_are_listed_page_by_page() -> None:
    wire = SONIC.wire
    assert isinstance(wire, Voices)
    assert wire.encode_voices(SONIC.model).url == "/voices?limit=100"
    page = reply(TOLD["voices"])
    assert wire.decode_voices(page) == (
        Voice(
            id="6ccbfb76-1fc6-48f7-b71d-91ac6298247b",
            name="Tessa",
            languages=("en-US", "es-MX"),
            gender="female",
            description="Kind companion",
        ),
    )
    more = wire.more_voices(page)
    assert more is not None
    assert more.url == "/voices?limit=100&starting_after=6ccbfb76-1fc6-48f7-b71d-91ac6298247b"
    assert wire.more_voices(reply(TOLD["last_voices"])) is None
