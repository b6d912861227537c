"""The official SDKs, unmodified, against the gateway: each dialect in, each dialect's provider out, whole and streamed."""

from collections.abc import Iterator

import anthropic
import openai
import pydantic
import pytest

from tests.e2e.conftest import RunningGateway

MODELS = ("mock/{}", "openai/mock/{}", "anthropic/mock/{}")
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
    "required": ["city", "days"],
    "additionalProperties": False,
}


class Person(pydantic.BaseModel):
    name: str
    age: int
    tags: list[str]


@pytest.fixture
def openai_client(gateway: RunningGateway) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="none", max_retries=0) as client:
        yield client


@pytest.fixture
def anthropic_client(gateway: RunningGateway) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=gateway.url, api_key="none", max_retries=0) as client:
        yield client


@pytest.mark.parametrize("model", [name.format("echo") for name in MODELS])
class TestOpenAI:
    def test_a_whole_answer_has_text_finish_reason_and_usage(self, openai_client: openai.OpenAI, model: str):
        reply = openai_client.chat.completions.create(
            model=model, max_tokens=50, messages=[{"role": "user", "content": "hello out there"}]
        )
        assert reply.choices[0].message.content == "hello out there"
        assert reply.choices[0].finish_reason == "stop"
        assert reply.usage is not None
        assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens > 0

    def test_a_stream_joins_to_the_same_text_and_has_usage_only_when_asked(
        self, openai_client: openai.OpenAI, model: str
    ):
        for asked in (True, False):
            chunks = list(
                openai_client.chat.completions.create(
                    model=model,
                    max_tokens=50,
                    messages=[{"role": "user", "content": "hello out there"}],
                    stream=True,
                    stream_options={"include_usage": asked},
                )
            )
            text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
            assert text == "hello out there"
            assert any(chunk.usage is not None for chunk in chunks) is asked
            assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"

    def test_tools_are_called_whole_and_streamed(self, openai_client: openai.OpenAI, model: str):
        tools = [{"type": "function", "function": {"name": "forecast", "parameters": WEATHER}}]
        asked = {
            "model": model,
            "max_tokens": 200,
            "messages": [{"role": "user", "content": "weather?"}],
            "tools": tools,
            "tool_choice": "required",
        }
        reply = openai_client.chat.completions.create(**asked)
        (call,) = reply.choices[0].message.tool_calls
        assert call.function.name == "forecast"
        assert reply.choices[0].finish_reason == "tool_calls"
        with openai_client.chat.completions.stream(**asked) as stream:
            final = stream.get_final_completion()
        (streamed,) = final.choices[0].message.tool_calls
        assert streamed.function.arguments == call.function.arguments
        assert set(pydantic.TypeAdapter(dict).validate_json(call.function.arguments)) == {"city", "days"}

    def test_structured_output_is_parsed(self, openai_client: openai.OpenAI, model: str):
        reply = openai_client.chat.completions.parse(
            model=model, max_tokens=300, messages=[{"role": "user", "content": "Ada"}], response_format=Person
        )
        assert isinstance(reply.choices[0].message.parsed, Person)


@pytest.mark.parametrize("model", [name.format("echo") for name in MODELS])
class TestAnthropic:
    def test_a_whole_answer_has_text_stop_reason_and_usage(self, anthropic_client: anthropic.Anthropic, model: str):
        reply = anthropic_client.messages.create(
            model=model, max_tokens=50, messages=[{"role": "user", "content": "hello out there"}]
        )
        assert reply.content[0].text == "hello out there"
        assert reply.stop_reason == "end_turn"
        assert reply.usage.input_tokens > 0
        assert reply.usage.output_tokens > 0

    def test_a_stream_joins_to_the_same_message(self, anthropic_client: anthropic.Anthropic, model: str):
        with anthropic_client.messages.stream(
            model=model, max_tokens=50, messages=[{"role": "user", "content": "hello out there"}]
        ) as stream:
            assert "".join(stream.text_stream) == "hello out there"
            final = stream.get_final_message()
        assert final.stop_reason == "end_turn"
        assert final.usage.output_tokens > 0

    def test_tools_are_called_whole_and_streamed(self, anthropic_client: anthropic.Anthropic, model: str):
        asked = {
            "model": model,
            "max_tokens": 200,
            "messages": [{"role": "user", "content": "weather?"}],
            "tools": [{"name": "forecast", "input_schema": WEATHER}],
            "tool_choice": {"type": "any"},
        }
        reply = anthropic_client.messages.create(**asked)
        (call,) = [block for block in reply.content if block.type == "tool_use"]
        assert call.name == "forecast"
        assert set(call.input) == {"city", "days"}
        assert reply.stop_reason == "tool_use"
        with anthropic_client.messages.stream(**asked) as stream:
            final = stream.get_final_message()
        (streamed,) = [block for block in final.content if block.type == "tool_use"]
        assert streamed.input == call.input

    def test_tokens_are_counted(self, anthropic_client: anthropic.Anthropic, model: str):
        count = anthropic_client.messages.count_tokens(
            model=model, messages=[{"role": "user", "content": "hello out there"}]
        )
        assert count.input_tokens > 0


def test_the_models_endpoint_reads_well_in_both_sdks(
    openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic
):
    assert "mock/echo" in {model.id for model in openai_client.models.list()}
    assert "mock/echo" in {model.id for model in anthropic_client.models.list()}
    assert "quick" in {model.id for model in openai_client.models.list()}


def test_embeddings_have_one_vector_for_each_text(openai_client: openai.OpenAI):
    reply = openai_client.embeddings.create(model="mock/embed", input=["one", "two"])
    assert [len(one.embedding) for one in reply.data] == [len(reply.data[0].embedding)] * 2
    assert reply.data[0].embedding != reply.data[1].embedding


def test_an_alias_is_a_model(openai_client: openai.OpenAI):
    reply = openai_client.chat.completions.create(model="quick", messages=[{"role": "user", "content": "hi"}])
    assert reply.choices[0].message.content == "hi"
