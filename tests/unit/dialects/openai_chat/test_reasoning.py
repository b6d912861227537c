"""Reasoning in every field that hosts use, and the opaque state that goes back only to where it came from."""

from typing import Any

import pytest

from genmux.types.content import Reasoning, Text
from tests.unit.dialects.openai_chat.speaking import (
    ORIGIN,
    accepted,
    answered,
    asking,
    decoded,
    echoed,
    encoded,
    message,
    messages_of,
    reply,
    responded,
    saying,
    warned,
)

SIGNED = {"type": "reasoning.text", "text": "hm", "signature": "sig", "format": "anthropic-claude-v1", "index": 0}
SUMMARY = {"type": "reasoning.summary", "summary": "hm", "format": "openai-responses-v1", "index": 0, "id": "rs"}
SEALED = {"type": "reasoning.encrypted", "data": "blob", "format": "unknown", "index": 1}


@pytest.mark.parametrize(
    ("fields", "blocks"),
    [
        ({"reasoning": "hm"}, [Reasoning("hm", extra={"reasoning": None})]),
        ({"reasoning_content": "hm"}, [Reasoning("hm", extra={"reasoning_content": None})]),
        (
            {"reasoning_content": "hm", "reasoning": "hm"},
            [Reasoning("hm", extra={"reasoning_content": None, "reasoning": None})],
        ),
        (
            {"reasoning": "hm", "reasoning_details": [SIGNED]},
            [
                Reasoning(
                    "hm",
                    "sig",
                    None,
                    ORIGIN,
                    {
                        "reasoning_details": {"type": "reasoning.text", "format": "anthropic-claude-v1", "index": 0},
                        "reasoning": None,
                    },
                )
            ],
        ),
        (
            {"reasoning": "other", "reasoning_details": [SEALED]},
            [
                Reasoning("other", extra={"reasoning": None}),
                Reasoning(
                    "",
                    None,
                    "blob",
                    ORIGIN,
                    {"reasoning_details": {"type": "reasoning.encrypted", "format": "unknown", "index": 1}},
                ),
            ],
        ),
    ],
)
def test_a_host_may_tell_its_reasoning_in_many_fields(fields: dict[str, Any], blocks: list[Reasoning]) -> None:
    result = answered(message("x", **fields))
    assert result.message.content == (*blocks, Text("x"))
    assert result.message.extra is None


def test_an_item_that_says_nothing_special_leaves_only_a_mark() -> None:
    item = {"type": "reasoning.text", "format": "unknown", "index": 0, "text": "hm"}
    (block, _) = answered(message("x", reasoning_details=[item])).message.content
    assert block == Reasoning("hm", origin=ORIGIN, extra={"reasoning_details": None})


def test_typed_thinking_stands_between_the_texts() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}], "closed": True}
    result = answered(message([thinking, {"type": "text", "text": "x"}]))
    assert result.message.content == (Reasoning("hm", extra={"thinking": {"closed": True}}), Text("x"))
    assert (result.reasoning, result.text) == ("hm", "x")


@pytest.mark.parametrize(
    "message",
    [
        {"role": "assistant", "content": "x", "reasoning": "hm"},
        {"role": "assistant", "content": "x", "reasoning_content": "hm"},
        {"role": "assistant", "content": "x", "reasoning_content": "a", "reasoning": "b"},
        {"role": "assistant", "content": "x", "reasoning_details": [SIGNED]},
        {"role": "assistant", "content": "x", "reasoning": "hm", "reasoning_details": [SIGNED]},
        {"role": "assistant", "content": "x", "reasoning": "hm", "reasoning_details": [SUMMARY, SEALED]},
        {
            "role": "assistant",
            "content": "x",
            "reasoning_details": [{"type": "reasoning.text", "text": "", "signature": ""}],
        },
        {"role": "assistant", "content": "x", "reasoning_details": [{}]},
        {"role": "assistant", "content": "x", "reasoning_details": ["odd"]},
        {"role": "assistant", "content": "x", "reasoning_details": [{"type": "reasoning.other", "text": 5}]},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}], "closed": True},
                {"type": "text", "text": "x"},
            ],
        },
        {"role": "assistant", "content": [{"type": "thinking", "thinking": []}, {"type": "text", "text": "x"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": "a"}, {"type": "reference", "ids": [1]}]},
                {"type": "text", "text": "x"},
            ],
        },
    ],
)
def test_reasoning_of_a_caller_of_this_dialect_goes_on_as_it_came(message: dict[str, Any]) -> None:
    assert echoed(message)["messages"] == [message]


@pytest.mark.parametrize(
    ("block", "items"),
    [
        (Reasoning("hm", "sig", None, ORIGIN), [{"text": "hm", "signature": "sig"}]),
        (Reasoning("", None, "blob", ORIGIN), [{"type": "reasoning.encrypted", "data": "blob"}]),
    ],
)
def test_opaque_state_goes_back_to_its_origin(block: Reasoning, items: list[dict[str, Any]]) -> None:
    for dialect in (None, "openai_chat", "anthropic_messages"):
        (told,) = messages_of(saying("assistant", block, "x", dialect=dialect))
        head = {"type": "reasoning.text", "format": "unknown", "index": 0}
        assert told["reasoning_details"] == [{**head, **item} for item in items]


def test_a_block_that_comes_home_brings_what_it_said_besides() -> None:
    extra = {"reasoning_details": {"type": "reasoning.text", "format": "f", "index": 3}}
    block = Reasoning("hm", "sig", None, ORIGIN, extra)
    (told,) = messages_of(saying("assistant", block, dialect="anthropic_messages"))
    assert told["reasoning_details"] == [
        {"type": "reasoning.text", "format": "f", "index": 3, "text": "hm", "signature": "sig"}
    ]


@pytest.mark.parametrize(
    ("block", "dialect"),
    [
        (Reasoning("hm", "sig", None, "anthropic"), None),
        (Reasoning("hm", None, "blob", "anthropic"), "openai_chat"),
        (Reasoning("hm", "sig"), "anthropic_messages"),
        (Reasoning("hm"), "anthropic_messages"),
        (Reasoning("hm"), None),
    ],
)
def test_reasoning_from_elsewhere_is_dropped_with_a_warning(block: Reasoning, dialect: str | None) -> None:
    turn = saying("assistant", block, "x", dialect=dialect)
    assert messages_of(turn) == [{"role": "assistant", "content": "x"}]
    assert warned(asking(turn)) == [("unsupported", "messages[0].content[0]")]


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_a_host_may_take_all_reasoning_as_text(field: Any) -> None:
    turn = saying("assistant", Reasoning("hm", "sig", None, "anthropic"), "x")
    assert messages_of(turn, reasoning_echo=field)[0][field] == "hm"
    assert warned(asking(turn), reasoning_echo=field) == [("unsupported", "messages[0].content[0]")]
    plain = saying("assistant", Reasoning("hm", extra={"reasoning": None}), "x", dialect="openai_chat")
    assert messages_of(plain, reasoning_echo=field)[0][field] == "hm"
    assert warned(asking(plain), reasoning_echo=field) == []


def test_a_host_may_take_reasoning_as_typed_items() -> None:
    turn = saying("assistant", Reasoning("hm", extra={"thinking": {"closed": True}}), "x", dialect="openai_chat")
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}], "closed": True}
    assert messages_of(turn, reasoning_echo="thinking")[0]["content"] == [thinking, {"type": "text", "text": "x"}]


def test_a_host_may_take_reasoning_as_items_of_a_list() -> None:
    turn = saying("assistant", Reasoning("hm"), "x")
    item = {"type": "reasoning.text", "format": "unknown", "index": 0, "text": "hm"}
    assert messages_of(turn, reasoning_echo="reasoning_details")[0]["reasoning_details"] == [item]


def test_a_host_may_take_no_reasoning() -> None:
    turn = saying("assistant", Reasoning("hm", extra={"reasoning": None}), "x", dialect="openai_chat")
    assert messages_of(turn, reasoning_echo="none") == [{"role": "assistant", "content": "x"}]
    assert warned(asking(turn), reasoning_echo="none") == [("unsupported", "messages[0].content[0]")]


def test_state_of_another_origin_travels_through_a_client_of_this_dialect_and_back() -> None:
    state = (
        Reasoning("hm", "sig", None, "anthropic/claude"),
        Reasoning("", None, "blob", "anthropic/claude", {"id": "x"}),
    )
    given = answered()
    result = decoded(reply())
    told = responded(
        type(given)(
            message=saying("assistant", *state, "x", dialect="anthropic_messages"),
            finish=result.finish,
            dialect="anthropic_messages",
        )
    )["choices"][0]["message"]
    assert told["reasoning_content"] == "hm"
    assert told["reasoning_details"] == [
        {
            "type": "reasoning.text",
            "format": "unknown",
            "index": 0,
            "origin": "anthropic/claude",
            "text": "hm",
            "signature": "sig",
        },
        {
            "type": "reasoning.encrypted",
            "format": "unknown",
            "index": 1,
            "origin": "anthropic/claude",
            "data": "blob",
            "extra": {"id": "x"},
        },
    ]
    first, second, text = accepted(told).request.messages[0].content
    assert first == Reasoning(
        "hm", "sig", None, "anthropic/claude", {"reasoning_details": None, "reasoning_content": None}
    )
    assert second == state[1]
    assert text == Text("x")


def test_state_that_names_its_origin_is_not_sent_elsewhere() -> None:
    item = {**SIGNED, "origin": "anthropic/claude"}
    request = accepted({"role": "assistant", "content": "x", "reasoning_details": [item]}).request
    assert encoded(request)["messages"] == [{"role": "assistant", "content": "x"}]
    home = accepted({"role": "assistant", "content": "x", "reasoning_details": [{**SIGNED, "origin": ORIGIN}]}).request
    assert encoded(home)["messages"][0]["reasoning_details"] == [SIGNED]


def test_reasoning_without_state_is_told_in_a_plain_field() -> None:
    result = answered()
    shown = responded(type(result)(message=saying("assistant", Reasoning("hm"), "x"), finish=result.finish))
    assert shown["choices"][0]["message"]["reasoning_content"] == "hm"
    assert "reasoning_details" not in shown["choices"][0]["message"]
