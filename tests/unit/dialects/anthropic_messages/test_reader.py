"""Streams become parts."""

import pytest

from genmux.contract.http import WireEvent
from genmux.types.chat import FinishReason
from genmux.types.content import Opaque, Reasoning, Text, ToolCall
from genmux.types.errors import ErrorKind, MalformedReplyError, NetworkError, OverloadedError, ProviderError, Retry
from genmux.types.join import join
from genmux.types.parts import (
    BlockEnd,
    BlockStart,
    ExtraPart,
    Finish,
    ReasoningDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    UsagePart,
)
from tests.unit.dialects.anthropic_messages.speaking import (
    WIRE,
    closes,
    decoded,
    delta,
    ending,
    event,
    message,
    opens,
    pairs,
    read,
    sent,
    start,
)


def test_text_comes_piece_by_piece():
    parts = read(start(), opens(0, type="text", text=""), delta(0, "text_delta", text="He"), closes(0), *ending())
    assert [type(part) for part in parts] == [Start, UsagePart, BlockStart, TextDelta, BlockEnd, UsagePart, Finish]
    assert parts[0] == Start(id="msg_1", model="c", dialect="anthropic_messages")
    assert parts[3] == TextDelta(0, "He")
    assert parts[-1] == Finish(FinishReason("stop", "end_turn"))


def test_thinking_gets_its_signature_at_its_end():
    parts = read(
        start(),
        opens(0, type="thinking", thinking="", signature=""),
        delta(0, "thinking_delta", thinking="hm"),
        delta(0, "signature_delta", signature="s"),
        closes(0),
        opens(1, type="redacted_thinking", data="dark"),
        closes(1),
        *ending(),
    )
    assert ReasoningDelta(0, "hm") in parts
    assert BlockEnd(0, "s") in parts
    assert join(parts).message.content == (
        Reasoning("hm", "s", origin="anthropic/claude"),
        Reasoning(encrypted="dark", origin="anthropic/claude"),
    )


def test_arguments_come_piece_by_piece_without_the_empty_opening_delta():
    parts = read(
        start(),
        opens(0, type="tool_use", id="a", name="f", input={}),
        delta(0, "input_json_delta", partial_json=""),
        delta(0, "input_json_delta", partial_json='{"x": '),
        delta(0, "input_json_delta", partial_json="1}"),
        closes(0),
        *ending("tool_use"),
    )
    assert [part for part in parts if isinstance(part, ToolCallDelta)] == [
        ToolCallDelta(0, '{"x": '),
        ToolCallDelta(0, "1}"),
    ]
    assert join(parts).tool_calls == (ToolCall("a", "f", '{"x": 1}'),)


@pytest.mark.parametrize("pieces", [[], [""]])
def test_a_call_without_arguments_has_an_empty_object(pieces):
    deltas = [delta(0, "input_json_delta", partial_json=piece) for piece in pieces]
    parts = read(start(), opens(0, type="tool_use", id="a", name="f", input={}), *deltas, closes(0), *ending())
    assert join(parts).tool_calls == (ToolCall("a", "f", "{}"),)


def test_arguments_that_come_with_the_opening_are_kept():
    parts = read(start(), opens(0, type="tool_use", id="a", name="f", input={"x": 1}), closes(0), *ending())
    assert join(parts).tool_calls[0].arguments == '{"x":1}'


def test_arguments_that_are_cut_off_are_kept_as_text():
    parts = read(
        start(),
        opens(0, type="tool_use", id="a", name="f", input={}),
        delta(0, "input_json_delta", partial_json='{"city": "Par'),
        closes(0),
        *ending("max_tokens"),
    )
    assert join(parts).tool_calls[0].arguments == '{"city": "Par'


def test_a_tool_that_the_provider_runs_is_given_when_it_is_whole():
    parts = read(
        start(),
        opens(0, type="server_tool_use", id="s", name="web_search", input={}),
        delta(0, "input_json_delta", partial_json='{"query":'),
        delta(0, "input_json_delta", partial_json='"x"}'),
        closes(0),
        *ending(),
    )
    block = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "x"}}
    assert parts[2] == BlockStart(0, Opaque("anthropic_messages", "server_tool_use", block, "anthropic/claude"))
    assert not any(isinstance(part, ToolCallDelta) for part in parts)


def test_a_block_of_an_unknown_kind_grows_like_the_known_ones():
    parts = read(
        start(),
        opens(0, type="novel", input={}),
        delta(0, "text_delta", text="a"),
        delta(0, "text_delta", text="b"),
        delta(0, "thinking_delta", thinking="c"),
        delta(0, "signature_delta", signature="s"),
        delta(0, "citations_delta", citation={"n": 1}),
        delta(0, "novel_delta", content="d"),
        delta(0, "input_json_delta", partial_json="{cut"),
        closes(0),
        *ending(),
    )
    (block,) = join(parts).message.content
    assert isinstance(block, Opaque)
    assert block.data == {
        "type": "novel",
        "input": {"unparsed_arguments": "{cut"},
        "text": "ab",
        "thinking": "c",
        "signature": "s",
        "citations": [{"n": 1}],
        "content": "d",
    }


def test_citations_are_collected_for_the_end_of_their_text():
    parts = read(
        start(),
        opens(0, type="text", text="", citations=[]),
        delta(0, "citations_delta", citation={"n": 1}),
        delta(0, "text_delta", text="so"),
        delta(0, "citations_delta", citation={"n": 2}),
        closes(0),
        *ending(),
    )
    assert join(parts).message.content == (Text("so", extra={"citations": [{"n": 1}, {"n": 2}]}),)


def test_revised_usage_replaces_what_was_said_before_and_a_null_replaces_nothing():
    first = {"input_tokens": 10, "cache_read_input_tokens": 0, "output_tokens": 1, "service_tier": "priority"}
    parts = read(start(usage=first), *ending(input_tokens=25, cache_read_input_tokens=None, server_tool_use=None))
    result = join(parts)
    assert (result.usage.input, result.usage.output, result.usage.cached) == (25, 7, 0)
    assert result.usage.raw == {**first, "input_tokens": 25, "output_tokens": 7, "server_tool_use": None}
    assert result.service_tier == "priority"


def test_a_joined_stream_is_the_whole_reply():
    parts = read(
        start(usage={"input_tokens": 3, "output_tokens": 1}),
        opens(0, type="text", text=""),
        delta(0, "text_delta", text="Hello"),
        closes(0),
        opens(1, type="tool_use", id="a", name="f", input={}, caller={"type": "direct"}),
        delta(1, "input_json_delta", partial_json='{"x":1}'),
        closes(1),
        event(
            "message_delta",
            delta={"stop_reason": "tool_use", "stop_sequence": None, "container": {"id": "c"}},
            usage={"output_tokens": 5},
            context_management={"applied_edits": []},
        ),
        event("message_stop"),
    )
    whole = message(
        {"type": "text", "text": "Hello"},
        {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}, "caller": {"type": "direct"}},
        stop_reason="tool_use",
        container={"id": "c"},
        context_management={"applied_edits": []},
    )
    assert join(parts) == decoded(whole)


def test_pings_and_done_and_what_follows_the_end_are_nothing():
    done = WireEvent(b"[DONE]", "data")
    late = (start(), opens(0, type="text", text=""), delta(0, "text_delta", text="late"), done)
    assert read(event("ping"), start(), event("ping"), *ending(), *late) == read(start(), *ending())


def test_events_without_a_name_are_told_by_their_type():
    events = (start(), opens(0, type="text", text=""), delta(0, "text_delta", text="He"), closes(0), *ending())
    assert read(*(WireEvent(one.data) for one in events)) == read(*events)


def test_an_event_of_an_unknown_type_is_carried():
    parts = read(start(), event("novelty", x=1), *ending())
    assert ExtraPart({"type": "novelty", "x": 1}, scope="event") in parts


def test_unknown_fields_are_carried_or_reported_once():
    padded = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a", "p": "z"}, "q": 1}
    parts = read(
        event("message_start", message={**message(), "provider": "Someone"}, novelty=1),
        opens(0, type="text", text="", novel=2),
        event(**{"kind": "content_block_delta", **{key: value for key, value in padded.items() if key != "type"}}),
        event(**{"kind": "content_block_delta", **{key: value for key, value in padded.items() if key != "type"}}),
        closes(0),
        *ending(),
    )
    result = join(parts)
    assert result.extra == {"novelty": 1, "provider": "Someone"}
    assert result.message.content == (Text("aa", extra={"novel": 2}),)
    assert pairs(result.warnings) == [
        ("unsupported", "content_block_delta.q"),
        ("unsupported", "content_block_delta.p"),
    ]


@pytest.mark.parametrize(
    "odd",
    [
        event("content_block_start", index=0),
        event("content_block_start", content_block={"type": "text", "text": ""}),
        event("content_block_delta", index=1),
        event("content_block_delta", delta={"type": "text_delta", "text": "x"}),
        event("content_block_delta", index=0, delta={"type": "novel_delta"}),
        event("content_block_delta", index=0, delta={"type": 7}),
        event("content_block_delta", index=0, delta={"type": "text_delta", "text": 7}),
        event("content_block_delta", index=0, delta={"type": "signature_delta", "signature": "s"}),
        event("ping", x=1),
    ],
)
def test_an_odd_event_is_reported_and_breaks_nothing(odd):
    result = join(read(start(content=[1]), opens(0, type="text", text="a"), odd, closes(0), *ending()))
    assert result.text == "a"
    assert "unsupported" in dict(pairs(result.warnings))


@pytest.mark.parametrize(
    ("block", "piece"),
    [
        ({"type": "thinking", "thinking": ""}, delta(0, "text_delta", text="x")),
        ({"type": "tool_use", "id": "a", "name": "f", "input": {}}, delta(0, "text_delta", text="x")),
        ({"type": "image", "source": {"type": "url", "url": "u"}}, delta(0, "text_delta", text="x")),
        ({"type": "image", "source": {"type": "url", "url": "u"}}, delta(0, "novel_delta", x=1)),
    ],
)
def test_a_piece_that_does_not_fit_its_block_is_reported(block, piece):
    result = join(read(start(), opens(0, **block), piece, closes(0), *ending()))
    assert len(result.message.content) == len(result.warnings) == 1


@pytest.mark.parametrize(
    "odd", [event("message_start"), event("content_block_stop"), event("message_start", message=7)]
)
def test_an_event_that_says_nothing_is_nothing(odd):
    assert read(start(), odd, *ending()) == read(start(), *ending())


@pytest.mark.parametrize(
    ("piece", "block"),
    [
        (delta(4, "text_delta", text="a"), Text("a")),
        (delta(4, "thinking_delta", thinking="a"), Reasoning("a", origin="anthropic/claude")),
        (delta(4, "input_json_delta", partial_json="{}"), ToolCall("", "", "{}")),
    ],
)
def test_a_block_whose_beginning_was_lost_is_opened(piece, block):
    assert join(read(start(), piece, *ending())).message.content == (block,)


def test_blocks_that_nobody_closed_end_with_the_message():
    parts = read(start(), opens(0, type="text", text=""), delta(0, "text_delta", text="a"), *ending())
    assert parts[-1] == BlockEnd(0)


def test_a_message_delta_without_a_reason_does_not_finish():
    interim = event("message_delta", delta={}, usage={"output_tokens": 2})
    parts = read(start(), interim, *ending())
    assert sum(isinstance(part, Finish) for part in parts) == 1


def test_a_whole_message_in_place_of_a_stream_is_read():
    whole = message({"type": "text", "text": "Hello"}, {"type": "tool_use", "id": "a", "name": "f", "input": {}})
    assert join(read(event(**{"kind": "message", **{key: whole[key] for key in whole if key != "type"}}))) == decoded(
        whole
    )


def test_a_stream_without_its_end_is_cut():
    reader = WIRE.reader(sent())
    list(reader.feed(start()))
    with pytest.raises(NetworkError, match="message_stop") as caught:
        reader.close()
    assert caught.value.retry is Retry.UNSURE


def test_an_error_before_anything_else_may_be_repeated():
    error = event("error", error={"type": "overloaded_error", "message": "Overloaded"}, request_id="req_1")
    with pytest.raises(OverloadedError, match="Overloaded") as caught:
        read(error)
    assert (caught.value.retry, caught.value.request_id) == (Retry.SAFE, "req_1")


def test_an_error_after_the_answer_has_begun_may_have_been_billed():
    with pytest.raises(OverloadedError) as caught:
        read(start(), event("error", error={"type": "overloaded_error", "message": "Overloaded"}))
    assert caught.value.retry is Retry.UNSURE


def test_an_error_without_a_type_is_an_error():
    with pytest.raises(ProviderError) as caught:
        read(WireEvent(b'{"error": {"message": "boom", "type": "api_error"}}'))
    assert caught.value.kind is ErrorKind.SERVER


@pytest.mark.parametrize("data", [b"<html>", b"[1]", b'{"type": "\xff"}', b"{" * 10_000])
def test_an_event_that_is_no_object_is_malformed(data):
    with pytest.raises(MalformedReplyError):
        read(WireEvent(data, "message_start"))
