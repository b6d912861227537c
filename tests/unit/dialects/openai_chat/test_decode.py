"""Whole replies of all sorts of hosts."""

from typing import Any

import msgspec
import pytest

from genmux.contract.http import HttpReply
from genmux.types.chat import Choice, FinishReason
from genmux.types.content import Audio, Image, Opaque, Refusal, Text, ToolCall
from genmux.types.errors import ErrorKind, MalformedReplyError, ProviderError, Retry
from tests.unit.dialects.openai_chat.speaking import answered, client, decoded, message, reply, sent


def test_a_reply_is_read() -> None:
    result = answered(message("hello", refusal=None, annotations=[]), service_tier="default", system_fingerprint="fp")
    assert (result.id, result.model, result.created, result.dialect) == ("c1", "m-1", 7, "openai_chat")
    assert (result.text, result.finish, result.service_tier) == ("hello", FinishReason("stop", "stop"), "default")
    assert result.extra == {"system_fingerprint": "fp"}
    assert result.message.extra == {"annotations": []}
    assert (result.usage.input, result.usage.output) == (3, 5)


def test_nulls_everywhere_are_no_more_than_absent() -> None:
    nothing = dict.fromkeys(("content", "refusal", "tool_calls", "function_call", "audio", "reasoning", "annotations"))
    result = answered(
        {"role": None, **nothing}, id=None, model=None, created=None, usage=None, service_tier=None, x=None
    )
    assert (result.message.content, result.message.extra, result.extra) == ((), None, None)
    assert (result.id, result.model, result.created, result.usage.meters) == (None, None, None, {})


def test_fields_of_odd_types_are_carried_and_break_nothing() -> None:
    document = {
        "id": 5,
        "created": "now",
        "usage": [],
        "choices": [
            {"message": {"content": {"a": 1}, "tool_calls": "no", "reasoning": 5, "audio": "a"}, "finish_reason": 3}
        ],
    }
    result = decoded(document)
    assert result.text == '{"a":1}'
    assert result.finish == FinishReason("other")
    assert result.extra == {"id": 5, "created": "now", "usage": []}
    assert result.message.extra == {"tool_calls": "no", "reasoning": 5}
    assert result.choice_extra == {"finish_reason": 3}


@pytest.mark.parametrize("document", [{}, {"choices": []}, {"choices": None}, {"choices": ["x"]}, {"text": "x"}])
def test_a_reply_without_choices_is_malformed(document: dict[str, Any]) -> None:
    with pytest.raises(MalformedReplyError) as caught:
        decoded(document)
    assert caught.value.retry is Retry.UNSURE


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"choices": "\xff"}'])
def test_a_reply_that_is_no_json_object_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedReplyError, match="not a JSON object"):
        client({}).decode(HttpReply(status=200, headers={}, body=body), sent())


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, ErrorKind.RATE_LIMIT),
        ({"error": {"message": "Provider returned error", "code": 502}}, ErrorKind.SERVER),
        ({"object": "error", "message": "too long", "code": "context_length_exceeded"}, ErrorKind.CONTEXT_OVERFLOW),
        ({"error": "credit balance is too low", "choices": []}, ErrorKind.QUOTA_EXCEEDED),
    ],
)
def test_an_error_inside_a_good_reply_is_an_error(document: dict[str, Any], kind: ErrorKind) -> None:
    with pytest.raises(ProviderError) as caught:
        decoded(document)
    assert caught.value.kind is kind


@pytest.mark.parametrize(
    ("raw", "unified"),
    [
        ("stop", "stop"),
        ("eos", "stop"),
        ("length", "length"),
        ("model_length", "length"),
        ("tool_calls", "tool_calls"),
        ("function_call", "tool_calls"),
        ("content_filter", "content_filter"),
        ("MODEL_ARMOR", "content_filter"),
        ("UNEXPECTED_TOOL_CALL", "error"),
        ("insufficient_system_resource", "error"),
        ("", "other"),
        ("brand_new", "other"),
        (None, "other"),
    ],
)
def test_a_finish_reason_is_unified_honestly_and_its_own_word_kept(raw: str | None, unified: Any) -> None:
    document = reply()
    document["choices"][0]["finish_reason"] = raw
    assert decoded(document).finish == FinishReason(unified, raw)


def test_tool_calls_of_all_sorts_are_read() -> None:
    calls = [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}},
        {"function": {"name": "g", "arguments": None}, "id": None, "index": 1},
        {"id": "c", "type": "custom", "custom": {"name": "h", "input": "free"}},
        {
            "id": "d",
            "type": "function",
            "function": {"name": "i", "arguments": '{"cut":'},
            "custom": {"name": "", "input": ""},
        },
        {"id": "e", "function": {"name": "j", "arguments": {"y": 2}}, "extra_content": {"google": 1}},
        {"id": "f", "type": "function"},
        "odd",
    ]
    assert answered(message(None, tool_calls=calls)).tool_calls == (
        ToolCall("a", "f", '{"x":1}'),
        ToolCall("", "g", "", extra={"index": 1}),
        ToolCall("c", "h", "free", "custom"),
        ToolCall("d", "i", '{"cut":'),
        ToolCall("e", "j", '{"y":2}', extra={"extra_content": {"google": 1}}),
        ToolCall("f", ""),
        ToolCall("", ""),
    )


def test_a_message_that_does_not_say_its_role_still_has_its_tool_calls() -> None:
    call = {"id": "a", "function": {"name": "f", "arguments": ""}}
    assert answered({"tool_calls": [call]}).tool_calls == (ToolCall("a", "f"),)


def test_a_legacy_call_is_a_tool_call_and_an_empty_one_is_none() -> None:
    result = answered(message(None, function_call={"name": "f", "arguments": "{}"}))
    assert result.tool_calls == (ToolCall("", "f", "{}", extra={"function_call": None}),)
    assert answered(message("x", function_call={"name": "", "arguments": ""})).tool_calls == ()


def test_an_unusual_role_is_kept() -> None:
    assert answered({"role": "model", "content": "x"}).message.extra == {"role": "model"}


def test_sound_and_pictures_are_read_and_fillers_are_not() -> None:
    audio = {"id": "a", "data": "QQ==", "expires_at": 9, "transcript": "beep", "format": "mp3"}
    images = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,QQ=="}, "index": 0}]
    result = answered(message("x", audio=audio, images=images))
    assert result.message.content[1:] == (
        Image(base64="QQ==", media_type="image/png", extra={"images": None, "index": 0}),
        Audio(
            base64="QQ==",
            file_id="a",
            media_type="audio/mpeg",
            transcript="beep",
            extra={"audio": {"expires_at": 9}},
        ),
    )
    filler = {"id": "", "data": "", "expires_at": 0, "transcript": ""}
    assert answered(message("x", audio=filler)).message.content == (Text("x"),)


def test_a_refusal_is_a_block_of_its_own() -> None:
    result = answered(message(None, refusal="I can't"))
    assert result.message.content == (Refusal("I can't"),)
    assert result.message.refusal == "I can't"


def test_typed_content_is_read_item_by_item() -> None:
    result = answered(message([{"type": "text", "text": "a", "x": 1}, {"type": "reference", "ids": [1]}, 5]))
    assert result.message.content == (
        Text("a", extra={"x": 1}),
        Opaque("openai_chat", "reference", {"type": "reference", "ids": [1]}),
        Text("5"),
    )


def test_further_choices_are_alternatives_in_the_order_of_their_index() -> None:
    document = reply(message("one"), message("two"))
    document["choices"].reverse()
    document["choices"][0]["logprobs"] = {"content": []}
    result = decoded(document)
    assert result.text == "one"
    assert result.alternatives == (
        Choice(
            message=answered(message("two")).message,
            finish=FinishReason("stop", "stop"),
            extra={"logprobs": {"content": []}},
        ),
    )


def test_choices_without_index_keep_their_order() -> None:
    document = reply(message("one"), message("two"))
    for choice in document["choices"]:
        del choice["index"]
    assert decoded(document).text == "one"


def test_what_a_choice_says_besides_is_kept() -> None:
    document = reply()
    document["choices"][0] |= {"logprobs": {"content": [1]}, "native_finish_reason": "STOP", "seed": None}
    assert decoded(document).choice_extra == {"logprobs": {"content": [1]}, "native_finish_reason": "STOP"}


def test_a_reply_survives_the_way_between_processes() -> None:
    result = answered(message("x", reasoning="hm"))
    assert msgspec.json.decode(msgspec.json.encode(result), type=type(result)) == result
