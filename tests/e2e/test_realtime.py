"""The official client talks with models through a running gateway, unmodified."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
import openai
import pytest
import websockets

from genmux.services.settings import Defaults, GatewaySettings, Settings
from genmux.types.realtime_settings import RealtimeSettings
from tests.e2e.conftest import RunningGateway, running
from tests.e2e.talking import KEY, message, quiet, to_the_end, tone, until

MODELS: Any = {"transcribe": "mock/ears", "text_to_speech": "mock/voice"}


@pytest.fixture(scope="module")
def gateway() -> Iterator[RunningGateway]:
    settings = Settings(
        defaults=Defaults(models=MODELS),
        gateway=GatewaySettings(keys=(KEY,), realtime=RealtimeSettings(sessions_per_key=3)),
    )
    with running(settings) as serving:
        yield serving


@pytest.fixture
async def client(gateway: RunningGateway) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=KEY, max_retries=0) as client:
        yield client


async def test_the_official_client_writes_and_hears_an_answer(client: openai.AsyncOpenAI):
    async with client.realtime.connect(model="mock/echo") as connection:
        created = await connection.recv()
        assert created.type == "session.created"
        await connection.session.update(session={"type": "realtime", "instructions": "Be brief."})
        updated = (await until(connection, "session.updated"))[-1]
        assert updated.session.instructions == "Be brief."
        item: Any = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello there"}]}
        await connection.conversation.item.create(item=item)
        await connection.response.create()
        heard = await until(connection, "response.done")
        assert heard[-1].response.status == "completed"
        words = "".join(one.delta for one in heard if one.type == "response.output_audio_transcript.delta")
        assert words == "hello there"
        assert any(one.type == "response.output_audio.delta" for one in heard)


# ---------------------------------------------------------------- a whole conversation, with a model that plays one
WEATHER: Any = {
    "type": "function",
    "name": "weather",
    "description": "The weather of a town.",
    "parameters": {"type": "object", "properties": {"town": {"type": "string"}}},
}


async def test_a_conversation_goes_with_a_tool_and_an_interruption(client: openai.AsyncOpenAI):
    async with client.realtime.connect(model="mock/realtime") as connection:
        await connection.session.update(
            session={
                "type": "realtime",
                "tools": [WEATHER],
                "instructions": '[mock turn=1 tool=weather arguments="{\\"town\\": \\"Rome\\"}"]'
                '[mock turn=2 say="It is sunny"][mock turn=3 pace=0.02 seconds=30 say="A long story"]',
            }
        )
        await until(connection, "session.updated")
        await connection.conversation.item.create(item=message("What is the weather in Rome?"))
        await connection.response.create()
        called = next(
            one
            for one in await until(connection, "response.done")
            if one.type == "response.function_call_arguments.done"
        )
        assert called.name == "weather"
        assert msgspec.json.decode(called.arguments) == {"town": "Rome"}
        await connection.conversation.item.create(
            item={"type": "function_call_output", "call_id": called.call_id, "output": "sunny"}
        )
        await connection.response.create()
        heard = await until(connection, "response.done")
        assert "sunny" in "".join(one.delta for one in heard if one.type == "response.output_audio_transcript.delta")

        await connection.input_audio_buffer.append(audio=tone(600))
        await connection.input_audio_buffer.append(audio=quiet(1_500))
        started = await until(connection, "response.output_audio.delta")
        assert any(one.type == "input_audio_buffer.speech_started" for one in started)
        assert any(one.type == "input_audio_buffer.committed" for one in started)
        await connection.input_audio_buffer.append(audio=tone(600))
        broken = await until(connection, "response.done")
        assert broken[-1].response.status == "cancelled"
        assert any(one.type == "input_audio_buffer.speech_started" for one in broken)
        await connection.conversation.item.truncate(item_id=started[-1].item_id, audio_end_ms=20, content_index=0)
        truncated = (await until(connection, "conversation.item.truncated"))[-1]
        assert truncated.audio_end_ms == 20


async def test_faults_of_the_caller_are_events_and_the_session_goes_on(client: openai.AsyncOpenAI):
    async with client.realtime.connect(model="mock/realtime") as connection:
        for fault in (
            "this is not JSON",
            '{"type":"conversation.dance"}',
            '{"type":"input_audio_buffer.append","audio":"no base64!"}',
            '{"type":"input_audio_buffer.append","audio":"AAAA"}',
            '{"type":"session.update","session":{"audio":{"input":{"format":{"type":"audio/pcm","rate":11025}}}}}',
        ):
            await vars(connection)["_connection"].send(fault)  # what the client would never say
            error = (await until(connection, "error"))[-1].error
            assert error.message
            assert error.type == "invalid_request_error"
        await connection.conversation.item.create(item=message("hello"))
        await connection.response.create()
        assert (await until(connection, "response.done"))[-1].response.status == "completed"


@pytest.mark.parametrize(
    "early",
    [
        '{"type":"input_audio_buffer.commit"}',
        '{"type":"response.cancel"}',
        '{"type":"conversation.item.truncate","item_id":"item_0","content_index":0,"audio_end_ms":500}',
        '{"type":"conversation.item.delete","item_id":"item_0"}',
        '{"type":"conversation.item.create","item":{"type":"function_call_output","call_id":"call_0","output":"1"}}',
        '{"type":"conversation.item.truncate","item_id":"item_0","content_index":0,"audio_end_ms":-1}',
    ],
)
async def test_what_comes_too_early_is_told_and_the_session_goes_on(client: openai.AsyncOpenAI, early: str):
    async with client.realtime.connect(model="mock/realtime") as connection:
        await vars(connection)["_connection"].send(early)
        await connection.conversation.item.create(item=message("hello"))
        await connection.response.create()
        heard = await until(connection, "response.done")
    assert heard[-1].response.status == "completed"
    faults = [one.error for one in heard if one.type == "error"]
    assert [one.type for one in faults] == ["invalid_request_error"] * len(faults)
    assert all(one.message for one in faults)


async def test_what_cannot_be_changed_is_told_and_stays_as_it_was(client: openai.AsyncOpenAI):
    async with client.realtime.connect(model="mock/realtime") as connection:
        await connection.session.update(session={"type": "realtime", "instructions": "Be brief."})
        await until(connection, "session.updated")
        formats: Any = {"input": {"format": {"type": "audio/pcmu"}}}
        await connection.session.update(session={"type": "realtime", "audio": formats})
        error = (await until(connection, "error"))[-1].error
        assert "cannot be changed" in error.message
        await connection.session.update(session={"type": "realtime", "instructions": "Be long."})
        session: Any = (await until(connection, "session.updated"))[-1].session
        assert session.instructions == "Be long."
        assert session.audio.input.format.type == "audio/pcm"


async def test_the_end_of_the_model_reaches_the_caller(client: openai.AsyncOpenAI):
    async with client.realtime.connect(model="mock/realtime") as connection:
        await connection.session.update(session={"type": "realtime", "instructions": "[mock fault=drop after=2]"})
        await until(connection, "session.updated")
        await connection.conversation.item.create(item=message("hello"))
        await connection.response.create()
        async with asyncio.timeout(10):
            with pytest.raises(websockets.exceptions.ConnectionClosed) as closed:
                await to_the_end(connection)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code in (1000, 1011, 1014)
        assert closed.value.rcvd.reason


@pytest.mark.parametrize(
    ("model", "status", "told"),
    [("mock/nothing", 404, "offers no model"), ("mock/voice", 400, "realtime"), ("", 400, "model")],
)
async def test_models_that_do_not_talk_are_refused_before_the_session(
    client: openai.AsyncOpenAI, model: str, status: int, told: str
):
    with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
        async with client.realtime.connect(model=model):
            pass
    assert refused.value.response.status_code == status
    assert told in refused.value.response.body.decode()


async def test_nobody_talks_without_a_key(gateway: RunningGateway):
    async with openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key="wrong") as stranger:
        with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
            async with stranger.realtime.connect(model="mock/realtime"):
                pass
    assert refused.value.response.status_code == 401


async def test_a_key_has_so_many_sessions_at_a_time(client: openai.AsyncOpenAI):
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(client.realtime.connect(model="mock/realtime"))
        with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
            await stack.enter_async_context(client.realtime.connect(model="mock/realtime"))
    assert refused.value.response.status_code == 429
    for _ in range(100):  # what was left is free again
        try:
            async with client.realtime.connect(model="mock/realtime"):
                return
        except websockets.exceptions.InvalidStatus:
            await asyncio.sleep(0.01)
    pytest.fail("the sessions that were left still count")


async def test_a_browser_brings_its_key_in_the_subprotocol(gateway: RunningGateway):
    url = gateway.url.replace("http", "ws") + "/v1/realtime?model=mock/realtime"
    spoken: Any = ["realtime", f"openai-insecure-api-key.{KEY}"]
    async with websockets.connect(url, subprotocols=spoken) as socket:
        assert socket.subprotocol == "realtime"
        assert msgspec.json.decode(await socket.recv())["type"] == "session.created"


async def test_a_plain_request_is_told_of_the_socket(client: openai.AsyncOpenAI):
    with pytest.raises(openai.APIStatusError) as refused:
        await client.get("/realtime", cast_to=object)
    assert refused.value.status_code == 426


# ---------------------------------------------------------------- client secrets
async def test_a_client_secret_opens_sessions_as_it_was_made(client: openai.AsyncOpenAI, gateway: RunningGateway):
    made = await client.realtime.client_secrets.create(
        session={"type": "realtime", "model": "mock/realtime", "instructions": '[mock say="as told"]'},
        expires_after={"anchor": "created_at", "seconds": 60},
    )
    assert made.value.startswith("ek_")
    assert 50 < made.expires_at - time.time() < 70
    async with (
        openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=made.value) as browser,
        browser.realtime.connect(model="mock/realtime") as connection,
    ):
        created: Any = await connection.recv()
        assert "as told" in created.session.instructions
        await connection.conversation.item.create(item=message("hello"))
        await connection.response.create()
        heard = await until(connection, "response.done")
        assert "as told" in "".join(one.delta for one in heard if one.type == "response.output_audio_transcript.delta")


async def test_a_client_secret_is_good_for_its_model_and_for_nothing_else(
    client: openai.AsyncOpenAI, gateway: RunningGateway
):
    made = await client.realtime.client_secrets.create(session={"type": "realtime", "model": "mock/realtime"})
    async with openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=made.value, max_retries=0) as browser:
        with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
            async with browser.realtime.connect(model="mock/echo"):
                pass
        assert refused.value.response.status_code == 403
        with pytest.raises(openai.AuthenticationError):
            await browser.chat.completions.create(model="mock/echo", messages=[{"role": "user", "content": "hi"}])
        with pytest.raises(openai.AuthenticationError):
            await browser.realtime.client_secrets.create(session={"type": "realtime", "model": "mock/realtime"})


def cut(text: str) -> str:
    return text[:-3]


def changed(text: str) -> str:
    return f"ek_x{text[3:]}"


def emptied(_: str) -> str:
    return "ek_"


@pytest.mark.parametrize("change", [cut, changed, emptied])
async def test_a_forged_client_secret_opens_nothing(client: openai.AsyncOpenAI, gateway: RunningGateway, change: Any):
    made = await client.realtime.client_secrets.create(session={"type": "realtime", "model": "mock/realtime"})
    async with openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=change(made.value)) as stranger:
        with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
            async with stranger.realtime.connect(model="mock/realtime"):
                pass
    assert refused.value.response.status_code == 401
