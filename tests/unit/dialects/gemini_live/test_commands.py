"""What we say to a provider."""

import base64

import pytest

from genmux.types.chat import Tool
from genmux.types.errors import AudioError, MessageError
from genmux.types.realtime import (
    AppendAudio,
    CancelResponse,
    ClearAudio,
    CloseSession,
    Command,
    CommitAudio,
    CreateResponse,
    DeleteItem,
    SendImage,
    SendText,
    SendToolResult,
    SessionConfig,
    StartActivity,
    TruncateItem,
    TurnDetection,
    UpdateSession,
)
from genmux.types.realtime_events import InputCleared, InputCommitted, ItemAdded, ItemDone, SessionUpdated
from tests.unit.dialects.gemini_live.talking import heard, opened, said

START = {"realtimeInput": {"activityStart": {}}}
END = {"realtimeInput": {"activityEnd": {}}}
BY_HAND = SessionConfig(turns=TurnDetection(kind="client"))


def text(words: str, role: str = "user", *, complete: bool = True) -> dict[str, object]:
    return {"clientContent": {"turns": [{"role": role, "parts": [{"text": words}]}], "turnComplete": complete}}


@pytest.mark.parametrize(
    ("command", "frames"),
    [
        (StartActivity(), []),
        (CommitAudio(), [{"realtimeInput": {"audioStreamEnd": True}}]),
        (SendText("Hi"), [text("Hi")]),
        (SendText("Hi", role="assistant", answer=False), [text("Hi", "model", complete=False)]),
        (SendImage(b"\xff\xd8"), [{"realtimeInput": {"video": {"data": "/9g=", "mimeType": "image/jpeg"}}}]),
        (CreateResponse(instructions="Greet."), [text("Greet.")]),
        (CreateResponse(), [text(".")]),
        (CloseSession(), []),
    ],
)
def test_every_command_has_its_messages(command: Command, frames: list[object]) -> None:
    assert said(opened(), command) == frames


@pytest.mark.parametrize(
    ("output", "response"),
    [
        ("fog", {"output": "fog"}),
        ('{"sky": "grey"}', {"sky": "grey"}),
        ("[1]", {"output": "[1]"}),
        ("", {"output": ""}),
    ],
)
def test_the_result_of_a_tool_is_an_object(output: str, response: object) -> None:
    (frame,) = said(opened(), SendToolResult("c", "look", output))
    assert frame == {"toolResponse": {"functionResponses": [{"id": "c", "name": "look", "response": response}]}}


def test_the_name_of_a_tool_is_known_from_its_call() -> None:
    codec = opened()
    heard(codec, {"toolCall": {"functionCalls": [{"id": "c", "name": "look", "args": {}}]}})
    (frame,) = said(codec, SendToolResult("c", "", "fog"))
    assert frame["toolResponse"]["functionResponses"][0]["name"] == "look"


def test_turns_of_the_client_begin_with_the_first_sound() -> None:
    codec = opened(BY_HAND)
    assert [next(iter(f["realtimeInput"])) for f in said(codec, AppendAudio(b"ab"))] == ["activityStart", "audio"]
    assert [next(iter(f["realtimeInput"])) for f in said(codec, AppendAudio(b"ab"))] == ["audio"]
    assert said(codec, StartActivity()) == []
    assert said(codec, CommitAudio()) == [END]
    assert said(codec, CommitAudio()) == [START, END]


def test_beginning_to_speak_cancels_an_answer_where_the_client_owns_turns() -> None:
    assert said(opened(BY_HAND), CancelResponse()) == [START]


@pytest.mark.parametrize(
    "command",
    [
        CancelResponse(),
        TruncateItem("i", 5),
        DeleteItem("i"),
        SendText("x", role="system"),
        CreateResponse(modalities=("text",)),
    ],
)
def test_what_there_is_no_message_for_is_an_error(command: Command) -> None:
    with pytest.raises(MessageError, match="this model's sessions cannot"):
        opened().send(command)


def test_an_answer_is_asked_for_only_where_none_comes_by_itself() -> None:
    codec = opened()
    said(codec, SendText("Listen.", answer=False))
    assert said(codec, CreateResponse()) == [{"clientContent": {"turnComplete": True}}]
    said(codec, SendToolResult("c", "look", "fog", answer=False))
    assert said(codec, CreateResponse()) == []
    said(codec, CommitAudio())
    assert said(codec, CreateResponse(modalities=("audio",))) == []


def test_instructions_and_tools_can_be_changed() -> None:
    codec = opened()
    config = SessionConfig(instructions="Sing.", tools=(Tool(name="look"),))
    (frame,) = said(codec, UpdateSession(config, ("instructions", "tools", "voice")))
    assert frame == {
        "contextUpdate": {
            "systemInstruction": {"parts": [{"text": "Sing."}]},
            "tools": {"tools": [{"functionDeclarations": [{"name": "look", "description": ""}]}]},
        }
    }
    assert said(codec, UpdateSession(config, ("instructions",))) == []


def test_nothing_else_can_be_changed() -> None:
    with pytest.raises(MessageError, match="change voice"):
        opened().send(UpdateSession(SessionConfig(voice="Puck"), ("voice",)))
    with pytest.raises(MessageError, match="change instructions"):
        opened(context_updates=False).send(UpdateSession(SessionConfig(instructions="x"), ("instructions",)))


def test_what_is_not_confirmed_is_told_with_the_next_message() -> None:
    codec = opened()
    codec.send(SendText("Hi", item_id="mine"))
    codec.send(SendToolResult("c", "look", "fog"))
    codec.send(UpdateSession(SessionConfig(), ()))
    codec.send(ClearAudio())
    codec.send(CommitAudio())
    events = heard(codec, {"goAway": {"timeLeft": "5s"}})
    assert events[:-1] == [
        ItemAdded(item_id="mine", role="user", kind="message", text="Hi"),
        ItemDone(item_id="mine", role="user", kind="message"),
        ItemAdded(item_id="sent_2", kind="function_call_output", text="fog", call_id="c"),
        ItemDone(item_id="sent_2", kind="function_call_output"),
        SessionUpdated(),
        InputCleared(),
        ItemAdded(item_id="input_1", role="user", kind="message"),
        InputCommitted(item_id="input_1"),
    ]
    assert len(heard(codec, {"goAway": {}})) == 1


def test_what_was_sent_cannot_be_taken_back() -> None:
    codec = opened()
    codec.send(AppendAudio(b"ab"))
    with pytest.raises(MessageError, match="forget what was said"):
        codec.send(ClearAudio())
    codec.send(AppendAudio(b"ab"))
    codec.send(CommitAudio())
    assert codec.send(ClearAudio()) == []


def test_half_a_sample_waits_for_its_other_half() -> None:
    codec = opened(append_bytes=4)
    sent = [said(codec, AppendAudio(piece)) for piece in (b"abc", b"", b"defghi")]
    pieces = [base64.b64decode(frame["realtimeInput"]["audio"]["data"]) for frames in sent for frame in frames]
    assert pieces == [b"ab", b"cdef", b"gh"]
    with pytest.raises(AudioError, match="in the middle of a sample"):
        codec.send(CommitAudio())
