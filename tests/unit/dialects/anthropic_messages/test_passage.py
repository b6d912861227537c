"""Bytes that pass through, with only the model's name replaced."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.contract.http import HttpReply, WireEvent
from genmux.dialects.anthropic_messages import dialect
from genmux.dialects.anthropic_messages.envelope import seal
from genmux.dialects.anthropic_messages.passage import splice
from genmux.types.chat import FinishReason
from genmux.types.content import Reasoning
from genmux.types.errors import MalformedReplyError, OverloadedError
from genmux.types.usage import Usage
from tests.unit.dialects.anthropic_messages.speaking import (
    HI,
    SERVER,
    WIRE,
    accepted,
    closes,
    delta,
    ending,
    event,
    message,
    model,
    opens,
    sent,
    start,
)

TO = model("new-name")


def spliced(body: bytes) -> bytes:
    return splice(body, SERVER.accept(body), TO)


def test_only_the_name_of_the_model_is_replaced():
    body = (
        b'{ "model" : "old" ,"temperature":1.0e0, "messages": [ {"role":"user","content":"my \\"model\\" is \\u00e9"}]}'
    )
    assert spliced(body) == (
        b'{"model":"new-name","temperature":1.0e0,"messages":[ {"role":"user","content":"my \\"model\\" is \\u00e9"}]}'
    )


def test_models_inside_tools_and_schemas_are_left_alone():
    body = (
        b'{"tools":[{"type":"advisor","name":"a","model":"old"}],"metadata":{"model":"x"},'
        b'"messages":[{"role":"user","content":[{"type":"text","text":"model","model":"y"}]}],"mod\\u0065l":"old","stop_sequences":["model"]}'
    )
    assert spliced(body) == body.replace(b'"mod\\u0065l":"old"', b'"model":"new-name"')


def test_a_model_that_is_named_twice_cannot_slip_through():
    body = b'{"model":"cheap","messages":[],"mod\\u0065l":"dear"}'
    assert spliced(body) == b'{"model":"new-name","messages":[]}'


def test_of_a_field_that_is_given_twice_only_the_one_that_was_understood_is_sent():
    body = b'{"max_tokens":9000,"model":"m","messages":[],"max_tok\\u0065ns":1}'
    assert SERVER.accept(body).request.max_tokens == 1
    assert spliced(body) == b'{"max_tokens":1,"model":"new-name","messages":[]}'


WORDS = st.text(alphabet='model"\\\\{}[]:,é', max_size=8) | st.just("model")
ANYTHING = st.recursive(
    WORDS | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(WORDS, ANYTHING, max_size=3))
def test_whatever_else_is_in_the_body_stays_as_it_is(extra):
    document = {"a": extra, "model": "old", "messages": [HI], "b": extra}
    after = msgspec.json.decode(spliced(msgspec.json.encode(document)))
    assert after == {**document, "model": "new-name"}


def test_a_plain_request_may_pass():
    assert WIRE.pass_on(b'{"model":"old"}', accepted(temperature=1), TO).body == b'{"model":"new-name"}'


@pytest.mark.parametrize(
    ("fields", "options"),
    [
        ({}, {"style": "vertex"}),
        ({"max_tokens": None}, {}),
        ({"top_k": 3}, {"version": "2026-10-21"}),
        (
            {
                "messages": [
                    {
                        "role": "assistant",
                        "content": [
                            {"type": "thinking", "thinking": "", "signature": seal(Reasoning(signature="s"), "o")}
                        ],
                    }
                ]
            },
            {},
        ),
    ],
)
def test_a_request_that_the_service_would_refuse_may_not_pass(fields, options):
    assert dialect.client(options).pass_on(b'{"model":"old"}', accepted(**fields), TO) is None


def test_usage_and_end_of_a_passing_stream_are_seen():
    watcher = SERVER.watcher(accepted(), sent())
    assert (watcher.usage, watcher.finish, watcher.text_length) == (None, None, 0)
    events = (
        start(usage={"input_tokens": 3, "cache_read_input_tokens": 4, "output_tokens": 1}),
        event("ping"),
        opens(0, type="text", text=""),
        delta(0, "text_delta", text="four"),
        delta(0, "thinking_delta", thinking="four"),
        delta(0, "input_json_delta", partial_json="four"),
        delta(0, "signature_delta", signature="not counted"),
        delta(0, "novel_delta", text="not known"),
        WireEvent(delta(0, "text_delta", text="four").data),
        WireEvent(b"[DONE]", "data"),
        closes(0),
        *ending("max_tokens"),
    )
    assert all(watcher.see(one) for one in events)
    assert watcher.usage is not None
    assert (watcher.usage.input, watcher.usage.output) == (7, 7)
    assert watcher.finish == FinishReason("length", "max_tokens")
    assert watcher.text_length == 16


def test_a_whole_message_that_passes_as_a_stream_is_seen():
    watcher = SERVER.watcher(accepted(), sent())
    assert watcher.see(WireEvent(msgspec.json.encode(message()), "message"))
    assert watcher.usage is not None
    assert watcher.finish == FinishReason("stop", "end_turn")


@pytest.mark.parametrize(
    ("event_", "length"),
    [
        (opens(0, type="text", text="four"), 4),
        (opens(0, type="thinking", thinking="four", signature=""), 4),
        (opens(0, type="tool_use", id="a", name="f", input={"x": 1}), 7),
        (opens(0, type="tool_use", id="a", name="f", input={}), 0),
        (delta(0, "thinking_delta", thinking="four", novel=1), 4),
        (WireEvent(delta(0, "thinking_delta", thinking="four", novel=1).data), 4),
        (event("message", content=[{"type": "text", "text": "four"}, {"type": "thinking", "thinking": "four"}]), 8),
        (event("message", content="four"), 4),
        (event("content_block_delta", index=0, delta={"type": ["odd"]}), 0),
    ],
)
def test_text_reasoning_and_arguments_in_all_their_forms_are_measured(event_, length):
    watcher = SERVER.watcher(accepted(), sent())
    assert watcher.see(event_)
    assert watcher.text_length == length


def test_a_passing_stream_is_complete_when_it_has_said_so():
    watcher = SERVER.watcher(accepted(), sent())
    last, stop = ending()
    told = []
    for one in (start(), opens(0, type="text", text=""), closes(0), last, WireEvent(b"[DONE]"), stop):
        watcher.see(one)
        told.append(watcher.complete)
    assert told == [False, False, False, False, False, True]


def test_the_name_of_an_event_will_do_for_the_end():
    watcher = SERVER.watcher(accepted(), sent())
    assert watcher.see(WireEvent(b"{}", "message_stop"))
    assert watcher.complete


def test_usage_and_end_of_a_passing_reply_are_seen():
    reply = HttpReply(status=200, headers={}, body=msgspec.json.encode(message()))
    usage, finish = SERVER.usage_of(reply)
    assert (usage.input, usage.output, finish) == (3, 5, FinishReason("stop", "end_turn"))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}"])
def test_a_reply_that_is_no_message_is_malformed(body):
    with pytest.raises(MalformedReplyError):
        SERVER.usage_of(HttpReply(status=200, headers={}, body=body))


def test_a_reply_that_is_an_error_whatever_its_status_is_one():
    body = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
    with pytest.raises(OverloadedError, match="Overloaded"):
        SERVER.usage_of(HttpReply(status=200, headers={}, body=body))


def test_a_message_that_says_nothing_has_no_usage():
    assert SERVER.usage_of(HttpReply(status=200, headers={}, body=b'{"type":"message"}')) == (Usage(), None)


@pytest.mark.parametrize("told", [{"cost": -0.5}, {"input_tokens": -1}, {"output_tokens": 1.5}])
def test_what_is_below_nought_or_no_whole_number_is_unknown(told):
    reply = HttpReply(status=200, headers={}, body=msgspec.json.encode(message(usage=told)))
    usage, _ = SERVER.usage_of(reply)
    assert (usage.meters, usage.reported_cost, usage.raw) == ({}, None, told)


def test_a_whole_number_with_a_point_is_a_count():
    reply = HttpReply(status=200, headers={}, body=b'{"type":"message","usage":{"input_tokens":5.0,"cost":0.5}}')
    usage, _ = SERVER.usage_of(reply)
    assert (usage.meters, usage.reported_cost) == ({"tokens.input": 5}, Decimal("0.5"))
