"""The scripts that make sense for sessions that only speak or only listen, over real sockets and each of their protocols."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from genmux.contract.sessions import Capabilities
from genmux.flows.call.options import CallOptions
from genmux.testing.simulator.voice.realtime_frames import ODD_FRAMES
from genmux.testing.simulator.voice.realtime_server import RealtimeSimulator
from genmux.types import realtime_events as rte
from genmux.types.audio import AudioFormat
from genmux.types.errors import AuthenticationError, BudgetExceededError, MessageError, RateLimitError
from genmux.types.realtime import CancelResponse, SessionConfig, SessionState, TurnDetection
from tests.living import LISTENERS, MODELS, SPEAKERS, living
from tests.talking import of, read, rest, say, until

every = pytest.mark.parametrize("protocol", MODELS)
speakers = pytest.mark.parametrize("protocol", SPEAKERS)
listeners = pytest.mark.parametrize("protocol", LISTENERS)
HEARD = "200 ms of sound"


@pytest.fixture
async def simulator() -> AsyncIterator[RealtimeSimulator]:
    async with RealtimeSimulator() as running:
        yield running


def words(events: list[Any]) -> str:
    return " ".join("".join(one.text for one in of(rte.OutputTranscriptDelta, events)).split())


async def one_turn(session: Any, protocol: str, wish: str = "") -> list[Any]:
    """A text is spoken, or a sound heard."""
    if protocol in SPEAKERS:
        await session.send_text(f"Good evening{wish}")
        return await until(session, rte.ResponseDone)
    await say(session)
    return await until(session, rte.UsageReported)


# ---------------------------------------------------------------- as it should be
@speakers
async def test_a_text_is_spoken_written_down_and_paid_for_by_its_characters(
    simulator: RealtimeSimulator, protocol: str
) -> None:
    async with living(protocol, simulator.url(protocol)) as session:
        assert isinstance(session.capabilities, Capabilities)
        await session.send_text("Good ", answer=False)
        await session.send_text("evening", answer=False)
        await session.respond()
        events = await until(session, rte.ResponseDone)
        await session.send_text("And again")
        again = await until(session, rte.ResponseDone)
    assert (words(events), words(again)) == ("Good evening", "And again")
    assert len(of(rte.AudioChunk, events)) == 10
    done = events[-1]
    assert (done.status, done.response_id, again[-1].response_id) == ("completed", "said_1", "said_2")
    assert done.usage.meters == {"characters.input": 12}
    price = {"elevenlabs": Decimal("0.00004"), "cartesia": Decimal("0.00005")}[protocol]
    assert done.cost.amount == 12 * price


@listeners
async def test_a_sound_is_written_down_turn_by_turn_and_paid_for_by_its_seconds(
    simulator: RealtimeSimulator, protocol: str
) -> None:
    async with living(protocol, simulator.url(protocol)) as session:
        events = await one_turn(session, protocol)
        events += await one_turn(session, protocol)
    assert [one.text for one in of(rte.InputTranscriptDone, events)] == [HEARD, HEARD]
    assert of(rte.InputTranscriptDelta, events)[0].interim
    assert [type(one) for one in events if isinstance(one, rte.SpeechStarted | rte.SpeechStopped)] == [
        rte.SpeechStarted, rte.SpeechStopped, rte.SpeechStarted, rte.SpeechStopped,
    ]  # fmt: skip
    first, second = of(rte.UsageReported, events)
    assert (first.usage.meters, second.usage.meters) == (
        {"seconds.input.audio": 0.2},
        {"seconds.input.audio": 1.0},
    )
    assert 0 < first.cost.amount < second.cost.amount


@listeners
async def test_a_turn_may_end_with_a_commit(simulator: RealtimeSimulator, protocol: str) -> None:
    async with living(protocol, simulator.url(protocol)) as session:
        await say(session, 200, 0)
        await session.commit()
        events = await until(session, rte.InputTranscriptDone)
    assert events[-1].text == HEARD


@listeners
async def test_silence_is_no_turn(simulator: RealtimeSimulator, protocol: str) -> None:
    config = SessionConfig(turns=TurnDetection(silence_ms=600))
    async with living(protocol, simulator.url(protocol), config) as session:
        await say(session, 0, 1_000)
        events = await one_turn(session, protocol)
    assert len(of(rte.InputTranscriptDone, events)) == len(of(rte.SpeechStarted, events)) == 1


@speakers
async def test_speech_is_made_for_a_telephone(simulator: RealtimeSimulator, protocol: str) -> None:
    config = SessionConfig(output=AudioFormat(encoding="pcmu", sample_rate=8_000))
    async with living(protocol, simulator.url(protocol), config) as session:
        events = await one_turn(session, protocol, " [mock seconds=0.1]")
    assert [len(one.data) for one in of(rte.AudioChunk, events)] == [160] * 5


# ---------------------------------------------------------------- cancelled in the middle
@speakers
async def test_a_text_is_stopped_in_the_middle(simulator: RealtimeSimulator, protocol: str) -> None:
    async with living(protocol, simulator.url(protocol)) as session:
        await session.send_text("Good evening [mock pace=1000 seconds=1]")
        await until(session, rte.AudioChunk)
        await session.cancel()
        events = await until(session, rte.ResponseDone)
        await session.send_text("And again")
        assert words(await until(session, rte.ResponseDone)) == "And again"
    assert len(of(rte.Interrupted, events)) == 1
    assert events[-1].status == "cancelled"
    assert events[-1].cost.amount > 0


@speakers
async def test_a_text_is_stopped_while_it_is_written(simulator: RealtimeSimulator, protocol: str) -> None:
    async with living(protocol, simulator.url(protocol)) as session:
        await session.send_text("Good evening ", answer=False)
        await session.send(CancelResponse())
        assert (await until(session, rte.ResponseDone))[-1].status == "cancelled"
        await session.send_text("And again")
        assert words(await until(session, rte.ResponseDone)) == "And again"


# ---------------------------------------------------------------- connections
@every
async def test_a_connection_that_breaks_is_made_anew(simulator: RealtimeSimulator, protocol: str) -> None:
    async with living(protocol, simulator.url(protocol)) as session:
        await one_turn(session, protocol)
        simulator.open[0].vanish()
        await until(session, rte.StateChanged, 2)
        events = await one_turn(session, protocol)
    assert len(simulator.seen) == 2
    assert words(events) == "Good evening" if protocol in SPEAKERS else of(rte.InputTranscriptDone, events)


@speakers
async def test_of_a_text_that_was_cut_off_what_was_sent_is_paid_and_the_next_one_is_heard(
    simulator: RealtimeSimulator, protocol: str
) -> None:
    async with living(protocol, simulator.url(protocol)) as session:
        await session.send_text("Good evening [mock drop after=2]")
        events = await until(session, rte.StateChanged, 4)
        await session.send_text("And again")
        again = await until(session, rte.ResponseDone)
    assert len(of(rte.AudioChunk, events)) == 2
    assert (words(again), again[-1].response_id) == ("And again", "said_2")


@every
async def test_a_peer_that_is_gone_for_good_ends_the_session_with_its_error(
    simulator: RealtimeSimulator, protocol: str
) -> None:
    async with living(protocol, simulator.url(protocol)) as session:
        await simulator.aclose()
        events = await rest(session)
    (failed,) = of(rte.SessionFailed, events)
    assert not failed.recoverable
    assert session.state is SessionState.CLOSED


@every
@pytest.mark.parametrize(
    ("status", "kind"), [(401, AuthenticationError), (429, RateLimitError)], ids=["refused", "limited"]
)
async def test_a_handshake_that_is_refused_says_why(
    simulator: RealtimeSimulator, protocol: str, status: int, kind: type[Exception]
) -> None:
    simulator.refuse(status, retry_after="7")
    with pytest.raises(kind) as caught:
        async with living(protocol, simulator.url(protocol)):
            pass
    assert getattr(caught.value, "provider", None) == protocol


@every
async def test_a_client_that_leaves_is_missed(simulator: RealtimeSimulator, protocol: str) -> None:
    async with living(protocol, simulator.url(protocol)):
        pass
    await simulator.until(lambda: not simulator.open)
    assert simulator.seen[0].code == 1000


# ---------------------------------------------------------------- errors and odd frames
@every
async def test_a_rate_limit_in_a_session_is_told_by_its_name(simulator: RealtimeSimulator, protocol: str) -> None:
    async with RealtimeSimulator("[mock rate_limit]") as limited, living(protocol, limited.url(protocol)) as session:
        if protocol in SPEAKERS:
            await session.send_text("Good evening")
        else:
            await say(session)
        failed = (await until(session, rte.SessionFailed))[-1]
    assert failed.error.kind == "rate_limit"
    assert failed.recoverable is (protocol == "cartesia")
    del simulator


@every
@pytest.mark.parametrize("name", ODD_FRAMES)
async def test_a_frame_that_makes_no_sense_harms_nothing(protocol: str, name: str) -> None:
    async with RealtimeSimulator(f"[mock wire={name}]") as odd, living(protocol, odd.url(protocol)) as session:
        events = await one_turn(session, protocol)
        events += await one_turn(session, protocol)
    assert not of(rte.SessionFailed, events)
    assert not of(rte.StateChanged, events)[2:]


@every
async def test_a_slow_pong_is_waited_for(protocol: str) -> None:
    async with RealtimeSimulator(pong_after=0.05) as slow, living(protocol, slow.url(protocol)) as session:
        events = await one_turn(session, protocol)
    assert not of(rte.SessionFailed, events)


# ---------------------------------------------------------------- money, and what cannot be said
@speakers
async def test_a_text_that_may_cost_too_much_is_not_sent(simulator: RealtimeSimulator, protocol: str) -> None:
    options = CallOptions(budget_limit=Decimal("0.001"))
    async with living(protocol, simulator.url(protocol), options=options) as session:
        with pytest.raises(BudgetExceededError):
            await session.send_text("far too long " * 10)
        await session.send_text("short")
        assert words(await until(session, rte.ResponseDone)) == "short"


@every
async def test_what_cannot_be_said_names_what_can(simulator: RealtimeSimulator, protocol: str) -> None:
    async with living(protocol, simulator.url(protocol)) as session:
        with pytest.raises(MessageError, match=r"send (text|sound)"):
            await (session.send_audio(bytes(2)) if protocol in SPEAKERS else session.send_text("hello"))


# ---------------------------------------------------------------- the servers
@pytest.mark.parametrize(
    ("path", "frame", "told"),
    [
        ("/v1/text-to-speech/v/multi-stream-input?output_format=pcm_24000", '{"text": "no blank"}', "single space"),
        ("/v1/text-to-speech/v/multi-stream-input?output_format=mp3_44100_128", None, "does not speak mp3"),
        ("/v1/text-to-speech/v/multi-stream-input?output_format=pcm_24000", "[]", "no JSON object"),
        ("/tts/websocket", '{"context_id": "a", "transcript": "x"}', "model_id, voice, output_format is missing"),
        ("/tts/websocket", '{"transcript": "x"}', "context_id is missing"),
        ("/v2/listen?encoding=mulaw&sample_rate=8000", None, "hears 16-bit samples"),
        ("/v2/listen?encoding=linear16&sample_rate=16000", '{"type": "Dance"}', "INVALID_JSON"),
        ("/v3/ws?sample_rate=16000", b"ab" * 40_000, "Input Duration violation"),
        ("/v3/ws?sample_rate=16000", '{"type": "Terminate"}', "Termination"),
    ],
)
async def test_the_servers_say_what_they_do_not_take(
    simulator: RealtimeSimulator, path: str, frame: str | bytes | None, told: str
) -> None:
    async with aiohttp.ClientSession() as client, client.ws_connect(simulator.base_url + path) as socket:
        if isinstance(frame, str):
            await socket.send_str(frame)
        elif frame is not None:
            await socket.send_bytes(frame)
        heard = ""
        async with asyncio.timeout(5):
            while told not in heard:
                message = await socket.receive()
                heard += f"{message.data} {message.extra}"
                assert message.type is not aiohttp.WSMsgType.CLOSED, heard


@listeners
async def test_what_was_sent_is_kept(simulator: RealtimeSimulator, protocol: str) -> None:
    async with living(protocol, simulator.url(protocol)) as session:
        await one_turn(session, protocol)
    await simulator.until(lambda: not simulator.open)
    (seen,) = simulator.seen
    assert seen.protocol == protocol
    goodbye = {"deepgram": "CloseStream", "assemblyai": "Terminate"}[protocol]
    assert read(seen.frames[-1:]) == [{"type": goodbye}]
