"""The embedded model through the official SDKs; skipped where its weights are not installed."""

import base64
import json
import os
from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest

from genmux.providers.local.files import weights_folder
from genmux.providers.local.weights import WEIGHTS
from genmux.services.settings import ProviderSettings, Settings
from tests.e2e.conftest import RunningGateway, running
from tests.e2e.talking import embedded, message, quiet, until

xllamacpp = pytest.importorskip("xllamacpp", reason="the extra `local` is not installed")
FOLDER = weights_folder(os.environ)
pytestmark = pytest.mark.skipif(
    not (FOLDER / WEIGHTS["smollm2"].file).is_file(), reason="no weights: run `genmux local install`"
)
ASKED = {"model": "local/smollm2", "max_tokens": 12, "messages": [{"role": "user", "content": "Say hello."}]}


@pytest.fixture(scope="module")
def local_gateway() -> Iterator[RunningGateway]:
    own = ProviderSettings(credentials={"data_dir": str(FOLDER.parent)})
    with running(Settings(providers={"local": own})) as serving:
        yield serving


def test_openai_clients_chat_with_it_whole_and_streamed(local_gateway: RunningGateway):
    client = openai.OpenAI(base_url=f"{local_gateway.url}/v1", api_key="none")
    whole = client.chat.completions.create(**ASKED, temperature=0)
    assert whole.choices[0].message.content
    assert 0 < whole.usage.completion_tokens <= 12
    chunks = client.chat.completions.create(**ASKED, temperature=0, stream=True)
    streamed = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert streamed == whole.choices[0].message.content


def test_anthropic_clients_chat_with_it_whole_and_streamed(local_gateway: RunningGateway):
    client = anthropic.Anthropic(base_url=local_gateway.url, api_key="none")
    whole = client.messages.create(**ASKED, extra_body={"temperature": 0})
    assert whole.content[0].text
    with client.messages.stream(**ASKED, extra_body={"temperature": 0}) as stream:
        assert "".join(stream.text_stream) == whole.content[0].text
    count = client.messages.count_tokens(model="local/smollm2", messages=ASKED["messages"])
    assert count.input_tokens > 0


WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]},
}


@pytest.mark.skipif(not embedded(), reason="the local voice is not installed: genmux local install")
async def test_openai_clients_talk_with_it_with_a_tool_and_an_interruption(local_gateway: RunningGateway):
    async with openai.AsyncOpenAI(base_url=f"{local_gateway.url}/v1", api_key="none", timeout=60) as client:
        made = await client.audio.speech.create(
            model="local/hibari", voice="heart", input="What is the weather in Berlin?", response_format="pcm"
        )
        asked = base64.b64encode(made.content).decode()
        async with client.realtime.connect(model="local/voice") as connection:
            await connection.session.update(session={"type": "realtime", "tools": [WEATHER]})
            await connection.input_audio_buffer.append(audio=asked)
            await connection.input_audio_buffer.append(audio=quiet(1_000))
            heard = await until(connection, "response.done", within=40)
            transcript = next(one.transcript for one in heard if one.type.endswith("transcription.completed"))
            called = next(one for one in heard if one.type == "response.function_call_arguments.done")
            assert "weather in Berlin" in transcript
            assert json.loads(called.arguments) == {"town": "Berlin"}

            await connection.conversation.item.create(
                item={"type": "function_call_output", "call_id": called.call_id, "output": "rain, 8 degrees"}
            )
            await connection.response.create()
            heard = await until(connection, "response.done", within=40)
            words = "".join(one.delta for one in heard if one.type == "response.output_audio_transcript.delta")
            assert "8 degrees" in words
            assert any(one.type == "response.output_audio.delta" for one in heard)

            await connection.conversation.item.create(item=message("Tell me a long story about a fox."))
            await connection.response.create()
            playing = (await until(connection, "response.output_audio.delta", within=40))[-1]
            await connection.input_audio_buffer.append(audio=asked)
            broken = await until(connection, "response.done", within=40)
            assert broken[-1].response.status == "cancelled"
            assert any(one.type == "input_audio_buffer.speech_started" for one in broken)
            await connection.conversation.item.truncate(
                item_id=playing.item_id, audio_end_ms=500, content_index=playing.content_index
            )
            assert (await until(connection, "conversation.item.truncated", within=40))[-1].audio_end_ms == 500
