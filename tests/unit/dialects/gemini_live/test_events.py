"""What a provider says of the session itself."""

from typing import Any

import pytest

from genmux.types.errors import ErrorKind
from genmux.types.realtime_events import (
    GoingAway,
    Idle,
    RealtimeEvent,
    ResumptionHandle,
    SessionCreated,
    SessionFailed,
    SpeechStarted,
    SpeechStopped,
    ToolCallsCancelled,
    Unknown,
    UsageReported,
)
from tests.unit.dialects.gemini_live.talking import heard, opened, spoken


@pytest.mark.parametrize(
    ("message", "event"),
    [
        ({"setupComplete": {}}, SessionCreated()),
        ({"setupComplete": {"sessionId": "s"}}, SessionCreated(provider_session="s")),
        ({"goAway": {"timeLeft": "50s"}}, GoingAway(seconds=50)),
        ({"goAway": {"timeLeft": "soon"}}, GoingAway()),
        ({"sessionResumptionUpdate": {"newHandle": "h", "resumable": True}}, ResumptionHandle(handle="h")),
        ({"sessionResumptionUpdate": {"resumable": False}}, ResumptionHandle(resumable=False)),
        ({"toolCallCancellation": {"ids": ["a", "b"]}}, ToolCallsCancelled(call_ids=("a", "b"))),
        ({"serverContent": {"interactionStatus": "IDLE"}}, Idle()),
        ({"serverContent": {"waitingForInput": True}}, Idle()),
        (
            {"voiceActivity": {"voiceActivityType": "ACTIVITY_START", "audioOffset": "1.5s"}},
            SpeechStarted(item_id="input_1", audio_ms=1_500),
        ),
        ({"voiceActivityDetectionSignal": {"vadSignalType": "VAD_SIGNAL_TYPE_SOS"}}, SpeechStarted(item_id="input_1")),
        ({"voiceActivity": {"voiceActivityType": "ACTIVITY_END"}}, SpeechStopped(item_id="input_0")),
    ],
)
def test_every_message_is_an_event(message: dict[str, Any], event: RealtimeEvent) -> None:
    assert heard(opened(), message) == [event]


@pytest.mark.parametrize(
    ("frame", "name"),
    [
        ('{"confetti":{},"x":1}', "confetti+x"),
        ("{}", "nothing"),
        ("[]", "no table"),
        ("{", "not JSON"),
        (b"\xff", "not JSON"),
        ('{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"data":"@@@"}}]}}}', "serverContent"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_what_is_not_understood_is_unknown(frame: str | bytes, name: str) -> None:
    assert list(opened().receive(frame)) == [Unknown(name=name)]


def test_what_means_nothing_to_a_session_is_no_event() -> None:
    for content in ({}, {"groundingMetadata": {}}, {"interactionStatus": "IN_PROGRESS"}, {"turnComplete": True}):
        assert heard(opened(), {"serverContent": content}) == []


def test_an_error_is_told_and_the_session_goes_on() -> None:
    (failed,) = heard(opened(), {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "slow down"}})
    assert isinstance(failed, SessionFailed)
    assert failed.error is not None
    assert (failed.error.kind, failed.recoverable) == (ErrorKind.RATE_LIMIT, True)


def test_the_newest_handle_is_kept() -> None:
    codec = opened()
    assert codec.handle is None
    for handle in ("a", "b"):
        heard(codec, {"sessionResumptionUpdate": {"newHandle": handle, "resumable": True}})
    heard(codec, {"sessionResumptionUpdate": {"resumable": False}})
    assert codec.handle == "b"


def test_usage_is_counted_by_kind() -> None:
    told = {
        "promptTokenCount": 100,
        "toolUsePromptTokenCount": 5,
        "cachedContentTokenCount": 20,
        "candidatesTokenCount": 30,
        "thoughtsTokenCount": 7,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 30}, {"modality": "AUDIO", "tokenCount": 70}],
        "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 28}, {"modality": "TEXT"}],
    }
    (reported,) = heard(opened(), {"usageMetadata": told})
    assert isinstance(reported, UsageReported)
    assert reported.usage.meters == {
        "tokens.input": 105,
        "tokens.output": 37,
        "tokens.input.cached": 20,
        "tokens.output.reasoning": 7,
        "tokens.input.audio": 70,
        "tokens.output.audio": 28,
    }


def test_usage_in_the_middle_of_an_answer_is_told_by_itself() -> None:
    codec = opened()
    heard(codec, **spoken())
    assert [type(e) for e in heard(codec, {"serverContent": {}, "usageMetadata": {"promptTokenCount": 1}})] == [
        UsageReported
    ]


@pytest.mark.parametrize(
    ("code", "reason", "reconnect"),
    [
        (1000, "", False),
        (None, "", True),
        (1006, "", True),
        (1011, "deadline", True),
        (1007, "bad", False),
        (1008, "no", False),
    ],
)
def test_only_what_a_new_connection_mends_is_worth_one(code: int | None, reason: str, reconnect: bool) -> None:
    assert opened().closed(code, reason).reconnect is reconnect


def test_an_end_that_was_announced_is_worth_a_new_connection() -> None:
    codec = opened()
    heard(codec, {"goAway": {"timeLeft": "1s"}})
    assert [codec.closed(code, "").reconnect for code in (1000, 1008, 1007)] == [True, True, False]
