"""A session of the simulator listens, answers, and does what it is told, all without a clock."""

from collections.abc import Iterable
from typing import Any

import pytest

from genmux.contract.cascades import Timed
from genmux.contract.sessions import Resume, Turn
from genmux.providers.mock.live import GEMINI, OPENAI, MockPeer, MockRealtime
from genmux.providers.mock.live.tone import piece
from genmux.types import realtime as rt
from genmux.types import realtime_events as rte
from genmux.types.chat import Tool
from genmux.types.errors import InvalidRequestError, NotFoundError, UnsupportedError

SPEECH = piece(24_000, 400)
SILENCE = bytes(len(SPEECH))
WEATHER = Tool(name="weather", parameters={"type": "object", "properties": {"city": {"type": "string"}}})


def peer(instructions: str = "", house: MockRealtime | None = None, **config: Any) -> MockPeer:
    made = (house or MockRealtime()).peer(rt.SessionConfig(instructions=instructions, **config), "realtime")
    made.begin()
    return made


def told(timed: Iterable[Timed], kind: type[rte.RealtimeEvent] = rte.RealtimeEvent) -> list[Any]:
    """The events of a kind, in the order of their times."""
    ordered = sorted(timed, key=lambda one: one.after_ms)
    return [one.event for one in ordered if isinstance(one.event, kind)]


def speak(to: MockPeer, ms: int, silence_ms: int = 500, *, now: float = 0.0) -> list[Timed]:
    """Somebody speaks for so long, and is silent for so long."""
    out = [*to.hear(rt.AppendAudio(SPEECH * (ms // 20)), now)]
    return [*out, *to.hear(rt.AppendAudio(SILENCE * (silence_ms // 20)), now)] if silence_ms else out


def words(timed: Iterable[Timed]) -> str:
    return "".join(one.text for one in told(timed, rte.OutputTranscriptDelta))


def test_half_a_second_of_silence_ends_a_turn_which_is_answered_with_how_long_it_was() -> None:
    out = speak(peer(), 300)
    assert [type(one) for one in told(out)][:5] == [
        rte.SpeechStarted,
        rte.SpeechStopped,
        rte.InputCommitted,
        rte.ItemAdded,
        rte.ItemDone,
    ]
    assert told(out, rte.SpeechStopped)[0].audio_ms == 300
    assert words(out) == "I heard 300 ms of sound"
    assert [len(one.data) for one in told(out, rte.AudioChunk)] == [960] * 30
    (done,) = told(out, rte.ResponseDone)
    assert done.status == "completed"
    assert done.usage.meters["tokens.input.audio"] == 3
    assert done.usage.meters["tokens.output.audio"] == 12


def test_a_shorter_silence_ends_a_turn_where_that_is_set_up() -> None:
    out = speak(peer(turns=rt.TurnDetection(silence_ms=100)), 100, 100)
    assert told(out, rte.ResponseDone)


def test_silence_alone_is_no_turn() -> None:
    assert peer().hear(rt.AppendAudio(SILENCE * 100), 0.0) == []


def test_a_turn_of_the_client_ends_with_a_commit() -> None:
    one = peer(turns=rt.TurnDetection(kind="client"))
    assert speak(one, 200, 1_000) == []
    out = one.hear(rt.CommitAudio(), 0.0)
    assert told(out, rte.InputCommitted)
    assert words(out) == "I heard 1200 ms of sound"


def test_a_commit_without_sound_is_refused() -> None:
    (failed,) = told(peer().hear(rt.CommitAudio(), 0.0), rte.SessionFailed)
    assert failed.error.code == "input_audio_buffer_commit_empty"
    assert failed.recoverable


def test_a_commit_in_openais_manner_waits_for_a_request_to_answer() -> None:
    one = peer(house=MockRealtime(OPENAI), turns=rt.TurnDetection(kind="client"))
    speak(one, 200, 0)
    assert told(one.hear(rt.CommitAudio(), 0.0), rte.ResponseStarted) == []
    assert words(one.hear(rt.CreateResponse(), 0.0)) == "I heard 200 ms of sound"


def test_a_text_comes_back_as_an_echo_without_its_directives() -> None:
    out = peer().hear(rt.SendText("Good evening [mock seconds=0.1]"), 0.0)
    assert words(out) == "Good evening"
    assert len(told(out, rte.AudioChunk)) == 5


def test_an_answer_in_writing_has_no_sound() -> None:
    out = peer(modalities=("text",)).hear(rt.SendText("Good evening"), 0.0)
    assert [one.text for one in told(out, rte.TextDone)] == ["Good evening"]
    assert told(out, rte.AudioChunk) == []


def test_latency_jitter_and_pace_say_when_sound_comes() -> None:
    out = peer("[mock latency=0.2 pace=0.02 seconds=0.1]").hear(rt.SendText("hi"), 1_000.0)
    times = [one.after_ms for one in out if isinstance(one.event, rte.AudioChunk)]
    assert times == pytest.approx([200, 220, 240, 260, 280])
    jittered = peer("[mock pace=0.02 jitter=0.01 seed=3 seconds=0.1]").hear(rt.SendText("hi"), 0.0)
    again = peer("[mock pace=0.02 jitter=0.01 seed=3 seconds=0.1]").hear(rt.SendText("hi"), 0.0)
    assert [one.after_ms for one in jittered] == [one.after_ms for one in again]
    assert jittered[-2].after_ms > 80


def test_whoever_speaks_into_an_answer_stops_it() -> None:
    one = peer("[mock pace=0.02 seconds=1]")
    started = told(speak(one, 100), rte.ResponseStarted)[0]
    out = one.hear(rt.AppendAudio(SPEECH), 205.0)
    assert told(out, rte.SpeechStarted)
    assert [one.withdraws for one in out if one.withdraws] == [started.response_id]
    (done,) = told(out, rte.ResponseDone)
    assert (done.status, done.reason) == ("cancelled", "turn_detected")
    assert done.usage.meters["tokens.output.audio"] == 11 * 20 // 50
    assert not [event for at, event in one.tape.told if isinstance(event, rte.AudioChunk) and at > 205]


def test_an_answer_is_not_stopped_where_it_may_not_be() -> None:
    one = peer("[mock pace=0.02 seconds=1]", turns=rt.TurnDetection(interrupts=False))
    speak(one, 100)
    assert told(one.hear(rt.AppendAudio(SPEECH), 205.0), rte.ResponseDone) == []


def test_an_answer_that_is_over_is_not_stopped() -> None:
    one = peer("[mock pace=0.02 seconds=0.1]")
    speak(one, 100)
    assert told(one.hear(rt.AppendAudio(SPEECH), 500.0), rte.ResponseDone) == []


def test_an_answer_is_cancelled_at_wish_and_nothing_else_is() -> None:
    one = peer("[mock pace=0.02 seconds=1]")
    one.hear(rt.SendText("hi"), 0.0)
    assert told(one.hear(rt.CancelResponse(), 100.0), rte.ResponseDone)[0].reason == "client_cancelled"
    assert told(one.hear(rt.CancelResponse(), 100.0), rte.SessionFailed)[0].error.code == "response_cancel_not_active"


def test_a_second_answer_at_the_same_time_is_refused_or_in_googles_manner_the_first_is_stopped() -> None:
    one = peer("[mock pace=0.02]")
    one.hear(rt.SendText("hi"), 0.0)
    (failed,) = told(one.hear(rt.SendText("ho"), 10.0), rte.SessionFailed)
    assert failed.error.code == "conversation_already_has_active_response"
    other = peer("[mock pace=0.02]", house=MockRealtime(GEMINI))
    other.hear(rt.SendText("hi"), 0.0)
    out = other.hear(rt.SendText("ho"), 10.0)
    assert told(out, rte.ResponseDone)[0].status == "cancelled"
    assert words(out) == "ho"


def test_a_tool_is_called_when_the_user_names_it_and_its_result_is_told() -> None:
    one = peer(tools=(WEATHER,))
    (called,) = told(one.hear(rt.SendText("the weather please"), 0.0), rte.ToolCalled)
    assert called.name == "weather"
    out = one.hear(rt.SendToolResult(called.call_id, "weather", "sunny"), 10.0)
    assert words(out) == "weather says: sunny"


def test_a_tool_is_called_on_demand_with_the_wished_arguments() -> None:
    instructions = """[mock turn=2 tool=weather arguments='{"city":"Rome"}']"""
    one = peer(instructions, tools=(WEATHER,))
    assert told(one.hear(rt.SendText("hi"), 0.0), rte.ToolCalled) == []
    (called,) = told(one.hear(rt.SendText("hi"), 1.0), rte.ToolCalled)
    assert called.arguments == '{"city":"Rome"}'


def test_a_result_of_a_tool_that_was_not_called_is_refused() -> None:
    (failed,) = told(peer().hear(rt.SendToolResult("nothing", "weather", "sunny"), 0.0), rte.SessionFailed)
    assert failed.error.code == "invalid_tool_call_id"


def test_somebody_may_break_in_right_after_a_tool_call_or_before_the_first_sound() -> None:
    out = peer("[mock tool=weather barge=0]").hear(rt.SendText("hi"), 0.0)
    kinds = [type(one) for one in told(out)]
    assert kinds.index(rte.ToolCalled) < kinds.index(rte.SpeechStarted) < kinds.index(rte.ResponseDone)
    assert told(out, rte.ResponseDone)[0].status == "cancelled"
    silent = peer("[mock barge=0]").hear(rt.SendText("hi"), 0.0)
    assert told(silent, rte.AudioChunk) == []
    assert told(silent, rte.ResponseDone)[0].status == "cancelled"
    assert len(told(peer("[mock barge=3]").hear(rt.SendText("hi"), 0.0), rte.AudioChunk)) == 3


@pytest.mark.parametrize(("when", "first"), [("early", rte.InputTranscriptDone), ("late", rte.ResponseDone)])
def test_what_the_user_said_is_written_down_before_or_after_the_answer(
    when: str, first: type[rte.RealtimeEvent]
) -> None:
    one = peer(f'[mock transcript={when} heard="Good evening" pace=0.02]', transcription=rt.Transcribing())
    out = speak(one, 100)
    both = told(out, rte.RealtimeEvent)
    kinds = [type(event) for event in both if isinstance(event, rte.InputTranscriptDone | rte.ResponseDone)]
    assert kinds[0] is first
    assert told(out, rte.InputTranscriptDone)[0].text == "Good evening"
    assert "".join(event.text for event in told(out, rte.InputTranscriptDelta)) == "Good evening"
    assert words(out) == "Good evening"


def test_without_a_wish_for_transcripts_there_are_none() -> None:
    assert told(speak(peer(), 100), rte.InputTranscriptDone) == []


@pytest.mark.parametrize(
    ("fault", "status", "reason", "filtered"),
    [
        ("filtered", "incomplete", "content_filter", True),
        ("cut", "incomplete", "max_output_tokens", False),
        ("failed", "failed", "server_error", False),
    ],
)
def test_answers_end_badly_at_wish(fault: str, status: str, reason: str, filtered: bool) -> None:
    out = peer(f"[mock {fault} seconds=0.2]").hear(rt.SendText("hi"), 0.0)
    (done,) = told(out, rte.ResponseDone)
    assert (done.status, done.reason, done.filtered) == (status, reason, filtered)
    assert len(told(out, rte.AudioChunk)) == 5


def test_an_error_comes_in_place_of_an_answer_or_into_it() -> None:
    out = peer("[mock rate_limit]").hear(rt.SendText("hi"), 0.0)
    assert told(out, rte.SessionFailed)[0].error.kind == "rate_limit"
    assert told(out, rte.ResponseStarted) == []
    out = peer("[mock overloaded after=2]").hear(rt.SendText("hi"), 0.0)
    assert told(out, rte.SessionFailed)[0].error.kind == "overloaded"
    assert told(out, rte.ResponseDone)[0].status == "failed"
    assert len(told(out, rte.AudioChunk)) == 2


def test_errors_are_drawn_and_the_same_seed_draws_the_same() -> None:
    def failures(seed: int) -> list[int]:
        one = peer(f"[mock error_rate=0.5 seed={seed}]")
        return [turn for turn in range(20) if told(one.hear(rt.SendText("hi"), turn * 1.0), rte.SessionFailed)]

    assert failures(1) == failures(1)
    assert failures(1) != failures(2)
    assert 0 < len(failures(1)) < 20


def test_a_connection_may_be_dropped_in_an_answer_or_announced_to_end() -> None:
    out = peer("[mock drop after=2 pace=0.02]").hear(rt.SendText("hi"), 0.0)
    assert len(told(out, rte.AudioChunk)) == 2
    assert [one.after_ms for one in out if one.ends] == [20.0]
    out = peer("[mock going=2]").hear(rt.SendText("hi"), 0.0)
    assert told(out, rte.GoingAway)[0].seconds == 2.0
    assert [one.after_ms for one in out if one.ends] == [2_000.0]


def test_a_new_connection_goes_on_with_a_handle_and_knows_what_was_said() -> None:
    house = MockRealtime()
    first = house.peer(rt.SessionConfig(), "realtime")
    (handle,) = told(first.begin(), rte.ResumptionHandle)
    first.hear(rt.SendText("hello"), 0.0)
    second = house.peer(rt.SessionConfig(), "realtime", Resume(handle=handle.handle))
    assert second.history == [Turn(role="user", text="hello"), Turn(role="assistant", text="hello")]
    with pytest.raises(NotFoundError, match="begin a new one"):
        house.peer(rt.SessionConfig(), "realtime", Resume(handle="nothing"))


def test_what_was_said_before_may_be_told_in_writing() -> None:
    turns = (Turn(role="user", text="hello"),)
    assert MockRealtime().peer(rt.SessionConfig(), "x", Resume(history=turns)).history == [*turns]


def test_items_are_cut_and_deleted_only_where_they_are() -> None:
    one = peer("[mock seconds=0.2]")
    (added,) = [item for item in told(one.hear(rt.SendText("hi"), 0.0), rte.ItemAdded) if item.role == "assistant"]
    assert told(one.hear(rt.TruncateItem(added.item_id, 500), 1.0), rte.SessionFailed)[0].error.param == "audio_end_ms"
    assert told(one.hear(rt.TruncateItem(added.item_id, 100), 1.0), rte.ItemTruncated)
    assert told(one.hear(rt.DeleteItem(added.item_id), 1.0), rte.ItemDeleted)
    assert told(one.hear(rt.DeleteItem(added.item_id), 1.0), rte.SessionFailed)[0].error.code == "item_not_found"
    assert told(one.hear(rt.TruncateItem("nothing", 100), 1.0), rte.SessionFailed)[0].error.code == "item_not_found"


def test_settings_change_in_a_session() -> None:
    one = peer()
    config = rt.SessionConfig(instructions="[mock say=ho]", turns=rt.TurnDetection(silence_ms=40))
    assert told(one.hear(rt.UpdateSession(config, ("instructions", "turns")), 0.0), rte.SessionUpdated)
    assert words(speak(one, 100, 40)) == "ho"


def test_limits_pictures_forgotten_sound_and_frames_that_should_not_be() -> None:
    one = peer("[mock remaining=7 wire=half_json,unknown]")
    assert told(one.hear(rt.ClearAudio(), 0.0), rte.InputCleared)
    assert told(one.hear(rt.SendImage(b"x"), 0.0), rte.ItemAdded)
    out = one.hear(rt.SendText("hi"), 0.0)
    assert told(out, rte.RateLimits)[0].limits[0]["remaining"] == 7
    assert [event.name for event in told(out, rte.Unknown)] == ["half_json", "unknown"]


def test_sound_may_come_late_or_in_the_wrong_order() -> None:
    late = told(peer("[mock late]").hear(rt.SendText("hi"), 0.0))
    kinds = [type(one) for one in late]
    assert kinds[-2] is rte.AudioChunk
    mixed = told(peer("[mock mixed pace=0]").hear(rt.SendText("hi"), 0.0))
    kinds = [type(one) for one in mixed]
    assert kinds.index(rte.AudioChunk) < kinds.index(rte.ResponseStarted)


def test_a_directive_that_is_not_understood_is_refused_by_name() -> None:
    with pytest.raises(InvalidRequestError, match="colour"):
        peer("[mock colour=red]")
    with pytest.raises(UnsupportedError, match=r"nonsense.*filtered"):
        peer("[mock fault=nonsense]").hear(rt.SendText("hi"), 0.0)
    with pytest.raises(InvalidRequestError, match="latency"):
        peer(params={"latency": "soon"})


def test_everything_is_on_the_tape() -> None:
    house = MockRealtime()
    one = peer("[mock pace=0.02 seconds=0.1]", house, params={"temperature": 1})
    one.hear(rt.SendText("hi"), 5.0)
    one.hear(rt.CloseSession(), 6.0)
    (tape,) = house.tapes
    assert tape.commands == [rt.SendText("hi"), rt.CloseSession()]
    assert isinstance(tape.events[0], rte.SessionCreated)
    assert isinstance(tape.events[-2], rte.ResponseDone)
