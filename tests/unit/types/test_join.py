"""Joining a stream's parts gives the whole result, however it was cut."""

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.types.chat import ChatResult, Choice, FinishReason, Message
from genmux.types.content import Content, Image, Opaque, Reasoning, Refusal, Text, ToolCall
from genmux.types.errors import OverloadedError
from genmux.types.join import Joiner, join
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
from genmux.types.split import split
from genmux.types.usage import Usage
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

WORDS = st.text(max_size=12)
FIELDS = st.none() | st.dictionaries(st.sampled_from("abc"), st.integers(), min_size=1, max_size=2)
BLOCKS: st.SearchStrategy[Content] = st.one_of(
    st.builds(Text, WORDS, extra=FIELDS),
    st.builds(Refusal, WORDS, extra=FIELDS),
    st.builds(Reasoning, WORDS, st.none() | WORDS, st.none() | WORDS, origin=st.just("a/b"), extra=FIELDS),
    st.builds(ToolCall, WORDS, WORDS, WORDS, extra=FIELDS),
    st.builds(Image, url=st.just("https://a.example/b.png")),
    st.builds(Opaque, st.just("d"), st.just("k"), st.just({"x": 1})),
)
RESULTS = st.builds(
    ChatResult,
    message=st.builds(
        Message,
        role=st.just("assistant"),
        content=st.lists(BLOCKS, max_size=4).map(tuple),
        dialect=st.just("d"),
        extra=FIELDS,
    ),
    finish=st.just(FinishReason("stop", "end")),
    usage=st.builds(Usage, meters=st.just({"tokens.input": 3})),
    id=st.just("id"),
    model=st.just("m"),
    dialect=st.just("d"),
    extra=FIELDS,
    choice_extra=FIELDS,
    service_tier=st.none() | st.just("priority"),
)


def block_parts(index: int, block: Content, *, cuts: list[int]) -> list[Part]:
    """The parts of one block: it opens empty, grows by pieces, and gets its state and extra at its end."""
    match block:
        case Text(text=whole) | Refusal(text=whole):
            start = type(block)("")
            pieces = [TextDelta(index, piece) for piece in cut(whole, cuts)]
        case Reasoning(text=whole):
            start = Reasoning(origin=block.origin)
            pieces = [ReasoningDelta(index, piece) for piece in cut(whole, cuts)]
        case ToolCall(arguments=whole):
            start = ToolCall(block.id, block.name)
            pieces = [ToolCallDelta(index, piece) for piece in cut(whole, cuts)]
        case _:
            return [BlockStart(index, block), BlockEnd(index)]
    signature, encrypted = getattr(block, "signature", None), getattr(block, "encrypted", None)
    return [BlockStart(index, start), *pieces, BlockEnd(index, signature, encrypted, block.extra)]


def cut(whole: str, places: list[int]) -> list[str]:
    edges = [0, *sorted(place % (len(whole) + 1) for place in places), len(whole)]
    return [whole[start:end] for start, end in itertools.pairwise(edges)]


@given(result=RESULTS, cuts=st.lists(st.integers(0, 20), max_size=4), data=st.data())
def test_a_result_that_is_cut_into_parts_is_joined_again(
    result: ChatResult, cuts: list[int], data: st.DataObject
) -> None:
    queues = [block_parts(index, block, cuts=cuts) for index, block in enumerate(result.message.content)]
    parts: list[Part] = [Start(id=result.id, model=result.model, dialect=result.dialect)]
    while any(queues):  # blocks may grow side by side
        queue = data.draw(st.sampled_from([queue for queue in queues if queue]))
        parts.append(queue.pop(0))
    tier = {"service_tier": result.service_tier} if result.service_tier else {}
    parts += [ExtraPart(tier), ExtraPart(result.extra or {}), ExtraPart(result.choice_extra or {}, "choice")]
    parts += [ExtraPart(result.message.extra, "message")] if result.message.extra else []
    parts += [UsagePart(result.usage), Finish(result.finish)]

    joined = join(parts)
    assert msgspec.structs.replace(joined, choice_extra=joined.choice_extra or None) == result


CHOICES = st.builds(
    Choice,
    message=st.builds(
        Message, role=st.just("assistant"), content=st.lists(BLOCKS, max_size=3).map(tuple), dialect=st.just("d")
    ),
    finish=st.sampled_from([FinishReason("length"), FinishReason("stop", "end")]),
    extra=FIELDS,
)


@given(
    result=RESULTS,
    others=st.lists(CHOICES, max_size=2),
    warnings=st.lists(st.builds(Warning, st.just("clamped"), WORDS, WORDS), max_size=2),
)
def test_a_result_that_is_split_is_joined_again(
    result: ChatResult, others: list[Choice], warnings: list[Warning]
) -> None:
    whole = msgspec.structs.replace(result, alternatives=tuple(others), warnings=tuple(warnings))

    assert join(split(whole)) == whole


@given(pieces=st.lists(WORDS, max_size=6))
def test_how_a_text_was_cut_makes_no_difference(pieces: list[str]) -> None:
    one = [BlockStart(0, Text("")), *(TextDelta(0, piece) for piece in pieces)]
    other = [BlockStart(0, Text("")), TextDelta(0, "".join(pieces))]

    assert join(one) == join(other)


def test_a_block_may_open_with_its_beginning() -> None:
    parts: list[Part] = [
        BlockStart(0, Text("He")),
        TextDelta(0, "llo"),
        BlockStart(1, ToolCall("c", "f", '{"a"')),
        ToolCallDelta(1, ":1}"),
        BlockStart(2, Reasoning("so", signature="early")),
        BlockEnd(2),
    ]

    result = join(parts)
    assert result.text == "Hello"
    assert result.tool_calls == (ToolCall("c", "f", '{"a":1}'),)
    assert result.message.content[2] == Reasoning("so", signature="early")


def test_adjacent_texts_stay_apart() -> None:
    parts = [BlockStart(0, Text("a")), BlockEnd(0), BlockStart(1, Text("b")), BlockEnd(1)]

    assert join(parts).message.content == (Text("a"), Text("b"))


def test_blocks_come_in_the_order_of_their_indexes() -> None:
    assert join([BlockStart(3, Text("b")), BlockStart(1, Text("a"))]).text == "ab"


def test_extra_of_the_start_and_of_the_end_of_a_block_are_merged() -> None:
    parts = [BlockStart(0, Text("a", extra={"x": 1, "y": 1})), BlockEnd(0, extra={"y": 2})]

    assert join(parts).message.content == (Text("a", extra={"x": 1, "y": 2}),)


def test_a_block_without_extra_ignores_that_of_its_end() -> None:
    opaque = Opaque("d", "k", {})

    assert join([BlockStart(0, opaque), BlockEnd(0, extra={"a": 1})]).message.content == (opaque,)


def test_later_usage_replaces_earlier_usage() -> None:
    parts = [UsagePart(Usage(meters={"tokens.input": 1})), UsagePart(Usage(meters={"tokens.input": 2}))]

    assert join(parts).usage.input == 2


def test_extra_fields_go_where_they_belong() -> None:
    parts = [
        ExtraPart({"a": 1}),
        ExtraPart({"a": 2, "service_tier": "flex"}),
        ExtraPart({"b": 1}, "choice"),
        ExtraPart({"c": 1}, "message"),
    ]

    result = join(parts)
    assert (result.extra, result.service_tier) == ({"a": 2}, "flex")
    assert (result.choice_extra, result.message.extra) == ({"b": 1}, {"c": 1})


def test_several_choices_are_kept_apart() -> None:
    parts = [
        BlockStart(0, Text("")),
        BlockStart(1, Text(""), choice=1),
        TextDelta(1, "second"),
        TextDelta(0, "first"),
        ExtraPart({"b": 1}, "choice", 1),
        Finish(FinishReason("length"), 1),
        Finish(FinishReason("stop")),
    ]

    result = join(parts)
    assert (result.text, result.finish.unified) == ("first", "stop")
    (other,) = result.alternatives
    assert (other.message.text, other.finish.unified, other.extra) == ("second", "length", {"b": 1})


def test_warnings_are_collected() -> None:
    warning = Warning("unsupported", "seed", "left out")

    assert join([WarningPart(warning)]).warnings == (warning,)


def test_a_stream_without_an_end_finishes_with_other() -> None:
    assert join([Start(id="x", created=7, provider="p")]) == ChatResult(
        message=Message(role="assistant"), finish=FinishReason("other"), id="x", created=7, provider="p"
    )


def test_an_error_in_the_stream_is_raised_and_what_came_before_is_at_hand() -> None:
    parts = [BlockStart(0, Text("half")), ErrorPart(OverloadedError("busy"))]
    with pytest.raises(OverloadedError, match="busy"):
        join(parts)

    joiner = Joiner()
    for part in parts:
        joiner.feed(part)
    assert joiner.result().text == "half"
    assert joiner.error is not None
