"""Requests of other dialects and of library users as the Messages API wants them."""

import msgspec
import pytest

from genmux.contract.http import Framing
from genmux.dialects.anthropic_messages import MessagesWire, Profile, dialect, normalize
from genmux.types.content import Cache, File, Image, Opaque, Reasoning, Refusal, Text, ToolCall, ToolResult
from genmux.types.errors import ConfigurationError
from tests.unit.dialects.anthropic_messages.speaking import WIRE, asking, encoded, model, saying, warned


def test_a_plain_question_becomes_the_smallest_request():
    assert encoded(asking()) == {
        "model": "claude-test-4-8",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": "hi"}],
    }
    assert warned(asking()) == []


def test_a_request_goes_to_the_messages_path_with_the_version_header():
    http = WIRE.encode(asking(), model(), stream=True).http
    assert (http.method, http.url, http.framing) == ("POST", "/messages", Framing.SSE)
    assert dict(http.headers)["anthropic-version"] == "2023-06-01"
    assert msgspec.json.decode(http.body or b"")["stream"] is True


def test_betas_of_profile_and_request_are_named_in_one_header():
    request = asking(extra={"betas": ["context-1m-2025-08-07", "not a token\r\nx: y"]})
    http = dialect.client({"beta": ["mcp-client-2025-11-20"]}).encode(request, model()).http
    assert dict(http.headers)["anthropic-beta"] == "mcp-client-2025-11-20,context-1m-2025-08-07"
    assert "betas" not in msgspec.json.decode(http.body or b"")


@pytest.mark.parametrize(
    "content",
    [Image(file_id="file_1"), File(file_id="file_1"), ToolResult("t", (Image(file_id="file_1"),))],
)
def test_file_ids_bring_their_beta_along(content):
    http = WIRE.encode(asking(saying("user", content)), model()).http
    assert dict(http.headers)["anthropic-beta"] == "files-api-2025-04-14"


def test_vertex_has_the_model_in_the_path_and_its_version_in_the_body():
    wire = dialect.client({"style": "vertex"})
    whole, streamed = (wire.encode(asking(), model(), stream=stream).http for stream in (False, True))
    assert whole.url == "/claude-test-4-8:rawPredict"
    assert streamed.url == "/claude-test-4-8:streamRawPredict"
    body = msgspec.json.decode(whole.body or b"")
    assert "model" not in body
    assert body["anthropic_version"] == "vertex-2023-10-16"
    assert "anthropic-version" not in dict(whole.headers)


def test_vertex_counts_at_a_path_of_its_own():
    http = MessagesWire(Profile(style="vertex")).encode_count(asking(), model()).http
    assert http.url == "/count-tokens:rawPredict"
    assert msgspec.json.decode(http.body or b"")["model"] == "claude-test-4-8"


@pytest.mark.parametrize("options", [{"pfad": "/x"}, {"thinking": "hard"}, {"beta": "one"}])
def test_an_unknown_or_wrong_option_is_a_configuration_error(options):
    with pytest.raises(ConfigurationError, match="the options are path"):
        dialect.client(options)


def test_max_tokens_left_out_comes_from_the_models_limit_with_a_warning():
    request = asking(max_tokens=None)
    assert encoded(request, model(limit=777))["max_tokens"] == 777
    assert warned(request) == [("defaulted", "max_tokens")]


def test_max_tokens_of_an_unknown_model_is_the_profiles_default():
    assert encoded(asking(max_tokens=None), model(limit=None))["max_tokens"] == 4096
    assert encoded(asking(max_tokens=None), model(limit=None), default_max_tokens=9)["max_tokens"] == 9


def test_leading_instructions_become_the_system_prompt():
    request = asking(saying("system", "be kind"), saying("developer", "be brief"), "hi")
    body = encoded(request)
    assert body["system"] == [{"type": "text", "text": "be kind"}, {"type": "text", "text": "be brief"}]
    assert [message["role"] for message in body["messages"]] == ["user"]
    assert encoded(asking(saying("system", "be kind"), "hi"))["system"] == "be kind"


def test_instructions_in_mid_conversation_join_the_system_prompt_with_a_warning():
    request = asking("hi", saying("system", "be brief"))
    assert encoded(request)["system"] == "be brief"
    assert warned(request) == [("emulated", "messages.1")]


def test_a_service_with_system_turns_gets_them_in_place():
    request = asking("hi", saying("system", "be brief"))
    body = encoded(request, system_turns=True)
    assert body["messages"][1] == {"role": "system", "content": "be brief"}
    assert "system" not in body
    assert warned(request, system_turns=True) == []


def test_results_of_tools_are_one_turn_of_the_user_and_come_first():
    calls = saying("assistant", ToolCall("a", "f", '{"x":1}'), ToolCall("b", "f"))
    request = asking(
        "hi",
        calls,
        saying("tool", ToolResult("a", (Text("1"),))),
        saying("tool", ToolResult("b", (Text("2"),), is_error=True)),
        saying("user", "go on"),
    )
    turns = encoded(request)["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert [block["input"] for block in turns[1]["content"]] == [{"x": 1}, {}]
    assert turns[2]["content"] == [
        {"type": "tool_result", "tool_use_id": "a", "content": "1"},
        {"type": "tool_result", "tool_use_id": "b", "content": "2", "is_error": True},
        {"type": "text", "text": "go on"},
    ]


def test_turns_of_one_speaker_are_merged():
    turns = encoded(asking("one", "two", saying("assistant", "yes"), saying("assistant", "no")))["messages"]
    assert turns == [
        {"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "yes"}, {"type": "text", "text": "no"}]},
    ]


def test_turns_and_texts_that_say_nothing_are_left_out():
    request = asking("hi", saying("assistant", "", ToolCall("a", "f")), saying("assistant"), saying("user", "go"))
    turns = encoded(request)["messages"]
    assert [block["type"] for block in turns[1]["content"]] == ["tool_use"]
    assert len(turns) == 3
    assert warned(request) == [("unsupported", "messages.2")]


def test_a_speakers_name_is_dropped_with_a_warning():
    assert warned(asking(saying("user", "hi", name="Ada"))) == [("unsupported", "messages.0.name")]


def test_a_refusal_in_history_is_text():
    assert encoded(asking("hi", saying("assistant", Refusal("no"))))["messages"][1]["content"] == [
        {"type": "text", "text": "no"}
    ]


@pytest.mark.parametrize("arguments", ['{"city": "Par', "[1]", "plain words"])
def test_arguments_that_are_no_object_are_kept_as_text_with_a_warning(arguments):
    request = asking("hi", saying("assistant", ToolCall("a", "f", arguments)))
    assert encoded(request)["messages"][1]["content"][0]["input"] == {"unparsed_arguments": arguments}
    assert warned(request) == [("emulated", "messages.1.content.0.arguments")]


@pytest.mark.parametrize("arguments", ["", "  ", "{}", "null"])
def test_no_arguments_are_an_empty_object(arguments):
    request = asking("hi", saying("assistant", ToolCall("a", "f", arguments)))
    assert encoded(request)["messages"][1]["content"][0]["input"] == {}
    assert warned(request) == []


def test_ids_of_other_dialects_are_made_acceptable_alike_in_call_and_result():
    request = asking("hi", saying("assistant", ToolCall("f:0", "f")), saying("tool", ToolResult("f:0", (Text("1"),))))
    turns = encoded(request)["messages"]
    assert turns[1]["content"][0]["id"] == turns[2]["content"][0]["tool_use_id"] == "f_0"
    assert [kind for kind, _ in warned(request)] == ["renamed", "renamed"]


def test_cache_markers_are_written_everywhere():
    hour = Cache(ttl="1h")
    request = asking(
        saying("system", Text("s", hour)),
        saying("user", Text("u", hour), Image(url="https://a.example/i.png", cache=hour), File(text="f", cache=hour)),
        saying("assistant", ToolCall("a", "f", cache=hour)),
        saying("tool", ToolResult("a", (Text("1", hour),), cache=Cache(extra={"scope": "x"}))),
    )
    body = encoded(request)
    marker = {"type": "ephemeral", "ttl": "1h"}
    blocks = [*body["system"], *body["messages"][0]["content"], *body["messages"][1]["content"]]
    assert [block["cache_control"] for block in blocks] == [marker] * 5
    result = body["messages"][2]["content"][0]
    assert result["content"][0]["cache_control"] == marker
    assert result["cache_control"] == {"type": "ephemeral", "scope": "x"}


def test_fields_of_another_dialect_are_dropped_with_one_warning():
    foreign = saying("user", Text("hi", extra={"x": 1, "mark": None}), dialect="openai_chat", extra={"y": 2})
    request = asking(foreign, dialect="openai_chat", extra={"store": True})
    assert normalize(encoded(request)) == normalize(encoded(asking()))
    warnings = WIRE.encode(request, model()).warnings
    assert [str(warning) for warning in warnings] == [
        "unsupported: `extra`: fields of openai_chat have no place here: store, x, y"
    ]


def test_fields_that_the_caller_put_there_on_purpose_are_sent():
    own = saying("user", Text("hi", extra={"x": 1}), extra={"y": 2})
    body = encoded(asking(own, extra={"container": "c", "output_config": {"task_budget": 9}}, user="u"))
    assert body["container"] == "c"
    assert body["output_config"] == {"task_budget": 9}
    assert body["metadata"] == {"user_id": "u"}
    assert body["messages"] == [{"role": "user", "content": [{"type": "text", "text": "hi", "x": 1}], "y": 2}]


def test_reasoning_goes_back_only_to_its_origin():
    at_home = Reasoning("hm", "signed", origin="anthropic/claude")
    hidden = Reasoning(encrypted="dark", origin="anthropic/claude")
    stranger = Reasoning("ha", "other", origin="openrouter/gpt")
    unsigned = Reasoning("plain")
    request = asking("hi", saying("assistant", at_home, hidden, stranger, unsigned, "so"))
    assert encoded(request)["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": "signed"},
        {"type": "redacted_thinking", "data": "dark"},
        {"type": "text", "text": "so"},
    ]
    assert warned(request) == [("unsupported", "messages.1.content.2"), ("unsupported", "messages.1.content.3")]


def test_blocks_that_only_others_understand_are_dropped_with_a_warning():
    ours = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
    blocks = (
        Opaque("anthropic_messages", "server_tool_use", ours, "anthropic/claude"),
        Opaque("anthropic_messages", "server_tool_use", ours, "elsewhere"),
        Opaque("openai_responses", "web_search_call", {}),
    )
    request = asking("hi", saying("assistant", *blocks))
    assert encoded(request)["messages"][1]["content"] == [ours]
    assert warned(request) == [("unsupported", "messages.1.content.1"), ("unsupported", "messages.1.content.2")]
