"""Which turn a piece belongs to, where nothing has an id."""

import pytest

from genmux.contract.sessions import Resume
from genmux.types.realtime import AppendAudio, SendText
from genmux.types.realtime_events import (
    AudioChunk,
    AudioDone,
    GenerationComplete,
    InputTranscriptDelta,
    InputTranscriptDone,
    Interrupted,
    ItemAdded,
    ItemDone,
    OutputTextDelta,
    OutputTranscriptDelta,
    OutputTranscriptDone,
    ResponseDone,
    ResponseStarted,
    TextDone,
    ToolCalled,
)
from genmux.types.usage import Usage
from tests.unit.dialects.gemini_live.talking import heard, kinds, opened, spoken

ONE = {"item_id": "item_1", "response_id": "resp_1"}
CALL = {"toolCall": {"functionCalls": [{"id": "c", "name": "look", "args": {"city": "Bonn"}}]}}


def test_an_answer_is_told_as_if_it_had_ids() -> None:
    codec = opened()
    usage = {"promptTokenCount": 9, "responseTokenCount": 4}
    assert heard(codec, **spoken(outputTranscription={"text": "Hel"})) == [
        ResponseStarted(response_id="resp_1"),
        ItemAdded(**ONE, role="assistant", kind="message"),
        OutputTranscriptDelta(**ONE, text="Hel"),
        AudioChunk(**ONE, data=b"\1\2"),
    ]
    assert heard(codec, outputTranscription={"text": "lo"}) == [OutputTranscriptDelta(**ONE, text="lo")]
    assert heard(codec, generationComplete=True) == [GenerationComplete(response_id="resp_1")]
    assert heard(codec, {"serverContent": {"turnComplete": True}, "usageMetadata": usage}) == [
        AudioDone(**ONE),
        OutputTranscriptDone(**ONE, text="Hello"),
        ItemDone(**ONE, role="assistant", kind="message"),
        ResponseDone(response_id="resp_1", usage=Usage(meters={"tokens.input": 9, "tokens.output": 4}, raw=usage)),
    ]


def test_words_alone_are_text_and_thoughts_are_not_told() -> None:
    codec = opened()
    events = heard(codec, modelTurn={"parts": [{"text": "Hm", "thought": True}, {"text": "Hi"}]})
    assert events[-1] == OutputTextDelta(**ONE, text="Hi")
    assert heard(codec, turnComplete=True)[0] == TextDone(**ONE, text="Hi")


def test_the_next_answer_begins_with_its_first_piece() -> None:
    codec = opened()
    heard(codec, **spoken(turnComplete=True))
    assert heard(codec, outputTranscription={}) == []
    assert heard(codec, **spoken())[0] == ResponseStarted(response_id="resp_2")


def test_a_late_transcript_stays_on_its_turn() -> None:
    codec = opened()
    codec.send(AppendAudio(b"ab"))
    heard(codec, **spoken(turnComplete=True))
    assert heard(codec, outputTranscription={"text": "bye"}) == [OutputTranscriptDelta(**ONE, text="bye")]
    added, said = heard(codec, inputTranscription={"text": "Hi"})
    assert (added, said) == (
        ItemAdded(item_id="input_1", role="user", kind="message"),
        InputTranscriptDelta(item_id="input_1", text="Hi"),
    )
    assert heard(codec, inputTranscription={"text": "!", "finished": True}) == [
        InputTranscriptDelta(item_id="input_1", text="!"),
        InputTranscriptDone(item_id="input_1", text="Hi!"),
    ]
    assert heard(codec, inputTranscription={"text": "More"})[-1].item_id == "input_2"


def test_after_an_answer_to_something_written_speech_is_of_the_next_turn() -> None:
    codec = opened()
    codec.send(AppendAudio(b"ab"))
    codec.send(SendText("Hi"))
    heard(codec, **spoken(turnComplete=True))
    assert heard(codec, inputTranscription={"text": "Hi"})[-1].item_id == "input_2"


def test_what_was_written_is_answered_anew_though_its_transcript_comes_first() -> None:
    codec = opened()
    heard(codec, **spoken(turnComplete=True))
    codec.send(SendText("And now?"))
    events = heard(codec, outputTranscription={"text": "Now"})
    assert [event.response_id for event in events if event.response_id] == ["resp_2"] * 3


def test_what_the_user_said_is_complete_when_the_answer_begins() -> None:
    codec = opened()
    heard(codec, inputTranscription={"text": "What "})
    heard(codec, inputTranscription={"text": "now?"})
    assert heard(codec, **spoken())[:2] == [
        InputTranscriptDone(item_id="input_1", text="What now?"),
        ResponseStarted(response_id="resp_1"),
    ]
    assert kinds(heard(codec, inputTranscription={"text": " Eh?"})) == ["InputTranscriptDelta"]
    heard(codec, turnComplete=True)
    events = heard(codec, inputTranscription={"text": "Then"})
    assert events == [
        InputTranscriptDone(item_id="input_1", text="What now? Eh?"),
        ItemAdded(item_id="input_2", role="user", kind="message"),
        InputTranscriptDelta(item_id="input_2", text="Then"),
    ]


def test_an_interim_transcript_replaces_the_one_before() -> None:
    events = heard(opened(), interimInputTranscription={"text": "Hel"})
    assert events[-1] == InputTranscriptDelta(item_id="input_1", text="Hel", interim=True)


def test_an_interruption_ends_the_answer() -> None:
    codec = opened()
    heard(codec, **spoken())
    assert heard(codec, interrupted=True) == [Interrupted(**ONE, reason="turn_detected")]
    assert heard(codec, outputTranscription={"text": "la"}) == [OutputTranscriptDelta(**ONE, text="la")]
    assert heard(codec, inputTranscription={"text": "Stop"})[-1].item_id == "input_2"
    done = heard(codec, turnComplete=True)[-1]
    assert done == ResponseDone(response_id="resp_1", status="cancelled", reason="turn_detected")


def test_an_interrupted_answer_whose_end_is_not_told_ends_with_the_next() -> None:
    codec = opened()
    heard(codec, **spoken())
    heard(codec, interrupted=True)
    assert kinds(heard(codec, **spoken())) == [
        "AudioDone",
        "ItemDone",
        "ResponseDone",
        "ResponseStarted",
        "ItemAdded",
        "AudioChunk",
    ]


def test_an_interruption_after_the_answer_is_told_all_the_same() -> None:
    codec = opened()
    assert heard(codec, interrupted=True) == [Interrupted(reason="turn_detected")]
    heard(codec, **spoken(turnComplete=True))
    assert heard(codec, interrupted=True) == [Interrupted(**ONE, reason="turn_detected")]


def test_a_tool_call_ends_the_answer_and_what_follows_is_a_new_one() -> None:
    codec = opened()
    events = heard(codec, CALL)
    assert kinds(events) == ["ResponseStarted", "ItemAdded", "ToolCalled", "ItemDone", "ResponseDone"]
    assert events[2] == ToolCalled(
        item_id="item_1_1", response_id="resp_1", call_id="c", name="look", arguments='{"city":"Bonn"}'
    )
    assert events[4] == ResponseDone(response_id="resp_1", usage=Usage())
    usage = {"promptTokenCount": 3}
    assert heard(codec, {"serverContent": {"turnComplete": True}, "usageMetadata": usage}) == []
    assert heard(codec, **spoken())[0] == ResponseStarted(response_id="resp_2")
    usage = {"promptTokenCount": 4, "responseTokenCount": 2}
    done = heard(codec, {"serverContent": {"turnComplete": True}, "usageMetadata": usage})[-1]
    assert done == ResponseDone(response_id="resp_2", usage=Usage(meters={"tokens.input": 7, "tokens.output": 2}))


@pytest.mark.parametrize(
    ("reason", "status", "filtered"),
    [
        ("NEED_MORE_INPUT", "completed", False),
        ("GENERATED_AUDIO_SAFETY", "incomplete", True),
        ("PROHIBITED_INPUT_CONTENT", "incomplete", True),
        ("MALFORMED_FUNCTION_CALL", "failed", False),
        ("GENERATED_OTHER", "incomplete", False),
    ],
)
def test_an_answer_says_why_it_ended(reason: str, status: str, filtered: bool) -> None:
    codec = opened()
    heard(codec, **spoken())
    done = heard(codec, turnComplete=True, turnCompleteReason=reason)[-1]
    assert isinstance(done, ResponseDone)
    assert (done.status, done.reason, done.filtered) == (status, reason, filtered)


def test_what_is_refused_before_it_begins_is_an_answer_too() -> None:
    events = heard(opened(), turnComplete=True, turnCompleteReason="PROHIBITED_INPUT_CONTENT")
    assert kinds(events) == ["ResponseStarted", "ResponseDone"]
    assert heard(opened(), turnComplete=True, turnCompleteReason="NEED_MORE_INPUT") == []


def test_connections_that_follow_one_another_have_ids_of_their_own() -> None:
    first, second = (heard(opened(resume=Resume(handle=handle)), **spoken())[0] for handle in "ab")
    assert len({first.response_id, second.response_id, "resp_1"}) == 3
