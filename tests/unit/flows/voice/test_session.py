"""Live sessions: what is said, heard, converted and refused."""

import asyncio

import pytest

from genmux.contract.sessions import Capabilities
from genmux.flows.voice.limits import SessionLimits
from genmux.types.audio import AudioFormat
from genmux.types.errors import AudioError, AuthenticationError, MessageError, ProviderError, RequestTimeoutError
from genmux.types.realtime import (
    AppendAudio,
    CloseSession,
    Command,
    CommitAudio,
    CreateResponse,
    SendText,
    SessionConfig,
    SessionState,
    UpdateSession,
)
from genmux.types.realtime_events import (
    AudioChunk,
    OutputTextDelta,
    ResponseDone,
    SessionClosed,
    SessionCreated,
    SessionFailed,
    StateChanged,
    Unknown,
)
from tests.unit.flows.voice.house import House, Played, settled


async def test_it_opens_talks_and_ends() -> None:
    house = House()
    async with house.session as session:
        assert session.state is SessionState.CONNECTED
        await session.send_text("hello")
        await session.send_audio(b"\1\0" * 100)
        await session.commit()
        await session.respond()
        house.link.say(OutputTextDelta(text="hi"))
        heard = await house.until(OutputTextDelta)

    assert house.link.sent == [
        SendText("hello"),
        AppendAudio(b"\1\0" * 100),
        CommitAudio(),
        CreateResponse(),
        CloseSession("closed"),
    ]
    states = [one.state for one in heard if isinstance(one, StateChanged)]
    assert states == [SessionState.CONNECTING, SessionState.CONNECTED]
    last = [one async for one in session]
    assert isinstance(last[-1], SessionClosed)
    assert session.state is SessionState.CLOSED
    assert house.link.closed == "closed"


async def test_events_are_stamped_by_the_session_and_never_by_a_codec() -> None:
    house = House()
    async with house.session:
        house.clock.now = 117.0
        house.link.say(
            OutputTextDelta(text="hi", time=5.0, provider="wrong", item_id="i", response_id="r", raw={"a": 1})
        )
        event = (await house.until(OutputTextDelta))[-1]

    assert (event.time, event.provider, event.model, event.session) == (117.0, "acme", "talker", "ses_1")
    assert (event.item_id, event.response_id, event.raw) == ("i", "r", None)


async def test_the_raw_message_is_given_on_request() -> None:
    house = House(raw=True)
    async with house.session:
        house.link.say(Unknown(name="odd", raw={"a": 1}))
        assert (await house.until(Unknown))[-1].raw == {"a": 1}


async def test_sound_is_converted_in_and_out() -> None:
    able = Capabilities(input_formats=(AudioFormat(sample_rate=16_000),), output_formats=(AudioFormat(),))
    config = SessionConfig(input=AudioFormat(sample_rate=8_000), output=AudioFormat(sample_rate=48_000))
    house = House(Played(able), config=config)
    async with house.session as session:
        await session.send_audio(b"ab")
        house.link.say(AudioChunk(data=b"xy", item_id="i"))
        heard = (await house.until(AudioChunk))[-1]

    assert house.link.sent[0] == AppendAudio(b"aabb")
    assert isinstance(heard, AudioChunk)
    assert heard.data == b"xxyy"
    assert [(one.sample_rate, two.sample_rate) for one, two in house.tools.asked] == [(8_000, 16_000), (24_000, 48_000)]


async def test_sound_that_is_large_goes_in_pieces() -> None:
    house = House()
    async with house.session as session:
        await session.send_audio(bytes(600_000))

    pieces = [one.data for one in house.link.sent if isinstance(one, AppendAudio)]
    assert [len(one) for one in pieces] == [262_144, 262_144, 75_712]


async def test_half_a_sample_is_refused_with_what_is_accepted() -> None:
    house = House()
    async with house.session as session:
        with pytest.raises(AudioError, match="641 bytes are no whole samples: pcm at 24000 Hz has 2 bytes a sample"):
            await session.send_audio(bytes(641))
    assert not [one for one in house.link.sent if isinstance(one, AppendAudio)]


async def test_what_cannot_be_changed_is_refused_with_what_can() -> None:
    house = House()
    async with house.session as session:
        await session.update(instructions="be brief")
        with pytest.raises(
            MessageError, match="voice cannot be changed in a session of acme/talker; instructions, tools can"
        ):
            await session.update(voice="other")
        with pytest.raises(MessageError, match="a session has no mood; it has"):
            await session.update(mood="good")
        assert session.config.instructions == "be brief"

    assert [one.changed for one in house.link.sent if isinstance(one, UpdateSession)] == [("instructions",)]


async def test_a_role_that_the_dialect_lacks_is_refused() -> None:
    house = House()
    async with house.session as session:
        await session.send_text("you are kind", role="system")
        with pytest.raises(MessageError, match="role 'assistant' cannot be sent here; there are system, user"):
            await session.send_text("I said", role="assistant")


async def test_nothing_is_said_before_it_is_open_or_after_its_end() -> None:
    house = House()
    async with house.session:
        pass
    with pytest.raises(MessageError, match="the session is closed"):
        await house.session.send_text("hello")
    with pytest.raises(MessageError, match="the session is disconnected"):
        _ = House().session.capabilities


async def test_a_session_that_cannot_be_opened_says_why() -> None:
    house = House(AuthenticationError("the key is wrong"))
    with pytest.raises(AuthenticationError, match="the key is wrong") as caught:
        await house.session.open()
    assert caught.value.provider == "acme"
    assert [one async for one in house.session][-1].state is SessionState.ERROR


async def test_a_provider_that_refuses_the_setup_is_heard() -> None:
    class Refusing(Played):
        async def begin(self) -> None:
            self.say(SessionFailed(error=ProviderError("no such voice", kind="invalid_request")))

    house = House(Refusing())
    with pytest.raises(ProviderError, match="no such voice"):
        await house.session.open()


async def test_a_provider_that_says_nothing_is_not_waited_for_for_ever() -> None:
    class Silent(Played):
        async def begin(self) -> None:
            return

    house = House(Silent(), limits=SessionLimits(opening=0.01))
    with pytest.raises(RequestTimeoutError, match=r"not there within 0\.01 s"):
        await house.session.open()
    assert house.link.closed is not None


async def test_an_error_does_not_end_the_session() -> None:
    house = House()
    async with house.session as session:
        house.link.say(SessionFailed(error=ProviderError("no such item", kind="invalid_request"), command="evt_1"))
        house.link.say(OutputTextDelta(text="still here"))
        heard = await house.until(OutputTextDelta)
        assert session.state is SessionState.CONNECTED

    (failed,) = [one for one in heard if isinstance(one, SessionFailed)]
    assert (failed.recoverable, failed.command) == (True, "evt_1")


async def test_handlers_hear_their_kind_and_their_faults_end_nothing() -> None:
    house = House()
    texts: list[str] = []

    @house.session.on(OutputTextDelta)
    def fails(event: OutputTextDelta) -> None:
        raise ValueError(event.text)

    @house.session.on(OutputTextDelta)
    async def notes(event: OutputTextDelta) -> None:
        texts.append(event.text)

    async with house.session:
        house.link.say(OutputTextDelta(text="one"), ResponseDone(), OutputTextDelta(text="two"))
        await settled(lambda: len(texts) == 2)
    assert texts == ["one", "two"]


async def test_who_reads_slowly_holds_the_provider_back() -> None:
    house = House()
    async with house.session:
        for _ in range(6_000):
            house.link.say(OutputTextDelta(text="x"))
        for _ in range(20_000):
            await asyncio.sleep(0)
        waiting = house.link._events.qsize()  # noqa: SLF001
        assert waiting > 1_000
        await house.hear(5_000)
        await settled(lambda: house.link._events.qsize() < waiting)  # noqa: SLF001


async def test_a_session_in_which_nobody_says_anything_ends() -> None:
    house = House(limits=SessionLimits(idle=30.0))
    await house.session.open()
    await settled(lambda: house.session.state is SessionState.CLOSED)
    last = [one async for one in house.session][-1]
    assert isinstance(last, SessionClosed)
    assert last.reason == "nobody said anything for long"


async def test_a_session_lasts_no_longer_than_it_may() -> None:
    house = House(limits=SessionLimits(longest=5.0))
    await house.session.open()
    await settled(lambda: house.session.state is SessionState.CLOSED)
    assert house.clock.now == pytest.approx(105.0, abs=0.2)


async def test_events_can_be_chosen_by_kind() -> None:
    house = House()
    async with house.session as session:
        house.link.say(OutputTextDelta(text="a"), ResponseDone(), OutputTextDelta(text="b"))
        chosen = session.events(OutputTextDelta, SessionCreated)
        kinds = [type(await anext(chosen)).__name__ for _ in range(3)]
    assert kinds == ["SessionCreated", "OutputTextDelta", "OutputTextDelta"]


async def test_a_session_that_two_close_at_once_ends_once() -> None:
    house, go = House(), asyncio.Event()
    session = await house.session.open()

    async def send(command: Command) -> None:
        assert command
        await go.wait()

    house.link.send = send
    closing = [asyncio.create_task(session.close(name)) for name in ("first", "second")]
    for _ in range(5):
        await asyncio.sleep(0)
    go.set()
    await asyncio.gather(*closing)
    assert [one.reason async for one in session if isinstance(one, SessionClosed)] == ["first"]


async def test_a_session_ends_although_whoever_closes_it_is_cancelled() -> None:
    ended: list[object] = []
    house, go = House(done=ended.append), asyncio.Event()
    session = await house.session.open()

    async def close(reason: str = "") -> None:
        await go.wait()
        await Played.close(house.link, reason)

    house.link.close = close
    closing = asyncio.create_task(session.close())
    for _ in range(5):
        await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    go.set()
    await settled(lambda: session.state is SessionState.CLOSED)
    assert ended == [None]
