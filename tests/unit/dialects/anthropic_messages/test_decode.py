"""Whole replies become results."""

from decimal import Decimal

import msgspec
import pytest

from genmux.contract.http import HttpReply
from genmux.types.chat import FinishReason
from genmux.types.content import Opaque, Reasoning, Text, ToolCall
from genmux.types.errors import ErrorKind, MalformedReplyError, OverloadedError, ProviderError, Retry
from genmux.types.usage import Usage
from tests.unit.dialects.anthropic_messages.speaking import WIRE, decoded, message, sent


def test_a_reply_becomes_a_result():
    result = decoded(message({"type": "text", "text": "Hello"}), **{"request-id": "req_1"})
    assert (result.text, result.id, result.model, result.request_id) == ("Hello", "msg_1", "c", "req_1")
    assert result.finish == FinishReason("stop", "end_turn")
    assert (result.dialect, result.message.dialect, result.extra) == ("anthropic_messages", "anthropic_messages", None)


@pytest.mark.parametrize(
    ("raw", "unified"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("pause_turn", "pause"),
        ("refusal", "refusal"),
        ("tired", "other"),
    ],
)
def test_every_reason_to_stop_is_unified_and_kept(raw, unified):
    assert decoded(message(stop_reason=raw)).finish == FinishReason(unified, raw)


@pytest.mark.parametrize("odd", [None, 7, []])
def test_a_reason_that_is_none_is_other(odd):
    assert decoded(message(stop_reason=odd)).finish == FinishReason("other")


def test_thinking_keeps_its_signature_and_whose_it_is():
    result = decoded(
        message(
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "redacted_thinking", "data": "dark"},
        )
    )
    assert result.message.content == (
        Reasoning("hm", "s", origin="anthropic/claude"),
        Reasoning(encrypted="dark", origin="anthropic/claude"),
    )
    assert result.reasoning == "hm"


def test_tool_calls_have_their_arguments_as_json_text():
    caller = {"type": "direct"}
    result = decoded(
        message(
            {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}, "caller": caller},
            {"type": "tool_use", "id": "b", "name": "g", "input": {}},
            {"type": "tool_use", "id": "c", "name": "h", "input": {"unparsed_arguments": '{"cut'}},
            {"type": "tool_use", "id": "d", "name": "i", "input": '{"y":2}'},
            {"type": "tool_use", "id": "e", "name": "j"},
        )
    )
    assert [call.arguments for call in result.tool_calls] == ['{"x":1}', "{}", '{"cut', '{"y":2}', "{}"]
    assert result.tool_calls[0] == ToolCall("a", "f", '{"x":1}', extra={"caller": caller})


@pytest.mark.parametrize(
    "kind", ["server_tool_use", "web_search_tool_result", "mcp_tool_use", "compaction", "something_new"]
)
def test_tools_that_the_provider_runs_are_opaque_and_never_calls(kind):
    block = {"type": kind, "id": "s", "name": "web_search", "input": {"query": "x"}}
    result = decoded(message(block))
    assert result.message.content == (Opaque("anthropic_messages", kind, block, "anthropic/claude"),)
    assert result.tool_calls == ()


def test_citations_and_unknown_fields_are_carried():
    cited = {"type": "text", "text": "so", "citations": [{"type": "char_location"}]}
    result = decoded(
        message(cited, {"type": "text", "text": "!", "citations": None}, container={"id": "c"}, novelty=None)
    )
    assert result.message.content == (Text("so", extra={"citations": [{"type": "char_location"}]}), Text("!"))
    assert result.extra == {"container": {"id": "c"}, "novelty": None}


def test_what_is_null_because_there_is_nothing_to_say_is_no_field():
    nothing = {"stop_details": None, "container": None, "context_management": None, "diagnostics": None}
    assert decoded(message(**nothing)).extra is None


def test_cached_tokens_are_part_of_the_input():
    usage = {
        "input_tokens": 10,
        "cache_creation_input_tokens": 100,
        "cache_read_input_tokens": 1000,
        "cache_creation": {"ephemeral_5m_input_tokens": 60, "ephemeral_1h_input_tokens": 40},
        "output_tokens": 7,
        "output_tokens_details": {"thinking_tokens": 5},
        "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 0},
        "service_tier": "standard",
        "cost": 0.25,
    }
    result = decoded(message(usage=usage))
    assert result.usage.meters == {
        "tokens.input": 1110,
        "tokens.input.cached": 1000,
        "tokens.input.cache_write": 100,
        "tokens.input.cache_write.1h": 40,
        "tokens.output": 7,
        "tokens.output.reasoning": 5,
        "calls.web_search": 2,
    }
    assert result.usage.reported_cost == Decimal("0.25")
    assert result.usage.raw == usage
    assert result.service_tier == "standard"


@pytest.mark.parametrize(
    "usage",
    [None, {}, {"input_tokens": None, "output_tokens": "many", "cache_creation": 3, "server_tool_use": None}],
)
def test_usage_that_is_not_told_is_not_made_up(usage):
    result = decoded(message(usage=usage))
    assert (result.usage.input, result.usage.output, result.usage.cached) == (None, None, None)


def test_a_reply_without_usage_has_an_empty_one():
    document = message()
    del document["usage"]
    assert decoded(document).usage == Usage()


@pytest.mark.parametrize("content", [None, "Hello", [], ["Hello"], [7, {"type": "text", "text": 7}, {}]])
def test_odd_content_is_never_an_exception(content):
    document = {**message(), "content": content}
    assert decoded(document).text == ("Hello" if content in ("Hello", ["Hello"]) else "")


def test_an_error_with_status_200_is_an_error():
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}, "request_id": "req_9"}
    with pytest.raises(OverloadedError, match="Overloaded") as caught:
        decoded(error)
    assert caught.value.request_id == "req_9"


@pytest.mark.parametrize("document", [{"choices": []}, {}, [], "text", 7])
def test_a_reply_that_is_no_message_is_malformed(document):
    with pytest.raises(MalformedReplyError) as caught:
        decoded(document)
    assert caught.value.retry is Retry.UNSURE


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"type":', b'{"content": ["\xff"]}', b"[" * 100_000])
def test_a_body_that_is_not_json_is_malformed(body):
    with pytest.raises(MalformedReplyError):
        WIRE.decode(HttpReply(status=200, headers={}, body=body), sent())


def test_a_count_is_read_and_called_what_it_is():
    reply = HttpReply(status=200, headers={}, body=b'{"input_tokens": 42}')
    count = WIRE.decode_count(reply)
    assert (count.tokens, count.exact, count.method) == (42, False, "provider")


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({}, ErrorKind.MALFORMED_REPLY),
        ({"input_tokens": "42"}, ErrorKind.MALFORMED_REPLY),
        ({"type": "error", "error": {"type": "not_found_error", "message": "model: x"}}, ErrorKind.NOT_FOUND),
    ],
)
def test_a_count_that_is_none_is_an_error(document, kind):
    with pytest.raises(ProviderError) as caught:
        WIRE.decode_count(HttpReply(status=200, headers={}, body=msgspec.json.encode(document)))
    assert caught.value.kind is kind
