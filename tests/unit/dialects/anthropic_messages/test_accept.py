"""Callers' requests are understood, or refused with the name of the field."""

from typing import Any

import msgspec
import pytest

from genmux.dialects.anthropic_messages import normalize
from genmux.dialects.anthropic_messages.wire import MessagesServer
from genmux.types.chat import Message, OutputFormat, ReasoningConfig, Tool, ToolChoice
from genmux.types.content import Cache, Content, File, Image, Opaque, Reasoning, Text, ToolCall, ToolResult
from genmux.types.errors import InvalidRequestError
from tests.unit.dialects.anthropic_messages.speaking import HI, SERVER, WIRE, accepted, encoded, model

NAME = "anthropic_messages"


def content_of(*blocks: Any) -> tuple[Content, ...]:
    return accepted(messages=[{"role": "user", "content": list(blocks)}]).request.messages[0].content


def test_a_plain_request_is_understood():
    understood = accepted(stream=True)
    request = understood.request
    assert (understood.stream, understood.include_usage) == (True, True)
    assert (request.model, request.max_tokens, request.dialect, request.extra) == ("m", 100, NAME, None)
    assert request.messages == (Message(role="user", content=(Text("hi"),), dialect=NAME),)


def test_the_system_prompt_is_the_first_message():
    blocks = [{"type": "text", "text": "be kind", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
    first, _ = accepted(system=blocks).request.messages
    assert first == Message(role="system", content=(Text("be kind", Cache(ttl="1h")),), dialect=NAME)
    assert accepted(system="be kind").request.messages[0].text == "be kind"


def test_every_kind_of_block_is_understood():
    base64 = {"type": "base64", "media_type": "image/png", "data": "iVBORw0="}
    document = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "w"}, "title": "t"}
    parts = {
        "type": "content",
        "content": [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}],
    }
    assert content_of(
        {"type": "image", "source": base64, "transformations": {}},
        {"type": "image", "source": {"type": "url", "url": "https://a.example"}, "cache_control": None},
        {"type": "image", "source": {"type": "file", "file_id": "f"}},
        {**document, "context": "c", "citations": {"enabled": True}},
        {"type": "document", "source": {"type": "content", "content": "words"}},
        {"type": "document", "source": parts},
        {"type": "document", "source": {"type": "file", "file_id": "f", "novel": 1}},
        {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "tool_reference", "tool_name": "f"}]},
        {"type": "tool_result", "tool_use_id": "b", "is_error": True, "novel": 1},
        {"type": "search_result", "source": "s", "title": "t", "content": []},
    ) == (
        Image(base64="iVBORw0=", media_type="image/png", extra={"transformations": {}}),
        Image(url="https://a.example"),
        Image(file_id="f"),
        File(text="w", media_type="text/plain", name="t", extra={"context": "c", "citations": {"enabled": True}}),
        File(text="words", extra={"source": {"type": "content", "content": "words"}}),
        File(text="ab", extra={"source": parts}),
        File(file_id="f", extra={"source": {"novel": 1}}),
        ToolResult("a", (Opaque(NAME, "tool_reference", {"type": "tool_reference", "tool_name": "f"}),)),
        ToolResult("b", is_error=True, extra={"novel": 1}),
        Opaque(NAME, "search_result", {"type": "search_result", "source": "s", "title": "t", "content": []}),
    )


@pytest.mark.parametrize(
    "block",
    [
        {"type": "text"},
        {"type": "text", "text": 7},
        {"type": "image", "source": {"type": "base64"}},
        {"type": "image", "source": {"type": ["base64"]}},
        {"type": "image", "source": "https://a.example"},
        {"type": "document", "source": 7},
        {"type": "document", "source": {"type": "novel"}},
        {"type": "thinking", "signature": "s"},
        {"type": "redacted_thinking"},
    ],
)
def test_a_block_that_lacks_what_its_kind_needs_is_carried_whole(block):
    assert content_of(block) == (Opaque(NAME, block["type"], block),)


def test_a_history_with_tools_is_understood():
    history = [
        HI,
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "s"},
                {"type": "redacted_thinking", "data": "dark"},
                {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}, "cache_control": {"type": "ephemeral"}},
            ],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "1"}]},
        {"role": "system", "content": "be brief", "clear_at": "never"},
    ]
    _, answer, result, system = accepted(messages=history).request.messages
    assert answer.content == (
        Reasoning("hm", "s"),
        Reasoning(encrypted="dark"),
        ToolCall("a", "f", '{"x":1}', cache=Cache()),
    )
    assert (result.role, result.content) == ("user", (ToolResult("a", (Text("1"),)),))
    assert (system.role, system.extra) == ("system", {"clear_at": "never"})


def test_tools_and_their_choice_are_understood():
    schema = {"type": "object"}
    request = accepted(
        tools=[
            {"name": "f", "description": "d", "input_schema": schema, "strict": True, "defer_loading": True},
            {"type": "custom", "name": "g", "input_schema": True},
            {"type": "web_search_20250305", "name": "web_search", "max_uses": 3},
        ],
        tool_choice={"type": "tool", "name": "f", "disable_parallel_tool_use": True},
    ).request
    assert request.tools == (
        Tool(name="f", description="d", parameters=schema, strict=True, extra={"defer_loading": True}),
        Tool(name="g", extra={"type": "custom", "input_schema": True}),
        Opaque(NAME, "web_search_20250305", {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}),
    )
    assert (request.tool_choice, request.parallel_tool_calls) == (ToolChoice("tool", "f"), False)


@pytest.mark.parametrize(
    ("thinking", "effort", "understood"),
    [
        ({"type": "enabled", "budget_tokens": 2000}, None, ReasoningConfig(enabled=True, max_tokens=2000)),
        ({"type": "adaptive"}, "high", ReasoningConfig(enabled=True, effort="high")),
        ({"type": "adaptive", "display": "omitted"}, None, ReasoningConfig(enabled=True, extra={"display": "omitted"})),
        ({"type": "disabled"}, None, ReasoningConfig(enabled=False)),
        ({"type": "enabled"}, None, ReasoningConfig(enabled=True, extra={"type": "enabled"})),
        ({"type": "between_tools"}, None, ReasoningConfig(enabled=True, extra={"type": "between_tools"})),
        ({"type": "novel", "x": 1}, None, ReasoningConfig(extra={"type": "novel", "x": 1})),
        (None, "low", ReasoningConfig(effort="low")),
        (None, None, None),
    ],
)
def test_thinking_is_understood_and_written_back(thinking, effort, understood):
    config = None if effort is None else {"effort": effort}
    request = accepted(thinking=thinking, output_config=config).request
    assert request.reasoning == understood
    body = encoded(request)
    assert (body.get("thinking"), body.get("output_config")) == (thinking, config)


def test_the_form_of_the_answer_is_understood_at_either_place():
    form = {"type": "json_schema", "schema": {"type": "object"}, "novel": 1}
    understood = OutputFormat(kind="json_schema", schema={"type": "object"}, extra={"novel": 1})
    assert accepted(output_config={"format": form, "task_budget": 3}).request.output == understood
    assert accepted(output_config={"format": form, "task_budget": 3}).request.extra == {
        "output_config": {"task_budget": 3}
    }
    assert accepted(output_format=form).request.output == understood


@pytest.mark.parametrize(
    "fields",
    [
        {"output_config": {"format": {"type": "grammar", "rule": "x"}}},
        {"output_config": {"effort": 7}},
        {"tool_choice": {"type": "novel"}},
        {"tool_choice": {}},
        {"metadata": {"user_id": "u", "trace": "t"}},
        {"metadata": {}},
        {
            "service_tier": "standard_only",
            "container": "c",
            "mcp_servers": [{"url": "u"}],
            "cache_control": {"type": "x"},
        },
        {"temperature": 1, "top_p": 0.5, "top_k": 7, "stop_sequences": ["a", "b"]},
        {"messages": [HI, HI, {"role": "assistant", "content": []}]},
        {"messages": [HI, {"role": "system", "output_config": {"effort": "low"}}]},
        {"tools": [{"name": "f"}], "tool_choice": {"type": "none", "disable_parallel_tool_use": False}},
    ],
)
def test_everything_is_written_back_as_it_came(fields):
    body = {"model": "claude-test-4-8", "max_tokens": 100, "messages": [HI], **fields}
    request = SERVER.accept(msgspec.json.encode(body)).request
    assert normalize(encoded(request)) == normalize(body)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"model": 7}, "model"),
        ({"model": None}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": {}}, "messages"),
        ({"messages": ["hi"]}, "messages.0"),
        ({"messages": [HI, {"role": "tool", "content": "x"}]}, "messages.1.role"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": [7]}]}, "messages.0.content.0"),
        ({"messages": [{"role": "user", "content": [{"text": "x"}]}]}, "messages.0.content.0.type"),
        ({"messages": [{"role": "user", "content": [{"type": "tool_result"}]}]}, "messages.0.content.0.tool_use_id"),
        (
            {"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": [1]}]}]},
            "messages.0.content.0.content.0",
        ),
        ({"system": {"text": "x"}}, "system"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"stream": "yes"}, "stream"),
        ({"stop_sequences": [1]}, "stop_sequences.0"),
        ({"tools": [1]}, "tools.0"),
        ({"tools": [{"description": "d"}]}, "tools.0.name"),
        ({"tools": [{"name": 7}]}, "tools.0.name"),
        ({"tool_choice": "auto"}, "tool_choice"),
        ({"thinking": True}, "thinking"),
        ({"metadata": "u"}, "metadata"),
    ],
)
def test_a_wrong_field_is_refused_by_its_name(fields, named):
    with pytest.raises(InvalidRequestError) as caught:
        accepted(**fields)
    assert caught.value.param == named
    assert caught.value.message.startswith(f"{named}: ")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b'{"model": "\xff"}', b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused(body):
    with pytest.raises(InvalidRequestError, match="body"):
        SERVER.accept(body)


def test_a_body_without_a_model_is_understood_where_the_path_names_it():
    body = {"anthropic_version": "vertex-2023-10-16", "max_tokens": 5, "messages": [HI]}
    request = SERVER.accept(msgspec.json.encode(body)).request
    assert request.model == ""
    assert encoded(request, style="vertex") == body


def test_counting_needs_no_max_tokens_and_sends_none():
    body = {"model": "claude-test-4-8", "system": "s", "messages": [HI], "tools": [{"name": "f", "input_schema": {}}]}
    server = MessagesServer()
    request = server.accept_count(msgspec.json.encode(body)).request
    sent = WIRE.encode_count(request, model())
    assert msgspec.json.decode(sent.http.body or b"") == body
    assert (sent.http.url, sent.http.read_only, sent.warnings) == ("/messages/count_tokens", True, ())
