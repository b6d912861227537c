"""OpenAI's own client, unmodified, against the simulator."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, Literal

import openai
import pydantic
import pytest

from genmux.testing.simulator import Simulator

WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
HELLO: Any = [{"role": "user", "content": "hello dear simulator"}]


class Step(pydantic.BaseModel):
    title: str
    minutes: int = pydantic.Field(ge=1, le=60)


class Recipe(pydantic.BaseModel):
    name: str
    kind: Literal["soup", "cake"]
    steps: list[Step]
    note: str | None


@pytest.fixture
def client(genmux_simulator: Simulator) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{genmux_simulator.base_url}/v1", api_key="sk-test", max_retries=0) as made:
        yield made


@pytest.fixture
async def async_client(simulator: Simulator) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=f"{simulator.base_url}/v1", api_key="sk-test", max_retries=0) as made:
        yield made


def test_a_whole_answer(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(model="mock/echo", messages=HELLO)
    assert reply.choices[0].message.content == "hello dear simulator"
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage is not None
    assert reply.usage.completion_tokens == 3
    assert reply._request_id == "req-1"  # noqa: SLF001 — the client's own public attribute


def test_a_stream_with_usage(client: openai.OpenAI) -> None:
    with client.chat.completions.create(
        model="mock/echo", messages=HELLO, stream=True, stream_options={"include_usage": True}
    ) as stream:
        chunks = [*stream]
    texts = [choice.delta.content for chunk in chunks for choice in chunk.choices if choice.delta.content]
    assert texts == ["hello", " dear", " simulator"]
    assert chunks[-1].usage is not None
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason] == ["stop"]


async def test_whole_and_streamed_answers_of_the_async_client(async_client: openai.AsyncOpenAI) -> None:
    reply = await async_client.chat.completions.create(model="mock/echo", messages=HELLO)
    stream = await async_client.chat.completions.create(model="mock/echo", messages=HELLO, stream=True)
    texts = [choice.delta.content or "" async for chunk in stream for choice in chunk.choices]
    assert reply.choices[0].message.content == "".join(texts) == "hello dear simulator"


def test_n_limits_and_stop_sequences(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(model="mock/story", messages=HELLO, n=2, max_tokens=5)
    assert [choice.finish_reason for choice in reply.choices] == ["length", "length"]
    stopped = client.chat.completions.create(model="mock/echo", messages=HELLO, stop=[" simulator"])
    assert stopped.choices[0].message.content == "hello dear"
    assert stopped.choices[0].finish_reason == "stop"


def test_tools_are_called_and_their_results_answered_with(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(model="mock/tools", messages=HELLO, tools=[WEATHER])
    (call,) = reply.choices[0].message.tool_calls or []
    assert call.type == "function"
    assert call.function.name == "get_weather"
    assert reply.choices[0].finish_reason == "tool_calls"
    result: Any = {"role": "tool", "tool_call_id": call.id, "content": "22 C"}
    messages: Any = [*HELLO, reply.choices[0].message, result]
    final = client.chat.completions.create(model="mock/tools", messages=messages, tools=[WEATHER])
    assert final.choices[0].message.content == "get_weather says: 22 C"


def test_tool_calls_are_streamed_in_pieces(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(
        model="mock/tools",
        messages=HELLO,
        tools=[WEATHER, {**WEATHER, "function": {"name": "other"}}],
        parallel_tool_calls=True,
    ) as stream:
        final = stream.get_final_completion()
    calls = final.choices[0].message.tool_calls or []
    assert [call.function.name for call in calls] == ["get_weather", "other"]


@pytest.mark.parametrize("model", ["mock/echo", "mock/json"])
def test_structured_output_is_parsed_into_pydantic_types(client: openai.OpenAI, model: str) -> None:
    reply = client.chat.completions.parse(model=model, messages=HELLO, response_format=Recipe)
    recipe = reply.choices[0].message.parsed
    assert isinstance(recipe, Recipe)
    assert recipe.steps


async def test_structured_output_is_streamed(async_client: openai.AsyncOpenAI) -> None:
    async with async_client.chat.completions.stream(
        model="mock/json", messages=HELLO, response_format=Recipe
    ) as stream:
        final = await stream.get_final_completion()
    assert isinstance(final.choices[0].message.parsed, Recipe)


def test_embeddings_and_models(client: openai.OpenAI) -> None:
    reply = client.embeddings.create(model="mock/embed", input=["one", "two"], dimensions=12)
    assert [len(one.embedding) for one in reply.data] == [12, 12]
    assert "mock/echo" in [model.id for model in client.models.list()]


@pytest.mark.parametrize(
    ("fault", "expected", "status"),
    [
        ("authentication", openai.AuthenticationError, 401),
        ("permission", openai.PermissionDeniedError, 403),
        ("rate_limit", openai.RateLimitError, 429),
        ("not_found", openai.NotFoundError, 404),
        ("invalid_request", openai.BadRequestError, 400),
        ("server", openai.InternalServerError, None),
        ("overloaded", openai.InternalServerError, None),
    ],
)
def test_errors_are_of_the_right_class(
    client: openai.OpenAI, fault: str, expected: type[openai.APIStatusError], status: int | None
) -> None:
    with pytest.raises(expected) as caught:
        client.chat.completions.create(model=f"mock/fault-{fault}", messages=HELLO)
    assert status is None or caught.value.status_code == status
    assert "played by the simulator" in caught.value.message


def test_an_error_amid_a_stream_is_raised(client: openai.OpenAI) -> None:
    prompt: Any = [{"role": "user", "content": "one two three [mock fault=overloaded after=2]"}]
    stream = client.chat.completions.create(model="mock/echo", messages=prompt, stream=True)
    with stream, pytest.raises(openai.APIError, match="no capacity"):
        list(stream)


@pytest.mark.parametrize("fault", ["reset_after_request", "fin_after_request", "half_head"])
def test_a_broken_connection_is_a_connection_error(client: openai.OpenAI, fault: str) -> None:
    with pytest.raises(openai.APIConnectionError):
        client.chat.completions.create(model=f"mock/fault-{fault}", messages=HELLO)


def test_a_silent_server_is_a_timeout(client: openai.OpenAI) -> None:
    with pytest.raises(openai.APITimeoutError):
        client.chat.completions.create(model="mock/fault-no_reply", messages=HELLO, timeout=0.1)


def test_retries_of_the_client_are_seen(genmux_simulator: Simulator) -> None:
    url = genmux_simulator.fault_url("status_503,retry_after=0.001,form=ms") + "/v1"
    with openai.OpenAI(base_url=url, api_key="x") as client, pytest.raises(openai.InternalServerError):
        client.chat.completions.create(model="mock/echo", messages=HELLO)
    assert len(genmux_simulator.requests) == 3


async def test_a_wrong_key_is_an_authentication_error() -> None:
    async with (
        Simulator(key="sk-right") as simulator,
        openai.AsyncOpenAI(base_url=f"{simulator.base_url}/v1", api_key="sk-wrong") as client,
    ):
        with pytest.raises(openai.AuthenticationError):
            await client.chat.completions.create(model="mock/echo", messages=HELLO)
