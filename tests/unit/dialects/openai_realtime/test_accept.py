"""What a caller wants of us."""

from typing import Any

import msgspec
import pytest

from genmux.dialects.openai_realtime import OpenAIRealtimeServer
from genmux.types.audio import AudioFormat
from genmux.types.chat import Tool, ToolChoice
from genmux.types.errors import ErrorKind, MessageError
from genmux.types.realtime import (
    AppendAudio,
    CancelResponse,
    ClearAudio,
    Command,
    CommitAudio,
    CreateResponse,
    DeleteItem,
    SendImage,
    SendText,
    SendToolResult,
    Transcribing,
    TruncateItem,
    TurnDetection,
    UpdateSession,
)
from genmux.types.realtime_events import ItemAdded, ToolCalled


def asked(kind: str, server: OpenAIRealtimeServer | None = None, **fields: Any) -> list[Command]:
    frame = msgspec.json.encode({"type": kind, "event_id": "mine", **fields})
    return list((server or OpenAIRealtimeServer()).accept(frame))


def item(server: OpenAIRealtimeServer | None = None, **fields: Any) -> list[Command]:
    return asked("conversation.item.create", server, item=fields)


@pytest.mark.parametrize(
    ("kind", "fields", "commands"),
    [
        ("input_audio_buffer.append", {"audio": "AQIDBA=="}, [AppendAudio(b"\1\2\3\4")]),
        ("input_audio_buffer.commit", {}, [CommitAudio()]),
        ("input_audio_buffer.clear", {}, [ClearAudio()]),
        ("output_audio_buffer.clear", {}, []),
        ("response.create", {}, [CreateResponse()]),
        (
            "response.create",
            {"response": {"instructions": "Sing", "output_modalities": ["text"], "metadata": {"a": "b"}, "tools": []}},
            [CreateResponse(instructions="Sing", modalities=("text",), metadata={"a": "b"}, extra={"tools": []})],
        ),
        ("response.create", {"response": {"modalities": ["text", "audio"]}}, [CreateResponse(modalities=("audio",))]),
        ("response.cancel", {}, [CancelResponse()]),
        ("response.cancel", {"response_id": "r"}, [CancelResponse("r")]),
        (
            "conversation.item.truncate",
            {"item_id": "i", "content_index": 0, "audio_end_ms": 40},
            [TruncateItem("i", 40)],
        ),
        ("conversation.item.delete", {"item_id": "i"}, [DeleteItem("i")]),
    ],
)
def test_every_message_is_a_command(kind: str, fields: dict[str, Any], commands: list[Command]) -> None:
    assert asked(kind, **fields) == commands


@pytest.mark.parametrize(
    ("role", "content", "commands"),
    [
        ("user", [{"type": "input_text", "text": "Hi"}], [SendText("Hi", answer=False)]),
        ("assistant", [{"type": "output_text", "text": "Hi"}], [SendText("Hi", role="assistant", answer=False)]),
        ("assistant", [{"type": "text", "text": "Hi"}], [SendText("Hi", role="assistant", answer=False)]),
        (
            "assistant",
            [{"type": "output_audio", "transcript": "Hi"}],
            [SendText("Hi", role="assistant", answer=False)],
        ),
        ("system", [{"type": "input_text", "text": "Hi"}], [SendText("Hi", role="system", answer=False)]),
        (
            "user",
            [
                {"type": "input_text", "text": "Look: "},
                {"type": "input_image", "image_url": "data:image/png;base64,iVA="},
                {"type": "input_audio", "audio": "AQI="},
            ],
            [SendText("Look: ", answer=False), SendImage(b"\x89P", "image/png"), AppendAudio(b"\1\2"), CommitAudio()],
        ),
    ],
)
def test_messages_of_every_kind_are_commands(role: str, content: Any, commands: list[Command]) -> None:
    assert item(type="message", role=role, content=content) == commands


def test_a_caller_may_name_its_item() -> None:
    content = [{"type": "input_text", "text": "Hi"}]
    assert item(type="message", id="i", role="user", content=content) == [SendText("Hi", answer=False, item_id="i")]


def test_the_result_of_a_tool_has_its_name() -> None:
    server = OpenAIRealtimeServer()
    server.write(ToolCalled(item_id="i", response_id="r", call_id="c", name="look"))
    result = item(server, type="function_call_output", call_id="c", output="fog")
    assert result == [SendToolResult("c", "look", "fog", answer=False)]
    assert item(server, type="function_call_output", call_id="d", output="") == [
        SendToolResult("d", "", "", answer=False)
    ]


def test_a_call_of_another_session_is_reported_with_its_result() -> None:
    server = OpenAIRealtimeServer()
    assert item(server, type="function_call", call_id="c", name="look", arguments="{}") == []
    (report,) = item(server, type="function_call_output", call_id="c", output="fog")
    assert report == SendText("The tool call look({}) gave: fog", role="system", answer=False)


def test_items_can_follow_the_last_one_and_no_other() -> None:
    server = OpenAIRealtimeServer()
    server.write(ItemAdded(item_id="i", role="user", kind="message", text="Hi"))
    content = [{"type": "input_text", "text": "Hi"}]
    told = {"type": "message", "role": "user", "content": content}
    assert asked("conversation.item.create", server, item=told, previous_item_id="i")
    with pytest.raises(MessageError, match="previous_item_id is 'root'"):
        asked("conversation.item.create", server, item=told, previous_item_id="root")


def test_settings_of_the_new_form_are_read() -> None:
    server = OpenAIRealtimeServer()
    session = {
        "type": "realtime",
        "instructions": "Be kind.",
        "output_modalities": ["text"],
        "max_output_tokens": 99,
        "audio": {
            "input": {
                "format": {"type": "audio/pcmu"},
                "noise_reduction": {"type": "near_field"},
                "transcription": {"model": "whisper-1", "language": "de"},
                "turn_detection": {"type": "semantic_vad", "eagerness": "low", "create_response": False},
            },
            "output": {"format": {"type": "audio/pcm", "rate": 24_000}, "voice": "marin", "speed": 1.1},
        },
        "tools": [
            {"type": "function", "name": "look", "parameters": {"type": "object"}},
            {"type": "mcp", "server_label": "s"},
        ],
        "tool_choice": {"type": "function", "name": "look"},
    }
    (update,) = asked("session.update", server, session=session)
    assert isinstance(update, UpdateSession)
    config = update.config
    assert server.config == config
    assert config.instructions == "Be kind."
    assert (config.modalities, config.max_output_tokens, config.voice, config.speed) == (("text",), 99, "marin", 1.1)
    assert (config.input, config.output) == (AudioFormat(encoding="pcmu", sample_rate=8_000), AudioFormat())
    assert config.turns == TurnDetection(kind="semantic", eagerness="low", answers=False)
    assert config.transcription == Transcribing(model="whisper-1", language="de")
    assert config.tools == (
        Tool(name="look", parameters={"type": "object"}),
        Tool(name="s", kind="mcp", extra={"server_label": "s"}),
    )
    assert config.tool_choice == ToolChoice("tool", "look")
    assert config.extra == {"audio": {"input": {"noise_reduction": {"type": "near_field"}}}}
    assert set(update.changed) == {
        "instructions",
        "modalities",
        "max_output_tokens",
        "input",
        "turns",
        "transcription",
        "voice",
        "speed",
        "tools",
        "tool_choice",
        "extra",
    }


def test_settings_of_the_form_before_are_read() -> None:
    session = {
        "modalities": ["text", "audio"],
        "voice": {"type": "azure-standard", "name": "en-US-Ava"},
        "temperature": 0.7,
        "input_audio_format": "g711_ulaw",
        "turn_detection": None,
        "input_audio_transcription": None,
        "max_response_output_tokens": "inf",
        "input_audio_sampling_rate": 24_000,
    }
    (update,) = asked("session.update", session=session)
    assert isinstance(update, UpdateSession)
    config = update.config
    assert (config.modalities, config.voice, config.temperature) == (("audio",), "en-US-Ava", 0.7)
    assert (config.input.encoding, config.max_output_tokens, config.params) == ("pcmu", None, {})
    assert config.turns == TurnDetection(kind="client", answers=False)
    assert set(update.changed) == {"voice", "temperature", "input", "turns"}


def test_what_is_not_named_stays() -> None:
    server = OpenAIRealtimeServer()
    asked("session.update", server, session={"instructions": "A", "tracing": "auto"})
    (update,) = asked("session.update", server, session={"tool_choice": "none"})
    assert isinstance(update, UpdateSession)
    assert update.changed == ("tool_choice",)
    assert (update.config.instructions, update.config.extra) == ("A", {"tracing": "auto"})


def test_a_session_as_it_was_told_changes_nothing() -> None:
    for beta in (False, True):
        server = OpenAIRealtimeServer(beta=beta)
        (frame,) = server.greet("s", "m")
        before = server.config
        asked("session.update", server, session=msgspec.json.decode(frame)["session"])
        ours = [
            name
            for name in before.__struct_fields__
            if name not in ("extra", "temperature", "speed", "turns", "tool_choice")
        ]
        assert [getattr(server.config, name) for name in ours] == [getattr(before, name) for name in ours]
        assert server.config.turns is not None
        assert server.config.turns.kind == "server"


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("session.update", {"session": 3}, "session must be an object"),
        ("session.update", {"session": {"type": "transcription"}}, "session.type is 'transcription'"),
        ("session.update", {"session": {"output_modalities": ["smell"]}}, "session.output_modalities is"),
        ("session.update", {"session": {"output_modalities": "audio"}}, "session.output_modalities is not understood"),
        (
            "session.update",
            {"session": {"audio": {"input": {"format": {"type": "audio/mp3"}}}}},
            "audio/pcm, audio/pcmu",
        ),
        ("session.update", {"session": {"turn_detection": {"type": "psychic"}}}, "turn_detection.type is 'psychic'"),
        ("session.update", {"session": {"turn_detection": {"threshold": "x"}}}, "session.turn_detection is not"),
        ("session.update", {"session": {"tools": [{"type": "function"}]}}, r"tools\[0\].name is missing"),
        ("session.update", {"session": {"tool_choice": "perhaps"}}, "tool_choice is 'perhaps'"),
        ("session.update", {"session": {"max_output_tokens": "lots"}}, "max_output_tokens is not understood"),
        ("conversation.item.create", {"item": {"type": "dance"}}, "item.type is 'dance'"),
        ("conversation.item.create", {"item": {"type": "message", "role": "cat"}}, "item.role is 'cat'"),
        (
            "conversation.item.create",
            {"item": {"type": "message", "role": "user", "content": [{"type": "smell"}]}},
            r"item.content\[0\].type is 'smell'",
        ),
        (
            "conversation.item.create",
            {
                "item": {
                    "type": "message",
                    "role": "user",
                    "content": [{"type": "input_image", "image_url": "http://x"}],
                }
            },
            "must be a data URL",
        ),
        (
            "conversation.item.create",
            {"item": {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": "@"}]}},
            "must be base64",
        ),
        (
            "conversation.item.create",
            {"item": {"type": "function_call_output", "output": ""}},
            "item.call_id is missing",
        ),
        ("conversation.item.truncate", {"item_id": "i", "audio_end_ms": -1}, "audio_end_ms is -1"),
        ("input_audio_buffer.append", {"audio": "@@@@"}, "input_audio_buffer.append is not understood"),
        ("conversation.item.retrieve", {"item_id": "i"}, "no messages of the type 'conversation.item.retrieve'"),
    ],
)
def test_what_is_wrong_is_named(kind: str, fields: dict[str, Any], words: str) -> None:
    server = OpenAIRealtimeServer()
    with pytest.raises(MessageError, match=words):
        asked(kind, server, **fields)
    assert server.event_id == "mine"


@pytest.mark.parametrize("frame", ["{", b"\xff", "[]", "{}", '{"type":3}', "[" * 100_000])
def test_what_is_no_message_is_an_error(frame: str | bytes) -> None:
    server = OpenAIRealtimeServer()
    with pytest.raises(MessageError) as caught:
        server.accept(frame)
    assert caught.value.kind is ErrorKind.INVALID_REQUEST
    assert server.event_id is None
