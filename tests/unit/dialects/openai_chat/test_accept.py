"""What callers ask for, understood; what is wrong with it, said."""

from typing import Any

import msgspec
import pytest

from genmux.types.chat import OutputFormat, ReasoningConfig, Tool, ToolChoice
from genmux.types.content import Audio, Cache, File, Image, Opaque, Reasoning, Refusal, Text, ToolCall, ToolResult
from genmux.types.errors import InvalidRequestError
from tests.unit.dialects.openai_chat.speaking import HI, SERVER, accepted


def refused(body: bytes) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        SERVER.accept(body)
    return caught.value


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b'{"model": "\xff"}', b'{"a":' * 5000])
def test_a_body_that_is_no_json_object_is_an_invalid_request(body: bytes) -> None:
    assert "the body is not a JSON object" in refused(body).message


@pytest.mark.parametrize(
    ("fields", "place", "fault"),
    [
        ({"model": 5}, "model", "must be a string, not 5"),
        ({"messages": None}, "messages", "is missing"),
        ({"messages": []}, "messages", "is empty"),
        ({"messages": "hi"}, "messages", "must be a list, not 'hi'"),
        ({"messages": ["hi"]}, "messages[0]", "must be an object, not 'hi'"),
        ({"messages": [{"content": "hi"}]}, "messages[0].role", "is missing"),
        ({"messages": [{"role": "robot"}]}, "messages[0].role", "is 'robot'; it must be one of assistant, developer"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content", "must be a string or a list, not 5"),
        ({"messages": [{"role": "user", "content": ["a"]}]}, "messages[0].content[0]", "must be an object, not 'a'"),
        ({"messages": [{"role": "user", "content": [{"text": "a"}]}]}, "messages[0].content[0].type", "is missing"),
        ({"messages": [{"role": "user", "content": [{"type": 1}]}]}, "messages[0].content[0].type", "must be a string"),
        ({"messages": [{"role": "assistant", "tool_calls": 1}]}, "messages[0].tool_calls", "must be a list, not 1"),
        ({"messages": [{"role": "assistant", "tool_calls": [1]}]}, "messages[0].tool_calls[0]", "must be an object"),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"id": "c", "function": {}}]}]},
            "messages[0].tool_calls[0].function.name",
            "is missing",
        ),
        ({"messages": [{"role": "tool", "tool_call_id": 3}]}, "messages[0].tool_call_id", "must be a string, not 3"),
        ({"temperature": "hot"}, "temperature", "must be a number, not 'hot'"),
        ({"n": "2"}, "n", "must be an integer, not '2'"),
        ({"n": True}, "n", "must be an integer, not True"),
        ({"stream": "yes"}, "stream", "must be true or false, not 'yes'"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage", "must be true or false"),
        ({"max_tokens": 1.5}, "max_tokens", "must be an integer, not 1.5"),
        ({"stop": 5}, "stop", "must be a string or a list of strings, not 5"),
        ({"stop": ["a", 5]}, "stop", "must be a string or a list of strings"),
        ({"metadata": []}, "metadata", "must be an object, not []"),
        ({"tools": ["f"]}, "tools[0]", "must be an object, not 'f'"),
        ({"tools": [{"type": "function"}]}, "tools[0].function", "is missing"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name", "is missing"),
        ({"tool_choice": 5}, "tool_choice", "must be a string or an object, not 5"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema", "is missing"),
    ],
)
def test_a_wrong_field_is_named_with_what_is_wrong(fields: dict[str, Any], place: str, fault: str) -> None:
    error = refused(msgspec.json.encode({"model": "m", "messages": [HI], **fields}))
    assert error.param == place
    assert error.message.startswith(f"`{place}` {fault}")


def test_a_missing_model_is_left_to_the_catalog() -> None:
    assert SERVER.accept(b'{"messages": [{"role": "user", "content": "hi"}]}').request.model == ""


def test_settings_of_the_same_name_are_taken() -> None:
    request = accepted(
        temperature=0, top_p=0.5, seed=3, n=2, logprobs=True, top_logprobs=2, user="u", metadata={"a": 1}
    ).request
    assert (request.temperature, request.top_p, request.seed, request.n) == (0, 0.5, 3, 2)
    assert (request.logprobs, request.top_logprobs, request.user, request.metadata) == (True, 2, "u", {"a": 1})
    assert request.extra is None


def test_what_a_stream_shall_tell_is_remembered() -> None:
    asked = accepted(stream=True, stream_options={"include_usage": True, "include_obfuscation": False})
    assert (asked.stream, asked.include_usage) == (True, True)
    assert asked.request.extra == {"stream_options": {"include_obfuscation": False}}
    assert not accepted(stream=True).include_usage


@pytest.mark.parametrize(("given", "stops"), [("x", ("x",)), (["x", "y"], ("x", "y")), ([], ()), (None, ())])
def test_stops_are_one_or_several(given: Any, stops: tuple[str, ...]) -> None:
    assert accepted(stop=given).request.stop == stops


def test_the_newer_name_of_the_token_limit_is_marked() -> None:
    request = accepted(max_completion_tokens=9).request
    assert (request.max_tokens, request.extra) == (9, {"max_completion_tokens": None})
    assert accepted(max_tokens=9).request.extra is None
    both = accepted(max_completion_tokens=9, max_tokens=5).request
    assert (both.max_tokens, both.extra) == (9, {"max_completion_tokens": None, "max_tokens": 5})


def test_unknown_fields_are_carried_and_nulls_are_not() -> None:
    request = accepted(logit_bias={"5": 1}, prediction=None, store=False).request
    assert request.dialect == "openai_chat"
    assert request.extra == {"logit_bias": {"5": 1}, "store": False}


def test_content_items_become_blocks() -> None:
    items = [
        {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD", "detail": "low"}},
        {"type": "image_url", "image_url": "https://x/y.png"},
        {"type": "input_audio", "input_audio": {"data": "QUJD", "format": "mp3"}},
        {"type": "audio_url", "audio_url": {"url": "https://x/y.mp3"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,QUJD", "filename": "a.pdf"}},
        {"type": "file", "file": {"file_id": "f1"}},
        {"type": "file", "file": {"file_data": "QUJD"}},
        {"type": "video_url", "video_url": {"url": "https://x/y.mp4"}},
        {"type": "document_url", "document_url": "https://x/y.pdf", "document_name": "y"},
    ]
    assert accepted({"role": "user", "content": items}).request.messages[0].content == (
        Text("a", Cache(ttl="1h")),
        Image(base64="QUJD", media_type="image/png", detail="low"),
        Image(url="https://x/y.png"),
        Audio(base64="QUJD", media_type="audio/mpeg"),
        Audio(url="https://x/y.mp3", extra={"audio_url": None}),
        File(base64="QUJD", media_type="application/pdf", name="a.pdf"),
        File(file_id="f1"),
        File(base64="QUJD"),
        File(url="https://x/y.mp4", extra={"video_url": None}),
        File(url="https://x/y.pdf", name="y", extra={"document_url": None}),
    )


@pytest.mark.parametrize(
    "item",
    [
        {"type": "hologram", "rays": 5},
        {"type": "text", "text": 5},
        {"type": "image_url", "image_url": {"detail": "low"}},
        {"type": "input_audio", "input_audio": "QUJD"},
        {"type": "audio_url", "audio_url": 5},
        {"type": "video_url"},
        {"type": "document_url"},
        {"type": "file", "file": "f"},
        {"type": "file", "file": {"filename": "a"}},
        {"type": "thinking", "thinking": "hm"},
        {"type": "refusal"},
    ],
)
def test_an_item_of_unknown_form_is_carried_whole(item: dict[str, Any]) -> None:
    (block,) = accepted({"role": "user", "content": [item]}).request.messages[0].content
    assert block == Opaque("openai_chat", item["type"], item)


def test_what_an_item_says_besides_is_carried_by_place() -> None:
    item = {"type": "image_url", "image_url": {"url": "u", "min_pixels": 3}, "fps": 1}
    (block,) = accepted({"role": "user", "content": [item]}).request.messages[0].content
    assert block == Image(url="u", extra={"image_url": {"min_pixels": 3}, "fps": 1})


def test_an_audio_format_that_leads_nowhere_back_is_kept() -> None:
    item = {"type": "input_audio", "input_audio": {"data": "QUJD", "format": "x-wav", "rate": 5}}
    (block,) = accepted({"role": "user", "content": [item]}).request.messages[0].content
    assert block == Audio(
        base64="QUJD", media_type="audio/x-wav", extra={"input_audio": {"format": "x-wav", "rate": 5}}
    )


def test_an_assistants_turn_has_all_its_blocks_in_order() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    said = {
        "role": "assistant",
        "content": "text",
        "refusal": "no",
        "reasoning_content": "hm",
        "audio": {"id": "a1"},
        "tool_calls": [call],
    }
    assert accepted(said).request.messages[0].content == (
        Reasoning("hm", extra={"reasoning_content": None}),
        Text("text"),
        Refusal("no"),
        Audio(file_id="a1", extra={"audio": None}),
        ToolCall("c", "f", "{}"),
    )


def test_a_result_of_a_tool_names_its_call() -> None:
    (turn,) = accepted({"role": "tool", "tool_call_id": "c", "content": "5", "name": "f"}).request.messages
    assert turn.role == "tool"
    assert turn.content == (ToolResult("c", (Text("5"),), name="f"),)


def test_a_result_of_the_time_before_ids_is_understood() -> None:
    (turn,) = accepted({"role": "function", "name": "f", "content": "5"}).request.messages
    assert (turn.role, turn.extra) == ("tool", {"role": "function"})
    assert turn.content == (ToolResult("", (Text("5"),), name="f"),)


def test_a_custom_tool_is_told_from_a_function() -> None:
    call = {"id": "c", "type": "custom", "custom": {"name": "sql", "input": "select 1"}}
    tool = {"type": "custom", "custom": {"name": "sql", "format": {"type": "text"}}}
    request = accepted({"role": "assistant", "tool_calls": [call]}, tools=[tool]).request
    assert request.messages[0].content == (ToolCall("c", "sql", "select 1", "custom"),)
    assert request.tools == (Tool(name="sql", kind="custom", extra={"custom": {"format": {"type": "text"}}}),)


def test_arguments_that_are_an_object_are_read_and_kept() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": {"a": 1}}}
    (block,) = accepted({"role": "assistant", "tool_calls": [call]}).request.messages[0].content
    assert block == ToolCall("c", "f", '{"a":1}', extra={"function": {"arguments": {"a": 1}}})


def test_tools_are_taken_and_a_providers_own_is_carried_whole() -> None:
    function = {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": True, "returns": "x"}
    tools = [
        {"type": "function", "function": function, "cache_control": {"type": "ephemeral"}},
        {"type": "web", "max": 1},
    ]
    assert accepted(tools=tools).request.tools == (
        Tool(
            name="f",
            description="d",
            parameters={"type": "object"},
            strict=True,
            cache=Cache(),
            extra={"function": {"returns": "x"}},
        ),
        Opaque("openai_chat", "web", {"type": "web", "max": 1}),
    )


@pytest.mark.parametrize(
    ("given", "choice"),
    [
        ("auto", ToolChoice("auto")),
        ("any", ToolChoice("required", extra={"any": None})),
        ({"type": "function", "function": {"name": "f"}}, ToolChoice("tool", "f")),
        ({"function": {"name": "f", "x": 1}, "y": 2}, ToolChoice("tool", "f", {"function": {"x": 1}, "y": 2})),
        ({"type": "custom", "custom": {"name": "f"}}, ToolChoice("tool", "f", {"custom": None})),
        (
            {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}},
            ToolChoice("auto", extra={"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}}),
        ),
    ],
)
def test_a_choice_of_tools_is_understood(given: Any, choice: ToolChoice) -> None:
    request = accepted(tool_choice=given).request
    assert (request.tool_choice, request.extra) == (choice, None)


@pytest.mark.parametrize("given", ["whatever", {"type": "web_search"}])
def test_an_unknown_choice_of_tools_is_carried(given: Any) -> None:
    request = accepted(tool_choice=given).request
    assert (request.tool_choice, request.extra) == (None, {"tool_choice": given})


def test_the_form_of_the_answer_is_understood() -> None:
    schema = {"type": "object"}
    inner = {"name": "n", "schema": schema, "strict": True, "description": "d", "x": 1}
    given = accepted(response_format={"type": "json_schema", "json_schema": inner}).request.output
    assert given == OutputFormat(
        kind="json_schema", schema=schema, name="n", description="d", strict=True, extra={"json_schema": {"x": 1}}
    )
    assert accepted(response_format={"type": "json_object"}).request.output == OutputFormat(kind="json_object")
    grammar = {"type": "grammar", "grammar": "g"}
    assert accepted(response_format=grammar).request.extra == {"response_format": grammar}


@pytest.mark.parametrize(
    ("fields", "config"),
    [
        ({"reasoning_effort": "low"}, ReasoningConfig(effort="low", extra={"reasoning_effort": None})),
        (
            {"reasoning": {"effort": "low", "max_tokens": 5, "exclude": True}},
            ReasoningConfig(effort="low", max_tokens=5, extra={"reasoning": {"exclude": True}}),
        ),
        ({"reasoning": {"enabled": True}}, ReasoningConfig(enabled=True, extra={"reasoning": None})),
        ({"thinking": {"type": "disabled"}}, ReasoningConfig(enabled=False, extra={"thinking": None})),
        ({"thinking": {"clear": True}}, ReasoningConfig(extra={"thinking": {"clear": True, "type": None}})),
        ({"thinking": {}}, ReasoningConfig(extra={"thinking": {"type": None}})),
        ({"enable_thinking": True}, ReasoningConfig(enabled=True, extra={"enable_thinking": None})),
        (
            {"thinking": {"type": "enabled"}, "reasoning_effort": "high"},
            ReasoningConfig(effort="high", enabled=True, extra={"reasoning_effort": None, "thinking": None}),
        ),
    ],
)
def test_how_much_to_think_is_understood(fields: dict[str, Any], config: ReasoningConfig) -> None:
    request = accepted(**fields).request
    assert (request.reasoning, request.extra) == (config, None)


def test_contradictions_about_thinking_are_carried() -> None:
    request = accepted(
        reasoning={"effort": "low", "enabled": True}, reasoning_effort="high", enable_thinking=False
    ).request
    assert request.reasoning == ReasoningConfig(effort="low", enabled=True, extra={"reasoning": None})
    assert request.extra == {"reasoning_effort": "high", "enable_thinking": False}


def test_a_cache_marker_on_a_message_is_one_on_its_last_text() -> None:
    marker = {"type": "ephemeral"}
    (first, second) = accepted(
        {"role": "system", "content": "x", "cache_control": marker},
        {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f"}}], "cache_control": marker},
    ).request.messages
    assert first.content == (Text("x", Cache(), {"cache_control": None}),)
    assert second.extra == {"cache_control": marker}


def test_a_marker_of_another_kind_is_carried() -> None:
    item = {"type": "text", "text": "a", "cache_control": {"type": "forever"}}
    (block,) = accepted({"role": "user", "content": [item]}).request.messages[0].content
    assert block == Text("a", extra={"cache_control": {"type": "forever"}})


def test_empty_reasoning_of_a_caller_is_kept_because_some_hosts_insist_on_it() -> None:
    (turn,) = accepted({"role": "assistant", "content": "x", "reasoning_content": ""}).request.messages
    assert turn.extra == {"reasoning_content": ""}
