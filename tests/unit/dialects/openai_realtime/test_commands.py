"""What we say to a provider."""

import base64

import pytest

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
from tests.unit.dialects.openai_realtime.talking import opened, read, said

ANSWER = {"type": "response.create"}


def text(role: str, kind: str, **more: object) -> dict[str, object]:
    item = {"type": "message", "role": role, "content": [{"type": kind, "text": "Hi"}], **more}
    return {"type": "conversation.item.create", "item": item}


@pytest.mark.parametrize(
    ("command", "frames"),
    [
        (AppendAudio(b"\1\2\3\4"), [{"type": "input_audio_buffer.append", "audio": "AQIDBA=="}]),
        (CommitAudio(), [{"type": "input_audio_buffer.commit"}]),
        (ClearAudio(), [{"type": "input_audio_buffer.clear"}]),
        (StartActivity(), []),
        (SendText("Hi"), [text("user", "input_text"), ANSWER]),
        (SendText("Hi", role="assistant", answer=False), [text("assistant", "output_text")]),
        (SendText("Hi", role="system", answer=False, item_id="i"), [text("system", "input_text", id="i")]),
        (
            SendToolResult("c", "look", "fog"),
            [
                {
                    "type": "conversation.item.create",
                    "item": {"type": "function_call_output", "call_id": "c", "output": "fog"},
                },
                ANSWER,
            ],
        ),
        (CreateResponse(), [ANSWER]),
        (
            CreateResponse(
                instructions="Sing", modalities=("text",), metadata={"a": "b"}, extra={"conversation": "none"}
            ),
            [
                ANSWER
                | {
                    "response": {
                        "conversation": "none",
                        "instructions": "Sing",
                        "output_modalities": ["text"],
                        "metadata": {"a": "b"},
                    }
                }
            ],
        ),
        (CancelResponse(), [{"type": "response.cancel"}]),
        (CancelResponse("r"), [{"type": "response.cancel", "response_id": "r"}]),
        (
            TruncateItem("i", 120, 1),
            [{"type": "conversation.item.truncate", "item_id": "i", "content_index": 1, "audio_end_ms": 120}],
        ),
        (DeleteItem("i"), [{"type": "conversation.item.delete", "item_id": "i"}]),
        (CloseSession(), []),
    ],
)
def test_every_command_has_its_messages(command: Command, frames: list[object]) -> None:
    assert said(opened(), command) == frames


def test_a_picture_is_a_message_of_the_user() -> None:
    (frame,) = said(opened(), SendImage(b"\xff\xd8", "image/jpeg"))
    assert frame["item"]["content"] == [{"type": "input_image", "image_url": "data:image/jpeg;base64,/9g="}]


def test_an_answer_in_sound_has_words_by_itself() -> None:
    both = CreateResponse(modalities=("audio", "text"))
    assert said(opened(), both) == [ANSWER | {"response": {"output_modalities": ["audio"]}}]
    assert said(opened(form="beta"), both) == [ANSWER | {"response": {"modalities": ["text", "audio"]}}]


def test_every_message_has_an_id_of_its_own() -> None:
    codec = opened()
    frames = [*codec.opening(), *codec.send(AppendAudio(b"ab")), *codec.send(SendText("Hi"))]
    ids = [read(frame)["event_id"] for frame in frames]
    assert len(ids) == len(set(ids)) == 4


def test_only_what_is_changed_is_told() -> None:
    config = SessionConfig(instructions="Now sing.", voice="marin", params={"truncation": "auto"})
    (frame,) = said(opened(), UpdateSession(config, ("instructions",)))
    assert frame == {"type": "session.update", "session": {"type": "realtime", "instructions": "Now sing."}}
    (frame,) = said(opened(), UpdateSession(config, ("params", "transcription", "turns", "tools")))
    assert frame["session"] == {
        "type": "realtime",
        "audio": {"input": {"transcription": None, "turn_detection": None}},
        "tools": [],
        "truncation": "auto",
    }


def test_a_change_that_the_host_lacks_is_an_error() -> None:
    with pytest.raises(MessageError):
        opened().send(UpdateSession(SessionConfig(temperature=1.0), ("temperature",)))


def test_a_commit_asks_for_the_answer_where_the_client_owns_turns() -> None:
    codec = opened(SessionConfig(turns=TurnDetection(kind="client")))
    assert said(codec, CommitAudio()) == [{"type": "input_audio_buffer.commit"}, ANSWER]
    codec.send(UpdateSession(SessionConfig(turns=TurnDetection(kind="client", answers=False)), ("turns",)))
    assert said(codec, CommitAudio()) == [{"type": "input_audio_buffer.commit"}]


def test_half_a_sample_waits_for_its_other_half() -> None:
    codec = opened()
    assert [frame["audio"] for frame in said(codec, AppendAudio(b"abc"))] == ["YWI="]
    assert said(codec, AppendAudio(b"")) == []
    assert [frame["audio"] for frame in said(codec, AppendAudio(b"def"))] == ["Y2RlZg=="]


def test_sound_that_ends_within_a_sample_is_an_error_once() -> None:
    codec = opened()
    codec.send(AppendAudio(b"abc"))
    with pytest.raises(AudioError, match="in the middle of a sample"):
        codec.send(CommitAudio())
    assert said(codec, CommitAudio()) == [{"type": "input_audio_buffer.commit"}]


def test_what_is_cleared_does_not_come_back() -> None:
    codec = opened()
    codec.send(AppendAudio(b"a"))
    codec.send(ClearAudio())
    assert [frame["audio"] for frame in said(codec, AppendAudio(b"bc"))] == ["YmM="]


def test_much_sound_goes_in_several_messages() -> None:
    codec = opened(append_bytes=5)
    frames = said(codec, AppendAudio(bytes(range(10))))
    assert [base64.b64decode(frame["audio"]) for frame in frames] == [b"\0\1\2\3", b"\4\5\6\7", b"\x08\x09"]
