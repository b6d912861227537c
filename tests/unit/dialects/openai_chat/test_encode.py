"""What is asked for, written as one host wants it."""

from typing import Any

import msgspec
import pytest

from genmux.contract.http import Framing
from genmux.dialects.openai_chat.accept import accept
from genmux.types.chat import OutputFormat, ReasoningConfig, Tool, ToolChoice
from genmux.types.content import Cache, Opaque, Refusal, Text, ToolCall, ToolResult
from genmux.types.errors import ConfigurationError
from tests.unit.dialects.openai_chat.speaking import (
    accepted,
    asking,
    client,
    echoed,
    encode,
    encoded,
    messages_of,
    model,
    saying,
    warned,
)


def test_a_request_has_only_what_was_asked() -> None:
    assert encoded(asking("hi")) == {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def test_a_stream_is_asked_for_its_usage() -> None:
    http = encode(asking("hi"), stream=True).http
    assert (http.method, http.url, http.framing) == ("POST", "/chat/completions", Framing.SSE)
    body = encoded(asking("hi"), stream=True)
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})
    assert "stream_options" not in encoded(asking("hi"), stream=True, stream_usage="unasked")


def test_what_else_a_stream_shall_tell_is_kept() -> None:
    request = accepted(stream=True, stream_options={"include_usage": False, "include_obfuscation": False}).request
    assert encoded(request, stream=True)["stream_options"] == {"include_usage": True, "include_obfuscation": False}


def test_settings_are_sent_under_their_names() -> None:
    body = encoded(asking("hi", temperature=0.5, top_k=4, n=2, stop=("x",), seed=1, user="u", service_tier="flex"))
    wanted = {"temperature": 0.5, "top_k": 4, "n": 2, "stop": ["x"], "seed": 1, "user": "u", "service_tier": "flex"}
    assert {name: body[name] for name in wanted} == wanted


def test_the_token_limit_has_the_hosts_name_for_it() -> None:
    assert encoded(asking("hi", max_tokens=5))["max_tokens"] == 5
    assert encoded(asking("hi", max_tokens=5), max_tokens="max_completion_tokens")["max_completion_tokens"] == 5
    asked = accepted(max_completion_tokens=5).request
    assert encoded(asked)["max_completion_tokens"] == 5
    assert "max_completion_tokens" not in encoded(asked, max_tokens="max_tokens")


def test_other_names_and_refused_fields_are_the_profiles_matter() -> None:
    request = asking("hi", seed=5, user="u")
    options: dict[str, Any] = {"rename": {"seed": "random_seed"}, "drop": ["user"]}
    body = encoded(request, **options)
    assert body["random_seed"] == 5
    assert body.keys() == {"model", "messages", "random_seed"}
    assert warned(request, **options) == [("unsupported", "user")]
    assert warned(asking("hi"), **options) == []


def test_an_unknown_option_is_a_configuration_error_that_lists_them() -> None:
    with pytest.raises(ConfigurationError, match=r"unknown field `colour`; the options are path, max_tokens"):
        client({"colour": "red"})


def test_extra_fields_of_the_caller_are_sent_and_those_of_another_dialect_are_not() -> None:
    assert encoded(asking("hi", extra={"verbosity": "low"}))["verbosity"] == "low"
    foreign = asking("hi", extra={"betas": ["x"], "mark": None}, dialect="anthropic_messages")
    assert encoded(foreign).keys() == {"model", "messages"}
    (warning,) = encode(foreign).warnings
    assert (warning.kind, warning.field) == ("unsupported", "extra")
    assert warning.detail == "fields of anthropic_messages have no place here: betas"


def test_marks_of_another_dialect_are_dropped_in_silence() -> None:
    assert warned(asking("hi", extra={"mark": None}, dialect="anthropic_messages")) == []


def test_tools_and_their_choice_are_written() -> None:
    tool = Tool(name="f", description="d", parameters={"type": "object"}, strict=True)
    body = encoded(asking("hi", tools=(tool,), tool_choice=ToolChoice("tool", "f"), parallel_tool_calls=False))
    function = {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": True}
    assert body["tools"] == [{"type": "function", "function": function}]
    assert body["tool_choice"] == {"type": "function", "function": {"name": "f"}}
    assert body["parallel_tool_calls"] is False


@pytest.mark.parametrize("mode", ["auto", "none", "required"])
def test_a_choice_without_a_name_is_a_word(mode: Any) -> None:
    assert encoded(asking("hi", tool_choice=ToolChoice(mode)))["tool_choice"] == mode


def test_strict_tools_can_be_refused_by_a_host() -> None:
    request = asking("hi", tools=(Tool(name="f", strict=True),))
    assert encoded(request, strict_tools=False)["tools"] == [{"type": "function", "function": {"name": "f"}}]
    assert warned(request, strict_tools=False) == [("unsupported", "tools.strict")]


def test_a_tool_of_another_dialects_provider_is_dropped_with_a_warning() -> None:
    mine, other = Opaque("openai_chat", "web", {"type": "web"}), Opaque("anthropic_messages", "bash", {})
    request = asking("hi", tools=(mine, other))
    assert encoded(request)["tools"] == [{"type": "web"}]
    assert warned(request) == [("unsupported", "tools.bash")]
    assert "tools" not in encoded(asking("hi", tools=(other,)))


@pytest.mark.parametrize(
    "fields",
    [
        {"tool_choice": "any"},
        {"tool_choice": {"type": "custom", "custom": {"name": "f"}}},
        {"tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": []}}},
        {"tools": [{"type": "custom", "custom": {"name": "f", "format": {"type": "text"}}}]},
        {
            "tools": [
                {"type": "function", "function": {"name": "f"}, "cache_control": {"type": "ephemeral", "ttl": "1h"}}
            ]
        },
        {"response_format": {"type": "text"}},
        {"response_format": {"type": "json_object", "schema": {}}},
        {"response_format": {"type": "json_schema", "json_schema": {"schema": {}, "x": 1}}},
        {"reasoning": {"effort": "low", "exclude": True}},
        {"thinking": {"type": "enabled", "budget_tokens": 5}},
        {"thinking": {"clear_thinking": False}},
        {"thinking": {"type": "adaptive"}},
        {"enable_thinking": False, "reasoning_effort": "low"},
        {"max_tokens": 3, "max_completion_tokens": 4},
    ],
)
def test_what_a_caller_of_this_dialect_asks_leaves_as_it_came(fields: dict[str, Any]) -> None:
    said = echoed(**fields)
    assert {name: said[name] for name in fields} == fields


def test_structured_output_is_asked_for_natively() -> None:
    output = OutputFormat(kind="json_schema", schema={"type": "object"}, strict=True)
    body = encoded(asking("hi", output=output), model(structured_output="native"))
    inner = {"name": "response", "schema": {"type": "object"}, "strict": True}
    assert body["response_format"] == {"type": "json_schema", "json_schema": inner}


@pytest.mark.parametrize(
    ("config", "fields", "body", "missing"),
    [
        (ReasoningConfig(effort="low"), ["reasoning_effort"], {"reasoning_effort": "low"}, []),
        (ReasoningConfig(enabled=False), ["reasoning_effort"], {"reasoning_effort": "none"}, []),
        (ReasoningConfig(enabled=True), ["reasoning_effort"], {}, []),
        (ReasoningConfig(max_tokens=5), ["reasoning_effort"], {}, ["reasoning.max_tokens"]),
        (
            ReasoningConfig(effort="low", max_tokens=5),
            ["reasoning"],
            {"reasoning": {"effort": "low", "max_tokens": 5}},
            [],
        ),
        (ReasoningConfig(enabled=False), ["thinking"], {"thinking": {"type": "disabled"}}, []),
        (ReasoningConfig(effort="none"), ["thinking"], {"thinking": {"type": "disabled"}}, ["reasoning.effort"]),
        (
            ReasoningConfig(effort="high"),
            ["thinking", "reasoning_effort"],
            {"thinking": {"type": "enabled"}, "reasoning_effort": "high"},
            [],
        ),
        (
            ReasoningConfig(enabled=True, max_tokens=5),
            ["enable_thinking"],
            {"enable_thinking": True, "thinking_budget": 5},
            [],
        ),
        (ReasoningConfig(effort="low"), [], {}, ["reasoning.effort"]),
        (ReasoningConfig(enabled=False), [], {}, ["reasoning.enabled"]),
    ],
)
def test_thinking_is_asked_for_in_the_hosts_fields(
    config: ReasoningConfig, fields: list[str], body: dict[str, Any], missing: list[str]
) -> None:
    request = asking("hi", reasoning=config)
    said = encoded(request, reasoning=fields)
    assert {name: value for name, value in said.items() if name not in ("model", "messages")} == body
    assert [field for _, field in warned(request, reasoning=fields)] == missing


def test_roles_are_the_hosts_matter() -> None:
    turns = saying("developer", "a"), saying("system", "b"), saying("user", "c")
    assert [one["role"] for one in messages_of(*turns)] == ["developer", "system", "user"]
    assert [one["role"] for one in messages_of(*turns, system_role="system")] == ["system", "system", "user"]
    assert [one["role"] for one in messages_of(*turns, system_role="developer")] == ["developer", "developer", "user"]


def test_a_turn_with_tool_calls_and_nothing_else_has_no_content() -> None:
    turn = saying("assistant", ToolCall("c", "f", "{}"), name="bob")
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    assert messages_of(turn) == [{"role": "assistant", "name": "bob", "content": None, "tool_calls": [call]}]
    assert messages_of(turn, empty_content="string")[0]["content"] == ""
    assert "content" not in messages_of(turn, empty_content="absent")[0]


def test_a_turn_in_which_nothing_was_said_is_an_empty_text() -> None:
    assert messages_of(saying("assistant")) == [{"role": "assistant", "content": ""}]


def test_a_call_without_an_id_gets_none() -> None:
    assert messages_of(saying("assistant", ToolCall("", "f")))[0]["tool_calls"][0].keys() == {"type", "function"}


def test_a_custom_call_and_a_legacy_call_go_back_as_they_came() -> None:
    custom = {"id": "c", "type": "custom", "custom": {"name": "sql", "input": "x"}}
    legacy = {"name": "f", "arguments": "{}"}
    said = echoed({"role": "assistant", "tool_calls": [custom]}, {"role": "assistant", "function_call": legacy})
    assert said["messages"][0]["tool_calls"] == [custom]
    assert said["messages"][1]["function_call"] == legacy


def test_a_result_without_an_id_goes_back_as_it_came() -> None:
    legacy = {"role": "function", "name": "f", "content": "5"}
    assert echoed(legacy)["messages"] == [legacy]


def test_results_in_one_turn_become_messages_before_what_is_said_besides() -> None:
    turn = saying("user", "and then?", ToolResult("a", (Text("1"),)), ToolResult("b"), dialect="anthropic_messages")
    assert messages_of(turn) == [
        {"role": "tool", "tool_call_id": "a", "content": "1"},
        {"role": "tool", "tool_call_id": "b", "content": ""},
        {"role": "user", "content": "and then?"},
    ]
    only = saying("user", ToolResult("a", (Text("1"), Text("2")), name="f"))
    (result,) = messages_of(only)
    assert result["name"] == "f"
    assert result["content"] == [{"type": "text", "text": "1"}, {"type": "text", "text": "2"}]


def test_a_failed_result_is_warned_about_because_there_is_no_field_for_it() -> None:
    request = asking(saying("tool", ToolResult("a", (Text("boom"),), is_error=True)))
    assert warned(request) == [("unsupported", "messages[0].content[0].is_error")]


def test_a_refusal_stands_in_its_field_or_where_it_came() -> None:
    assert messages_of(saying("assistant", Refusal("no"), Refusal("!")))[0]["refusal"] == "no!"
    part = {"type": "refusal", "refusal": "no"}
    assert echoed({"role": "assistant", "content": [part]})["messages"][0]["content"] == [part]
    assert messages_of(saying("user", Refusal("no")))[0]["content"] == "no"


def test_unknown_fields_of_messages_are_sent_unless_the_host_refuses_them() -> None:
    request = accepted({"role": "user", "content": "x", "prefix": True, "annotations": []}).request
    assert encoded(request)["messages"][0]["prefix"] is True
    assert encoded(request, message_extra=False)["messages"] == [{"role": "user", "content": "x"}]
    assert encoded(request, message_extra=["prefix"])["messages"] == [{"role": "user", "content": "x", "prefix": True}]
    (warning,) = encode(request, message_extra=["prefix"]).warnings
    assert (warning.field, warning.detail) == (
        "messages[0].extra",
        "the host refuses unknown fields in messages: annotations",
    )


def test_extra_of_a_message_of_another_dialect_is_dropped_with_a_warning() -> None:
    turn = saying("user", Text("x", extra={"citations": 1}), dialect="anthropic_messages", extra={"a": 1})
    request = asking(turn)
    assert messages_of(turn) == [{"role": "user", "content": "x"}]
    (warning,) = encode(request).warnings
    assert warning.detail == "fields of anthropic_messages have no place here: citations, a"


def test_cache_markers_go_to_hosts_that_know_them() -> None:
    turn = saying("user", Text("x", Cache(ttl="1h")))
    marked = {"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    assert messages_of(turn, cache_control=True)[0]["content"] == [marked]
    assert messages_of(turn)[0]["content"] == "x"
    assert warned(asking(turn)) == [("unsupported", "cache")]


@pytest.mark.parametrize(
    "message",
    [
        {"role": "system", "content": "x", "cache_control": {"type": "ephemeral"}},
        {"role": "user", "content": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "y": 1}}]},
        {"role": "tool", "tool_call_id": "c", "content": "x", "cache_control": {"type": "ephemeral"}},
        {
            "role": "assistant",
            "content": "x",
            "tool_calls": [
                {
                    "id": "c",
                    "type": "function",
                    "function": {"name": "f", "arguments": ""},
                    "cache_control": {"type": "ephemeral"},
                }
            ],
        },
    ],
)
def test_cache_markers_of_a_caller_of_this_dialect_stay_where_they_were(message: dict[str, Any]) -> None:
    assert echoed(message)["messages"] == [message]


def passed(options: dict[str, Any], *messages: dict[str, Any], **fields: Any) -> dict[str, Any] | None:
    """The document that goes to the host as the caller's own bytes; None when it may not."""
    document = {"model": "old", "messages": [*messages] or [{"role": "user", "content": "hi"}], **fields}
    body = msgspec.json.encode(document)
    http = client(options).pass_on(body, accept(body), model())
    return None if http is None else msgspec.json.decode(http.body)


def test_bytes_pass_where_only_top_level_fields_have_other_names() -> None:
    assert passed({}, max_tokens=5)["max_tokens"] == 5
    assert passed({"max_tokens": "max_completion_tokens"}, max_tokens=5).keys() == {
        "model",
        "messages",
        "max_completion_tokens",
    }
    assert passed({"max_tokens": "max_tokens"}, max_completion_tokens=5)["max_tokens"] == 5
    renamed = passed({"max_tokens": "max_tokens", "rename": {"max_tokens": "tokens"}}, max_completion_tokens=5)
    assert renamed.keys() == {"model", "messages", "tokens"}


def test_bytes_do_not_pass_where_more_would_have_to_change() -> None:
    assert passed({"stream_usage": "unasked"}, stream=True) is None
    assert passed({"stream_usage": "unasked"}) is not None
    assert passed({"max_tokens": "max_tokens"}, max_completion_tokens=5, max_tokens=6) is None
    assert passed({"drop": ["max_tokens"]}, max_tokens=5) is None
    assert passed({"system_role": "system"}, {"role": "developer", "content": "x"}) is None
    assert passed({"message_extra": False}, {"role": "user", "content": "x", "annotations": []}) is None
    assert passed({"reasoning_echo": "none"}, {"role": "assistant", "content": "x", "reasoning": "hm"}) is None
