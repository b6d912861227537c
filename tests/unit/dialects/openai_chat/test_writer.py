"""Streams as callers get them; the official client's own types accept every chunk."""

from decimal import Decimal
from typing import Any

import pytest
from openai.types.chat import ChatCompletionChunk

from genmux.types.chat import FinishReason
from genmux.types.content import Audio, Content, Image, Opaque, Reasoning, Refusal, Text, ToolCall
from genmux.types.errors import ErrorKind, ProviderError
from genmux.types.join import join
from genmux.types.parts import (
    BlockEnd,
    BlockStart,
    ErrorPart,
    ExtraPart,
    Finish,
    Part,
    ReasoningDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    UsagePart,
    WarningPart,
)
from genmux.types.usage import Usage
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning
from tests.unit.dialects.openai_chat.speaking import SERVER, accepted, deltas, documents, events_of, read, written

OWN = Start(id="c1", model="m-1", created=7, dialect="openai_chat")
FOREIGN = Start(id="msg_1", model="claude", created=7, dialect="anthropic_messages", provider="anthropic")
STOP = Finish(FinishReason("stop", "stop"))
USAGE = UsagePart(Usage(meters={"tokens.input": 3, "tokens.output": 5}, reported_cost=Decimal("0.5")))


def said(*parts: Part, start: Start = FOREIGN) -> list[dict[str, Any]]:
    """The deltas of a stream without its first one, each chunk checked by the official client."""
    stream = written(start, *parts)
    for document in documents(stream):
        ChatCompletionChunk.model_validate(document, strict=True)
    first, *others = deltas(stream)
    assert first == {"role": "assistant", "content": "", "refusal": None}
    return others


def block(index: int, content: Content, *middle: Part, **end: Any) -> tuple[Part, ...]:
    """A whole block."""
    return (BlockStart(index, content), *middle, BlockEnd(index, **end))


def test_a_stream_of_text_is_written() -> None:
    stream = written(OWN, *block(0, Text(""), TextDelta(0, "a"), TextDelta(0, "ü\n")), USAGE, STOP)
    events = events_of(stream)
    assert events[-1].data == b"[DONE]"
    role, first, second, finish, usage = documents(stream)
    assert {key: role[key] for key in ("id", "object", "created", "model")} == {
        "id": "c1",
        "object": "chat.completion.chunk",
        "created": 7,
        "model": "m-1",
    }
    choice = {"index": 0, "delta": {"content": "a"}, "logprobs": None, "finish_reason": None}
    assert first["choices"] == [choice]
    assert second["choices"][0]["delta"] == {"content": "ü\n"}
    assert finish["choices"] == [{**choice, "delta": {}, "finish_reason": "stop"}]
    assert (usage["choices"], usage["usage"]["total_tokens"]) == ([], 8)
    for document in documents(stream):
        ChatCompletionChunk.model_validate(document, strict=True)


def test_usage_is_told_only_to_whom_asked_and_only_when_known() -> None:
    assert "usage" not in documents(written(OWN, USAGE, STOP, usage=False))[-1]
    assert "usage" not in documents(written(OWN, STOP))[-1]
    assert "usage" not in documents(written(OWN, UsagePart(Usage()), STOP))[-1]


def test_what_a_start_does_not_say_is_filled() -> None:
    (first, *_) = documents(written(Start(), STOP))
    assert (first["id"], first["created"], first["model"]) == ("", 0, "m")
    (late, *_) = documents(written(*block(0, Text("a")), STOP))
    assert late["choices"][0]["delta"]["role"] == "assistant"


def test_a_block_may_begin_with_its_text() -> None:
    assert said(*block(0, Text("a"), TextDelta(0, "b")), *block(1, Refusal("n"), TextDelta(1, "o")), STOP) == [
        {"content": "a"},
        {"content": "b"},
        {"refusal": "n"},
        {"refusal": "o"},
    ]


def test_tool_calls_are_numbered_and_grow() -> None:
    parts = (
        *block(0, ToolCall("a", "f"), ToolCallDelta(0, '{"x":'), ToolCallDelta(0, "1}")),
        *block(1, ToolCall("b", "g", "{}")),
        Finish(FinishReason("tool_calls", "tool_use")),
    )
    assert said(*parts) == [
        {"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"x":'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "1}"}}]},
        {"tool_calls": [{"index": 1, "id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}}]},
    ]


def test_more_for_a_call_that_had_ended_is_not_lost() -> None:
    parts = (*block(0, ToolCall("a", "f")), *block(1, ToolCall("b", "g")), ToolCallDelta(0, "{}"), STOP)
    assert said(*parts)[-1] == {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}


def test_custom_and_legacy_calls_are_written_in_their_form() -> None:
    custom = block(0, ToolCall("a", "sql", "", "custom"), ToolCallDelta(0, "x"))
    assert deltas(written(OWN, *custom, STOP))[1:] == [
        {"tool_calls": [{"index": 0, "id": "a", "type": "custom", "custom": {"name": "sql", "input": ""}}]},
        {"tool_calls": [{"index": 0, "custom": {"input": "x"}}]},
    ]
    legacy = block(0, ToolCall("", "f", extra={"function_call": None}), ToolCallDelta(0, "{}"))
    assert said(*legacy, STOP, start=OWN) == [
        {"function_call": {"name": "f", "arguments": ""}},
        {"function_call": {"arguments": "{}"}},
    ]


def test_reasoning_of_this_dialect_is_told_in_its_field() -> None:
    plain = block(0, Reasoning(extra={"reasoning": None}), ReasoningDelta(0, "hm"))
    typed = block(1, Reasoning(extra={"thinking": None}), ReasoningDelta(1, "hm"), extra={"thinking": {"closed": True}})
    assert deltas(written(OWN, *plain, *typed, STOP))[1:] == [
        {"reasoning": "hm"},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]},
        {"content": [{"type": "thinking", "thinking": [], "closed": True}]},
    ]


def test_reasoning_of_another_dialect_is_told_with_its_state() -> None:
    head = {"type": "reasoning.text", "format": "unknown", "index": 0, "origin": "anthropic/claude"}
    parts = (
        *block(0, Reasoning(origin="anthropic/claude"), ReasoningDelta(0, "hm"), signature="sig"),
        *block(1, Reasoning(origin="anthropic/claude"), encrypted="blob"),
        *block(2, Reasoning(encrypted="more"), encrypted=None),
        *block(3, Reasoning("told at once", extra={"id": "x"})),
        STOP,
    )
    sealed = {"type": "reasoning.encrypted", "format": "unknown", "index": 1, "origin": "anthropic/claude"}
    assert said(*parts) == [
        {"reasoning_content": "hm", "reasoning_details": [{**head, "text": "hm"}]},
        {"reasoning_details": [{**head, "signature": "sig"}]},
        {"reasoning_details": [{**sealed, "data": "blob"}]},
        {"reasoning_details": [{**sealed, "index": 2, "origin": "anthropic", "data": "more"}]},
        {
            "reasoning_content": "told at once",
            "reasoning_details": [
                {**head, "index": 3, "origin": "anthropic", "extra": {"id": "x"}, "text": "told at once"}
            ],
        },
    ]


def test_state_that_travels_through_a_stream_is_read_back() -> None:
    signed = block(0, Reasoning(origin="anthropic/claude"), ReasoningDelta(0, "hm"), signature="sig")
    sealed = block(1, Reasoning(origin="anthropic/claude"), encrypted="blob")
    first, second = join(read(*events_of(written(FOREIGN, *signed, *sealed, STOP)))).message.content
    assert isinstance(first, Reasoning)
    assert isinstance(second, Reasoning)
    assert (first.text, first.signature, first.origin) == ("hm", "sig", "anthropic/claude")
    assert (second.text, second.encrypted, second.origin) == ("", "blob", "anthropic/claude")


def test_blocks_that_come_whole_are_written_whole() -> None:
    parts = (
        *block(0, Image(url="u")),
        *block(1, Audio(base64="QQ==", file_id="a", media_type="audio/mpeg", transcript="beep")),
        *block(2, Opaque("openai_chat", "x", {"type": "x"})),
        *block(3, Text("a", extra={"y": 1})),
        STOP,
    )
    assert deltas(written(OWN, *parts))[1:] == [
        {"images": [{"type": "image_url", "image_url": {"url": "u"}}]},
        {"audio": {"id": "a", "data": "QQ==", "expires_at": 0, "transcript": "beep", "format": "mp3"}},
        {"content": [{"type": "x"}]},
        {"content": [{"type": "text", "text": "a", "y": 1}]},
    ]


def test_blocks_that_only_another_dialect_understands_are_left_out() -> None:
    parts = (*block(0, Opaque("anthropic_messages", "x", {})), *block(1, Text("a", extra={"citations": 1})), STOP)
    assert said(*parts) == [{"content": "a"}]


def test_fields_of_this_dialect_are_told_and_those_of_others_are_not() -> None:
    extras = (
        ExtraPart({"system_fingerprint": "x"}),
        ExtraPart({"annotations": [1]}, "message"),
        ExtraPart({"seed": 5}, "choice"),
        ExtraPart({}),
    )
    _, reply, message, choice, finish = documents(written(OWN, *extras, STOP, usage=False))
    assert (reply["system_fingerprint"], reply["choices"][0]["delta"]) == ("x", {})
    assert message["choices"][0]["delta"] == {"annotations": [1]}
    assert choice["choices"][0]["seed"] == 5
    assert finish["choices"][0]["finish_reason"] == "stop"
    assert len(documents(written(FOREIGN, *extras, STOP, usage=False))) == 2


@pytest.mark.parametrize(
    ("finish", "fields"),
    [
        (FinishReason("stop", "end_turn"), {"finish_reason": "stop", "native_finish_reason": "end_turn"}),
        (FinishReason("refusal", "refusal"), {"finish_reason": "content_filter", "native_finish_reason": "refusal"}),
        (FinishReason("length"), {"finish_reason": "length"}),
        (FinishReason("tool_calls", "tool_calls"), {"finish_reason": "tool_calls"}),
    ],
)
def test_the_end_is_told_in_the_clients_closed_list_of_words(finish: FinishReason, fields: dict[str, str]) -> None:
    choice = documents(written(FOREIGN, Finish(finish), usage=False))[-1]["choices"][0]
    assert {key: value for key, value in choice.items() if "finish" in key} == fields


def test_a_hosts_own_word_for_the_end_is_told_as_it_came() -> None:
    choice = documents(written(OWN, Finish(FinishReason("stop", "eos")), usage=False))[-1]["choices"][0]
    assert choice["finish_reason"] == "eos"


def test_every_choice_begins_with_its_role() -> None:
    stream = written(
        OWN, *block(0, Text("a")), BlockStart(1, Text("b"), 1), Finish(FinishReason("stop", "stop"), 1), STOP
    )
    told = [(choice["index"], choice["delta"]) for one in documents(stream) for choice in one["choices"]]
    role = {"role": "assistant", "content": "", "refusal": None}
    assert told == [(0, role), (0, {"content": "a"}), (1, role), (1, {"content": "b"}), (1, {}), (0, {})]


def test_an_error_ends_a_stream_without_done() -> None:
    error = ProviderError("too many requests", kind=ErrorKind.RATE_LIMIT)
    document = {
        "error": {
            "message": "too many requests",
            "type": "rate_limit_error",
            "param": None,
            "code": "rate_limit_exceeded",
        }
    }
    writer = SERVER.writer(accepted(stream=True))
    assert documents(writer.fail(error)) == [document]
    assert documents(writer.write(ErrorPart(error))) == [document]


def test_warnings_have_no_place_in_a_stream() -> None:
    assert SERVER.writer(accepted()).write(WarningPart(Warning("unsupported", "x", "y"))) == b""
