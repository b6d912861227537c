"""What a caller hears of us."""

from typing import Any

import msgspec
import pytest
from openai.types.realtime.realtime_server_event import RealtimeServerEvent
from pydantic import TypeAdapter

from genmux.dialects.openai_realtime import OpenAIRealtimeServer, wants_beta
from genmux.types.errors import ErrorKind, ProviderError
from genmux.types.realtime_events import (
    AudioChunk,
    AudioDone,
    BudgetSpent,
    GenerationComplete,
    GoingAway,
    InputCommitted,
    InputTranscriptDelta,
    InputTranscriptDone,
    Interrupted,
    ItemAdded,
    ItemDone,
    OutputTextDelta,
    OutputTranscriptDelta,
    RealtimeEvent,
    ResponseDone,
    ResponseStarted,
    SessionFailed,
    SessionUpdated,
    SpeechStarted,
    ToolCalled,
    Unknown,
)
from genmux.types.usage import Usage

ONE: dict[str, Any] = {"item_id": "i", "response_id": "r"}
OFFICIAL: TypeAdapter[Any] = TypeAdapter(RealtimeServerEvent)


def told(server: OpenAIRealtimeServer, *events: RealtimeEvent) -> list[Any]:
    return [msgspec.json.decode(frame) for event in events for frame in server.write(event)]


def types(frames: list[Any]) -> list[str]:
    return [frame["type"] for frame in frames]


def test_the_session_is_told_whole() -> None:
    (frame,) = OpenAIRealtimeServer().greet("sess_7", "local/voice")
    OFFICIAL.validate_json(frame)
    session = msgspec.json.decode(frame)["session"]
    assert (session["id"], session["model"], session["type"]) == ("sess_7", "local/voice", "realtime")
    assert session["audio"]["input"]["turn_detection"]["type"] == "server_vad"
    assert session["max_output_tokens"] == "inf"


def test_the_form_before_has_a_flat_session() -> None:
    (frame,) = OpenAIRealtimeServer(beta=True).greet("s", "m")
    session = msgspec.json.decode(frame)["session"]
    assert (session["input_audio_format"], session["modalities"]) == ("pcm16", ["text", "audio"])
    assert session["turn_detection"]["type"] == "server_vad"


def test_what_an_event_presupposes_is_told_before_it() -> None:
    frames = told(OpenAIRealtimeServer(), AudioChunk(**ONE, data=b"\1\2"), AudioChunk(**ONE, data=b"\3\4"))
    assert types(frames) == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_audio.delta",
        "response.output_audio.delta",
    ]
    assert [frame["delta"] for frame in frames[-2:]] == ["AQI=", "AwQ="]
    assert len({frame["event_id"] for frame in frames}) == len(frames)


def test_what_is_open_is_closed_when_the_answer_ends() -> None:
    server = OpenAIRealtimeServer()
    told(server, AudioChunk(**ONE, data=b"\1\2"), OutputTranscriptDelta(**ONE, text="Hi"))
    usage = Usage(meters={"tokens.input": 3, "tokens.output": 4, "tokens.output.audio": 1})
    frames = told(server, ResponseDone(response_id="r", usage=usage))
    assert types(frames) == [
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
    ]
    response = frames[-1]["response"]
    assert response["output"][0]["content"] == [{"type": "output_audio", "transcript": "Hi"}]
    assert (response["usage"]["total_tokens"], response["usage"]["output_token_details"]["audio_tokens"]) == (7, 1)


def test_what_was_closed_is_not_closed_again() -> None:
    server = OpenAIRealtimeServer()
    told(server, AudioChunk(**ONE, data=b"\1\2"), AudioDone(**ONE))
    frames = told(server, ItemDone(**ONE, role="assistant", kind="message"), ResponseDone(response_id="r"))
    assert types(frames) == [
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
    ]


def test_what_comes_late_is_told_without_ado() -> None:
    server = OpenAIRealtimeServer()
    told(server, AudioChunk(**ONE, data=b"\1\2"), ResponseDone(response_id="r"))
    assert types(told(server, OutputTranscriptDelta(**ONE, text="Hi"))) == ["response.output_audio_transcript.delta"]
    assert types(told(server, AudioChunk(**ONE, data=b"\1\2"))) == ["response.output_audio.delta"]
    assert told(server, ResponseDone(response_id="r")) == []


def test_a_tool_call_that_comes_at_once_is_told_in_one_piece() -> None:
    server = OpenAIRealtimeServer()
    called = ToolCalled(**ONE, call_id="c", name="look", arguments='{"a":1}')
    frames = told(server, called, ResponseDone(response_id="r"))
    assert types(frames) == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
    ]
    assert frames[2]["item"]["name"] == frames[4]["name"] == "look"
    assert frames[-1]["response"]["output"][0]["arguments"] == '{"a":1}'


def test_the_form_before_has_its_own_names() -> None:
    server = OpenAIRealtimeServer(beta=True)
    frames = told(server, OutputTextDelta(**ONE, text="Hi"), ResponseDone(response_id="r"))
    assert types(frames) == [
        "response.created",
        "response.output_item.added",
        "conversation.item.created",
        "response.content_part.added",
        "response.text.delta",
        "response.text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    ]
    assert frames[-1]["response"]["output"][0]["content"] == [{"type": "text", "text": "Hi"}]


def test_only_a_change_that_was_asked_for_is_confirmed() -> None:
    server = OpenAIRealtimeServer()
    assert told(server, SessionUpdated()) == []
    server.accept(b'{"type":"session.update","session":{"instructions":"Sing."}}')
    (frame,) = told(server, SessionUpdated())
    assert (frame["type"], frame["session"]["instructions"]) == ("session.updated", "Sing.")
    assert told(server, SessionUpdated()) == []


def test_items_follow_one_another() -> None:
    server = OpenAIRealtimeServer()
    frames = told(
        server,
        ItemAdded(item_id="a", role="user", kind="message", text="Hi"),
        ItemAdded(item_id="a", role="user", kind="message", text="Hi"),
        InputCommitted(item_id="b"),
        ItemAdded(item_id="b", role="user", kind="message"),
        ItemAdded(item_id="c", kind="function_call_output", call_id="x", text="fog"),
    )
    assert [frame["previous_item_id"] for frame in frames] == [None, "a", "a", "b"]
    assert frames[2]["item"]["content"] == [{"type": "input_audio", "transcript": None}]
    assert (frames[3]["item"]["call_id"], frames[3]["item"]["output"]) == ("x", "fog")


def test_an_interruption_that_nobody_told_is_told_as_speech() -> None:
    server = OpenAIRealtimeServer()
    told(server, ResponseStarted(response_id="r"))
    assert types(told(server, Interrupted(**ONE))) == ["input_audio_buffer.speech_started"]
    told(server, ResponseStarted(response_id="s"), SpeechStarted(item_id="u", audio_ms=3))
    assert told(server, Interrupted(**ONE)) == []


@pytest.mark.parametrize(
    ("event", "details"),
    [
        (
            ResponseDone(response_id="r", status="cancelled", reason="turn_detected"),
            {"type": "cancelled", "reason": "turn_detected"},
        ),
        (
            ResponseDone(response_id="r", status="incomplete", reason="SAFETY", filtered=True),
            {"type": "incomplete", "reason": "content_filter"},
        ),
        (
            ResponseDone(response_id="r", status="failed", reason="quota"),
            {"type": "failed", "error": {"type": "server_error", "code": "quota"}},
        ),
        (ResponseDone(response_id="r"), None),
    ],
)
def test_an_answer_says_why_it_ended(event: ResponseDone, details: object) -> None:
    assert told(OpenAIRealtimeServer(), event)[-1]["response"]["status_details"] == details


def test_what_an_answer_is_to_carry_is_in_it() -> None:
    server = OpenAIRealtimeServer()
    server.accept(b'{"type":"response.create","response":{"metadata":{"topic":"x"}}}')
    (frame,) = told(server, ResponseStarted(response_id="r"))
    assert frame["response"]["metadata"] == {"topic": "x"}
    assert told(server, ResponseStarted(response_id="s"))[0]["response"]["metadata"] is None


def test_transcripts_of_the_user_are_told() -> None:
    server = OpenAIRealtimeServer()
    assert told(server, InputTranscriptDelta(item_id="i", text="H", interim=True)) == []
    delta, done, failed = told(
        server,
        InputTranscriptDelta(item_id="i", text="Hi"),
        InputTranscriptDone(item_id="i", text="Hi", usage=Usage(meters={"seconds.input.audio": 2.5})),
        InputTranscriptDone(item_id="i", error="no model"),
    )
    assert (delta["delta"], done["usage"]) == ("Hi", {"type": "duration", "seconds": 2.5})
    assert failed["error"]["message"] == "no model"


def test_an_error_names_the_message_it_is_about() -> None:
    server = OpenAIRealtimeServer()
    error = ProviderError("no", kind=ErrorKind.INVALID_REQUEST, param="session.voice")
    (frame,) = told(server, SessionFailed(error=error, command="mine"))
    assert (frame["error"]["event_id"], frame["error"]["param"]) == ("mine", "session.voice")
    server.accept(b'{"type":"response.cancel","event_id":"last"}')
    assert [msgspec.json.decode(one)["error"]["event_id"] for one in server.refuse(error)] == ["last"]
    assert [msgspec.json.decode(one)["error"]["event_id"] for one in server.refuse(error, command="x")] == ["x"]


def test_a_budget_that_is_spent_is_an_error() -> None:
    (frame,) = told(OpenAIRealtimeServer(), BudgetSpent(message="spent"))
    assert (frame["error"]["code"], frame["error"]["message"]) == ("budget_exceeded", "spent")


def test_what_the_dialect_has_no_word_for_is_not_told() -> None:
    assert told(OpenAIRealtimeServer(), GoingAway(seconds=3), GenerationComplete(), Unknown(name="x")) == []


def test_little_is_kept_of_a_long_conversation() -> None:
    server = OpenAIRealtimeServer()
    for number in range(500):
        ids: dict[str, Any] = {"item_id": f"i{number}", "response_id": f"r{number}"}
        told(server, ItemAdded(item_id=f"u{number}", role="user", kind="message"), AudioChunk(**ids, data=b"ab"))
        told(server, ResponseDone(response_id=f"r{number}"))
    assert len(server._writing.items) <= 64  # noqa: SLF001 — what is kept is the point


def test_the_form_before_is_asked_for_by_a_header() -> None:
    assert wants_beta({b"openai-beta": b"realtime=v1"})
    assert not wants_beta({})
