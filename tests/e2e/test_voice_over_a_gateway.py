"""What a client does with voice over a running gateway is what it does without one."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from genmux import AsyncClient, Client
from genmux.cli.options import Reach
from genmux.cli.talk import talk
from genmux.flows.voice.limits import SessionLimits
from genmux.services.settings import Defaults, GatewaySettings, ProviderSettings, Settings, StoreSettings
from genmux.testing.simulator.media import MediaSimulator
from genmux.testing.simulator.voice.realtime_server import RealtimeSimulator
from genmux.types.errors import (
    AuthenticationError,
    MessageError,
    NotFoundError,
    OverloadedError,
    ProviderError,
    RequestTimeoutError,
)
from genmux.types.job_settings import JobProviderSettings, JobSettings
from genmux.types.realtime import SessionState
from genmux.types.realtime_events import (
    AudioChunk,
    BudgetSpent,
    Interrupted,
    OutputTranscriptDone,
    ResponseDone,
    SessionClosed,
    SessionFailed,
    StateChanged,
    ToolCalled,
    ToolCallsCancelled,
)
from genmux.types.transcription import TranscriptDelta, TranscriptDone
from tests.e2e.conftest import RunningGateway, running
from tests.e2e.talking import KEY
from tests.e2e.test_realtime_relayed import before
from tests.jobs import LOOPBACK
from tests.talking import SILENCE, SPEECH, of, read, rest, until

MODELS: Any = {"transcribe": "mock/ears", "text_to_speech": "mock/voice"}
QUICK = SessionLimits(first_pause=0.001, longest_pause=0.001)


@pytest.fixture(scope="module")
def gateway() -> Iterator[RunningGateway]:
    with running(Settings(defaults=Defaults(models=MODELS), gateway=GatewaySettings(keys=(KEY,)))) as serving:
        yield serving


@pytest.fixture
async def client(gateway: RunningGateway) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(gateway=gateway.url, key=KEY) as client:
        yield client


@pytest.fixture
async def simulator() -> AsyncIterator[RealtimeSimulator]:
    async with RealtimeSimulator() as simulator:
        yield simulator


def weather(town: str) -> str:
    """The weather of a town."""
    return f"sunny in {town}"


async def speak(session: Any, ms: int) -> None:
    for _ in range(ms // 20):
        await session.send_audio(SPEECH)


async def listen(session: Any, ms: int) -> None:
    for _ in range(ms // 20):
        await session.send_audio(SILENCE)


async def test_a_session_has_tools_and_interruptions(client: AsyncClient):
    told = (
        '[mock turn=1 tool=weather arguments="{\\"town\\": \\"Rome\\"}"][mock turn=2 say="It is sunny"]'
        '[mock turn=3 pace=0.02 seconds=30 say="A long story"]'
    )
    opening = client.realtime("mock/realtime", instructions=told, tools=[weather], transcription=True)
    async with opening as session:
        await session.send_text("What is the weather in Rome?")
        heard = await until(session, ResponseDone, 2)
        assert of(ToolCalled, heard)[0].name == "weather"
        assert "sunny" in of(OutputTranscriptDone, heard)[-1].text

        await speak(session, 600)
        await listen(session, 1_500)
        chunk = (await until(session, AudioChunk))[-1]
        session.playback.played(20, chunk.item_id)
        await speak(session, 600)
        broken = await until(session, ResponseDone)
        assert broken[-1].status == "cancelled"
        assert of(Interrupted, broken)[0].heard_ms == 20


async def test_a_text_model_gets_ears_and_a_voice_at_the_gateway(client: AsyncClient):
    async with client.realtime("mock/echo", output=16_000) as session:
        await session.send_text("hello there")
        heard = await until(session, ResponseDone)
    assert of(OutputTranscriptDone, heard)[-1].text == "hello there"
    assert heard[-1].cost is not None
    assert heard[-1].cost.source == "reported"


@pytest.mark.parametrize("model", ["talks/talker", "lives/talker"])
async def test_each_turn_costs_what_the_gateway_says(simulator: RealtimeSimulator, tmp_path: Path, model: str):
    with before(simulator, tmp_path) as gateway:
        async with (
            AsyncClient(gateway=gateway.url, key=KEY) as client,
            client.realtime(model, instructions='[mock say="good evening" seconds=0.2]') as session,
        ):
            await session.send_text("hello")
            done = (await until(session, ResponseDone))[-1]
    assert done.usage.meters["tokens.input"] > 0
    assert done.usage.meters["tokens.output.audio"] > 0
    assert done.cost.amount == Decimal(done.usage.meters["tokens.input"] + done.usage.meters["tokens.output"])
    assert done.cost.source == "reported"


async def test_what_a_session_can_do_is_told(simulator: RealtimeSimulator, tmp_path: Path):
    with before(simulator, tmp_path) as gateway:
        async with AsyncClient(gateway=gateway.url, key=KEY) as client:
            async with client.realtime("lives/talker") as session:
                assert (session.capabilities.truncates, session.capabilities.answers_tools) == (False, True)
                with pytest.raises(MessageError, match="voice cannot be changed"):
                    await session.update(voice="Puck")
            async with client.realtime("talks/talker", input=16_000) as session:
                assert (session.capabilities.truncates, session.capabilities.answers_tools) == (True, False)
                await session.update(instructions="Be brief.")


async def test_the_own_settings_of_a_provider_reach_it(simulator: RealtimeSimulator, tmp_path: Path):
    with before(simulator, tmp_path) as gateway:
        async with (
            AsyncClient(gateway=gateway.url, key=KEY) as client,
            client.realtime("lives/talker", generationConfig={"topP": 0.5}, language="de-DE"),
        ):
            setup = read(simulator.open[0].seen.frames)[0]["setup"]
    assert setup["generationConfig"]["topP"] == 0.5
    assert setup["generationConfig"]["speechConfig"]["languageCode"] == "de-DE"


async def test_a_tool_call_that_is_not_wanted_any_more_is_told(simulator: RealtimeSimulator, tmp_path: Path):
    with before(simulator, tmp_path) as gateway:
        async with (
            AsyncClient(gateway=gateway.url, key=KEY) as client,
            client.realtime("lives/talker", instructions="[mock turn=1 tool=weather barge=0]") as session,
        ):
            await session.send_text("What is the weather?")
            heard = await until(session, ToolCallsCancelled)
    assert heard[-1].call_ids == (of(ToolCalled, heard)[0].call_id,)


async def test_a_connection_that_breaks_is_made_anew(gateway: RunningGateway, client: AsyncClient):
    async with client.realtime("mock/realtime", instructions='[mock say="hello"]', limits=QUICK) as session:
        await session.send_text("hi")
        await until(session, ResponseDone)
        for one in [*gateway.server.server_state.connections]:
            if getattr(one, "conn", None) is not None:
                one.loop.call_soon_threadsafe(one.transport.abort)
        states = [
            (one.state, one.state_restored)
            for one in await until(session, StateChanged, 2)
            if isinstance(one, StateChanged)
        ]
        assert states == [(SessionState.RECONNECTING, None), (SessionState.CONNECTED, False)]
        await session.send_text("again")
        assert (await until(session, ResponseDone))[-1].status == "completed"


async def test_errors_are_those_of_a_session_without_a_gateway(
    gateway: RunningGateway, client: AsyncClient, simulator: RealtimeSimulator, tmp_path: Path
):
    with pytest.raises(NotFoundError, match="offers no model"):
        async with client.realtime("mock/nothing"):
            pass
    async with AsyncClient(gateway=gateway.url, key="wrong") as stranger:
        with pytest.raises(AuthenticationError):
            async with stranger.realtime("mock/realtime"):
                pass
    simulator.refuse(503, "too busy", times=10)
    with before(simulator, tmp_path) as other:
        async with AsyncClient(gateway=other.url, key=KEY) as third:
            with pytest.raises(OverloadedError, match="503"):
                async with third.realtime("talks/talker"):
                    pass


async def test_a_spent_budget_ends_the_session_of_the_key(simulator: RealtimeSimulator, tmp_path: Path):
    with before(simulator, tmp_path) as gateway:
        headers = {"authorization": f"Bearer {KEY}"}
        async with (
            httpx2.AsyncClient(base_url=gateway.url, headers=headers) as http,
            contextlib.AsyncExitStack() as stack,
        ):
            asked = {"session": {"type": "realtime", "model": "talks/talker"}, "budget_limit": 1}
            made = (await http.post("/v1/realtime/client_secrets", json=asked)).json()
            client = await stack.enter_async_context(AsyncClient(gateway=gateway.url, key=made["value"]))
            session = await stack.enter_async_context(client.realtime("talks/talker"))
            await session.send_text("hello")
            heard = await rest(session)
    assert "is spent" in of(BudgetSpent, heard)[0].message
    assert of(SessionClosed, heard)[0].reason == "budget_spent"
    assert not of(SessionFailed, heard)


async def test_the_end_is_told_with_its_reason(simulator: RealtimeSimulator, tmp_path: Path):
    with before(simulator, tmp_path, idle=0.2) as gateway:
        async with AsyncClient(gateway=gateway.url, key=KEY) as client, client.realtime("talks/talker") as session:
            heard = await rest(session)
    assert "nobody said anything" in of(SessionClosed, heard)[0].reason
    assert isinstance(of(SessionFailed, heard)[0].error, RequestTimeoutError)


# ---------------------------------------------------------------- speech and transcription
async def test_speech_is_whole_or_comes_as_it_is_made(client: AsyncClient):
    whole = await client.speak("one two", model="mock/voice", format="wav", voice="tones")
    assert whole.audio[:4] == b"RIFF"
    assert whole.cost is not None
    assert (whole.cost.amount, whole.cost.source) == (0, "reported")
    async with await client.stream_speech("one two", model="mock/voice", format="pcm") as stream:
        sound = b"".join([data async for data in stream.audio()])
    assert whole.audio.endswith(sound)
    assert stream.result().usage.meters["characters.input"] == 7


async def test_sounds_are_written_down_whole_or_as_they_are_heard(client: AsyncClient):
    spoken = await client.speak("hello there", model="mock/voice", format="wav")
    whole = await client.transcribe(spoken, model="mock/ears", words=True)
    assert (whole.text, bool(whole.words)) == ("hello there", True)
    assert whole.cost is not None
    assert whole.cost.source == "reported"
    parts = [part async for part in client.stream_transcription(spoken, model="mock/ears", words=True)]
    assert "".join(one.text for one in parts if isinstance(one, TranscriptDelta)) == "hello there"
    assert isinstance(parts[-1], TranscriptDone)
    assert parts[-1].transcript == msgspec.structs.replace(whole, usage=parts[-1].transcript.usage)


async def test_what_a_dialect_has_no_words_for_goes_beside_it(client: AsyncClient):
    async with AsyncClient() as here:
        there = await client.speak("one two", model="mock/voice", format="pcm", sample_rate=16_000, timestamps=True)
        same = await here.speak("one two", model="mock/voice", format="pcm", sample_rate=16_000, timestamps=True)
        assert (there.audio, there.format, there.words) == (same.audio, same.format, same.words)
        heard = {
            one: await one.transcribe(there, model="mock/ears", words=True, segments=True, language="de-DE")
            for one in (here, client)
        }
    one, other = heard[here], heard[client]
    assert (one.text, one.words, one.segments, one.language) == (
        other.text,
        other.words,
        other.segments,
        other.language,
    )
    assert one.usage.meters == other.usage.meters


async def test_voices_are_listed_by_the_gateway(client: AsyncClient):
    assert [one.id for one in await client.voices("mock/voice")] == ["tones"]


def test_code_without_an_event_loop_does_the_same(gateway: RunningGateway):
    with Client(gateway=gateway.url, key=KEY) as client:
        spoken = client.speak("hello there", model="mock/voice", format="wav")
        assert client.transcribe(spoken, model="mock/ears").text == "hello there"
        assert [one.id for one in client.voices("mock/voice")] == ["tones"]


def test_the_command_line_talks_over_a_gateway(
    gateway: RunningGateway, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    question, answer = tmp_path / "question.wav", tmp_path / "answer.wav"
    with Client() as client:
        client.speak("hello", model="mock/voice", format="wav").save(question)
    reach = Reach(gateway=gateway.url, key=KEY, json=True)
    talk(model="mock/realtime", in_=question, out=answer, instructions='[mock say="hi" seconds=0.1]', common=reach)
    told = msgspec.json.decode(capsys.readouterr().out)
    assert [turn["answer"] for turn in told["turns"]] == ["hi"]
    assert answer.read_bytes()[:4] == b"RIFF"


async def test_a_provider_of_jobs_writes_down_over_a_gateway_too(tmp_path: Path):
    async with MediaSimulator("assemblyai") as media:
        own = ProviderSettings(base_url=media.url("assemblyai"), credentials={"api_key": "sk-simulated"})
        settings = Settings(
            providers={"assemblyai": own},
            store=StoreSettings(url=str(tmp_path / "genmux.db")),
            assets=LOOPBACK,
            jobs=JobSettings(providers={"assemblyai": JobProviderSettings(poll_every=0.05)}),
            gateway=GatewaySettings(keys=(KEY,)),
        )
        with running(settings) as gateway:
            async with AsyncClient(gateway=gateway.url, key=KEY) as client:
                spoken = await client.speak("hello there", model="mock/voice", format="wav")
                told = await client.transcribe(spoken, model="assemblyai/universal-3-5-pro", diarize=True)
    assert told.text == "Hello there. Who is it?"
    assert [one.speaker for one in told.segments] == ["A", "B"]
    assert told.cost is not None
    assert len(media.bills()) == 1


async def test_over_a_gateway_without_a_store_a_provider_of_jobs_is_refused_with_a_reason(client: AsyncClient):
    spoken = await client.speak("hello there", model="mock/voice", format="wav")
    with pytest.raises(ProviderError, match="there is no store"):
        await client.transcribe(spoken, model="assemblyai/universal-3-5-pro")
