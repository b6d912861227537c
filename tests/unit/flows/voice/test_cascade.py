"""A conversation made of calls: heard, written, spoken, interrupted."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from genmux.flows.voice.cascade.ports import Noticed
from genmux.types.audio import AudioFormat
from genmux.types.chat import Tool
from genmux.types.errors import BudgetExceededError, MessageError, ServerError
from genmux.types.realtime import (
    AppendAudio,
    ClearAudio,
    CommitAudio,
    CreateResponse,
    DeleteItem,
    SendImage,
    SendText,
    SendToolResult,
    SessionConfig,
    TruncateItem,
    TurnDetection,
    UpdateSession,
)
from genmux.types.realtime_events import (
    AudioChunk,
    InputCommitted,
    InputTranscriptDone,
    OutputTranscriptDelta,
    OutputTranscriptDone,
    ResponseDone,
    ResponseStarted,
    SessionCreated,
    SessionFailed,
    SpeechStarted,
    SpeechStopped,
    TextDone,
    ToolCalled,
)
from genmux.types.transcription import Transcript
from genmux.types.usage import Usage
from tests.unit.flows.voice.cascade_house import CHUNK, MADE, Ears, Here, Voices, calls, words


async def test_a_written_message_is_answered_aloud() -> None:
    here = Here(Voices(words("It is ", "noon. ", "Time for lunch.")))
    await here.link.begin()
    await here.link.send(SendText("what time is it"))
    done = await here.until(ResponseDone)

    assert isinstance(done, ResponseDone)
    assert here.kinds()[:3] == ["SessionCreated", "ItemAdded", "ResponseStarted"]
    assert here.voices.spoken == ["It is noon.", "Time for lunch."]
    assert sum(len(one.data) for one in here.heard if isinstance(one, AudioChunk)) == MADE.size(600)
    assert [one.text for one in here.heard if isinstance(one, OutputTranscriptDone)] == ["It is noon. Time for lunch."]
    assert here.messages() == [("system", "be brief"), ("user", "what time is it")]
    assert (done.status, done.usage, done.cost and done.cost.amount) == (
        "completed",
        Usage(meters={"tokens.output": 7}),
        Decimal("1.00"),
    )
    await here.link.close()
    assert await here.link.receive() is None


async def test_what_was_said_before_is_remembered() -> None:
    here = Here(Voices(words("Hello Ann."), words("Ann.")))
    await here.link.send(SendText("I am Ann"))
    await here.until(ResponseDone)
    here.heard.clear()
    await here.link.send(SendText("who am I"))
    await here.until(ResponseDone)
    assert here.messages()[1:] == [("user", "I am Ann"), ("assistant", "Hello Ann."), ("user", "who am I")]


async def test_silence_ends_a_turn_whose_transcription_began_at_the_pause() -> None:
    ears = Ears([Noticed("started", 0)], [], [Noticed("paused", 200)], [Noticed("stopped", 200)])
    here = Here(Voices(), ears)
    for _ in range(4):
        await here.link.send(AppendAudio(CHUNK))
    await here.until(ResponseDone)

    assert len(here.voices.sounds) == 1  # not once more at the end
    assert len(here.voices.sounds[0]) == 3 * len(CHUNK)
    told = [one for one in here.heard if isinstance(one, InputTranscriptDone)]
    assert [one.text for one in told] == ["what time is it"]
    assert here.kinds()[:2] == ["SpeechStarted", "SpeechStopped"]


async def test_speech_that_goes_on_after_a_pause_is_transcribed_anew() -> None:
    ears = Ears([Noticed("started", 0)], [Noticed("paused", 100)], [Noticed("resumed", 200)], [Noticed("stopped", 400)])
    here = Here(Voices(), ears)
    for _ in range(4):
        await here.link.send(AppendAudio(CHUNK))
    await here.until(ResponseDone)
    assert len(here.voices.sounds[-1]) == 4 * len(CHUNK)
    assert len([one for one in here.heard if isinstance(one, ResponseStarted)]) == 1


async def test_with_turns_of_the_client_a_commit_ends_one() -> None:
    ears = Ears([Noticed("started", 0)], [Noticed("stopped", 100)])
    here = Here(Voices(), ears, SessionConfig(turns=TurnDetection(kind="client")))
    await here.link.send(AppendAudio(CHUNK))
    await here.link.send(AppendAudio(CHUNK))
    await asyncio.sleep(0)
    assert here.voices.sounds == []
    await here.link.send(CommitAudio())
    await here.until(ResponseDone)
    assert here.voices.sounds == [CHUNK * 2]


async def test_a_commit_without_sound_is_refused() -> None:
    with pytest.raises(MessageError, match="there is no sound to commit"):
        await Here(Voices()).link.send(CommitAudio())


async def test_sound_that_is_cleared_is_not_heard() -> None:
    here = Here(Voices(), config=SessionConfig(turns=TurnDetection(kind="client")))
    await here.link.send(AppendAudio(CHUNK))
    await here.link.send(ClearAudio())
    with pytest.raises(MessageError):
        await here.link.send(CommitAudio())


async def test_a_noise_without_words_is_not_answered() -> None:
    here = Here(Voices(heard=" ... "), config=SessionConfig(turns=TurnDetection(kind="client")))
    await here.link.send(AppendAudio(CHUNK))
    await here.link.send(CommitAudio())
    await here.until(InputTranscriptDone)
    await asyncio.sleep(0)
    assert here.voices.asked == []


async def test_speech_stops_the_answer_and_only_what_was_heard_is_remembered() -> None:
    gate = asyncio.Event()
    ears = Ears([Noticed("started", 0)], [], [], [], [Noticed("stopped", 500)])
    here = Here(Voices(words("One two three four. ", "Five six. "), words("Yes."), gate=gate), ears)
    await here.link.send(SendText("count"))
    gate.set()
    await here.until(OutputTranscriptDelta)
    gate.clear()
    answer = next(one for one in here.heard if isinstance(one, ResponseStarted))
    item = next(one.item_id for one in here.heard if isinstance(one, OutputTranscriptDelta))
    assert item is not None
    here.voices.gate = None
    await asyncio.sleep(0.01)
    for _ in range(4):
        await here.link.send(AppendAudio(CHUNK))
    started = await here.until(SpeechStarted)
    assert isinstance(started, SpeechStarted)
    await here.until(ResponseDone)
    await here.link.send(TruncateItem(item, 200))
    await here.link.send(AppendAudio(CHUNK))
    await here.until(SpeechStopped)
    here.heard = [one for one in here.heard if not isinstance(one, ResponseDone)]
    await here.until(ResponseDone)

    assert answer.response_id
    assert here.messages()[1:] == [("user", "count"), ("assistant", "One two"), ("user", "what time is it")]


async def test_a_short_noise_does_not_interrupt() -> None:
    gate = asyncio.Event()
    ears = Ears([Noticed("started", 0)], [Noticed("stopped", 120)])
    here = Here(Voices(words("One two. ", "Three four."), gate=gate, heard="uh"), ears)
    await here.link.send(SendText("count"))
    await here.until(ResponseStarted)
    for _ in range(2):
        await here.link.send(AppendAudio(CHUNK))
    gate.set()
    done = await here.until(ResponseDone)

    assert isinstance(done, ResponseDone)
    assert done.status == "completed"
    assert not {"SpeechStarted", "SpeechStopped", "InputCommitted"} & {*here.kinds()}
    assert here.voices.spoken == ["One two.", "Three four."]


async def test_speech_and_the_turn_that_is_made_of_it_are_one_item() -> None:
    ears = Ears([Noticed("started", 0)], [Noticed("stopped", 400)])
    here = Here(Voices(), ears)
    for _ in range(2):
        await here.link.send(AppendAudio(CHUNK))
    await here.until(ResponseDone)

    kinds = (SpeechStarted, SpeechStopped, InputCommitted, InputTranscriptDone)
    items = [one.item_id for one in here.heard if isinstance(one, kinds)]
    assert len(items) == len(kinds)
    assert len({*items}) == 1
    assert items[0]


async def test_tools_are_called_and_their_results_are_answered() -> None:
    tool = Tool(name="weather", parameters={"type": "object"})
    voices = Voices(calls("weather", '{"city":"Rome"}'), words("Sunny."))
    here = Here(voices, config=SessionConfig(tools=(tool,)))
    await here.link.send(SendText("how is the weather"))
    called = await here.until(ToolCalled)
    assert isinstance(called, ToolCalled)
    assert (called.call_id, called.name, called.arguments) == ("c1", "weather", '{"city":"Rome"}')
    await here.until(ResponseDone)
    here.heard.clear()
    await here.link.send(SendToolResult("c1", "weather", "sun"))
    await here.until(ResponseDone)

    assert [one.role for one in voices.asked[1].messages] == ["user", "assistant", "tool"]
    assert voices.asked[1].tools == (tool,)
    assert voices.spoken == ["Sunny."]


async def test_in_writing_nothing_is_spoken() -> None:
    here = Here(Voices(words("Quiet.")), config=SessionConfig(modalities=("text",)))
    await here.link.send(SendText("hush"))
    await here.until(ResponseDone)
    assert here.voices.spoken == []
    assert [one.text for one in here.heard if isinstance(one, TextDone)] == ["Quiet."]


async def test_a_failure_ends_the_answer_and_not_the_session() -> None:
    here = Here(Voices(ServerError("no"), words("Yes.")))
    await here.link.send(SendText("hello"))
    await here.until(SessionFailed)
    assert [one.status for one in here.heard if isinstance(one, ResponseDone)] == ["failed"]
    here.heard.clear()
    await here.link.send(CreateResponse())
    await here.until(ResponseDone)
    assert here.voices.spoken == ["Yes."]


async def test_a_turn_that_cannot_be_written_down_is_told() -> None:
    here = Here(Voices(heard=ServerError("deaf")), config=SessionConfig(turns=TurnDetection(kind="client")))
    await here.link.send(AppendAudio(CHUNK))
    await here.link.send(CommitAudio())
    await here.until(SessionFailed)
    assert [one.error for one in here.heard if isinstance(one, InputTranscriptDone)] == ["deaf"]


async def test_spent_money_ends_it() -> None:
    here = Here(Voices(BudgetExceededError("spent")))
    await here.link.send(SendText("hello"))
    with pytest.raises(BudgetExceededError, match="spent"):
        await here.until(ResponseDone)


async def test_pictures_go_along_with_the_next_words() -> None:
    here = Here(Voices())
    await here.link.send(SendImage(b"jpeg"))
    await here.link.send(SendText("what is this"))
    await here.until(ResponseDone)
    assert [type(one).__name__ for one in here.voices.asked[0].messages[-1].content] == ["Image", "Text"]


async def test_it_can_be_changed_on_the_way() -> None:
    here = Here(Voices())
    await here.link.send(UpdateSession(SessionConfig(instructions="be loud"), ("instructions",)))
    await here.link.send(SendText("hello", item_id="u1"))
    await here.until(ResponseDone)
    assert here.messages()[0] == ("system", "be loud")
    await here.link.send(DeleteItem("u1"))
    with pytest.raises(MessageError, match="there is no item 'u1'"):
        await here.link.send(DeleteItem("u1"))


async def test_it_begins_by_itself_and_its_end_stops_all_work() -> None:
    here = Here(Voices(gate=asyncio.Event()))
    await here.link.begin()
    await here.until(SessionCreated)
    await here.link.send(SendText("hello"))
    await here.until(ResponseStarted)
    await here.link.close()
    await here.link.close()
    assert [one for one in asyncio.all_tasks() if "cascade" in one.get_name()] == []


async def test_a_turn_that_waits_for_the_one_before_is_heard_although_that_one_is_interrupted() -> None:
    class Slow(Voices):
        written = asyncio.Event()

        async def hear(self, sound: bytes, made: AudioFormat) -> Transcript:
            if not self.sounds:
                self.sounds.append(sound)
                await self.written.wait()
                return Transcript(text="first")
            return await super().hear(sound, made)

    voices = Slow(words("one ", "two"), words("second answer"), gate=asyncio.Event())
    here = Here(voices, Ears([], [], [Noticed("started", 200)], [Noticed("stopped", 600)]))
    await here.say(1)
    await here.link.send(CommitAudio())
    await here.say(1)
    await here.link.send(CommitAudio())
    voices.written.set()
    await here.until(ResponseStarted)
    await here.say(2)
    await here.until(SpeechStopped)
    assert voices.gate is not None
    voices.gate.set()
    heard = [one.text async for one in _transcripts(here, 2)]
    assert heard == ["first", "what time is it"]
    await here.link.close()


async def _transcripts(here: Here, number: int) -> AsyncIterator[InputTranscriptDone]:
    async with asyncio.timeout(5):
        while len(found := [one for one in here.heard if isinstance(one, InputTranscriptDone)]) < number:
            here.heard += await here.link.receive() or ()
    for one in found[:number]:
        yield one


async def test_what_is_said_right_after_a_commit_belongs_to_the_next_turn() -> None:
    here = Here(Voices())
    await here.link.send(AppendAudio(CHUNK))
    await here.link.send(CommitAudio())
    await here.link.send(AppendAudio(CHUNK))
    await here.until(ResponseDone)
    assert here.voices.sounds == [CHUNK]
