"""Streams of all sorts of hosts."""

from typing import Any

import pytest

from genmux.contract.http import WireEvent
from genmux.types.chat import FinishReason
from genmux.types.content import Audio, Image, Opaque, Reasoning, Refusal, Text
from genmux.types.errors import ErrorKind, MalformedReplyError, NetworkError, ProviderError, Retry
from genmux.types.join import join
from genmux.types.parts import (
    BlockEnd,
    BlockStart,
    ExtraPart,
    Finish,
    ReasoningDelta,
    Start,
    TextDelta,
    UsagePart,
)
from tests.unit.dialects.openai_chat.speaking import DONE, END, ORIGIN, USAGE, chunk, client, raw_chunk, read, sent

START = Start(id="c1", model="m-1", created=7, dialect="openai_chat")
ROLE = chunk({"role": "assistant", "content": "", "refusal": None})
STOP = Finish(FinishReason("stop", "stop"))


def call(index: int | None = 0, **fields: Any) -> WireEvent:
    """A chunk with one piece of a tool call."""
    return chunk({"tool_calls": [fields if index is None else {"index": index, **fields}]})


def test_a_stream_of_text_is_read() -> None:
    usage = raw_chunk(choices=[], usage=USAGE)
    parts = read(ROLE, chunk({"content": "a"}), chunk({"content": "b"}), chunk(finish="stop"), usage, DONE)
    assert parts[:4] == [START, BlockStart(0, Text("")), TextDelta(0, "a"), TextDelta(0, "b")]
    assert isinstance(parts[4], UsagePart)
    assert parts[5:] == [BlockEnd(0), STOP]


def test_the_end_is_told_as_soon_as_the_stream_says_done() -> None:
    reader = client({}).reader(sent())
    reader.feed(chunk({"content": "a"}))
    assert list(reader.feed(DONE))[-1] == Finish(FinishReason("other"))
    assert list(reader.feed(chunk({"content": "late"}))) == []
    assert list(reader.feed(DONE)) == []
    assert list(reader.close()) == []


@pytest.mark.parametrize("data", [b"", b"  ", b"\n"])
def test_an_empty_event_says_nothing(data: bytes) -> None:
    assert list(client({}).reader(sent()).feed(WireEvent(data))) == []


def test_done_with_a_space_behind_it_is_done() -> None:
    assert join(read(chunk({"content": "a"}), WireEvent(b"[DONE] "))).text == "a"


@pytest.mark.parametrize("events", [(), (ROLE,), (ROLE, chunk({"content": "a"}))])
def test_a_stream_that_ends_too_early_is_a_network_error_and_may_have_been_billed(
    events: tuple[WireEvent, ...],
) -> None:
    with pytest.raises(NetworkError, match="ended before the answer was complete") as caught:
        read(*events)
    assert caught.value.retry is Retry.UNSURE


@pytest.mark.parametrize(
    "last", [chunk(finish="stop"), chunk(finish=""), raw_chunk(choices=[], usage=USAGE), DONE], ids=str
)
def test_a_finish_reason_or_the_final_usage_or_done_ends_a_stream_properly(last: WireEvent) -> None:
    assert join(read(chunk({"content": "a"}), last)).text == "a"


def test_usage_in_every_chunk_does_not_end_a_stream() -> None:
    with pytest.raises(NetworkError):
        read(chunk({"content": "a"}, usage=USAGE))


@pytest.mark.parametrize(
    "events",
    [
        (chunk({"content": "a"}), chunk({"content": "b"}, index=1), chunk(finish="stop")),
        (raw_chunk(choices=[], usage=USAGE),),
        (raw_chunk(choices=[], usage=USAGE), chunk({"content": "a"})),
        (chunk({"content": "a"}), raw_chunk(choices=[], usage=USAGE), chunk({"content": "b"})),
    ],
    ids=["a choice is cut", "nothing but usage", "usage first", "usage in the middle"],
)
def test_a_stream_of_which_a_part_is_missing_was_cut(events: tuple[WireEvent, ...]) -> None:
    with pytest.raises(NetworkError):
        read(*events)


def test_a_stream_whose_usage_is_followed_by_nothing_new_is_whole() -> None:
    usage = raw_chunk(choices=[], usage=USAGE)
    assert join(read(chunk({"content": "a"}), usage, chunk({"role": "assistant", "content": ""}))).text == "a"
    assert join(read(usage, chunk({"content": "a"}), usage)).text == "a"
    assert join(read(usage, chunk({"content": "a"}, finish="stop"))).text == "a"


@pytest.mark.parametrize("data", [b"{", b"[]", b"<html>", b'{"a": "\xff"}'])
def test_a_chunk_that_is_no_json_object_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedReplyError):
        read(WireEvent(data))


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (
            WireEvent(b'{"error": {"message": "bad", "code": "tool_use_failed", "status_code": 400}}', "error"),
            ErrorKind.INVALID_REQUEST,
        ),
        (WireEvent(b'{"message": "overloaded_error", "code": 503}', "error"), ErrorKind.OVERLOADED),
        (raw_chunk(choices=[], error={"message": "slow", "code": 429}), ErrorKind.RATE_LIMIT),
        (
            chunk({"content": ""}, finish="error", error={"code": "server_error", "message": "disconnected"}),
            ErrorKind.SERVER,
        ),
        (WireEvent(b'{"object": "error", "message": "no", "code": 500}'), ErrorKind.SERVER),
    ],
)
def test_an_error_inside_a_stream_is_an_error(event: WireEvent, kind: ErrorKind) -> None:
    with pytest.raises(ProviderError) as caught:
        read(ROLE, chunk({"content": "a"}), event)
    assert caught.value.kind is kind


def test_azures_preamble_does_not_begin_the_answer() -> None:
    preamble = raw_chunk(id="", model="", created=0, choices=[], prompt_filter_results=[{"prompt_index": 0}])
    parts = read(preamble, chunk({"content": "a"}), *END)
    assert parts[:2] == [START, ExtraPart({"prompt_filter_results": [{"prompt_index": 0}]})]


def test_a_stream_of_nothing_but_a_preamble_still_begins() -> None:
    assert read(raw_chunk(id=None, model=None, created=None, choices=[], x=1), DONE) == [
        Start(dialect="openai_chat"),
        ExtraPart({"x": 1}),
    ]


def test_padding_is_no_part_of_the_answer() -> None:
    parts = read(chunk({"content": "a"}, obfuscation="xyz", p="abc"), *END)
    assert not any(isinstance(part, ExtraPart) for part in parts)


def test_what_chunks_say_besides_is_told_once_and_again_when_it_changes() -> None:
    parts = read(
        chunk({"content": "a"}, system_fingerprint="x", usage=None),
        chunk({"content": "b"}, system_fingerprint="x"),
        chunk({"content": "c"}, system_fingerprint="y", service_tier="flex"),
        *END,
    )
    assert [part for part in parts if isinstance(part, ExtraPart)] == [
        ExtraPart({"system_fingerprint": "x"}),
        ExtraPart({"system_fingerprint": "y", "service_tier": "flex"}),
    ]
    assert join(parts).service_tier == "flex"


def test_usage_may_come_early_and_often_and_is_overwritten() -> None:
    first, last = {"prompt_tokens": 3, "completion_tokens": None}, USAGE
    parts = read(
        chunk({"content": "a"}, usage=first), chunk({"content": "b"}, usage=last), chunk(finish="stop", usage=last)
    )
    assert len([part for part in parts if isinstance(part, UsagePart)]) == 2
    assert join(parts).usage.meters == {"tokens.input": 3, "tokens.output": 5}


def test_groqs_old_place_for_usage_is_looked_at() -> None:
    parts = read(chunk({"content": "a"}), chunk(finish="stop", x_groq={"id": "r", "usage": USAGE}), DONE)
    result = join(parts)
    assert result.usage.output == 5
    assert result.extra == {"x_groq": {"id": "r", "usage": USAGE}}


def test_the_price_beside_the_usage_is_found() -> None:
    result = join(read(chunk({"content": "a"}, cost={"usd": 0.5}), chunk(finish="stop", usage=USAGE)))
    assert str(result.usage.reported_cost) == "0.5"


def test_a_repeated_finish_reason_is_one_finish_and_what_follows_is_not_lost() -> None:
    parts = read(chunk({"content": "a"}), chunk(finish="stop"), chunk({"content": "b"}, finish="stop"), DONE)
    assert [part for part in parts if isinstance(part, Finish)] == [STOP]
    assert join(parts).text == "ab"


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_reasoning_in_a_plain_field_comes_before_the_text(name: str) -> None:
    parts = read(
        chunk({name: "h"}), chunk({"role": "assistant", "content": None, name: "m"}), chunk({"content": "x"}), *END
    )
    assert parts[1:] == [
        BlockStart(0, Reasoning(extra={name: None})),
        ReasoningDelta(0, "h"),
        ReasoningDelta(0, "m"),
        BlockEnd(0),
        BlockStart(1, Text("")),
        TextDelta(1, "x"),
        BlockEnd(1),
        STOP,
    ]


def test_the_same_reasoning_in_two_fields_is_read_once() -> None:
    both = {"reasoning": "hm", "reasoning_content": "hm"}
    assert join(read(chunk(both), *END)).message.content == (
        Reasoning("hm", extra={"reasoning_content": None, "reasoning": None}),
    )


def test_reasoning_and_text_in_one_delta_are_both_read() -> None:
    result = join(read(chunk({"reasoning": "hm", "content": "x"}), *END))
    assert (result.reasoning, result.text) == ("hm", "x")


def details(*items: Any, **fields: Any) -> WireEvent:
    return chunk({"reasoning_details": list(items), **fields})


def test_items_of_reasoning_grow_and_get_their_signature_at_the_end() -> None:
    head = {"type": "reasoning.text", "index": 0, "format": "f"}
    parts = read(
        details({**head, "text": "h"}, reasoning="h"),
        details({**head, "text": "m"}, reasoning="m"),
        details({**head, "signature": "sig"}),
        details({"type": "reasoning.encrypted", "index": 1, "format": "f", "data": "blob", "id": "rs"}),
        chunk({"content": "x"}),
        *END,
    )
    mark = {"reasoning_details": head, "reasoning": None}
    assert parts[1:4] == [
        BlockStart(0, Reasoning(origin=ORIGIN, extra=mark)),
        ReasoningDelta(0, "h"),
        ReasoningDelta(0, "m"),
    ]
    first, second, _ = join(parts).message.content
    assert first == Reasoning("hm", "sig", None, ORIGIN, mark)
    sealed = {"type": "reasoning.encrypted", "index": 1, "format": "f", "id": "rs"}
    assert second == Reasoning("", None, "blob", ORIGIN, {"reasoning_details": sealed})


def test_a_plain_field_that_says_something_else_than_the_items_is_kept_apart() -> None:
    item = {"type": "reasoning.text", "index": 0, "format": "unknown", "text": "a"}
    blocks = join(read(details(item, reasoning="b"), *END)).message.content
    assert [block.text for block in blocks if isinstance(block, Reasoning)] == ["a", "b"]


def test_items_that_say_nothing_open_no_block_and_odd_ones_are_carried() -> None:
    assert join(read(details({"type": "reasoning.text", "text": ""}), *END)).message.content == ()
    assert join(read(details("odd"), *END)).message.extra == {"reasoning_details": ["odd"]}


def test_typed_thinking_is_read_in_pieces() -> None:
    def thinking(*texts: str, **fields: Any) -> WireEvent:
        return chunk(
            {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": one} for one in texts], **fields}]}
        )

    parts = read(
        thinking("h"), thinking("m"), thinking(closed=True), chunk({"content": [{"type": "text", "text": "x"}]}), *END
    )
    assert join(parts).message.content == (Reasoning("hm", extra={"thinking": {"closed": True}}), Text("x"))
    assert ReasoningDelta(0, "m") in parts


def test_other_typed_content_is_read_whole() -> None:
    reference = {"type": "reference", "ids": [1]}
    content = [
        {"type": "text", "text": "a"},
        reference,
        {"type": "text", "text": "b", "x": 1},
        {"type": "text", "text": ""},
    ]
    assert join(read(chunk({"content": content}), *END)).message.content == (
        Text("a"),
        Opaque("openai_chat", "reference", reference),
        Text("b", extra={"x": 1}),
    )
    assert join(read(chunk({"content": {"a": 1}}), *END)).text == '{"a":1}'


def test_a_refusal_is_a_block_of_its_own() -> None:
    parts = read(chunk({"refusal": "I "}), chunk({"refusal": "can't"}), *END)
    assert join(parts).message.content == (Refusal("I can't"),)


def test_sound_is_collected_and_pictures_come_whole() -> None:
    picture = {"type": "image_url", "image_url": {"url": "u"}}
    result = join(
        read(
            chunk({"audio": {"id": "a", "transcript": "be"}}),
            chunk({"audio": {"transcript": "ep", "data": "QQ"}}),
            chunk({"audio": {"data": "==", "expires_at": 9}}),
            chunk({"images": [picture]}),
            *END,
        )
    )
    assert result.message.content == (
        Image(url="u", extra={"images": None}),
        Audio(base64="QQ==", file_id="a", transcript="beep", extra={"audio": {"expires_at": 9}}),
    )


def test_several_choices_are_never_mixed() -> None:
    parts = read(
        chunk({"content": "a"}),
        chunk({"content": "x"}, index=1),
        chunk({"content": "b"}),
        raw_chunk(
            choices=[
                {"index": 1, "delta": {"content": "y"}, "finish_reason": "length"},
                {"index": 0, "delta": {}, "finish_reason": "stop"},
            ]
        ),
        DONE,
    )
    result = join(parts)
    assert result.text == "ab"
    (other,) = result.alternatives
    assert (other.message.text, other.finish) == ("xy", FinishReason("length", "length"))


def test_log_probabilities_and_lists_are_collected_to_the_end() -> None:
    def with_logprobs(text: str, **fields: Any) -> WireEvent:
        choice = {
            "index": 0,
            "delta": {"content": text, **fields},
            "logprobs": {"content": [{"token": text}], "refusal": None},
        }
        return raw_chunk(choices=[choice])

    result = join(read(with_logprobs("a", annotations=[{"n": 1}]), with_logprobs("b", annotations=[{"n": 2}]), *END))
    assert result.choice_extra == {"logprobs": {"content": [{"token": "a"}, {"token": "b"}]}}
    assert result.message.extra == {"annotations": [{"n": 1}, {"n": 2}]}


def test_items_with_an_index_are_brought_up_to_date() -> None:
    tools = chunk({"executed_tools": [{"index": 0, "a": 1}]}), chunk({"executed_tools": [{"index": 0, "b": 2}, 5]})
    assert join(read(*tools, *END)).message.extra == {"executed_tools": [{"index": 0, "a": 1, "b": 2}, 5]}


def test_fields_of_choices_and_deltas_are_carried() -> None:
    event = raw_chunk(choices=[{"index": 0, "delta": {"content": "a", "channel": "final", "role": "model"}, "seed": 5}])
    result = join(read(event, *END))
    assert result.choice_extra == {"seed": 5}
    assert result.message.extra == {"channel": "final", "role": "model"}


@pytest.mark.parametrize(
    "choices",
    [
        [{"index": 0, "finish_reason": "stop", "message": {"content": "a"}}],
        [{"finish_reason": "stop", "delta": {"content": "a"}, "message": {"content": "so far a"}}],
        [{"index": None, "finish_reason": "stop", "delta": {"content": "a"}}],
    ],
)
def test_a_delta_may_be_called_message_and_an_index_may_be_missing(choices: list[Any]) -> None:
    assert join(read(raw_chunk(choices=choices))).text == "a"


@pytest.mark.parametrize("choices", [None, "x", [None], [{"index": 0}], [{"index": 0, "delta": "x"}]])
def test_choices_of_odd_forms_break_nothing(choices: Any) -> None:
    assert join(read(raw_chunk(choices=choices), *END)).message.content == ()
