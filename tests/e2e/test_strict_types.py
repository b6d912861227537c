"""Whatever the gateway sends is what the official SDKs' own types say: every whole reply and every event of every stream."""

from typing import Any

import anthropic.types
import openai.types
import openai.types.chat
import pydantic
import pytest

from genmux.testing.simulator import Simulator
from tests.e2e.conftest import RunningGateway, behind, running
from tests.e2e.raw import CHAT, MESSAGES, Reply, ask, question

UPSTREAMS = ("mock", "openai/mock", "anthropic/mock")
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
REFUSING = '{"rules": [{"when": {"contains": "forbidden"}, "reply": {"refusal": "I will not."}}]}'

WHOLE_CHAT = pydantic.TypeAdapter(openai.types.chat.ChatCompletion)
CHUNK = pydantic.TypeAdapter(openai.types.chat.ChatCompletionChunk)
MESSAGE = pydantic.TypeAdapter(anthropic.types.Message)
EVENT = pydantic.TypeAdapter(anthropic.types.RawMessageStreamEvent)


def openai_cases() -> dict[str, tuple[str, dict[str, Any]]]:
    function = {"name": "forecast", "parameters": SCHEMA}
    tools = {"tools": [{"type": "function", "function": function}], "tool_choice": "required"}
    form = {"type": "json_schema", "json_schema": {"name": "trip", "schema": SCHEMA, "strict": True}}
    return {
        "text": ("echo", {}),
        "usage in the stream": ("echo", {"stream_options": {"include_usage": True}}),
        "tools": ("tools", tools),
        "parallel tools": ("tools", {**tools, "messages": [{"role": "user", "content": "[mock calls=2] weather?"}]}),
        "reasoning": ("reasoner", {"reasoning_effort": "low"}),
        "structured output": ("json", {"response_format": form, "max_tokens": 300}),
        "refusal": ("echo", {"messages": [{"role": "user", "content": "something forbidden"}]}),
        "length": ("story", {"max_tokens": 3}),
        "several answers": ("echo", {"n": 2}),
    }


def anthropic_cases() -> dict[str, tuple[str, dict[str, Any]]]:
    tools = {"tools": [{"name": "forecast", "input_schema": SCHEMA}], "tool_choice": {"type": "any"}}
    return {
        "text": ("echo", {}),
        "tools": ("tools", tools),
        "parallel tools": ("tools", {**tools, "messages": [{"role": "user", "content": "[mock calls=2] weather?"}]}),
        "reasoning": ("reasoner", {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2000}),
        "structured output": (
            "json",
            {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}, "max_tokens": 300},
        ),
        "refusal": ("echo", {"messages": [{"role": "user", "content": "something forbidden"}]}),
        "length": ("story", {"max_tokens": 3}),
    }


@pytest.fixture
def gateway(genmux_simulator: Simulator):
    settings = behind(genmux_simulator)
    settings.providers["mock"] = type(settings.providers["openai"])(credentials={"script": REFUSING})
    with running(settings) as serving:
        yield serving


def fault(adapter: pydantic.TypeAdapter[Any], data: bytes) -> str | None:
    try:
        adapter.validate_json(data, strict=True)
    except pydantic.ValidationError as error:
        return f"{error.errors(include_url=False)[:2]} in {data[:200]!r}"
    return None


def faults_of_chat(reply: Reply, *, stream: bool) -> list[str]:
    if reply.status != 200:
        return [f"{reply.status}: {reply.body[:300]!r}"]
    if not stream:
        return [wrong] if (wrong := fault(WHOLE_CHAT, reply.body)) else []
    *events, (_, last) = reply.events
    ended = [] if last == b"[DONE]" else [f"ends with {last!r}"]
    return ended + [wrong for _, data in events if (wrong := fault(CHUNK, data))]


def faults_of_messages(reply: Reply, *, stream: bool) -> list[str]:
    if reply.status != 200:
        return [f"{reply.status}: {reply.body[:300]!r}"]
    if not stream:
        return [wrong] if (wrong := fault(MESSAGE, reply.body)) else []
    events = [(name, data) for name, data in reply.events if name != "ping"]
    named = [f"{name!r} names {data[:80]!r}" for name, data in events if f'"type":"{name}"'.encode() not in data]
    ends = [] if (events[0][0], events[-1][0]) == ("message_start", "message_stop") else ["does not begin or end well"]
    return ends + named + [wrong for _, data in events if (wrong := fault(EVENT, data))]


@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("stream", [False, True])
def test_openai_clients_get_only_what_their_types_say(gateway: RunningGateway, upstream: str, *, stream: bool):
    found: dict[str, list[str]] = {}
    for name, (model, more) in openai_cases().items():
        options = {"stream": stream, **more}
        if not stream:
            options.pop("stream_options", None)
        reply = ask(gateway, "POST", CHAT, question(f"{upstream}/{model}", **options))
        found[name] = faults_of_chat(reply, stream=stream)
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("stream", [False, True])
def test_anthropic_clients_get_only_what_their_types_say(gateway: RunningGateway, upstream: str, *, stream: bool):
    found: dict[str, list[str]] = {}
    for name, (model, more) in anthropic_cases().items():
        reply = ask(gateway, "POST", MESSAGES, question(f"{upstream}/{model}", stream=stream, **more))
        found[name] = faults_of_messages(reply, stream=stream)
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_lists_counts_and_vectors_are_what_the_types_say(gateway: RunningGateway):
    model_list = ask(gateway, "GET", "/v1/models").json
    assert model_list["object"] == "list"
    assert [pydantic.TypeAdapter(openai.types.Model).validate_python(one, strict=True) for one in model_list["data"]]
    theirs = ask(gateway, "GET", "/v1/models", anthropic_version="2023-06-01").json
    assert [fault(pydantic.TypeAdapter(anthropic.types.ModelInfo), _dumped(one)) for one in theirs["data"]].count(
        None
    ) == len(theirs["data"])
    count = ask(gateway, "POST", "/v1/messages/count_tokens", question("mock/echo"))
    assert fault(pydantic.TypeAdapter(anthropic.types.MessageTokensCount), count.body) is None
    vectors = ask(gateway, "POST", "/v1/embeddings", {"model": "mock/embed", "input": "one"})
    assert fault(pydantic.TypeAdapter(openai.types.CreateEmbeddingResponse), vectors.body) is None


def _dumped(document: object) -> bytes:
    import json

    return json.dumps(document).encode()
