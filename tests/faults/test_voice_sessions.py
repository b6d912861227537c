"""Every script over every dialect: sessions over real sockets, with the real codecs, against servers that do what no server should."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from genmux.flows.voice.limits import SessionLimits
from genmux.flows.voice.session import Session
from genmux.flows.voice.toolbox import Toolbox
from genmux.testing.simulator.voice.realtime_frames import ODD_FRAMES
from genmux.testing.simulator.voice.realtime_server import RealtimeSimulator
from genmux.types import realtime as rt
from genmux.types import realtime_events as rte
from genmux.types.chat import Tool
from genmux.types.errors import AuthenticationError, RateLimitError
from genmux.types.realtime import SessionState
from tests.talking import LIMITS, PROTOCOLS, SPEECH, dialled, of, read, rest, say, talk, until

WEATHER = Tool(name="weather", parameters={"type": "object", "properties": {"city": {"type": "string"}}})
CALLS = """[mock turn=1 tool=weather arguments='{"city":"Rome"}']"""

both = pytest.mark.parametrize("protocol", PROTOCOLS)


@pytest.fixture
async def simulator() -> AsyncIterator[RealtimeSimulator]:
    async with RealtimeSimulator() as running:
        yield running


def words(events: list[Any]) -> str:
    return "".join(one.text for one in of(rte.OutputTranscriptDelta, events))


def toolbox(session: Session, ran: list[str]) -> Toolbox:
    def weather(city: str) -> str:
        """The weather."""
        ran.append(city)
        return "sunny"

    return Toolbox({"weather": weather}, lambda function, text: function(**json.loads(text)), session.send)


# ---------------------------------------------------------------- turns
@both
async def test_what_is_said_is_heard_written_down_answered_and_paid_for(
    simulator: RealtimeSimulator, protocol: str
) -> None:
    async with dialled(protocol, simulator.url(protocol)) as session:
        await say(session, 200)
        events = await until(session, rte.ResponseDone)
    assert [one.text for one in of(rte.InputTranscriptDone, events)] == ["200 ms of sound"]
    assert words(events) == "I heard 200 ms of sound"
    assert len(of(rte.AudioChunk, events)) == 30
    assert events[-1].status == "completed"
    assert events[-1].cost.amount > 0
    assert events[-1].usage.meters["tokens.output.audio"] == 12


@both
async def test_a_turn_may_end_with_a_commit(simulator: RealtimeSimulator, protocol: str) -> None:
    config = talk(turns=rt.TurnDetection(kind="client"))
    async with dialled(protocol, simulator.url(protocol), config) as session:
        await say(session, 200, 0)
        await session.commit()
        assert words(await until(session, rte.ResponseDone)) == "I heard 200 ms of sound"


@both
async def test_both_ends_may_speak_at_once(simulator: RealtimeSimulator, protocol: str) -> None:
    config = talk("[mock seconds=20]", turns=rt.TurnDetection(interrupts=False))
    async with dialled(protocol, simulator.url(protocol), config) as session:
        await session.send_text("Good evening")
        speaking = asyncio.create_task(say(session, 4_000, 0))
        events = await until(session, rte.ResponseDone)
        await speaking
        await simulator.until(lambda: _sound(simulator, protocol) == 200)
    assert len(of(rte.AudioChunk, events)) == 1_000
    assert not of(rte.Interrupted, events)


# ---------------------------------------------------------------- interruptions
@both
async def test_whoever_speaks_into_an_answer_stops_it(simulator: RealtimeSimulator, protocol: str) -> None:
    # the second piece of the answer never comes, so that it is under way whenever somebody speaks
    async with dialled(protocol, simulator.url(protocol), talk("[mock pace=1000 seconds=1]")) as session:
        await session.send_text("Good evening")
        await until(session, rte.AudioChunk)
        session.playback.played(10)
        await session.send_audio(SPEECH)
        events = await until(session, rte.ResponseDone)
        if protocol == "openai":
            await until(session, rte.ItemTruncated)
    assert [one.heard_ms for one in of(rte.Interrupted, events)] == [10]
    assert events[-1].status == "cancelled"
    asked = [command for command in _tape(simulator).commands if isinstance(command, rt.TruncateItem)]
    assert [one.audio_ms for one in asked] == ([10] if protocol == "openai" else [])


@both
async def test_an_interruption_before_the_first_sound_ends_an_empty_answer(
    simulator: RealtimeSimulator, protocol: str
) -> None:
    async with dialled(protocol, simulator.url(protocol), talk("[mock turn=1 barge=0]")) as session:
        await session.send_text("Good evening")
        events = await until(session, rte.Interrupted)
        await session.send_text("And again")
        again = await until(session, rte.AudioDone)
    assert of(rte.AudioChunk, events) == []
    assert words(again) == "And again"
    assert not [command for command in _tape(simulator).commands if isinstance(command, rt.TruncateItem)]


@both
async def test_a_tool_is_run_and_its_result_answered(simulator: RealtimeSimulator, protocol: str) -> None:
    ran: list[str] = []
    async with dialled(protocol, simulator.url(protocol), talk(CALLS, tools=(WEATHER,))) as session:
        session.use_tools(toolbox(session, ran))
        await session.send_text("How is it?")
        events = await until(session, rte.ResponseDone, 2)
    assert ran == ["Rome"]
    assert words(events) == "weather says: sunny"


@both
async def test_an_interruption_right_after_a_tool_call_leaves_the_session_whole(
    simulator: RealtimeSimulator, protocol: str
) -> None:
    ran: list[str] = []
    instructions = CALLS.replace("turn=1", "turn=1 barge=0")
    async with dialled(protocol, simulator.url(protocol), talk(instructions, tools=(WEATHER,))) as session:
        session.use_tools(toolbox(session, ran))
        await session.send_text("How is it?")
        await until(session, rte.Interrupted)
        await session.send_text("And again")
        events = await until(session, rte.OutputTranscriptDone)
    assert "And again" in words(events)
    if protocol == "openai":
        assert ran == []


# ---------------------------------------------------------------- what comes late, or not at all
@both
async def test_late_transcripts_belong_to_what_was_said(simulator: RealtimeSimulator, protocol: str) -> None:
    config = talk('[mock turn=1 transcript=late heard="How are you"]')
    async with dialled(protocol, simulator.url(protocol), config) as session:
        await say(session)
        events = await until(session, rte.InputTranscriptDelta)
        await session.send_text("And again")
        events += await until(session, rte.ResponseDone)
        turns = [turn.text for turn in session.history.turns() if turn.role == "user"]
    kinds = [type(one) for one in events]
    assert kinds.index(rte.ResponseDone) < kinds.index(rte.InputTranscriptDelta)
    assert "How are you" in turns


@both
async def test_a_content_policy_ends_an_answer_but_not_the_session(simulator: RealtimeSimulator, protocol: str) -> None:
    async with dialled(protocol, simulator.url(protocol), talk("[mock turn=1 filtered]")) as session:
        await session.send_text("Good evening")
        done = (await until(session, rte.ResponseDone))[-1]
        await session.send_text("And again")
        assert words(await until(session, rte.ResponseDone)) == "And again"
    assert done.filtered
    assert done.status == "incomplete"


@both
@pytest.mark.parametrize("fault", ["late", "mixed"])
async def test_sound_in_the_wrong_order_is_heard_and_harms_nothing(
    simulator: RealtimeSimulator, protocol: str, fault: str
) -> None:
    async with dialled(protocol, simulator.url(protocol), talk(f"[mock turn=1 {fault} seconds=0.2]")) as session:
        await session.send_text("Good evening")
        events = await until(session, rte.ResponseDone)
        await session.send_text("And again")
        events += await until(session, rte.OutputTranscriptDone)
    assert len(of(rte.AudioChunk, events)) >= 10
    assert words(events).endswith("And again")


# ---------------------------------------------------------------- connections
@both
async def test_a_connection_that_is_announced_to_end_is_gone_on_with_elsewhere(
    simulator: RealtimeSimulator, protocol: str
) -> None:
    async with dialled(protocol, simulator.url(protocol)) as session:
        await session.send_text("Good evening [mock going=0.01]")
        events = await until(session, rte.StateChanged, 4)
        await session.send_text("And again")
        assert words(await until(session, rte.ResponseDone)) == "And again"
    assert of(rte.StateChanged, events)[-1].state is rt.SessionState.CONNECTED
    assert of(rte.StateChanged, events)[-1].state_restored is (protocol == "gemini")
    _, second = simulator.houses[protocol].tapes
    if protocol == "gemini":
        assert second.resume is not None
        assert second.resume.handle is not None
    else:
        assert [one.text for one in second.commands if isinstance(one, rt.SendText)][-1] == "And again"


@both
async def test_a_connection_that_breaks_in_an_answer_is_made_anew(simulator: RealtimeSimulator, protocol: str) -> None:
    async with dialled(protocol, simulator.url(protocol)) as session:
        await session.send_text("Good evening [mock drop after=2]")
        events = await until(session, rte.StateChanged, 4)
        await session.send_text("And again")
        assert words(await until(session, rte.ResponseDone)) == "And again"
    assert len(of(rte.AudioChunk, events)) == 2
    assert len(simulator.seen) == 2


@both
async def test_a_peer_that_vanishes_without_a_word_is_found_out_and_called_again(
    simulator: RealtimeSimulator, protocol: str
) -> None:
    async with dialled(protocol, simulator.url(protocol)) as session:
        await session.send_text("Good evening")
        await until(session, rte.ResponseDone)
        simulator.open[0].vanish()
        await until(session, rte.StateChanged, 2)
        await session.send_text("And again")
        assert words(await until(session, rte.ResponseDone)) == "And again"
        said = [(turn.role, turn.text) for turn in session.history.turns()]
    assert said == [
        ("user", "Good evening"),
        ("assistant", "Good evening"),
        ("user", "And again"),
        ("assistant", "And again"),
    ]


@both
async def test_a_peer_that_is_gone_for_good_ends_the_session_with_its_error(
    simulator: RealtimeSimulator, protocol: str
) -> None:
    async with dialled(protocol, simulator.url(protocol)) as session:
        await simulator.aclose()
        events = await rest(session)
    (failed,) = of(rte.SessionFailed, events)
    assert not failed.recoverable
    assert isinstance(events[-1], rte.SessionClosed)


@both
async def test_a_session_that_is_closed_while_it_is_made_anew_leaves_nothing_open(
    simulator: RealtimeSimulator, protocol: str
) -> None:
    async with dialled(protocol, simulator.url(protocol)) as session:
        simulator.open[0].vanish()
        await until(session, rte.StateChanged, 3)
    await simulator.until(lambda: not simulator.open)
    assert session.state is SessionState.CLOSED


@both
async def test_a_client_that_leaves_is_missed(simulator: RealtimeSimulator, protocol: str) -> None:
    async with dialled(protocol, simulator.url(protocol), talk("[mock pace=1000]")) as session:
        await session.send_text("Good evening")
        await until(session, rte.AudioChunk)
    await simulator.until(lambda: not simulator.open)
    assert not simulator.seen[0].open
    assert simulator.seen[0].code == 1000


@both
@pytest.mark.parametrize(
    ("status", "kind"), [(401, AuthenticationError), (429, RateLimitError)], ids=["refused", "limited"]
)
async def test_a_handshake_that_is_refused_says_why(
    simulator: RealtimeSimulator, protocol: str, status: int, kind: type[Exception]
) -> None:
    simulator.refuse(status, retry_after="7")
    with pytest.raises(kind) as caught:
        async with dialled(protocol, simulator.url(protocol)):
            pass
    assert getattr(caught.value, "status", None) == status
    if status == 429:
        assert getattr(caught.value, "retry_after", None) == 7.0


@both
async def test_a_handshake_that_is_refused_when_a_lost_connection_is_made_anew_is_tried_again(
    simulator: RealtimeSimulator, protocol: str
) -> None:
    async with dialled(protocol, simulator.url(protocol)) as session:
        simulator.refuse(503, times=2)
        simulator.open[0].vanish()
        events = await until(session, rte.StateChanged, 4)
    assert of(rte.StateChanged, events)[-1].state is rt.SessionState.CONNECTED
    assert [one.status for one in simulator.seen] == [101, 503, 503, 101]


# ---------------------------------------------------------------- errors and odd frames
@both
async def test_a_rate_limit_in_a_session_is_told_by_its_name(simulator: RealtimeSimulator, protocol: str) -> None:
    async with dialled(protocol, simulator.url(protocol), limits=_once()) as session:
        await session.send_text("Good evening [mock rate_limit]")
        if protocol == "openai":
            failed = (await until(session, rte.SessionFailed))[-1]
            assert failed.error.kind == "rate_limit"
            assert failed.recoverable
        else:  # its end is all that is told
            moved = (await until(session, rte.StateChanged, 3))[-1]
            assert "too many requests" in moved.reason


@both
@pytest.mark.parametrize("name", [*ODD_FRAMES, "large"])
async def test_a_frame_that_makes_no_sense_harms_nothing(
    simulator: RealtimeSimulator, protocol: str, name: str
) -> None:
    async with dialled(protocol, simulator.url(protocol), talk(f"[mock wire={name} seconds=0.1]")) as session:
        await session.send_text("Good evening")
        events = await until(session, rte.ResponseDone)
    assert words(events) == "Good evening"
    assert len(of(rte.AudioChunk, events)) == 5
    assert not of(rte.SessionFailed, events)


@both
async def test_a_frame_that_is_too_large_ends_the_connection_but_not_the_session(
    simulator: RealtimeSimulator, protocol: str
) -> None:
    async with dialled(protocol, simulator.url(protocol)) as session:
        await session.send_text("Good evening [mock wire=huge]")
        moved = of(rte.StateChanged, await until(session, rte.StateChanged, 4))
    assert "exceeds limit" in moved[2].reason
    assert moved[3].state is rt.SessionState.CONNECTED
    assert simulator.seen[0].code == 1009


async def test_nonsense_from_a_client_is_answered_with_an_error(simulator: RealtimeSimulator) -> None:
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(f"{simulator.url('openai')}/realtime?model=m") as socket,
    ):
        assert (await socket.receive_json())["type"] == "session.created"
        await socket.send_str('{"type":"nobody.knows"}')
        assert (await socket.receive_json())["type"] == "error"
        await socket.send_str('{"type":"response.create"}')
        assert (await socket.receive_json())["type"] == "response.created"


async def test_google_ends_a_connection_that_does_not_begin_with_a_setup(simulator: RealtimeSimulator) -> None:
    path = f"{simulator.base_url}/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
    async with aiohttp.ClientSession() as client, client.ws_connect(path) as socket:
        await socket.send_str('{"clientContent":{}}')
        message = await socket.receive()
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert message.data == 1007
        assert "setup" in (message.extra or "")


async def test_a_slow_pong_is_waited_for() -> None:
    async with (
        RealtimeSimulator(pong_after=0.05) as simulator,
        aiohttp.ClientSession() as client,
        client.ws_connect(f"{simulator.url('openai')}/realtime", heartbeat=1.0, autoping=False) as socket,
    ):
        await socket.receive()
        await socket.ping(b"there?")
        begun = asyncio.get_running_loop().time()
        message = await socket.receive(5.0)
        assert message.type is aiohttp.WSMsgType.PONG
        assert message.data == b"there?"
        assert asyncio.get_running_loop().time() - begun >= 0.04


@both
async def test_everything_that_was_heard_is_kept_with_its_time(simulator: RealtimeSimulator, protocol: str) -> None:
    async with dialled(protocol, simulator.url(protocol)) as session:
        await say(session, 100)
        await until(session, rte.ResponseDone)
    (seen,) = simulator.seen
    assert seen.protocol == protocol
    times = [at for at, _ in seen.heard]
    assert times == sorted(times)
    assert len(read(seen.frames)) == 1 + 5 + 30
    assert ("authorization" in seen.headers) is True


def _tape(simulator: RealtimeSimulator) -> Any:
    return simulator.seen[-1].tape


def _sound(simulator: RealtimeSimulator, protocol: str) -> int:
    tape = simulator.houses[protocol].tapes[-1]
    return sum(isinstance(command, rt.AppendAudio) for command in tape.commands)


def _once() -> SessionLimits:
    return SessionLimits(opening=LIMITS.opening, per_drop=1, first_pause=0.001)
