"""Same dialect in and out: the caller's bytes go on, and what comes back is looked at."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from genmux.contract.http import HttpReply, WireEvent
from genmux.dialects.openai_chat.passage import splice
from genmux.types.chat import FinishReason
from genmux.types.errors import InvalidRequestError, MalformedReplyError, ProviderError
from tests.unit.dialects.openai_chat.speaking import (
    DONE,
    SERVER,
    USAGE,
    accepted,
    chunk,
    model,
    raw_chunk,
    replied,
    reply,
    sent,
)


def spliced(body: bytes) -> bytes:
    return splice(body, SERVER.accept(body), model("their-name"))


def test_only_the_models_name_is_replaced() -> None:
    body = (
        b'{ "model" : "ours/x", "messages":[ {"role":"user","content":"\\u00fc \\"model\\":\\"y\\" "} ],\n'
        b' "temperature":1.0e0, "tools":[{"type":"x","model":"keep"}] }'
    )
    assert spliced(body) == (
        b'{"model":"their-name","messages":[ {"role":"user","content":"\\u00fc \\"model\\":\\"y\\" "} ],'
        b'"temperature":1.0e0,"tools":[{"type":"x","model":"keep"}]}'
    )


def test_a_missing_model_is_added() -> None:
    body = msgspec.json.encode({"messages": [{"role": "user", "content": "x"}]})
    assert msgspec.json.decode(spliced(body))["model"] == "their-name"


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ({}, {"include_usage": True}),
        ({"stream_options": None}, {"include_usage": True}),
        ({"stream_options": {"include_usage": True}}, {"include_usage": True}),
        (
            {"stream_options": {"include_usage": False, "include_obfuscation": False}},
            {"include_usage": True, "include_obfuscation": False},
        ),
    ],
)
def test_a_stream_is_asked_for_its_usage(options: dict[str, Any], asked: dict[str, Any]) -> None:
    body = msgspec.json.encode(
        {"model": "m", "messages": [{"role": "user", "content": "x"}], "stream": True, **options}
    )
    assert msgspec.json.decode(spliced(body))["stream_options"] == asked


def test_of_a_field_that_is_given_twice_only_the_one_that_was_understood_is_sent() -> None:
    body = b'{"n": 9, "model": "m", "messages": [{"role": "user", "content": "x"}], "n": 1}'
    assert SERVER.accept(body).request.n == 1
    assert spliced(body).count(b'"n"') == 1
    assert msgspec.json.decode(spliced(body))["n"] == 1


def test_what_is_no_json_object_cannot_be_spliced() -> None:
    with pytest.raises(InvalidRequestError):
        splice(b"[]", accepted(), model())


def test_usage_and_finish_reason_of_a_whole_reply_are_read() -> None:
    usage, finish = SERVER.usage_of(replied(reply(usage={**USAGE, "cost": 0.5})))
    assert (usage.input, usage.output, usage.reported_cost) == (3, 5, Decimal("0.5"))
    assert finish == FinishReason("stop", "stop")
    nothing, unfinished = SERVER.usage_of(replied({"choices": [{}]}))
    assert (nothing.meters, unfinished) == ({}, None)


def test_a_whole_reply_that_is_an_error_is_one() -> None:
    with pytest.raises(ProviderError):
        SERVER.usage_of(replied({"error": {"message": "no"}}))
    with pytest.raises(MalformedReplyError):
        SERVER.usage_of(HttpReply(status=200, headers={}, body=b"<html>"))


def watched(*events: WireEvent, usage: bool = False) -> tuple[Any, list[bool]]:
    asked = accepted(stream=True, stream_options={"include_usage": usage})
    watcher = SERVER.watcher(asked, sent())
    return watcher, [watcher.see(event) for event in events]


def test_a_passing_stream_is_looked_at_and_the_unasked_usage_withheld() -> None:
    last = raw_chunk(choices=[], usage=USAGE)
    events = (
        chunk({"role": "assistant", "content": "abc"}),
        chunk({"reasoning": "de"}),
        chunk(finish="length"),
        last,
        DONE,
    )
    watcher, passed = watched(*events)
    assert passed == [True, True, True, False, True]
    assert watcher.usage.output == 5
    assert (watcher.finish, watcher.text_length) == (FinishReason("length", "length"), 5)
    assert watched(*events, usage=True)[1] == [True] * 5


def test_usage_beside_a_choice_passes() -> None:
    watcher, passed = watched(chunk(finish="stop", usage=USAGE), chunk(x_groq={"usage": {**USAGE, "prompt_tokens": 4}}))
    assert passed == [True, True]
    assert watcher.usage.input == 4


def test_arguments_of_tools_count_as_text() -> None:
    calls = [{"index": 0, "function": {"arguments": "{}"}}, {"index": 1}, "odd"]
    assert watched(chunk({"tool_calls": calls}))[0].text_length == 2


@pytest.mark.parametrize(
    ("delta", "length"),
    [
        ({"content": "four", "reasoning": "four", "role": "assistant"}, 8),
        ({"reasoning": "four", "reasoning_content": "four"}, 4),
        ({"reasoning": "four", "reasoning_details": [{"type": "reasoning.text", "text": "four"}]}, 4),
        ({"reasoning_details": [{"text": "four"}, {"summary": "four"}, {"data": "not counted"}, "four"]}, 12),
        ({"content": [{"type": "text", "text": "four"}]}, 4),
        ({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "four"}]}]}, 4),
        ({"refusal": "four"}, 4),
        ({"tool_calls": [{"index": 0, "custom": {"input": "four"}}]}, 4),
        ({"function_call": {"name": "f", "arguments": "four"}}, 4),
    ],
)
def test_text_reasoning_and_arguments_in_all_their_forms_are_measured(delta: dict[str, Any], length: int) -> None:
    assert watched(chunk(delta))[0].text_length == length
    assert watched(raw_chunk(choices=[{"index": 0, "message": delta}]))[0].text_length == length


@pytest.mark.parametrize(
    ("events", "complete"),
    [
        ((), False),
        ((chunk({"content": "a"}),), False),
        ((chunk({"content": "a"}), chunk(finish="stop")), True),
        ((chunk({"content": "a"}), DONE), True),
        ((chunk({"content": "a"}), chunk({"content": "b"}, index=1), chunk(finish="stop")), False),
        ((chunk(finish="stop"), chunk(finish="stop", index=1), raw_chunk(choices=[], usage=USAGE)), True),
        ((chunk({"content": "a"}), raw_chunk(choices=[], usage=USAGE)), True),
        ((raw_chunk(choices=[], usage=USAGE),), False),
        ((raw_chunk(choices=[], usage=USAGE), chunk({"content": "a"})), False),
        ((chunk({"content": "a"}), raw_chunk(choices=[], usage=USAGE), chunk({"content": "b"})), False),
        ((chunk({"content": "a"}), WireEvent(b'{"error": {"message": "no"}}')), False),
    ],
)
def test_a_passing_stream_is_complete_when_it_has_said_so(events: tuple[WireEvent, ...], *, complete: bool) -> None:
    assert watched(*events)[0].complete is complete


def test_the_first_choice_tells_why_it_ended() -> None:
    watcher, _ = watched(chunk(finish="length", index=1), chunk(finish="stop"), chunk(finish="length", index=1))
    assert watcher.finish == FinishReason("stop", "stop")


@pytest.mark.parametrize(
    "event",
    [
        WireEvent(b"{"),
        WireEvent(b"[]"),
        WireEvent(b""),
        raw_chunk(choices="x"),
        raw_chunk(choices=["x", {"delta": 5}], usage="x"),
        raw_chunk(x_groq=5),
    ],
)
def test_what_cannot_be_read_passes_as_it_is(event: WireEvent) -> None:
    watcher, passed = watched(event)
    assert (passed, watcher.usage, watcher.finish, watcher.text_length) == ([True], None, None, 0)


def test_an_error_that_passes_is_seen() -> None:
    watcher, passed = watched(chunk({"content": "a"}), WireEvent(b'{"error": {"message": "no"}}'))
    assert (passed, watcher.finish) == ([True, True], FinishReason("error"))
