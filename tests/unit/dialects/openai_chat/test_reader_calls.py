"""Tool calls in streams, as all sorts of hosts send them."""

from typing import Any

from genmux.contract.http import WireEvent
from genmux.types.chat import FinishReason
from genmux.types.content import Text, ToolCall
from genmux.types.join import join
from genmux.types.parts import (
    BlockEnd,
    BlockStart,
    Finish,
    Start,
    ToolCallDelta,
)
from tests.unit.dialects.openai_chat.speaking import END, chunk, read

START = Start(id="c1", model="m-1", created=7, dialect="openai_chat")
ROLE = chunk({"role": "assistant", "content": "", "refusal": None})
STOP = Finish(FinishReason("stop", "stop"))


def call(index: int | None = 0, **fields: Any) -> WireEvent:
    """A chunk with one piece of a tool call."""
    return chunk({"tool_calls": [fields if index is None else {"index": index, **fields}]})


def test_tool_calls_grow_by_their_index() -> None:
    parts = read(
        ROLE,
        call(0, id="a", type="function", function={"name": "f", "arguments": ""}),
        call(0, function={"arguments": '{"x"'}),
        call(0, function={"arguments": ":1}"}),
        call(1, id="b", type="function", function={"name": "g", "arguments": "{}"}),
        chunk(finish="tool_calls"),
    )
    assert parts[1:-1] == [
        BlockStart(0, ToolCall("a", "f")),
        ToolCallDelta(0, '{"x"'),
        ToolCallDelta(0, ":1}"),
        BlockEnd(0),
        BlockStart(1, ToolCall("b", "g")),
        ToolCallDelta(1, "{}"),
        BlockEnd(1),
    ]
    assert parts[-1] == Finish(FinishReason("tool_calls", "tool_calls"))


def calls_of(*events: WireEvent) -> tuple[ToolCall, ...]:
    return join(read(*events, *END)).tool_calls


def test_whole_calls_in_one_delta_are_told_apart() -> None:
    one = {"id": "a", "function": {"name": "f", "arguments": "{}"}, "index": 0}
    two = {"id": "b", "function": {"name": "g", "arguments": "{}"}, "index": 1}
    assert calls_of(chunk({"tool_calls": [one, two]})) == (ToolCall("a", "f", "{}"), ToolCall("b", "g", "{}"))


def test_calls_that_a_host_all_numbers_zero_are_told_apart_by_id() -> None:
    one = {"id": "a", "function": {"name": "f", "arguments": "{}"}, "index": 0}
    two = {"id": "b", "function": {"name": "g", "arguments": "{}"}, "index": 0}
    assert calls_of(chunk({"tool_calls": [one]}), chunk({"tool_calls": [two]})) == (
        ToolCall("a", "f", "{}"),
        ToolCall("b", "g", "{}"),
    )


def test_calls_without_index_go_by_id_or_go_on_with_the_last_one() -> None:
    assert calls_of(
        call(None, id="a", function={"name": "f", "arguments": "{"}),
        call(None, function={"arguments": "}"}),
        call(None, id="b", function={"name": "g", "arguments": "["}),
        call(None, id="b", function={"arguments": "]"}),
        call(None, function={"name": "h", "arguments": ""}),
    ) == (ToolCall("a", "f", "{}"), ToolCall("b", "g", "[]"), ToolCall("", "h"))


def test_an_id_and_a_name_that_are_repeated_begin_nothing_new() -> None:
    piece = {"id": "a", "function": {"name": "f", "arguments": "x"}}
    assert calls_of(call(0, **piece), call(0, **piece)) == (ToolCall("a", "f", "xx"),)


def test_pieces_of_interleaved_calls_find_their_call() -> None:
    assert calls_of(
        call(0, id="a", function={"name": "f", "arguments": "1"}),
        call(1, id="b", function={"name": "g", "arguments": "2"}),
        call(0, function={"arguments": "3"}),
        call(1, id=None, type=None, function={"name": None, "arguments": "4"}),
    ) == (ToolCall("a", "f", "13"), ToolCall("b", "g", "24"))


def test_a_call_begins_when_its_name_is_known_or_the_stream_ends() -> None:
    assert calls_of(
        call(0, id="a", function={"arguments": "{"}),
        call(0, function={"name": "f", "arguments": "}"}),
        call(1, id="b", function={"arguments": None}),
        chunk({"tool_calls": ["odd"]}),
    ) == (ToolCall("a", "f", "{}"), ToolCall("b", ""))


def test_text_between_calls_is_a_block_of_its_own() -> None:
    content = join(
        read(
            chunk({"content": "a"}),
            call(0, id="a", function={"name": "f", "arguments": ""}),
            chunk({"content": " "}),
            call(1, id="b", function={"name": "g", "arguments": ""}),
            *END,
        )
    ).message.content
    assert content == (Text("a"), ToolCall("a", "f"), Text(" "), ToolCall("b", "g"))


def test_custom_and_legacy_calls_grow_too() -> None:
    assert calls_of(
        call(0, id="a", type="custom", custom={"name": "sql", "input": "sel"}),
        call(0, custom={"input": "ect"}),
    ) == (ToolCall("a", "sql", "select", "custom"),)
    legacy = chunk({"function_call": {"name": "f", "arguments": ""}}), chunk({"function_call": {"arguments": "{}"}})
    assert calls_of(*legacy) == (ToolCall("", "f", "{}", extra={"function_call": None}),)


def test_what_a_call_says_besides_is_kept() -> None:
    assert calls_of(call(0, id="a", function={"name": "f"}, extra_content={"x": 1})) == (
        ToolCall("a", "f", extra={"extra_content": {"x": 1}}),
    )
