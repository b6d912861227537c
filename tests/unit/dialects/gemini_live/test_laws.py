"""What holds for every frame and every command."""

import base64
from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from genmux.contract.sessions import Frame
from genmux.dialects.openai_realtime import OpenAIRealtimeServer
from genmux.types import realtime as r
from genmux.types import realtime_events as rte
from tests.unit.dialects.gemini_live.talking import SOUND, opened, said

SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        "setupComplete",
        "serverContent",
        "toolCall",
        "usageMetadata",
        "goAway",
        "sessionResumptionUpdate",
        "voiceActivity",
        "error",
    ]
)
CONTENT = st.fixed_dictionaries(
    {},
    optional={
        "modelTurn": st.just({"parts": [SOUND]}) | st.just({"parts": [{"text": "Hi"}]}),
        "turnComplete": st.just(True),
        "turnCompleteReason": st.sampled_from(["NEED_MORE_INPUT", "GENERATED_AUDIO_SAFETY"]),
        "interrupted": st.just(True),
        "generationComplete": st.just(True),
        "inputTranscription": st.sampled_from([{"text": "in"}, {"finished": True}, {}]),
        "outputTranscription": st.sampled_from([{"text": "out"}, {"finished": True}, {}]),
    },
)
CALLS = st.just({"toolCall": {"functionCalls": [{"id": "c", "name": "look", "args": {}}]}})
MESSAGES = st.one_of(CONTENT.map(lambda content: {"serverContent": content}), CALLS)
SENT = st.sampled_from([r.SendText("Hi"), r.AppendAudio(b"ab"), r.SendToolResult("c", "look", "fog"), r.CommitAudio()])


@given(st.lists(st.one_of(st.binary(max_size=30), st.dictionaries(KEYS, JSON).map(msgspec.json.encode)), max_size=4))
def test_no_frame_breaks_a_codec(frames: list[Frame]) -> None:
    codec = opened()
    for frame in frames:
        for event in codec.receive(frame):
            assert isinstance(event, rte.RealtimeEvent)


@given(st.lists(st.one_of(MESSAGES, SENT), max_size=12))
def test_answers_begin_and_end_one_after_the_other(steps: list[object]) -> None:
    codec, caller = opened(), OpenAIRealtimeServer()
    open_now: str | None = None
    seen: list[str | None] = []
    for step in steps:
        if not isinstance(step, dict):
            codec.send(step)  # pyright: ignore[reportArgumentType] — all others are commands
            continue
        for event in codec.receive(msgspec.json.encode(step)):
            if isinstance(event, rte.ResponseStarted):
                assert open_now is None
                assert event.response_id not in seen
                open_now = event.response_id
                seen.append(open_now)
            elif isinstance(event, rte.ResponseDone):
                assert event.response_id == open_now
                open_now = None
            elif isinstance(event, rte.AudioChunk | rte.OutputTextDelta | rte.ToolCalled):
                assert event.response_id == open_now
            caller.write(event)


@given(st.lists(MESSAGES, max_size=8))
def test_no_word_of_the_user_is_lost_or_told_twice(messages: list[dict[str, dict[str, dict[str, str]]]]) -> None:
    codec = opened()
    events = [event for message in messages for event in codec.receive(msgspec.json.encode(message))]
    heard = "".join(event.text for event in events if isinstance(event, rte.InputTranscriptDelta))
    told = [one.get("serverContent", {}).get("inputTranscription", {}).get("text", "") for one in messages]
    assert heard == "".join(told)
    added = [event.item_id for event in events if isinstance(event, rte.ItemAdded)]
    assert len(added) == len(set(added))


@given(st.binary(max_size=80), st.lists(st.integers(0, 80), max_size=6))
def test_no_cut_of_sound_loses_a_byte(data: bytes, cuts: list[int]) -> None:
    codec = opened(append_bytes=8)
    places = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    frames = [frame for start, end in pairwise(places) for frame in said(codec, r.AppendAudio(data[start:end]))]
    sent = b"".join(base64.b64decode(frame["realtimeInput"]["audio"]["data"]) for frame in frames)
    assert sent == data[: len(data) // 2 * 2]
