"""What holds for every command, every event and every frame."""

import base64
import itertools
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from genmux.contract.sessions import Frame
from genmux.dialects.openai_realtime import OpenAIRealtimeServer
from genmux.types import realtime as r
from genmux.types import realtime_events as heard
from genmux.types.audio import AudioFormat
from genmux.types.chat import Tool, ToolChoice
from genmux.types.errors import MessageError
from genmux.types.usage import Usage
from tests.unit.dialects.openai_realtime.talking import opened, read

WORDS = st.text(min_size=1, max_size=12)
NAMES = st.text(st.characters(categories=("Ll",)), min_size=1, max_size=8)
SAMPLES = st.binary(min_size=1, max_size=40).map(lambda data: data * 2)
COUNTS = st.integers(1, 1_000)
FORMATS = st.sampled_from(
    [AudioFormat(), AudioFormat(encoding="pcmu", sample_rate=8_000), AudioFormat(encoding="pcma", sample_rate=8_000)]
)
TURNS = st.one_of(
    st.builds(
        r.TurnDetection,
        threshold=st.none() | st.floats(0, 1),
        prefix_ms=st.none() | COUNTS,
        silence_ms=st.none() | COUNTS,
        idle_ms=st.none() | COUNTS,
        answers=st.booleans(),
        interrupts=st.booleans(),
    ),
    st.builds(
        r.TurnDetection,
        kind=st.just("semantic"),
        eagerness=st.none() | st.sampled_from(["low", "medium", "high", "auto"]),
        answers=st.booleans(),
    ),
    st.just(r.TurnDetection(kind="client", answers=False)),
)
SETTINGS: dict[str, st.SearchStrategy[Any]] = {
    "instructions": WORDS,
    "modalities": st.sampled_from([("audio",), ("text",)]),
    "voice": NAMES,
    "speed": st.floats(0.25, 1.5),
    "max_output_tokens": st.none() | COUNTS,
    "input": FORMATS,
    "output": FORMATS,
    "turns": TURNS,
    "transcription": st.none() | st.builds(r.Transcribing, model=NAMES, language=st.none() | NAMES),
    "tools": st.lists(
        st.builds(Tool, name=NAMES, description=st.none() | WORDS, parameters=st.just({"type": "object"})), max_size=2
    ).map(tuple),
    "tool_choice": st.sampled_from([ToolChoice("auto"), ToolChoice("none"), ToolChoice("tool", "look")]),
}
COMMANDS = st.one_of(
    st.builds(r.AppendAudio, SAMPLES),
    st.just(r.CommitAudio()),
    st.just(r.ClearAudio()),
    st.builds(
        r.SendText,
        WORDS,
        role=st.sampled_from(["user", "assistant", "system"]),
        answer=st.just(False),
        item_id=st.none() | NAMES,
    ),
    st.builds(r.SendImage, st.binary(max_size=20), st.sampled_from(["image/jpeg", "image/png"])),
    st.builds(r.SendToolResult, NAMES, st.just(""), st.text(max_size=9), answer=st.just(False)),
    st.builds(
        r.CreateResponse,
        instructions=st.none() | WORDS,
        modalities=st.none() | st.sampled_from([("audio",), ("text",)]),
        metadata=st.none() | st.dictionaries(NAMES, WORDS, min_size=1, max_size=2),
        extra=st.none() | st.just({"conversation": "none"}),
    ),
    st.builds(r.CancelResponse, st.none() | NAMES),
    st.builds(r.TruncateItem, NAMES, st.integers(0, 9_999), st.integers(0, 3)),
    st.builds(r.DeleteItem, NAMES),
)


@given(COMMANDS)
def test_a_command_that_is_sent_is_accepted_as_it_was(command: r.Command) -> None:
    frames = opened().send(command)
    server = OpenAIRealtimeServer()
    assert [one for frame in frames for one in server.accept(frame)] == [command]


@given(st.fixed_dictionaries({}, optional=SETTINGS), st.booleans())
def test_settings_that_are_sent_are_accepted_as_they_were(settings: dict[str, Any], beta: bool) -> None:
    config = r.SessionConfig(**settings)
    options: dict[str, Any] = {"form": "beta", "typed": False} if beta else {}
    (frame,) = opened(**options).send(r.UpdateSession(config, tuple(settings)))
    (update,) = OpenAIRealtimeServer().accept(frame)
    assert isinstance(update, r.UpdateSession)
    before = OpenAIRealtimeServer().config
    assert {name: getattr(update.config, name) for name in settings} == settings
    assert set(update.changed) == {name for name in settings if settings[name] != getattr(before, name)}


USAGE = st.none() | st.builds(
    lambda asked, sound, answered, spoken: Usage(
        meters={
            "tokens.input": asked + sound,
            "tokens.output": answered + spoken,
            "tokens.input.audio": sound,
            "tokens.output.audio": spoken,
            "tokens.input.cached": asked,
        }
    ),
    *[COUNTS] * 4,
)


@st.composite
def answers(draw: st.DrawFn, number: int, previous: str | None) -> list[heard.RealtimeEvent]:
    """An answer as a provider gives it: a message in sound or in writing, or a tool call."""
    ids: dict[str, Any] = {"item_id": f"item_{number}", "response_id": f"resp_{number}"}
    kind = draw(st.sampled_from(["sound", "text", "call"]))
    if kind == "call":
        call_id, arguments = draw(NAMES), draw(WORDS)
        called = {"call_id": call_id, "name": draw(NAMES)}
        middle: list[heard.RealtimeEvent] = [
            heard.ItemAdded(**ids, kind="function_call", previous_item_id=previous, **called),
            heard.ToolCallDelta(**ids, call_id=call_id, arguments=arguments),
            heard.ToolCalled(**ids, **called, arguments=arguments),
            heard.ItemDone(**ids, kind="function_call"),
        ]
    else:
        pieces = draw(st.lists(WORDS, min_size=1, max_size=3))
        spoken: list[heard.RealtimeEvent] = [heard.AudioChunk(**ids, data=draw(SAMPLES)) for _ in pieces]
        spoken += [heard.OutputTranscriptDelta(**ids, text=piece) for piece in pieces]
        spoken += [heard.AudioDone(**ids), heard.OutputTranscriptDone(**ids, text="".join(pieces))]
        written: list[heard.RealtimeEvent] = [heard.OutputTextDelta(**ids, text=piece) for piece in pieces]
        written += [heard.TextDone(**ids, text="".join(pieces))]
        middle = [
            heard.ItemAdded(**ids, role="assistant", kind="message", previous_item_id=previous),
            *(spoken if kind == "sound" else written),
            heard.ItemDone(**ids, role="assistant", kind="message"),
        ]
    status = draw(st.sampled_from(["completed", "cancelled", "incomplete", "failed"]))
    reason = None if status == "completed" else draw(NAMES)
    done = heard.ResponseDone(response_id=f"resp_{number}", status=status, reason=reason, usage=draw(USAGE))
    return [heard.ResponseStarted(response_id=f"resp_{number}"), *middle, done]


@st.composite
def conversations(draw: st.DrawFn) -> list[heard.RealtimeEvent]:
    events: list[heard.RealtimeEvent] = []
    previous: str | None = None
    for number in range(draw(st.integers(1, 3))):
        user = f"user_{number}"
        events += [
            heard.SpeechStarted(item_id=user, audio_ms=draw(COUNTS)),
            heard.SpeechStopped(item_id=user, audio_ms=draw(COUNTS)),
            heard.InputCommitted(item_id=user, previous_item_id=previous),
            heard.ItemAdded(item_id=user, role="user", kind="message", previous_item_id=previous),
            heard.ItemDone(item_id=user, role="user", kind="message"),
            heard.InputTranscriptDelta(item_id=user, text=draw(WORDS)),
            heard.InputTranscriptDone(
                item_id=user, text=draw(WORDS), usage=Usage(meters={"seconds.input.audio": draw(COUNTS)})
            ),
        ]
        events += draw(answers(number, user))
        previous = f"item_{number}"
    events += [
        heard.ItemTruncated(item_id="i", audio_ms=draw(COUNTS)),
        heard.ItemDeleted(item_id="i"),
        heard.InputCleared(),
        heard.InputTimeout(item_id="i"),
        heard.RateLimits(limits=({"name": "tokens"},)),
        heard.PlaybackChanged(response_id="r", what="stopped"),
    ]
    return events


def bare(event: heard.RealtimeEvent) -> heard.RealtimeEvent:
    """Without the provider's own spelling of the usage, and without counts that say nothing."""
    usage: Usage | None = getattr(event, "usage", None)
    return event if usage is None else msgspec.structs.replace(event, usage=Usage(meters=usage.meters))


@given(conversations())
def test_an_event_that_is_told_is_heard_as_it_was(events: list[heard.RealtimeEvent]) -> None:
    server, codec = OpenAIRealtimeServer(), opened()
    frames = [frame for event in events for frame in server.write(event)]
    assert [bare(event) for frame in frames for event in codec.receive(frame)] == events


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = [
    "session",
    "item",
    "response",
    "delta",
    "audio",
    "item_id",
    "usage",
    "error",
    "content",
    "rate_limits",
    "transcript",
]
TYPES = st.sampled_from(
    [
        "session.created",
        "session.update",
        "error",
        "response.done",
        "response.created",
        "response.output_audio.delta",
        "conversation.item.added",
        "conversation.item.create",
        "response.output_item.done",
        "input_audio_buffer.append",
        "response.create",
        "rate_limits.updated",
        "conversation.item.input_audio_transcription.failed",
    ]
)
MESSAGES = st.builds(
    lambda kind, fields: msgspec.json.encode({**fields, "type": kind}),
    TYPES,
    st.dictionaries(st.sampled_from(KEYS), JSON),
)
FRAMES = st.one_of(st.binary(max_size=30), st.text(max_size=30), MESSAGES, JSON.map(msgspec.json.encode))


@given(st.lists(FRAMES, max_size=4))
def test_no_frame_breaks_a_codec(frames: list[Frame]) -> None:
    codec, server = opened(), OpenAIRealtimeServer()
    for frame in frames:
        for event in codec.receive(frame):
            assert all(isinstance(one, str) for one in server.write(event))
        try:
            server.accept(frame)
        except MessageError:
            assert server.refuse(MessageError("no"))


@given(st.binary(max_size=80), st.lists(st.integers(0, 80), max_size=6))
def test_no_cut_of_sound_loses_a_byte(data: bytes, cuts: list[int]) -> None:
    codec = opened(append_bytes=8)
    places = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    frames = [
        read(frame) for start, end in itertools.pairwise(places) for frame in codec.send(r.AppendAudio(data[start:end]))
    ]
    sent = b"".join(base64.b64decode(frame["audio"]) for frame in frames)
    assert sent == data[: len(data) // 2 * 2]
