"""Sessions that go through a running gateway to a provider of the same dialect, or of another."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import openai
import pytest
import websockets

from genmux.services.settings import GatewaySettings, ProviderSettings, Settings
from genmux.testing.simulator.voice.realtime_server import RealtimeSimulator
from genmux.types.realtime_settings import RealtimeSettings
from tests.e2e.conftest import RunningGateway, running
from tests.e2e.talking import KEY, message, quiet, to_the_end, tone, until

MANIFEST = """
spec = 1
id = "{id}"
name = "{id}"
base_url = "https://{id}.example/v1"

[credentials.api_key]
env = ["{id}_KEY"]

[wires.realtime]
dialect = "{dialect}"

[models.talker]
operations = {{ realtime = "realtime" }}
prices = [
  {{ meter = "tokens.input", per = 1, amount = "1", source = "a test" }},
  {{ meter = "tokens.output", per = 1, amount = "1", source = "a test" }},
]
"""


@contextmanager
def before(simulator: RealtimeSimulator, folder: Path, **realtime: Any) -> Any:
    """A gateway before a simulator."""
    for name, dialect in (("talks", "openai_realtime"), ("lives", "gemini_live")):
        (folder / name).mkdir()
        (folder / name / "manifest.toml").write_text(MANIFEST.format(id=name, dialect=dialect))
    credentials = {"api_key": "sk-simulated"}
    settings = Settings(
        provider_paths=(str(folder),),
        providers={
            "talks": ProviderSettings(base_url=simulator.url("openai"), credentials=credentials),
            "lives": ProviderSettings(base_url=simulator.url("gemini"), credentials=credentials),
        },
        gateway=GatewaySettings(keys=(KEY,), realtime=msgspec.convert(realtime, RealtimeSettings)),
    )
    with running(settings) as gateway:
        yield gateway


@pytest.fixture
async def simulator() -> AsyncIterator[RealtimeSimulator]:
    async with RealtimeSimulator() as simulator:
        yield simulator


@asynccontextmanager
async def talking(gateway: RunningGateway, model: str = "talks/talker", **session: Any) -> AsyncIterator[Any]:
    async with (
        openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=KEY) as client,
        client.realtime.connect(model=model) as connection,
    ):
        await connection.session.update(session={"type": "realtime", **session})
        await until(connection, "session.updated")
        yield connection


@pytest.mark.parametrize("model", ["talks/talker", "lives/talker"])
async def test_a_spoken_turn_goes_there_and_back(simulator: RealtimeSimulator, tmp_path: Path, model: str):
    with before(simulator, tmp_path) as gateway:
        async with talking(gateway, model, instructions='[mock say="good evening" seconds=1]') as connection:
            for _ in range(30):
                await connection.input_audio_buffer.append(audio=tone(20))
            for _ in range(75):
                await connection.input_audio_buffer.append(audio=quiet(20))
            heard = await until(connection, "response.done")
    sound = b"".join(base64.b64decode(one.delta) for one in heard if one.type == "response.output_audio.delta")
    assert len(sound) == pytest.approx(48_000, abs=2_000)
    words = "".join(one.delta for one in heard if one.type == "response.output_audio_transcript.delta")
    assert words.strip() == "good evening"


@pytest.mark.parametrize("model", ["talks/talker", "lives/talker"])
async def test_a_tool_is_called_and_answered(simulator: RealtimeSimulator, tmp_path: Path, model: str):
    tool = {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {}}}
    with before(simulator, tmp_path) as gateway:
        async with talking(gateway, model, tools=[tool], instructions="[mock turn=1 tool=weather]") as connection:
            await connection.conversation.item.create(item=message("What is the weather?"))
            await connection.response.create()
            called = (await until(connection, "response.function_call_arguments.done"))[-1]
            await connection.conversation.item.create(
                item={"type": "function_call_output", "call_id": called.call_id, "output": "sun"}
            )
            await connection.response.create()
            heard = await until(connection, "response.output_audio_transcript.done")
    assert heard[-1].transcript == "weather says: sun"


@pytest.mark.parametrize("model", ["talks/talker", "lives/talker"])
async def test_who_speaks_meanwhile_interrupts_and_says_what_was_heard(
    simulator: RealtimeSimulator, tmp_path: Path, model: str
):
    with before(simulator, tmp_path) as gateway:
        async with talking(gateway, model, instructions="[mock pace=0.02 seconds=30]") as connection:
            await connection.conversation.item.create(item=message("Tell me a story."))
            await connection.response.create()
            playing = (await until(connection, "response.output_audio.delta"))[-1]
            await connection.input_audio_buffer.append(audio=tone(600))
            broken = await until(connection, "response.done")
            assert broken[-1].response.status == "cancelled"
            assert any(one.type == "input_audio_buffer.speech_started" for one in broken)
            await connection.conversation.item.truncate(item_id=playing.item_id, audio_end_ms=20, content_index=0)
            told = await until(connection, "conversation.item.truncated")
    assert told[-1].audio_end_ms == 20
    assert [one for one in told if one.type in ("error", "response.output_audio.delta")] == []


async def test_both_may_speak_at_once_where_nobody_is_to_be_interrupted(simulator: RealtimeSimulator, tmp_path: Path):
    turns = {"type": "server_vad", "interrupt_response": False, "create_response": False}
    with before(simulator, tmp_path) as gateway:
        async with talking(
            gateway, instructions="[mock pace=0.005 seconds=1]", audio={"input": {"turn_detection": turns}}
        ) as connection:
            await connection.conversation.item.create(item=message("Tell me a story."))
            await connection.response.create()
            await until(connection, "response.output_audio.delta")
            await connection.input_audio_buffer.append(audio=tone(600))
            heard = await until(connection, "response.done")
    assert heard[-1].response.status == "completed"
    assert any(one.type == "input_audio_buffer.speech_started" for one in heard)


async def test_who_vanishes_in_mid_answer_leaves_nothing_with_the_model(simulator: RealtimeSimulator, tmp_path: Path):
    with before(simulator, tmp_path) as gateway:
        async with talking(gateway, instructions="[mock pace=0.02 seconds=60]") as connection:
            await connection.conversation.item.create(item=message("Tell me a story."))
            await connection.response.create()
            await until(connection, "response.output_audio.delta")
            vars(connection)["_connection"].transport.abort()
            await simulator.until(lambda: not simulator.open)
        for _ in range(500):
            if not (gateway.server.server_state.connections or gateway.server.server_state.tasks):
                break
            await asyncio.sleep(0.01)
        assert not gateway.server.server_state.connections
        assert not gateway.server.server_state.tasks


async def test_a_message_that_is_too_large_ends_the_session(simulator: RealtimeSimulator, tmp_path: Path):
    with before(simulator, tmp_path, message_limit=65_536) as gateway:
        async with talking(gateway) as connection:
            await connection.input_audio_buffer.append(audio=quiet(5_000))
            async with asyncio.timeout(10):
                with pytest.raises(websockets.exceptions.ConnectionClosed) as closed:
                    await to_the_end(connection)
        await simulator.until(lambda: not simulator.open)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


async def test_the_model_that_vanishes_for_good_is_told_with_a_code(simulator: RealtimeSimulator, tmp_path: Path):
    with before(simulator, tmp_path) as gateway:
        async with talking(gateway) as connection:
            simulator.refuse(401, "the key was revoked", times=10)
            simulator.open[0].vanish()
            with pytest.raises(websockets.exceptions.ConnectionClosed) as closed:
                await to_the_end(connection)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code in (1008, 1011, 1014)
    assert closed.value.rcvd.reason


async def test_a_model_that_cannot_be_reached_is_told(simulator: RealtimeSimulator, tmp_path: Path):
    simulator.refuse(503, "too busy", times=10)
    with before(simulator, tmp_path) as gateway:
        async with (
            openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=KEY) as client,
            client.realtime.connect(model="talks/talker") as connection,
        ):
            await connection.session.update(session={"type": "realtime"})
            assert "503" in (await until(connection, "error"))[-1].error.message
            with pytest.raises(websockets.exceptions.ConnectionClosed) as closed:
                await to_the_end(connection)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code in (1011, 1013)


async def test_a_session_in_which_nobody_says_anything_is_ended(simulator: RealtimeSimulator, tmp_path: Path):
    with before(simulator, tmp_path, idle=0.2) as gateway:
        async with talking(gateway) as connection:
            assert "nobody said anything" in (await until(connection, "error"))[-1].error.message
            with pytest.raises(websockets.exceptions.ConnectionClosed) as closed:
                await to_the_end(connection)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1000
    assert "nobody said anything" in closed.value.rcvd.reason


async def test_no_session_lasts_longer_than_it_may(simulator: RealtimeSimulator, tmp_path: Path):
    with before(simulator, tmp_path, longest=0.3) as gateway:
        async with talking(gateway) as connection:
            with pytest.raises(websockets.exceptions.ConnectionClosed) as closed:
                await to_the_end(connection)
    assert closed.value.rcvd is not None
    assert "as long as it may" in closed.value.rcvd.reason


async def test_a_gateway_that_stops_tells_who_talks(simulator: RealtimeSimulator, tmp_path: Path):
    with before(simulator, tmp_path) as gateway:
        async with talking(gateway) as connection:
            gateway.server.should_exit = True
            assert "stopping" in (await until(connection, "error"))[-1].error.message
            with pytest.raises(websockets.exceptions.ConnectionClosed) as closed:
                await to_the_end(connection)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1001


async def test_who_leaves_ends_the_session_with_the_model(simulator: RealtimeSimulator, tmp_path: Path):
    with before(simulator, tmp_path) as gateway:
        async with talking(gateway):
            assert len(simulator.open) == 1
        await simulator.until(lambda: not simulator.open)


async def test_a_secret_spends_its_own_budget_and_no_more(simulator: RealtimeSimulator, tmp_path: Path):
    with before(simulator, tmp_path) as gateway:
        async with openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=KEY, max_retries=0) as client:
            made = await client.realtime.client_secrets.create(
                session={"type": "realtime", "model": "talks/talker"}, extra_body={"budget_limit": "0.5"}
            )
        async with openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=made.value, max_retries=0) as browser:
            connection = await browser.realtime.connect(model="talks/talker").enter()
            await connection.conversation.item.create(item=message("hello"))
            await connection.response.create()
            assert (await until(connection, "response.done"))[-1].response.status == "completed"
            error = (await until(connection, "error"))[-1].error
            assert error.code == "budget_exceeded"
            with pytest.raises(websockets.exceptions.ConnectionClosed) as closed:
                await to_the_end(connection)
            with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
                await browser.realtime.connect(model="talks/talker").enter()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008
    assert closed.value.rcvd.reason.startswith("budget_exceeded")
    assert refused.value.response.status_code == 402


async def test_a_stalled_caller_holds_up_nobody_else(simulator: RealtimeSimulator, tmp_path: Path):
    with before(simulator, tmp_path) as gateway:
        url = gateway.url.replace("http", "ws") + "/v1/realtime?model=talks/talker"
        headers = {"authorization": f"Bearer {KEY}"}
        async with websockets.connect(url, additional_headers=headers, max_queue=1) as stalled:
            await stalled.send(
                '{"type":"session.update","session":{"type":"realtime","instructions":"[mock seconds=600]"}}'
            )
            await stalled.send(
                msgspec.json.encode({"type": "conversation.item.create", "item": message("go")}).decode()
            )
            await stalled.send('{"type":"response.create"}')
            async with asyncio.timeout(10), talking(gateway) as connection:
                await connection.conversation.item.create(item=message("hello"))
                await connection.response.create()
                assert (await until(connection, "response.done"))[-1].response.status == "completed"


async def test_settings_of_the_dialect_go_to_those_who_speak_it_and_are_warned_of_elsewhere(
    simulator: RealtimeSimulator, tmp_path: Path
):
    with before(simulator, tmp_path) as gateway:
        for model, reaches in (("talks/talker", True), ("lives/talker", False)):
            async with (
                openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=KEY) as client,
                client.realtime.connect(model=model) as connection,
            ):
                await connection.session.update(session={"type": "realtime", "tracing": "auto"})
                updated: Any = (await until(connection, "session.updated"))[-1]
                sent = msgspec.json.decode(simulator.open[-1].seen.frames[0])
                assert (sent.get("session", sent.get("setup")).get("tracing") == "auto") is reaches
                warned = updated.genmux.get("warnings", [])
                assert [one.partition(": it ")[0] for one in warned] == (
                    [] if reaches else ["unsupported: `session.tracing`"]
                )


async def test_a_turn_tells_what_it_did_cost(simulator: RealtimeSimulator, tmp_path: Path):
    with before(simulator, tmp_path) as gateway:
        async with talking(gateway, instructions="[mock seconds=0.1]") as connection:
            await connection.conversation.item.create(item=message("hello"))
            await connection.response.create()
            done: Any = (await until(connection, "response.done"))[-1]
    usage = done.response.usage
    assert float(done.genmux["cost"]) == usage.input_tokens + usage.output_tokens
    assert done.genmux["meters"]["tokens.input"] == usage.input_tokens
