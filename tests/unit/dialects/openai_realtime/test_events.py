"""What a provider says to us."""

from typing import Any

import pytest

from genmux.types.errors import ErrorKind
from genmux.types.realtime_events import (
    AudioChunk,
    AudioDone,
    InputCleared,
    InputCommitted,
    InputTimeout,
    InputTranscriptDelta,
    InputTranscriptDone,
    ItemAdded,
    ItemDeleted,
    ItemDone,
    ItemTruncated,
    OutputTextDelta,
    OutputTranscriptDelta,
    OutputTranscriptDone,
    PlaybackChanged,
    RateLimits,
    RealtimeEvent,
    ResponseDone,
    ResponseStarted,
    SessionClosed,
    SessionCreated,
    SessionFailed,
    SessionUpdated,
    SpeechStarted,
    SpeechStopped,
    TextDone,
    ToolCallDelta,
    ToolCalled,
    ToolCallsCancelled,
    Unknown,
)
from genmux.types.usage import Usage
from tests.unit.dialects.openai_realtime.talking import heard, opened

BUFFER = "input_audio_buffer"
WRITTEN = "conversation.item.input_audio_transcription"
CALL = {"id": "i", "type": "function_call", "call_id": "c", "name": "look", "arguments": "", "role": "tool"}
SAID = {"response_id": "r", "item_id": "i", "output_index": 0, "content_index": 1}
IDS: dict[str, Any] = {"response_id": "r", "item_id": "i"}


@pytest.mark.parametrize(
    ("kind", "fields", "event"),
    [
        (
            "session.created",
            {"session": {"id": "s", "expires_at": 9}},
            SessionCreated(provider_session="s", expires_at=9),
        ),
        ("session.updated", {"session": {}}, SessionUpdated()),
        ("session.closed", {}, SessionClosed()),
        (f"{BUFFER}.speech_started", {"audio_start_ms": 5, "item_id": "i"}, SpeechStarted(item_id="i", audio_ms=5)),
        (f"{BUFFER}.speech_stopped", {"audio_end_ms": 7, "item_id": "i"}, SpeechStopped(item_id="i", audio_ms=7)),
        (
            f"{BUFFER}.committed",
            {"item_id": "i", "previous_item_id": "h"},
            InputCommitted(item_id="i", previous_item_id="h"),
        ),
        (f"{BUFFER}.cleared", {}, InputCleared()),
        (f"{BUFFER}.timeout_triggered", {"item_id": "i"}, InputTimeout(item_id="i")),
        (f"{WRITTEN}.delta", {"item_id": "i", "delta": "He"}, InputTranscriptDelta(item_id="i", text="He")),
        (
            f"{WRITTEN}.updated",
            {"item_id": "i", "transcript": "Hello"},
            InputTranscriptDelta(item_id="i", text="Hello", interim=True),
        ),
        (
            f"{WRITTEN}.completed",
            {"item_id": "i", "transcript": "Hello", "status": "in_progress"},
            InputTranscriptDelta(item_id="i", text="Hello", interim=True),
        ),
        (
            f"{WRITTEN}.failed",
            {"item_id": "i", "error": {"message": "no deployment"}},
            InputTranscriptDone(item_id="i", error="no deployment"),
        ),
        (
            "conversation.item.added",
            {
                "previous_item_id": "h",
                "item": {
                    "id": "i",
                    "type": "message",
                    "role": "user",
                    "content": [{"type": "input_text", "text": "Hi"}],
                },
            },
            ItemAdded(item_id="i", role="user", kind="message", previous_item_id="h", text="Hi"),
        ),
        (
            "conversation.item.created",
            {"item": CALL},
            ItemAdded(item_id="i", kind="function_call", call_id="c", name="look"),
        ),
        ("conversation.item.done", {"item": CALL}, ItemDone(item_id="i", kind="function_call")),
        ("conversation.item.deleted", {"item_id": "i"}, ItemDeleted(item_id="i")),
        (
            "conversation.item.truncated",
            {"item_id": "i", "audio_end_ms": 40, "content_index": 0},
            ItemTruncated(item_id="i", audio_ms=40),
        ),
        ("response.created", {"response": {"id": "r", "conversation_id": "c"}}, ResponseStarted(response_id="r")),
        ("response.output_audio.done", SAID, AudioDone(**IDS, content_index=1)),
        (
            "response.function_call_arguments.delta",
            SAID | {"call_id": "c", "delta": "{"},
            ToolCallDelta(**IDS, call_id="c", arguments="{"),
        ),
        (
            "response.function_call_arguments.done",
            SAID | {"call_id": "c", "name": "look", "arguments": "{}"},
            ToolCalled(**IDS, call_id="c", name="look"),
        ),
        ("output_audio_buffer.started", {"response_id": "r"}, PlaybackChanged(response_id="r", what="started")),
        ("output_audio_buffer.stopped", {"response_id": "r"}, PlaybackChanged(response_id="r", what="stopped")),
        ("output_audio_buffer.cleared", {"response_id": "r"}, PlaybackChanged(response_id="r", what="cleared")),
        ("rate_limits.updated", {"rate_limits": [{"name": "tokens"}]}, RateLimits(limits=({"name": "tokens"},))),
        ("session.input_transcript.delta", {"delta": "The"}, InputTranscriptDelta(text="The")),
        ("session.output_transcript.delta", {"delta": "La"}, OutputTranscriptDelta(text="La")),
        ("session.output_audio.delta", {"delta": "AQI="}, AudioChunk(data=b"\1\2")),
    ],
)
def test_every_message_is_an_event(kind: str, fields: dict[str, Any], event: RealtimeEvent) -> None:
    assert heard(opened(), kind, **fields) == [event]


@pytest.mark.parametrize("beta", [False, True])
def test_what_is_spoken_has_two_names(beta: bool) -> None:
    for name, fields, event in (
        ("audio.delta", {"delta": "AQI="}, AudioChunk(**IDS, data=b"\1\2", content_index=1)),
        ("audio.done", {}, AudioDone(**IDS, content_index=1)),
        ("text.delta", {"delta": "He"}, OutputTextDelta(**IDS, text="He", content_index=1)),
        ("text.done", {"text": "Hello"}, TextDone(**IDS, text="Hello", content_index=1)),
        ("audio_transcript.delta", {"delta": "He"}, OutputTranscriptDelta(**IDS, text="He", content_index=1)),
        ("audio_transcript.done", {"transcript": "Hello"}, OutputTranscriptDone(**IDS, text="Hello", content_index=1)),
    ):
        assert heard(opened(), f"response.{'' if beta else 'output_'}{name}", **SAID, **fields) == [event]


@pytest.mark.parametrize(
    "kind", ["ping", "conversation.created", "response.content_part.added", "response.content_part.done"]
)
def test_what_means_nothing_to_a_session_is_no_event(kind: str) -> None:
    assert heard(opened(), kind) == []


@pytest.mark.parametrize(
    ("frame", "name"),
    [
        (b'{"type":"session.sang","x":1}', "session.sang"),
        ('{"type":"response.output_audio.delta","delta":"@@@"}', "response.output_audio.delta"),
        ("{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        ("[]", "no type"),
        ('{"a":1}', "no type"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_what_is_not_understood_is_unknown(frame: str | bytes, name: str) -> None:
    assert list(opened().receive(frame)) == [Unknown(name=name)]


def test_an_error_names_the_message_that_it_is_about() -> None:
    error = {
        "type": "invalid_request_error",
        "code": "invalid_value",
        "message": "no",
        "param": "x",
        "event_id": "genmux_3",
    }
    (failed,) = heard(opened(), "error", error=error)
    assert isinstance(failed, SessionFailed)
    assert failed.error is not None
    assert (failed.command, failed.recoverable) == ("genmux_3", True)
    assert (failed.error.kind, failed.error.message, failed.error.param) == (ErrorKind.INVALID_REQUEST, "no", "x")


def test_items_of_an_answer_have_its_id() -> None:
    codec = opened()
    heard(codec, "response.created", response={"id": "r", "conversation_id": "c"})
    item = {"id": "i", "type": "message", "role": "assistant", "content": []}
    assert heard(codec, "response.output_item.added", response_id="r", item=item) == []
    added = ItemAdded(**IDS, role="assistant", kind="message")
    assert heard(codec, "conversation.item.added", item=item) == [added]
    assert heard(codec, "conversation.item.done", item=item) == [ItemDone(**IDS, role="assistant", kind="message")]
    assert heard(codec, "response.output_item.done", response_id="r", item=item) == []


def test_items_outside_of_the_conversation_are_told_by_their_answer() -> None:
    codec = opened()
    heard(codec, "response.created", response={"id": "r", "conversation_id": None})
    item = {"id": "i", "type": "message", "role": "assistant", "content": []}
    (added,) = heard(codec, "response.output_item.added", response_id="r", item=item)
    (done,) = heard(codec, "response.output_item.done", response_id="r", item=item)
    assert (added, done) == (
        ItemAdded(**IDS, role="assistant", kind="message"),
        ItemDone(**IDS, role="assistant", kind="message"),
    )


def test_a_call_that_is_not_complete_is_cancelled() -> None:
    codec = opened()
    events = heard(codec, "response.output_item.done", response_id="r", item=CALL | {"status": "incomplete"})
    assert events == [ToolCallsCancelled(**IDS, call_ids=("c",)), ItemDone(**IDS, kind="function_call")]


def test_the_name_of_a_tool_may_stand_only_in_its_item() -> None:
    codec = opened()
    heard(codec, "conversation.item.created", item=CALL)
    (called,) = heard(codec, "response.function_call_arguments.done", **SAID, call_id="c", arguments="{}")
    assert called == ToolCalled(**IDS, call_id="c", name="look")


USAGE = {
    "total_tokens": 205,
    "input_tokens": 41,
    "output_tokens": 164,
    "input_token_details": {
        "text_tokens": 14,
        "audio_tokens": 27,
        "image_tokens": 0,
        "cached_tokens": 20,
        "cached_tokens_details": {"text_tokens": 4, "audio_tokens": 16, "image_tokens": 0},
    },
    "output_token_details": {"text_tokens": 28, "audio_tokens": 136, "reasoning_tokens": 7},
}
METERS = {
    "tokens.input": 41,
    "tokens.output": 164,
    "tokens.input.audio": 27,
    "tokens.input.cached": 20,
    "tokens.input.cached.audio": 16,
    "tokens.output.audio": 136,
    "tokens.output.reasoning": 7,
}


def test_an_answer_ends_with_its_usage() -> None:
    (done,) = heard(opened(), "response.done", response={"id": "r", "status": "completed", "usage": USAGE})
    assert done == ResponseDone(response_id="r", usage=Usage(meters=METERS, raw=USAGE))


def test_a_host_may_tell_the_usage_beside_the_answer() -> None:
    response = {"id": "r", "status": "completed", "status_details": "unimplemented", "usage": {}}
    (done,) = heard(
        opened(), "response.done", response=response, usage={"input_tokens": 0, "output_audio_seconds": 6.5}
    )
    assert isinstance(done, ResponseDone)
    assert done.usage is not None
    assert done.usage.meters == {"tokens.input": 0, "seconds.output.audio": 6.5}


@pytest.mark.parametrize(
    ("status", "details", "reason", "filtered"),
    [
        ("cancelled", {"type": "cancelled", "reason": "turn_detected"}, "turn_detected", False),
        ("incomplete", {"type": "incomplete", "reason": "max_output_tokens"}, "max_output_tokens", False),
        ("incomplete", {"reason": "content_filter"}, "content_filter", True),
        ("failed", {"error": {"code": "server_error"}}, "server_error", False),
        ("failed", None, None, False),
    ],
)
def test_an_answer_says_why_it_ended(status: str, details: object, reason: str | None, filtered: bool) -> None:
    (done,) = heard(opened(), "response.done", response={"id": "r", "status": status, "status_details": details})
    assert isinstance(done, ResponseDone)
    assert (done.status, done.reason, done.filtered) == (status, reason, filtered)


def test_an_answer_that_failed_says_what_failed() -> None:
    details = {
        "type": "failed",
        "error": {"type": "insufficient_quota", "code": "insufficient_quota", "message": "pay"},
    }
    failed, done = heard(opened(), "response.done", response={"id": "r", "status": "failed", "status_details": details})
    assert isinstance(failed, SessionFailed)
    assert failed.error is not None
    assert (failed.error.kind, failed.response_id) == (ErrorKind.QUOTA_EXCEEDED, "r")
    assert isinstance(done, ResponseDone)


@pytest.mark.parametrize(
    ("usage", "meters"),
    [
        ({"type": "duration", "seconds": 3}, {"seconds.input.audio": 3}),
        (
            {"type": "tokens", "input_tokens": 9, "output_tokens": 2, "input_token_details": {"audio_tokens": 8}},
            {"tokens.input": 9, "tokens.output": 2, "tokens.input.audio": 8},
        ),
    ],
)
def test_a_transcription_has_its_own_usage(usage: dict[str, Any], meters: dict[str, float]) -> None:
    (done,) = heard(opened(), f"{WRITTEN}.completed", item_id="i", transcript="Hi", usage=usage)
    assert done == InputTranscriptDone(item_id="i", text="Hi", usage=Usage(meters=meters, raw=usage))
