"""Whole replies as callers get them; the official client's own types accept them."""

from typing import Any

import msgspec
import pytest
from openai.types.chat import ChatCompletion

from genmux.types.chat import ChatResult, Choice, FinishReason
from genmux.types.content import Audio, Content, Image, Opaque, Refusal, Text, ToolCall
from genmux.types.usage import Usage
from tests.unit.dialects.openai_chat.speaking import (
    SERVER,
    accepted,
    answered,
    decoded,
    message,
    reply,
    responded,
    saying,
)

STOP = FinishReason("stop", "end_turn")


def result(*content: Content | str, **fields: Any) -> ChatResult:
    """An answer of another dialect."""
    given = {"finish": STOP, "id": "msg_1", "created": 7, "model": "claude", "dialect": "anthropic_messages", **fields}
    return ChatResult(message=saying("assistant", *content, dialect="anthropic_messages"), **given)


def shown(answer: ChatResult) -> dict[str, Any]:
    """The document, checked by the official client."""
    document = responded(answer)
    ChatCompletion.model_validate(document, strict=True)
    return document


def said(*content: Content | str) -> dict[str, Any]:
    """Only the message."""
    return shown(result(*content))["choices"][0]["message"]


def test_an_answer_of_another_dialect_is_a_chat_completion() -> None:
    usage = Usage(meters={"tokens.input": 3, "tokens.output": 5}, raw={"input_tokens": 3})
    assert shown(result("hello", usage=usage, extra={"stop_sequence": "x"}, choice_extra={"y": 1})) == {
        "id": "msg_1",
        "object": "chat.completion",
        "created": 7,
        "model": "claude",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "hello", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
                "native_finish_reason": "end_turn",
            }
        ],
        "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8},
    }


def test_what_an_answer_does_not_say_is_filled() -> None:
    document = shown(ChatResult(message=saying("assistant"), finish=FinishReason("stop")))
    assert (document["id"], document["created"], document["model"]) == ("", 0, "m")
    assert document["choices"][0]["message"]["content"] is None
    assert "usage" not in document


def test_a_tier_that_the_official_client_does_not_know_is_told_only_in_its_own_dialect() -> None:
    assert "service_tier" not in shown(result("x", service_tier="standard"))
    assert shown(result("x", service_tier="flex"))["service_tier"] == "flex"
    assert responded(answered(service_tier="on_demand"))["service_tier"] == "on_demand"


def test_tool_calls_are_told() -> None:
    message = said(ToolCall("a", "f", "{}"), ToolCall("b", "sql", "x", "custom"), ToolCall("", "g", extra={"x": 1}))
    assert message["tool_calls"] == [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}},
        {"id": "b", "type": "custom", "custom": {"name": "sql", "input": "x"}},
        {"id": "", "type": "function", "function": {"name": "g", "arguments": ""}},
    ]


def test_refusals_sound_and_pictures_have_their_fields() -> None:
    message = said("x", Refusal("no"), Refusal("!"), Audio(base64="QQ=="), Image(base64="QQ=="), Opaque("z", "z", {}))
    assert (message["content"], message["refusal"]) == ("x", "no!")
    assert message["audio"] == {"id": "", "data": "QQ==", "expires_at": 0, "transcript": ""}
    assert message["images"] == [{"type": "image_url", "image_url": {"url": "data:image/png;base64,QQ=="}}]


def test_several_texts_are_one_content() -> None:
    assert said(Text("a"), Text("b", extra={"citations": 1}))["content"] == "ab"


def test_further_answers_are_further_choices() -> None:
    other = Choice(message=saying("assistant", "two"), finish=FinishReason("length"), extra={"x": 1})
    choices = shown(result("one", alternatives=(other,)))["choices"]
    assert [(one["index"], one["message"]["content"], one["finish_reason"]) for one in choices] == [
        (0, "one", "stop"),
        (1, "two", "length"),
    ]


@pytest.mark.parametrize(
    "document",
    [
        reply(message("x", reasoning="hm", annotations=[1], refusal=None), x=1, service_tier="default"),
        reply(message(None, function_call={"name": "f", "arguments": "{}"})),
        reply(message([{"type": "text", "text": "a", "x": 1}, {"type": "refusal", "refusal": "no"}, {"type": "odd"}])),
        reply(message("x", audio={"id": "a", "data": "QQ==", "expires_at": 5, "transcript": "t"})),
        reply(message("x", images=[{"type": "image_url", "image_url": {"url": "u", "y": 1}, "index": 0}])),
        reply(message("one"), message("two")),
        reply(message("x"), usage={**reply()["usage"], "cost": 0.5, "x": None}),
    ],
)
def test_an_answer_of_this_dialect_is_told_as_it_came(document: dict[str, Any]) -> None:
    first = decoded(document)
    assert decoded(responded(first)) == first


def test_the_answer_is_json() -> None:
    answer = SERVER.respond(answered(), accepted())
    assert (answer.status, answer.headers) == (200, (("content-type", "application/json"),))
    assert msgspec.json.decode(answer.body)["choices"]
