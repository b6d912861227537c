"""Answers that are begun at a pause, and turns that end by how they sounded."""

import asyncio

import msgspec
import pytest

from genmux.flows.voice.cascade.ports import CAREFUL, EAGER, Ahead, Noticed
from genmux.types.errors import MessageError, ProviderError
from genmux.types.realtime import AppendAudio, CommitAudio, SendText, SessionConfig, TurnDetection, UpdateSession
from genmux.types.realtime_events import (
    AudioChunk,
    InputTranscriptDone,
    ResponseDone,
    ResponseStarted,
    SessionFailed,
    SpeechStarted,
    SpeechStopped,
)
from tests.unit.flows.voice.cascade_house import CHUNK, Ears, Here, Voices, words

pytestmark = pytest.mark.asyncio
STARTED, PAUSED, RESUMED, STOPPED = (
    Noticed("started", 0),
    Noticed("paused", 200),
    Noticed("resumed", 250),
    Noticed("stopped", 200),
)


async def test_an_answer_is_begun_at_the_pause_and_told_when_the_turn_is_over() -> None:
    here = Here(Voices(words("It is ", "noon.")), Ears([STARTED], [PAUSED], [], [STOPPED]), ahead=EAGER)
    await here.say(3)
    await here.until(SpeechStarted)
    assert here.voices.spoken == ["It is noon."]
    assert here.kinds() == ["SpeechStarted"]

    await here.say(1)
    done = await here.until(ResponseDone)
    assert isinstance(done, ResponseDone)
    assert done.status == "completed"
    assert here.kinds() == [
        *("SpeechStarted", "SpeechStopped", "InputCommitted", "InputTranscriptDone"),
        *("ResponseStarted", "OutputTranscriptDelta", *["AudioChunk"] * 3),
        *("AudioDone", "OutputTranscriptDone", "ResponseDone"),
    ]
    assert len(here.voices.asked) == len(here.voices.sounds) == 1
    assert here.messages()[1:] == [("user", "what time is it")]


async def test_what_was_drafted_is_remembered_once_it_was_told() -> None:
    ears = Ears([STARTED], [PAUSED], [STOPPED])
    here = Here(Voices(words("It is noon."), words("Yes.")), ears, ahead=EAGER)
    await here.say(3)
    await here.until(ResponseDone)
    await here.link.send(SendText("sure?"))
    here.heard.clear()
    await here.until(ResponseDone)
    assert here.messages()[1:] == [("user", "what time is it"), ("assistant", "It is noon."), ("user", "sure?")]


async def test_whoever_goes_on_speaking_hears_nothing_of_the_draft() -> None:
    ears = Ears([STARTED], [PAUSED], [RESUMED], [PAUSED], [STOPPED])
    here = Here(Voices(words("Too early."), words("It is noon.")), ears, ahead=EAGER)
    await here.say(3)
    here.voices.heard = "what time is it in Rome"
    await here.say(2)
    await here.until(ResponseDone)
    assert [one.text for one in here.heard if isinstance(one, InputTranscriptDone)] == ["what time is it in Rome"]
    assert len([one for one in here.heard if isinstance(one, ResponseStarted)]) == 1
    assert here.messages()[1:] == [("user", "what time is it in Rome")]


async def test_a_draft_that_knows_too_little_is_thrown_away() -> None:
    ears = Ears([STARTED], [PAUSED], [STOPPED])
    here = Here(Voices(words("It is noon."), words("Noon in Rome.")), ears, ahead=EAGER)
    await here.say(2)
    await here.link.send(SendText("she is in Rome", role="system", answer=False))
    await here.say(1)
    await here.until(ResponseDone)
    assert here.messages()[1:] == [("system", "she is in Rome"), ("user", "what time is it")]
    assert here.voices.spoken == ["It is noon.", "Noon in Rome."]


async def test_a_draft_by_other_instructions_is_thrown_away() -> None:
    ears = Ears([STARTED], [PAUSED], [STOPPED])
    here = Here(Voices(words("It is noon."), words("Midi.")), ears, ahead=EAGER)
    await here.say(2)
    await here.link.send(UpdateSession(SessionConfig(instructions="in French"), frozenset({"instructions"})))
    await here.say(1)
    await here.until(ResponseDone)
    assert here.messages()[0] == ("system", "in French")


async def test_without_drafts_nothing_is_asked_before_the_turn_is_over() -> None:
    here = Here(Voices(), Ears([STARTED], [PAUSED], [], [STOPPED]))
    await here.say(3)
    assert here.voices.asked == []
    await here.say(1)
    await here.until(ResponseDone)
    assert len(here.voices.asked) == 1


async def test_a_draft_that_fails_is_told_when_the_turn_is_over() -> None:
    here = Here(Voices(ProviderError("no answer")), Ears([STARTED], [PAUSED], [], [STOPPED]), ahead=EAGER)
    await here.say(3)
    await here.until(SpeechStarted)
    assert here.kinds() == ["SpeechStarted"]
    await here.say(1)
    failed = await here.until(SessionFailed)
    assert isinstance(failed, SessionFailed)
    assert failed.error is not None
    assert failed.error.message == "no answer"
    assert [one.status for one in here.heard if isinstance(one, ResponseDone)] == ["failed"]


async def test_speech_stops_a_draft_that_is_being_told() -> None:
    gate = asyncio.Event()
    ears = Ears([STARTED], [PAUSED], [STOPPED], [Noticed("started", 300)], [], [], [], [])
    here = Here(Voices(words("One two three. ", "Four."), words("Yes."), gate=gate), ears, ahead=EAGER)
    await here.say(3)
    await here.until(ResponseStarted)
    await here.say(5)
    done = await here.until(ResponseDone)
    assert isinstance(done, ResponseDone)
    assert (done.status, done.reason) == ("cancelled", "turn_detected")


async def test_the_end_of_a_session_ends_a_draft() -> None:
    here = Here(Voices(gate=asyncio.Event()), Ears([STARTED], [PAUSED]), ahead=EAGER)
    await here.say(2)
    await here.link.close()
    assert not [one for one in asyncio.all_tasks() if one.get_name().startswith("genmux")]


async def test_what_costs_money_is_written_down_once_before_the_end_of_a_turn() -> None:
    pauses = [[PAUSED], [RESUMED]] * 3
    ears = Ears([STARTED], *pauses, [PAUSED], [], [STOPPED], [Noticed("started", 900)], [PAUSED])
    here = Here(Voices(words("It is noon.")), ears, ahead=CAREFUL)
    await here.say(10)
    await here.until(ResponseDone)
    assert len(here.voices.sounds) == 2
    await here.say(2)
    assert len(here.voices.sounds) == 3  # the next turn has one, too


async def test_what_costs_nothing_is_written_down_at_each_pause() -> None:
    ears = Ears([STARTED], [PAUSED], [RESUMED], [PAUSED], [STOPPED])
    here = Here(Voices(words("It is noon.")), ears, ahead=Ahead())
    await here.say(5)
    await here.until(ResponseDone)
    assert len(here.voices.sounds) == 2


class Judge:
    """Says what the test says."""

    def __init__(self, *, finished: bool) -> None:
        self.says = finished
        self.asked = 0

    async def finished(self, sound: bytes) -> bool:
        assert sound
        self.asked += 1
        return self.says


SEMANTIC = SessionConfig(turns=TurnDetection(kind="semantic"))


async def test_a_turn_that_sounds_as_if_it_were_over_is_over_at_the_pause() -> None:
    ears, judge = Ears([STARTED], [PAUSED]), Judge(finished=True)
    here = Here(Voices(), ears, SEMANTIC, judge=judge)
    await here.say(2)
    stopped = await here.until(SpeechStopped)
    await here.until(AudioChunk)
    assert isinstance(stopped, SpeechStopped)
    assert stopped.audio_ms == PAUSED.at_ms
    assert (judge.asked, ears.resets) == (1, 1)
    assert len(here.voices.sounds) == 1


async def test_a_turn_that_does_not_sound_so_ends_by_silence() -> None:
    here = Here(Voices(), Ears([STARTED], [PAUSED], [], [STOPPED]), SEMANTIC, judge=Judge(finished=False))
    await here.say(3)
    await here.until(SpeechStarted)
    assert here.kinds() == ["SpeechStarted"]
    await here.say(1)
    await here.until(ResponseDone)


async def test_noises_are_suspected_and_dismissed_and_make_no_turn() -> None:
    ears = Ears([Noticed("suspected", 0)], [Noticed("dismissed", 100)])
    here = Here(Voices(), ears)
    await here.say(2)
    here.heard += await here.link.receive() or ()
    assert here.kinds() == ["SpeechSuspected", "SpeechDismissed"]
    assert here.voices.sounds == []


async def test_a_draft_ends_with_a_session_that_is_closed_before_its_turn_is_heard() -> None:
    gate = asyncio.Event()
    ears = Ears([STARTED], [PAUSED], [], [STOPPED])
    here = Here(Voices(words("It is ", "noon."), gate=gate), ears, ahead=EAGER)
    await here.say(3)
    await here.link.send(AppendAudio(CHUNK))
    await here.link.close()
    assert [one.get_name() for one in asyncio.all_tasks() if one is not asyncio.current_task()] == []


async def test_a_draft_that_is_no_answer_is_stopped_before_the_answer_is_written() -> None:
    gate = asyncio.Event()
    here = Here(
        Voices(words("Too ", "early."), words("Noon in Rome."), gate=gate),
        Ears([STARTED], [PAUSED], [STOPPED]),
        ahead=EAGER,
    )
    await here.say(2)
    await here.link.send(SendText("she is in Rome", role="system", answer=False))
    await here.say(1)
    await here.until(ResponseStarted)
    assert "genmux-cascade-drafts" not in [one.get_name() for one in asyncio.all_tasks()]
    await here.link.close()


@pytest.mark.parametrize("way", ["commit", "update"])
async def test_a_judge_ends_no_turn_that_somebody_else_has_ended(way: str) -> None:
    class Thinks:
        thought = asyncio.Event()

        async def finished(self, sound: bytes) -> bool:
            await self.thought.wait()
            return bool(sound)

    judge = Thinks()
    here = Here(Voices(words("one"), words("two")), Ears([STARTED], [PAUSED]), SEMANTIC, judge=judge)
    await here.say(2)
    if way == "update":
        turns = TurnDetection(kind="client")
        await here.link.send(UpdateSession(msgspec.structs.replace(SEMANTIC, turns=turns), ("turns",)))
    else:
        await here.link.send(CommitAudio())
    await here.say(1)
    judge.thought.set()
    await here.say(1)
    await here.link.send(CommitAudio())
    await here.until(ResponseDone)
    assert "SpeechStopped" not in here.kinds()
    await here.link.close()


async def test_turns_can_be_ended_otherwise_on_the_way() -> None:
    ears, judge = Ears([STARTED], [PAUSED], [STOPPED]), Judge(finished=True)
    here = Here(Voices(), ears, SEMANTIC, judge=judge)
    turns = TurnDetection(silence_ms=900)
    await here.link.send(UpdateSession(SessionConfig(turns=turns), ("turns",)))
    assert ears.tuned == [turns]
    await here.say(3)
    await here.until(ResponseDone)
    assert judge.asked == 0


async def test_turns_by_sense_must_be_wished_for_at_the_beginning() -> None:
    here = Here(Voices(), Ears())
    with pytest.raises(MessageError, match="open one with them"):
        await here.link.send(UpdateSession(SEMANTIC, ("turns",)))
