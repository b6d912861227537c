"""Parts as the events that a caller gets; the official client takes each of them in strictly."""

from typing import Any

import anthropic.types
import pydantic
import pytest

from genmux.types.chat import FinishReason
from genmux.types.content import Image, Opaque, Reasoning, Refusal, Text, ToolCall
from genmux.types.errors import OverloadedError, ServerError
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
from tests.unit.dialects.anthropic_messages.speaking import SERVER, accepted, documents, events_of, written

STRICT: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(anthropic.types.RawMessageStreamEvent)
OPENAI = Start(id="chatcmpl-1", model="gpt", dialect="openai_chat", provider="openai")
OURS = Start(id="msg_1", model="c", dialect="anthropic_messages")
END = (Finish(FinishReason("stop", "end_turn")), UsagePart(Usage(meters={"tokens.input": 9, "tokens.output": 4})))


def told(*parts: Part) -> list[str]:
    """The events, each checked strictly, in short."""
    stream = written(*parts)
    for one in events_of(stream):
        STRICT.validate_json(one.data, strict=True)
    return [_short(document) for document in documents(stream)]


def _short(document: dict[str, Any]) -> str:
    match document:
        case {"index": index, "content_block": {"type": kind}}:
            return f"start {index} {kind}"
        case {"index": index, "delta": {"type": _, **fields}}:
            return f"delta {index} {next(iter(fields.values()))}"
        case {"index": index}:
            return f"stop {index}"
        case {"type": kind}:
            return kind


def test_a_stream_of_another_dialect_has_the_events_in_their_order():
    assert told(OPENAI, BlockStart(0, Text("")), TextDelta(0, "He"), TextDelta(0, "llo"), BlockEnd(0), *END) == [
        "message_start",
        "start 0 text",
        "delta 0 He",
        "delta 0 llo",
        "stop 0",
        "message_delta",
        "message_stop",
    ]


def test_every_event_has_its_name():
    assert [one.event for one in events_of(written(OPENAI, *END))] == ["message_start", "message_delta", "message_stop"]


def test_the_first_event_has_id_model_and_usage_even_if_nobody_said():
    opened = documents(written())[0]["message"]
    assert (opened["id"], opened["model"], opened["content"]) == ("msg_genmux", "m", [])
    assert (opened["usage"]["input_tokens"], opened["usage"]["output_tokens"]) == (0, 0)


def test_usage_that_is_known_only_at_the_end_is_told_there():
    last = documents(written(OPENAI, BlockStart(0, Text("x")), *END))[-2]
    assert last["delta"]["stop_reason"] == "end_turn"
    assert (last["usage"]["input_tokens"], last["usage"]["output_tokens"]) == (9, 4)


def test_usage_of_this_dialect_is_told_at_the_start():
    raw = {"input_tokens": 9, "output_tokens": 1, "service_tier": "standard"}
    final = {**raw, "output_tokens": 4}
    stream = documents(written(OURS, UsagePart(Usage(raw=raw)), UsagePart(Usage(raw=final)), *END[:1]))
    assert stream[0]["message"]["usage"] == raw
    assert stream[1]["usage"] == {"input_tokens": 9, "output_tokens": 4}


def test_blocks_without_an_end_are_closed_by_the_next_one():
    assert told(
        OPENAI, BlockStart(5, Text("")), TextDelta(5, "a"), BlockStart(7, Refusal("")), TextDelta(7, "b"), *END
    )[1:-2] == [
        "start 0 text",
        "delta 0 a",
        "stop 0",
        "start 1 text",
        "delta 1 b",
        "stop 1",
    ]


def test_calls_that_come_interleaved_are_written_one_after_the_other():
    assert told(
        OPENAI,
        BlockStart(0, ToolCall("a", "f")),
        ToolCallDelta(0, "{"),
        BlockStart(1, ToolCall("b", "g")),
        BlockStart(2, ToolCall("c", "h", "{}")),
        ToolCallDelta(1, "["),
        ToolCallDelta(0, "}"),
        BlockEnd(1),
        ToolCallDelta(7, "lost"),
        BlockEnd(0),
        *END,
    )[1:-2] == [
        "start 0 tool_use",
        "delta 0 {",
        "delta 0 }",
        "stop 0",
        "start 1 tool_use",
        "delta 1 [",
        "stop 1",
        "start 2 tool_use",
        "delta 2 {}",
        "stop 2",
    ]  # fmt: skip


def test_calls_that_nobody_ends_end_with_the_message():
    parts = (BlockStart(0, ToolCall("a", "f")), BlockStart(1, ToolCall("b", "g")), ToolCallDelta(1, "{}"))
    assert told(OPENAI, *parts, *END)[1:-2] == [
        "start 0 tool_use",
        "stop 0",
        "start 1 tool_use",
        "delta 1 {}",
        "stop 1",
    ]


def test_text_that_goes_on_after_its_end_opens_a_new_block():
    parts = (BlockStart(0, Text("a")), BlockStart(1, Reasoning("b")), TextDelta(0, "c"), ReasoningDelta(1, "d"))
    assert [one for one in told(OPENAI, *parts, *END) if one.startswith("delta") and "genmux" not in one] == [
        "delta 0 a",
        "delta 1 b",
        "delta 2 c",
        "delta 3 d",
    ]


def test_a_part_of_a_block_that_never_began_is_nothing():
    assert told(OPENAI, TextDelta(3, "x"), ToolCallDelta(4, "y"), BlockEnd(5), *END)[1:-2] == []


def test_a_block_that_begins_twice_begins_once():
    assert told(OPENAI, BlockStart(0, Text("")), BlockStart(0, Text("")), *END)[1:-2] == ["start 0 text", "stop 0"]


def test_further_choices_and_what_has_no_word_here_stay_behind():
    parts = (
        BlockStart(0, Text("a")),
        BlockStart(1, Text("b"), choice=1),
        TextDelta(1, "c"),
        BlockStart(2, Image(url="https://a.example")),
        BlockEnd(2),
        BlockStart(3, Opaque("openai_responses", "x", {})),
        Finish(FinishReason("length"), choice=1),
        WarningPart(Warning("unsupported", "x", "y")),
        ExtraPart({"system_fingerprint": "f"}),
        ExtraPart({"type": "ghost"}, scope="event"),
        ExtraPart({"x": 1}, scope="choice"),
    )
    stream = told(OPENAI, *parts, *END)
    assert stream == ["message_start", "start 0 text", "delta 0 a", "stop 0", "message_delta", "message_stop"]


def test_a_refusal_is_the_reason_to_stop():
    last = documents(written(OPENAI, BlockStart(0, Refusal("no")), *END))[-2]
    assert last["delta"]["stop_reason"] == "refusal"


def test_thinking_of_this_dialect_is_signed_before_its_end():
    parts = (BlockStart(0, Reasoning(signature="")), ReasoningDelta(0, "hm"), BlockEnd(0, "s"))
    assert told(OURS, *parts, *END)[1:-2] == ["start 0 thinking", "delta 0 hm", "delta 0 s", "stop 0"]
    whole = (BlockStart(0, Reasoning("hm", "s")), BlockEnd(0))
    assert told(OURS, *whole, *END)[1:-2] == ["start 0 thinking", "delta 0 hm", "delta 0 s", "stop 0"]
    hidden = (BlockStart(0, Reasoning(encrypted="dark")), BlockEnd(0))
    assert told(OURS, *hidden, *END)[1:-2] == ["start 0 redacted_thinking", "stop 0"]


def echoed(*parts: Part) -> list[Reasoning]:
    """The reasoning that comes back from a client that was told these parts."""
    blocks: list[dict[str, Any]] = []
    for document in documents(written(*parts)):
        match document:
            case {"content_block": block}:
                blocks.append(block)
            case {"index": index, "delta": {"thinking": text}}:
                blocks[index]["thinking"] += text
            case {"index": index, "delta": {"signature": signature}}:
                blocks[index]["signature"] = signature
            case _:
                pass
    turn = accepted(messages=[{"role": "assistant", "content": blocks}]).request.messages[0]
    return [block for block in turn.content if isinstance(block, Reasoning)]


def test_reasoning_of_another_origin_comes_back_whole():
    parts = (
        BlockStart(0, Reasoning(origin="o/x", extra={"id": 1})),
        ReasoningDelta(0, "hm"),
        BlockEnd(0, "s", "e", {"format": "f"}),
    )
    assert echoed(OPENAI, *parts, *END) == [Reasoning("hm", "s", "e", "o/x", {"id": 1, "format": "f"})]


def test_reasoning_of_which_only_the_state_is_known_is_redacted():
    parts = (BlockStart(0, Reasoning(origin="o/x")), BlockEnd(0, encrypted="dark"))
    assert told(OPENAI, *parts, *END)[1:-2] == ["start 0 redacted_thinking", "stop 0"]
    assert echoed(OPENAI, *parts, *END) == [Reasoning(encrypted="dark", origin="o/x")]


def test_reasoning_without_text_and_state_is_not_written():
    parts = (BlockStart(0, Reasoning()), BlockEnd(0), BlockStart(1, Reasoning()), BlockStart(2, Text("a")))
    assert told(OPENAI, *parts, *END)[1:-2] == ["start 0 text", "delta 0 a", "stop 0"]


def test_state_that_comes_after_its_block_was_ended_is_written_at_the_end():
    parts = (
        BlockStart(0, Reasoning(origin="o/x")),
        ReasoningDelta(0, "hm"),
        BlockStart(1, Text("a")),
        BlockEnd(0, "s"),
        BlockEnd(1),
    )
    assert echoed(OPENAI, *parts, *END) == [Reasoning("hm", origin="o/x"), Reasoning(signature="s", origin="o/x")]


def test_citations_are_written_before_the_end_of_their_text():
    location = {
        "type": "char_location",
        "cited_text": "x",
        "document_index": 0,
        "start_char_index": 0,
        "end_char_index": 1,
    }
    parts = (
        BlockStart(0, Text("", extra={"citations": []})),
        TextDelta(0, "so"),
        BlockEnd(0, extra={"citations": [location]}),
    )
    stream = documents(written(OURS, *parts, *END))
    assert stream[1]["content_block"] == {"type": "text", "text": "", "citations": []}
    assert stream[3]["delta"] == {"type": "citations_delta", "citation": location}


def test_a_tool_that_the_provider_runs_streams_its_input():
    block = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "x"}}
    result = {"type": "web_search_tool_result", "tool_use_id": "s", "content": []}
    parts = (
        BlockStart(0, Opaque("anthropic_messages", "server_tool_use", block)),
        BlockEnd(0),
        BlockStart(1, Opaque("anthropic_messages", "web_search_tool_result", result)),
        BlockEnd(1),
    )
    assert told(OURS, *parts, *END)[1:-2] == [
        "start 0 server_tool_use",
        'delta 0 {"query":"x"}',
        "stop 0",
        "start 1 web_search_tool_result",
        "stop 1",
    ]


def test_fields_of_the_reply_are_told_at_the_start_and_at_the_end():
    parts = (
        OURS,
        ExtraPart({"provider": "p", "service_tier": "standard"}),
        ExtraPart({"type": "novelty", "x": 1}, scope="event"),
        ExtraPart({"container": {"id": "c"}, "context_management": {}}),
    )
    first, novelty, last, _ = documents(written(*parts, *END))
    assert first["message"]["provider"] == "p"
    assert "service_tier" not in first["message"]
    assert novelty == {"type": "novelty", "x": 1}
    assert last["delta"]["container"] == {"id": "c"}
    assert last["context_management"] == {}


def test_an_error_ends_a_stream_that_has_begun():
    stream = written(OPENAI, BlockStart(0, Text("a")), ErrorPart(OverloadedError("too much")), *END)
    assert events_of(stream)[-1].event == "error"
    assert documents(stream)[-1] == {
        "type": "error",
        "error": {"type": "overloaded_error", "message": "too much"},
        "request_id": None,
    }


def test_nothing_follows_the_end():
    writer = SERVER.writer(accepted())
    assert writer.close()
    assert writer.close() == writer.fail(ServerError("late")) == b""


@pytest.mark.parametrize("raw", ["end_turn", "pause_turn", "novel"])
def test_the_providers_own_reason_to_stop_is_kept(raw):
    last = documents(written(OURS, Finish(FinishReason("other", raw))))[-2]
    assert last["delta"]["stop_reason"] == raw
