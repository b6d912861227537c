"""Structured output for models that have none."""

import msgspec
import pytest

from genmux.dialects.anthropic_messages.emulation import without_fence
from genmux.types.chat import ChatRequest, FinishReason, OutputFormat, ReasoningConfig, Tool
from genmux.types.content import Text
from genmux.types.join import join
from tests.unit.dialects.anthropic_messages.speaking import (
    accepted,
    asking,
    closes,
    decoded,
    delta,
    encoded,
    ending,
    message,
    model,
    opens,
    read,
    sent,
    start,
    warned,
)

SCHEMA = {"type": "object", "properties": {"x": {"type": "integer"}}}
FORMED = OutputFormat(kind="json_schema", schema=SCHEMA, name="point")
BY_TOOL = asking(output=FORMED)
BY_WORDS = asking(output=OutputFormat(kind="json_object"))


def test_a_schema_becomes_a_tool_that_must_be_called():
    body = encoded(BY_TOOL)
    assert body["tools"][0]["input_schema"] == SCHEMA
    assert body["tool_choice"] == {"type": "tool", "name": "point"}
    assert warned(BY_TOOL) == [("emulated", "output")]


@pytest.mark.parametrize("name", [None, "no good name", "x" * 65])
def test_the_tool_has_a_name_that_the_api_takes(name):
    request = asking(output=msgspec.structs.replace(FORMED, name=name))
    assert encoded(request)["tool_choice"]["name"] == "json_answer"


@pytest.mark.parametrize(
    "request_",
    [
        BY_WORDS,
        asking(output=FORMED, tools=(Tool(name="f"),)),
        asking(output=FORMED, reasoning=ReasoningConfig(effort="low")),
        asking(output=OutputFormat(kind="json_schema", schema={"type": "array"})),
        asking(output=OutputFormat(kind="json_schema")),
    ],
)
def test_where_no_tool_can_be_forced_the_model_is_told(request_: ChatRequest):
    body = encoded(request_)
    assert "JSON" in body["system"]
    assert "tool_choice" not in body
    assert warned(request_)[0] == ("emulated", "output") or ("emulated", "output") in warned(request_)


def test_a_model_that_takes_no_orders_is_told():
    body = encoded(BY_TOOL, model(tool_choice="no"))
    assert msgspec.json.encode(SCHEMA).decode() in body["system"]


def test_a_request_of_this_dialect_is_sent_as_it_is():
    form = {"type": "json_schema", "schema": SCHEMA}
    request = accepted(output_config={"format": form}).request
    assert encoded(request)["output_config"] == {"format": form}
    assert warned(request) == []


def test_a_call_of_the_forced_tool_is_the_answer():
    called = {"type": "tool_use", "id": "a", "name": "point", "input": {"x": 1}}
    result = decoded(message(called, stop_reason="tool_use"), sent(BY_TOOL))
    assert result.message.content == (Text('{"x":1}'),)
    assert result.finish == FinishReason("stop", "tool_use")


def test_a_stream_of_the_forced_tool_is_the_answer():
    parts = read(
        start(),
        opens(0, type="tool_use", id="a", name="point", input={}),
        delta(0, "input_json_delta", partial_json='{"x"'),
        delta(0, "input_json_delta", partial_json=":1}"),
        closes(0),
        *ending("tool_use"),
        against=sent(BY_TOOL),
    )
    result = join(parts)
    assert (result.text, result.tool_calls) == ('{"x":1}', ())
    assert result.finish == FinishReason("stop", "tool_use")


def test_an_answer_that_was_cut_off_says_so():
    called = {"type": "tool_use", "id": "a", "name": "point", "input": {}}
    assert decoded(message(called, stop_reason="max_tokens"), sent(BY_TOOL)).finish.unified == "length"


def test_a_fence_around_the_answer_is_taken_off():
    text = {"type": "text", "text": '```json\n{"x": 1}\n```'}
    assert decoded(message(text), sent(BY_WORDS)).text == '{"x": 1}'


def test_a_fence_around_a_streamed_answer_is_taken_off():
    parts = read(
        start(),
        opens(0, type="text", text=""),
        delta(0, "text_delta", text='```json\n{"x"'),
        delta(0, "text_delta", text=": 1}\n```"),
        delta(0, "citations_delta", citation={}),
        closes(0),
        *ending(),
        against=sent(BY_WORDS),
    )
    assert join(parts).text == '{"x": 1}'


@pytest.mark.parametrize("text", ['{"x": 1}', "no ```json\n{}\n``` here", "```", ""])
def test_any_other_text_is_left_alone(text):
    assert without_fence(text) == text


def test_other_tools_stay_calls():
    request = asking(output=FORMED, tools=(Tool(name="f"),))
    called = {"type": "tool_use", "id": "a", "name": "f", "input": {}}
    assert len(decoded(message(called, stop_reason="tool_use"), sent(request)).tool_calls) == 1
