"""Flux, as its documents show it."""

from typing import Any

import pytest

from genmux.types.audio import AudioFormat
from genmux.types.realtime import AppendAudio, CloseSession, CommitAudio, SessionConfig, TurnDetection
from genmux.types.realtime_events import (
    InputTranscriptDelta,
    InputTranscriptDone,
    SessionCreated,
    SessionFailed,
    SpeechStarted,
    SpeechStopped,
    Unknown,
    UsageReported,
)
from genmux.types.usage import Usage
from tests.unit.providers.listened import codec, heard, names
from tests.unit.providers.voiced import query


def turn(event: str, text: str = "", start: float = 0.0, end: float = 0.0, index: int = 0) -> dict[str, Any]:
    window = {"audio_window_start": start, "audio_window_end": end}
    rest = {"turn_index": index, "transcript": text, "words": [], "end_of_turn_confidence": 0.5}
    return {"type": "TurnInfo", "request_id": "r-1", "sequence_id": 1, "event": event, **window, **rest}


def test_everything_is_said_by_the_address() -> None:
    config = SessionConfig(turns=TurnDetection(silence_ms=700), params={"eot_threshold": 0.8, "keyterm": ["a", "b"]})
    flux = codec("deepgram", "flux-general", config)
    http = flux.connect()
    assert query(http) == (
        "/v2/listen",
        {
            "model": "flux-general-en",
            "encoding": "linear16",
            "sample_rate": "24000",
            "eot_timeout_ms": "700",
            "eot_threshold": "0.8",
            "keyterm": "b",
        },
    )
    assert "keyterm=a&keyterm=b" in http.url
    assert [*flux.opening()] == []


@pytest.mark.parametrize(
    ("wanted", "encoding", "rate"),
    [
        (AudioFormat(encoding="pcm", sample_rate=16_000), "linear16", "16000"),
        (AudioFormat(encoding="pcmu", sample_rate=8_000), "mulaw", "8000"),
        (AudioFormat(encoding="opus", sample_rate=48_000), "linear16", "48000"),
    ],
)
def test_sound_goes_in_as_flux_takes_it(wanted: AudioFormat, encoding: str, rate: str) -> None:
    flux = codec("deepgram", "flux-general", SessionConfig(input=wanted))
    asked = query(flux.connect())[1]
    assert (asked["encoding"], asked["sample_rate"]) == (encoding, rate)


def test_sound_goes_out_as_it_is_and_turns_can_be_ended() -> None:
    flux = codec("deepgram", "flux-general")
    assert [*flux.send(AppendAudio(b"abcd"))] == [b"abcd"]
    assert [*flux.send(CommitAudio())] == ['{"type":"ForceEndTurn"}']
    assert [*flux.send(CloseSession())] == ['{"type":"CloseStream"}']


def test_turns_are_heard() -> None:
    flux = codec("deepgram", "flux-general")
    events = heard(
        flux,
        [
            {"type": "Connected", "request_id": "r-1", "sequence_id": 0},
            turn("Update"),
            turn("StartOfTurn", "Hello", 0.4, 0.8),
            turn("Update", "Hello there", 0.4, 1.2),
            turn("EagerEndOfTurn", "Hello there", 0.4, 1.4),
            turn("TurnResumed", "Hello there", 0.4, 1.5),
            turn("EndOfTurn", "Hello there.", 0.4, 2.0),
            turn("Update", "Yes", 2.0, 2.5, 1),
            turn("EndOfTurn", "Yes.", 2.0, 2.8, 1),
        ],
    )
    assert events[:3] == [
        SessionCreated(provider_session="r-1"),
        SpeechStarted(item_id="heard_1", audio_ms=400),
        InputTranscriptDelta(item_id="heard_1", text="Hello", interim=True),
    ]
    assert names(events[3:6]) == ["InputTranscriptDelta"] * 3
    assert events[6] == SpeechStopped(item_id="heard_1", audio_ms=2_000)
    assert events[8:10] == [
        InputTranscriptDone(item_id="heard_1", text="Hello there."),
        UsageReported(usage=Usage(meters={"seconds.input.audio": 2.0})),
    ]
    assert events[10] == SpeechStarted(item_id="heard_2", audio_ms=2_000)
    assert [one.text for one in events if isinstance(one, InputTranscriptDone)] == ["Hello there.", "Yes."]


def test_errors_are_typed_and_what_is_not_understood_is_unknown() -> None:
    flux = codec("deepgram", "flux-general")
    fatal, mild = heard(
        flux,
        [
            {"type": "Error", "sequence_id": 1, "code": "INVALID_AUTH", "description": "Invalid credentials."},
            {"type": "ConfigureFailure", "request_id": "r", "sequence_id": 2, "description": "no such threshold"},
        ],
    )
    assert isinstance(fatal, SessionFailed)
    assert isinstance(mild, SessionFailed)
    assert fatal.error is not None
    assert (fatal.error.kind, fatal.recoverable, mild.recoverable) == ("authentication", False, True)
    assert heard(flux, [{"type": "Warning"}, turn("Daydream")]) == [
        Unknown(name="Warning"),
        Unknown(name="TurnInfo.Daydream"),
    ]
    for frame in (b"\xff\x00", "", "[]", '{"type": 3}'):
        assert [*flux.receive(frame)] == [Unknown(name="no message")]
