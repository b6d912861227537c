"""Anthropic's own client, unmodified, against the simulator."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import anthropic
import pytest

from genmux.testing.simulator import Simulator

WEATHER: Any = {
    "name": "get_weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
HELLO: Any = [{"role": "user", "content": "hello dear simulator"}]


@pytest.fixture
def client(genmux_simulator: Simulator) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=genmux_simulator.base_url, api_key="sk-test", max_retries=0) as made:
        yield made


@pytest.fixture
async def async_client(simulator: Simulator) -> AsyncIterator[anthropic.AsyncAnthropic]:
    async with anthropic.AsyncAnthropic(base_url=simulator.base_url, api_key="sk-test", max_retries=0) as made:
        yield made


def test_a_whole_answer(client: anthropic.Anthropic) -> None:
    reply = client.messages.create(model="mock/echo", max_tokens=50, messages=HELLO)
    assert [block.text for block in reply.content if block.type == "text"] == ["hello dear simulator"]
    assert reply.stop_reason == "end_turn"
    assert reply._request_id == "req-1"  # noqa: SLF001 — the client's own public attribute


def test_a_stream_tells_its_input_at_the_start(client: anthropic.Anthropic) -> None:
    with client.messages.stream(model="mock/echo", max_tokens=50, messages=HELLO) as stream:
        events = [*stream]
        final = stream.get_final_message()
    start = events[0]
    assert start.type == "message_start"
    assert start.message.usage.input_tokens == final.usage.input_tokens > 0
    assert final.usage.output_tokens > 0
    assert [block.text for block in final.content if block.type == "text"] == ["hello dear simulator"]


async def test_whole_and_streamed_answers_of_the_async_client(async_client: anthropic.AsyncAnthropic) -> None:
    reply = await async_client.messages.create(model="mock/echo", max_tokens=50, messages=HELLO)
    async with async_client.messages.stream(model="mock/echo", max_tokens=50, messages=HELLO) as stream:
        text = "".join([piece async for piece in stream.text_stream])
    assert [text] == [block.text for block in reply.content if block.type == "text"] == ["hello dear simulator"]


@pytest.mark.parametrize("streamed", [False, True])
def test_the_stop_sequence_is_told(client: anthropic.Anthropic, *, streamed: bool) -> None:
    asked: Any = {"model": "mock/echo", "max_tokens": 50, "messages": HELLO, "stop_sequences": [" sim", "xyz"]}
    if streamed:
        with client.messages.stream(**asked) as stream:
            reply = stream.get_final_message()
    else:
        reply = client.messages.create(**asked)
    assert (reply.stop_reason, reply.stop_sequence) == ("stop_sequence", " sim")


def test_max_tokens_cut_the_answer(client: anthropic.Anthropic) -> None:
    reply = client.messages.create(model="mock/story", max_tokens=4, messages=HELLO)
    assert (reply.stop_reason, reply.usage.output_tokens) == ("max_tokens", 4)


@pytest.mark.parametrize("streamed", [False, True])
def test_tools_are_called_and_their_results_answered_with(client: anthropic.Anthropic, *, streamed: bool) -> None:
    asked: Any = {"model": "mock/tools", "max_tokens": 50, "tools": [WEATHER]}
    if streamed:
        with client.messages.stream(messages=HELLO, **asked) as stream:
            reply = stream.get_final_message()
    else:
        reply = client.messages.create(messages=HELLO, **asked)
    (call,) = [block for block in reply.content if block.type == "tool_use"]
    assert reply.stop_reason == "tool_use"
    assert isinstance(call.input, dict)
    assert isinstance(call.input["city"], str)
    result: Any = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "22 C"}]}
    final = client.messages.create(messages=[*HELLO, {"role": "assistant", "content": reply.content}, result], **asked)
    assert [block.text for block in final.content if block.type == "text"] == ["get_weather says: 22 C"]


def test_a_demanded_tool_is_called(client: anthropic.Anthropic) -> None:
    reply = client.messages.create(
        model="mock/echo", max_tokens=50, messages=HELLO, tools=[WEATHER], tool_choice={"type": "any"}
    )
    assert [block.type for block in reply.content] == ["tool_use"]


@pytest.mark.parametrize("streamed", [False, True])
def test_thinking_comes_with_a_signature_that_may_not_be_changed(
    client: anthropic.Anthropic, *, streamed: bool
) -> None:
    asked: Any = {"model": "mock/reasoner", "max_tokens": 5000}
    if streamed:
        with client.messages.stream(messages=HELLO, **asked) as stream:
            reply = stream.get_final_message()
    else:
        reply = client.messages.create(messages=HELLO, **asked)
    thought = reply.content[0]
    assert thought.type == "thinking"
    assert thought.signature.startswith("mock-")
    again: Any = [*HELLO, {"role": "assistant", "content": reply.content}, {"role": "user", "content": "and now?"}]
    assert client.messages.create(messages=again, **asked).stop_reason == "end_turn"
    forged: Any = [{"type": "thinking", "thinking": "something else", "signature": thought.signature}]
    with pytest.raises(anthropic.BadRequestError, match="does not belong to the reasoning"):
        client.messages.create(messages=[*HELLO, {"role": "assistant", "content": forged}, *HELLO], **asked)


def test_tokens_are_counted(client: anthropic.Anthropic) -> None:
    counted = client.messages.count_tokens(model="mock/echo", messages=HELLO)
    reply = client.messages.create(model="mock/echo", max_tokens=50, messages=HELLO)
    assert counted.input_tokens == reply.usage.input_tokens


def test_models_are_listed(client: anthropic.Anthropic) -> None:
    assert "mock/reasoner" in [model.id for model in client.models.list()]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("authentication", anthropic.AuthenticationError),
        ("permission", anthropic.PermissionDeniedError),
        ("rate_limit", anthropic.RateLimitError),
        ("not_found", anthropic.NotFoundError),
        ("invalid_request", anthropic.BadRequestError),
        ("server", anthropic.InternalServerError),
        ("overloaded", anthropic.InternalServerError),
    ],
)
def test_errors_are_of_the_right_class(
    client: anthropic.Anthropic, fault: str, expected: type[anthropic.APIStatusError]
) -> None:
    with pytest.raises(expected, match="played by the simulator"):
        client.messages.create(model=f"mock/fault-{fault}", max_tokens=50, messages=HELLO)


async def test_an_error_amid_a_stream_is_raised(async_client: anthropic.AsyncAnthropic) -> None:
    prompt: Any = [{"role": "user", "content": "one two three [mock fault=overloaded after=2]"}]
    stream = await async_client.messages.create(model="mock/echo", max_tokens=50, messages=prompt, stream=True)
    with pytest.raises(anthropic.APIStatusError, match="no capacity"):
        [event async for event in stream]


@pytest.mark.parametrize("fault", ["reset_after_request", "fin_after_request", "half_head"])
def test_a_broken_connection_is_a_connection_error(client: anthropic.Anthropic, fault: str) -> None:
    with pytest.raises(anthropic.APIConnectionError):
        client.messages.create(model=f"mock/fault-{fault}", max_tokens=50, messages=HELLO)
