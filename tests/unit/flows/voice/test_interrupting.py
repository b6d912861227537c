"""Interruptions: the rules that were each learned from a defect somewhere."""

import msgspec

from genmux.types.audio import AudioFormat
from genmux.types.realtime import CancelResponse, SessionConfig, TruncateItem, TurnDetection
from genmux.types.realtime_events import (
    AudioChunk,
    Interrupted,
    OutputTextDelta,
    OutputTranscriptDelta,
    RealtimeEvent,
    ResponseDone,
    ResponseStarted,
    SpeechStarted,
)
from tests.unit.flows.voice.house import ABLE, House, Played

SECOND = AudioFormat().size(1_000)
BY_CLIENT = SessionConfig(turns=TurnDetection(kind="client"))


def sound(ms: float = 1_000, item: str = "i1", response: str = "r1") -> AudioChunk:
    return AudioChunk(data=bytes(AudioFormat().size(ms)), item_id=item, response_id=response)


def commands(house: House) -> list[object]:
    return [one for one in house.link.sent if isinstance(one, CancelResponse | TruncateItem)]


async def speaking(house: House, *more: RealtimeEvent) -> None:
    """The model has begun to answer, and all of it was read."""
    house.link.say(ResponseStarted(response_id="r1"), sound(), *more)
    heard = 0
    async for event in house.session:
        heard += isinstance(event, AudioChunk)
        if heard == 1 + sum(isinstance(one, AudioChunk) for one in more):
            return


async def test_speech_cuts_the_item_at_what_was_played() -> None:  # D1
    house = House()
    async with house.session as session:
        await speaking(house)
        session.playback.played(400)
        house.link.say(SpeechStarted(audio_ms=7))
        event = (await house.until(Interrupted))[-1]
        assert isinstance(event, Interrupted)
        assert (event.heard_ms, event.item_id, event.response_id) == (400, "i1", "r1")

    assert commands(house) == [TruncateItem("i1", 400)]  # the provider cancels by itself


async def test_a_cancellation_is_sent_where_the_client_owns_turns() -> None:  # D1
    house = House(config=BY_CLIENT)
    async with house.session as session:
        await speaking(house)
        session.playback.played(400)
        house.link.say(SpeechStarted())
        await house.until(Interrupted)
    assert commands(house) == [CancelResponse("r1"), TruncateItem("i1", 400)]


async def test_no_cancellation_without_an_answer_under_way() -> None:  # D1
    house = House(config=BY_CLIENT)
    async with house.session as session:
        await speaking(house, ResponseDone(response_id="r1"))
        await house.until(ResponseDone)
        session.playback.played(400)
        house.link.say(SpeechStarted())
        await house.until(Interrupted)
    assert commands(house) == [TruncateItem("i1", 400)]


async def test_what_was_not_heard_at_all_is_not_cut() -> None:  # D1: 0 ms
    house = House()
    async with house.session as session:
        session.playback.played(0)
        await speaking(house)
        house.link.say(SpeechStarted())
        event = (await house.until(Interrupted))[-1]
        assert isinstance(event, Interrupted)
        assert event.heard_ms == 0
    assert commands(house) == []


async def test_no_more_is_cut_than_was_received() -> None:  # D1: clamp
    house = House()
    async with house.session as session:
        await speaking(house)
        session.playback.played(5_000)
        assert session.playback.heard == 1_000
        house.link.say(SpeechStarted())
        await house.until(Interrupted)
    assert commands(house) == []  # all of it was heard: there is nothing to cut


async def test_without_a_player_nothing_is_cut_and_nobody_knows_what_was_heard() -> None:
    house = House()
    async with house.session:
        await speaking(house)
        house.link.say(SpeechStarted())
        event = (await house.until(Interrupted))[-1]
        assert isinstance(event, Interrupted)
        assert event.heard_ms is None
    assert commands(house) == []


async def test_another_item_is_counted_anew() -> None:  # D2
    house = House()
    async with house.session as session:
        await speaking(house)
        session.playback.played(900)
        house.link.say(sound(item="i2"))
        await house.until(AudioChunk)
        session.playback.played(200, "i2")
        session.playback.played(300, "i1")  # of the item before: not of this one
        house.link.say(SpeechStarted())
        await house.until(Interrupted)
    assert commands(house) == [TruncateItem("i2", 200)]


async def test_what_comes_late_of_an_interrupted_answer_is_not_heard() -> None:  # D3
    house = House()
    async with house.session as session:
        await speaking(house)
        session.playback.played(100)
        house.link.say(SpeechStarted(), sound(), OutputTranscriptDelta(text="late", response_id="r1"))
        house.link.say(ResponseDone(response_id="r1", status="cancelled", reason="turn_detected"))
        house.link.say(ResponseStarted(response_id="r2"), sound(item="i2", response="r2"))
        heard = await house.until(AudioChunk)

    assert [one.response_id for one in heard if isinstance(one, AudioChunk | OutputTranscriptDelta)] == ["r2"]
    assert sum(isinstance(one, Interrupted) for one in heard) == 1


async def test_an_interruption_overtakes_sound_that_waits_and_makes_it_void() -> None:
    house = House()
    async with house.session:
        house.link.say(ResponseStarted(response_id="r1"), *[sound(20) for _ in range(50)], OutputTextDelta(text="kept"))
        house.link.say(SpeechStarted())
        house.link.say(ResponseDone(response_id="r1", status="cancelled"))
        heard = await house.until(ResponseDone)

    assert not [one for one in heard if isinstance(one, AudioChunk)]
    kinds = [type(one).__name__ for one in heard]
    assert kinds.index("Interrupted") < kinds.index("ResponseStarted")
    assert "OutputTextDelta" in kinds


async def test_an_interruption_by_the_provider_is_heard_with_what_was_played() -> None:
    able = msgspec.structs.replace(ABLE, truncates=False, cancels=False)
    house = House(Played(able))
    async with house.session as session:
        await speaking(house)
        session.playback.played(250)
        house.link.say(Interrupted(reason="activity"))
        event = (await house.until(Interrupted))[-1]
        assert isinstance(event, Interrupted)
        assert (event.heard_ms, event.response_id) == (250, "r1")
        house.link.say(sound(), OutputTextDelta(text="end"))
        assert not [one for one in await house.until(OutputTextDelta) if isinstance(one, AudioChunk)]


async def test_with_interruptions_off_speech_changes_nothing() -> None:
    house = House(config=SessionConfig(turns=TurnDetection(interrupts=False)))
    async with house.session:
        await speaking(house)
        house.link.say(SpeechStarted(), OutputTextDelta(text="end"))
        heard = await house.until(OutputTextDelta)
    assert not [one for one in heard if isinstance(one, Interrupted)]


async def test_an_answer_that_the_provider_cancelled_is_an_interruption() -> None:
    house = House()
    async with house.session:
        await speaking(house)
        house.link.say(ResponseDone(response_id="r1", status="cancelled", reason="client_cancelled"))
        heard = await house.until(ResponseDone)
    assert [one.reason for one in heard if isinstance(one, Interrupted)] == ["client_cancelled"]


async def test_whoever_plays_can_interrupt_by_itself() -> None:
    house = House()
    async with house.session as session:
        await speaking(house)
        session.playback.played(300)
        await session.interrupt()
        await session.interrupt()  # nothing is playing any more
    assert commands(house) == [CancelResponse("r1"), TruncateItem("i1", 300)]
