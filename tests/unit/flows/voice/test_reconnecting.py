"""Connections that break: made anew as often as that makes sense, and honest about what was lost."""

import msgspec
import pytest

from genmux.contract.sessions import Goodbye, Resume
from genmux.flows.voice.limits import SessionLimits
from genmux.types.errors import AuthenticationError, NetworkError, Retry
from genmux.types.realtime import SendText, SessionState
from genmux.types.realtime_events import (
    AudioChunk,
    GoingAway,
    InputTranscriptDone,
    OutputTextDelta,
    OutputTranscriptDelta,
    OutputTranscriptDone,
    ResponseStarted,
    ResumptionHandle,
    SessionClosed,
    SessionFailed,
    StateChanged,
)
from tests.unit.flows.voice.house import ABLE, House, Played, settled

LOST = Goodbye(reconnect=True, error=NetworkError("it broke", retry=Retry.UNSURE))
RESUMABLE = msgspec.structs.replace(ABLE, resumable=True)


def states(heard: list[object]) -> list[tuple[SessionState, bool | None]]:
    return [(one.state, one.state_restored) for one in heard if isinstance(one, StateChanged)]


async def test_without_a_handle_what_was_said_is_told_and_the_state_is_not_restored() -> None:  # D6
    first, second = Played(goodbye=LOST), Played()
    house = House(first, second)
    async with house.session as session:
        await session.send_text("hello")
        first.say(InputTranscriptDone(text="I am Ann", item_id="u1"))
        first.say(ResponseStarted(response_id="r1"), AudioChunk(data=b"\0\0", item_id="i1", response_id="r1"))
        first.say(OutputTranscriptDone(text="Hi Ann", item_id="i1", response_id="r1"))
        await house.until(OutputTranscriptDone)
        first.drop()
        second.say(OutputTextDelta(text="again"))
        heard = await house.until(OutputTextDelta)
        await session.send_text("still there?")

    assert states(heard) == [(SessionState.RECONNECTING, None), (SessionState.CONNECTED, False)]
    resume = house.resumes[1]
    assert isinstance(resume, Resume)
    assert resume.handle is None
    assert [(one.role, one.text) for one in resume.history] == [
        ("user", "hello"),
        ("user", "I am Ann"),
        ("assistant", "Hi Ann"),
    ]
    assert SendText("still there?") in second.sent


async def test_answers_under_way_are_dropped_with_the_connection() -> None:  # D6
    first, second = Played(goodbye=LOST), Played()
    house = House(first, second)
    async with house.session as session:
        first.say(
            ResponseStarted(response_id="r1"), OutputTranscriptDelta(text="I was about", item_id="i1", response_id="r1")
        )
        await house.until(OutputTranscriptDelta)
        assert session.active == "r1"
        first.drop()
        second.say(OutputTranscriptDelta(text="late", response_id="r1"), OutputTextDelta(text="end"))
        heard = await house.until(OutputTextDelta)
        assert session.active is None

    assert not [one for one in heard if isinstance(one, OutputTranscriptDelta)]
    assert house.resumes[1] is not None
    assert [one.text for one in house.resumes[1].history] == ["I was about"]


async def test_the_newest_handle_restores_the_state() -> None:  # D5
    first, second = Played(RESUMABLE, goodbye=LOST), Played(RESUMABLE)
    house = House(first, second)
    async with house.session:
        first.say(
            ResumptionHandle(handle="h1"), ResumptionHandle(handle="h2"), ResumptionHandle(handle=None, resumable=False)
        )
        first.say(OutputTextDelta(text="x"))
        await house.until(OutputTextDelta)
        first.drop()
        second.say(OutputTextDelta(text="again"))
        heard = await house.until(OutputTextDelta)

    assert house.resumes[1] is not None
    assert house.resumes[1].handle == "h2"
    assert states(heard)[-1] == (SessionState.CONNECTED, True)


async def test_it_goes_on_elsewhere_before_the_provider_hangs_up() -> None:  # D5
    first, second = Played(RESUMABLE), Played(RESUMABLE)
    house = House(first, second)
    async with house.session:
        first.say(ResumptionHandle(handle="h1"), GoingAway(seconds=9.0))
        second.say(OutputTextDelta(text="here"))
        heard = await house.until(OutputTextDelta)

    assert first.closed == "going on elsewhere"  # the old one first: some refuse a second connection
    assert states(heard)[-2:] == [(SessionState.RECONNECTING, None), (SessionState.CONNECTED, True)]
    assert not [one for one in heard if isinstance(one, SessionFailed)]


async def test_a_handle_that_is_not_good_any_more_is_dropped() -> None:
    refused = AuthenticationError("no such session", retry=Retry.NEVER)
    first, second = Played(RESUMABLE, goodbye=LOST), Played(RESUMABLE)
    house = House(first, refused, second)
    async with house.session as session:
        await session.send_text("hello")
        first.say(ResumptionHandle(handle="h1"))
        await house.until(ResumptionHandle)
        first.drop()
        second.say(OutputTextDelta(text="here"))
        heard = await house.until(OutputTextDelta)

    assert [one.handle for one in house.resumes[1:] if one] == ["h1", None]
    assert house.resumes[2] is not None
    assert [one.text for one in house.resumes[2].history] == ["hello"]
    assert states(heard)[-1] == (SessionState.CONNECTED, False)


async def test_attempts_are_bounded_and_wait_longer_each_time() -> None:
    gone = NetworkError("no way", retry=Retry.SAFE)
    house = House(Played(goodbye=LOST), gone, gone, gone)
    await house.session.open()
    house.link.drop()
    heard = [one async for one in house.session]

    assert house.clock.slept[:3] == [0.0, 0.5, 1.0]
    assert len(house.resumes) == 4
    (failed,) = [one for one in heard if isinstance(one, SessionFailed)]
    assert (failed.recoverable, failed.error) == (False, gone)
    assert isinstance(heard[-1], SessionClosed)
    assert heard[-1].reason == "the connection was lost and could not be made again"


async def test_a_life_has_so_many_reconnects_and_no_more() -> None:
    links = [Played(goodbye=LOST) for _ in range(4)]
    house = House(*links, limits=SessionLimits(opening=1.0, per_life=2))
    await house.session.open()
    for link in links:
        link.drop()
    heard = [one async for one in house.session]
    assert len(house.resumes) == 3
    assert isinstance(heard[-1], SessionClosed)


async def test_an_end_that_makes_no_sense_to_try_again_is_final() -> None:
    error = AuthenticationError("the key was revoked", retry=Retry.NEVER)
    house = House(Played(goodbye=Goodbye(reconnect=False, error=error)))
    await house.session.open()
    house.link.drop()
    heard = [one async for one in house.session]

    assert [one.error for one in heard if isinstance(one, SessionFailed)] == [error]
    assert isinstance(heard[-1], SessionClosed)
    assert heard[-1].reason == "the key was revoked"


async def test_a_refusal_of_the_new_connection_that_is_final_is_not_tried_again() -> None:
    refused = AuthenticationError("no credit left", retry=Retry.NEVER)
    house = House(Played(goodbye=LOST), refused)
    await house.session.open()
    house.link.drop()
    heard = [one async for one in house.session]
    assert [one.error for one in heard if isinstance(one, SessionFailed)] == [refused]
    assert len(house.resumes) == 2


async def test_what_is_said_meanwhile_waits_for_the_new_connection() -> None:
    first, second = Played(goodbye=LOST), Played()
    house = House(first, second)
    async with house.session as session:
        first.drop()
        await settled(lambda: session.state is SessionState.CONNECTED and len(house.resumes) == 2)
        await session.send_text("hello")
    assert SendText("hello") in second.sent


@pytest.mark.parametrize(
    ("attempt", "chance", "seconds"), [(0, 1.0, 0.0), (1, 0.0, 0.25), (2, 1.0, 1.0), (9, 1.0, 8.0)]
)
def test_pauses_grow_to_a_limit(attempt: int, chance: float, seconds: float) -> None:
    assert SessionLimits().pause(attempt, chance) == seconds
