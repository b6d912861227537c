"""AssemblyAI's live transcription, as its documents show it."""

from typing import Any

import pytest

from genmux.types.audio import AudioFormat
from genmux.types.realtime import AppendAudio, CloseSession, SessionConfig, Transcribing, TurnDetection
from genmux.types.realtime_events import (
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

PRO = ("assemblyai", "universal-3-5-pro-streaming")
BEGIN = {"type": "Begin", "id": "s-1", "expires_at": 1_790_000_000}
END = {"type": "Termination", "audio_duration_seconds": 4, "session_duration_seconds": 5}


def turn(
    text: str, *, ended: bool = False, formatted: bool = False, until: int = 900, order: int = 0
) -> dict[str, Any]:
    word = {"text": "Hello", "confidence": 0.9, "word_is_final": True}
    words = [{**word, "start": 100, "end": 400}, {**word, "start": 450, "end": until}]
    told = {"turn_order": order, "turn_is_formatted": formatted, "end_of_turn": ended, "transcript": text}
    return {"type": "Turn", "end_of_turn_confidence": 0.9, "words": words, **told}


def test_everything_is_said_by_the_address_of_the_live_host() -> None:
    config = SessionConfig(
        input=AudioFormat(encoding="pcm", sample_rate=16_000),
        turns=TurnDetection(silence_ms=400),
        transcription=Transcribing(prompt="A talk."),
        params={"vad_threshold": 0.4},
    )
    http = codec(*PRO, config, base_url="https://api.assemblyai.com").connect()
    assert http.url.startswith("https://streaming.assemblyai.com/v3/ws?")
    assert query(http)[1] == {
        "speech_model": "universal-3-5-pro",
        "encoding": "pcm_s16le",
        "sample_rate": "16000",
        "format_turns": "true",
        "min_turn_silence": "400",
        "prompt": "A talk.",
        "vad_threshold": "0.4",
    }
    assert codec(*PRO, base_url="http://127.0.0.1:9").connect().url.startswith("/v3/ws?")
    other = codec("assemblyai", "universal-streaming-english").connect()
    assert query(other)[1]["speech_model"] == "universal-streaming-english"


def test_a_message_holds_at_least_fifty_milliseconds() -> None:
    live = codec(*PRO, SessionConfig(input=AudioFormat(encoding="pcm", sample_rate=16_000)))
    assert live.input.frame_ms == 50
    assert [*live.send(AppendAudio(bytes(1_000)))] == []
    assert [len(one) for one in live.send(AppendAudio(bytes(600)))] == [1_600]
    assert [*live.send(CloseSession())] == ['{"type":"Terminate"}']


def test_a_turn_comes_plain_and_then_as_it_stays() -> None:
    events = heard(
        codec(*PRO),
        [BEGIN, {"type": "SpeechStarted", "timestamp": 100}, turn("hello"), turn("hello there", ended=True),
         turn("Hello there.", ended=True, formatted=True), END],
    )  # fmt: skip
    assert events[:2] == [
        SessionCreated(provider_session="s-1", expires_at=1_790_000_000),
        SpeechStarted(item_id="heard_1", audio_ms=100),
    ]
    assert names(events[2:]) == [
        "InputTranscriptDelta", "InputTranscriptDelta", "SpeechStopped", "InputCommitted", "InputTranscriptDone",
        "UsageReported", "UsageReported",
    ]  # fmt: skip
    assert events[4] == SpeechStopped(item_id="heard_1", audio_ms=900)
    assert events[6] == InputTranscriptDone(item_id="heard_1", text="Hello there.")
    assert events[-1] == UsageReported(usage=Usage(meters={"seconds.input.audio": 4}))


def test_without_formatting_a_turn_comes_once_and_speech_begins_with_its_first_word() -> None:
    live = codec(*PRO, SessionConfig(params={"format_turns": False}))
    events = heard(live, [turn("hello"), turn("hello there", ended=True), turn("yes", ended=True, order=1)])
    assert events[0] == SpeechStarted(item_id="heard_1", audio_ms=100)
    done = [one for one in events if isinstance(one, InputTranscriptDone)]
    assert [(one.item_id, one.text) for one in done] == [("heard_1", "hello there"), ("heard_2", "yes")]


def test_a_day_is_told_as_seconds() -> None:
    created = heard(codec(*PRO), [{**BEGIN, "expires_at": "2026-11-28T00:00:00Z"}])[0]
    assert isinstance(created, SessionCreated)
    assert created.expires_at == 1_795_824_000.0


def test_errors_end_it_and_what_is_not_understood_is_unknown() -> None:
    live = codec(*PRO)
    failed = heard(live, [{"type": "Error", "error_code": 3007, "error": "Input duration violation"}])[0]
    assert isinstance(failed, SessionFailed)
    assert failed.error is not None
    assert (failed.recoverable, failed.error.message) == (False, "Input duration violation")
    unknown = ["Heartbeat", "Silence", "SpeakerRevision", "Termination"]
    assert heard(live, [{"type": name} for name in unknown]) == [Unknown(name=name) for name in unknown]
    assert [*live.receive(b"\xff")] == [Unknown(name="no message")]


@pytest.mark.parametrize(
    ("code", "reason", "reconnect"),
    [(3005, "Session expired", False), (3007, "Input duration violation", False), (1011, "", True), (None, "", True)],
)
def test_the_end_of_a_connection_says_whether_to_come_again(code: int | None, reason: str, reconnect: bool) -> None:
    assert codec(*PRO).closed(code, reason).reconnect is reconnect
