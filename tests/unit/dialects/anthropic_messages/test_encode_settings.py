"""Thinking, form, tools and sampling as the Messages API wants them."""

import pytest

from genmux.types.chat import OutputFormat, ReasoningConfig, Tool, ToolChoice
from genmux.types.content import Cache, Opaque
from tests.unit.dialects.anthropic_messages.speaking import asking, encoded, model, warned

OLD = model("claude-sonnet-4-5-20250929", limit=64_000)
NEW = model("claude-opus-4-8", limit=64_000)
SCHEMA = {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}
CLOSED = {**SCHEMA, "additionalProperties": False}


@pytest.mark.parametrize(
    ("name", "adaptive"),
    [
        ("claude-opus-4-8", True),
        ("claude-opus-4-6-20260101", True),
        ("us.anthropic.claude-sonnet-4-6", True),
        ("anthropic/claude-haiku-5.5", True),
        ("claude-fable-5", True),
        ("claude-opus-4-20250514", False),
        ("claude-sonnet-4-5@20250929", False),
        ("claude-3-7-sonnet-20250219", False),
        ("MiniMax-M3", False),
    ],
)
def test_claude_since_4_6_thinks_by_effort_and_everything_else_by_budget(name, adaptive):
    thinking = encoded(asking(reasoning=ReasoningConfig(effort="high"), max_tokens=None), model(name))["thinking"]
    assert thinking["type"] == ("adaptive" if adaptive else "enabled")


def test_a_profile_can_say_how_to_think():
    request = asking(reasoning=ReasoningConfig(effort="high"), max_tokens=50_000)
    assert encoded(request, OLD, thinking="adaptive")["thinking"] == {"type": "adaptive"}
    assert encoded(request, NEW, thinking="budget")["thinking"] == {"type": "enabled", "budget_tokens": 16_384}


def test_effort_is_sent_as_a_word_or_as_a_budget():
    request = asking(reasoning=ReasoningConfig(effort="medium"), max_tokens=50_000)
    assert encoded(request, NEW)["output_config"] == {"effort": "medium"}
    assert encoded(request, OLD)["thinking"]["budget_tokens"] == 8_192
    assert warned(request, NEW) == warned(request, OLD) == []


def test_a_word_that_is_not_known_here_is_renamed():
    request = asking(reasoning=ReasoningConfig(effort="minimal"))
    assert encoded(request, NEW)["output_config"] == {"effort": "low"}
    assert warned(request, NEW) == [("renamed", "reasoning.effort")]


@pytest.mark.parametrize(("budget", "effort"), [(1_500, "low"), (9_000, "high"), (99_000, "max")])
def test_a_budget_becomes_a_word_for_models_that_refuse_budgets(budget, effort):
    request = asking(reasoning=ReasoningConfig(max_tokens=budget))
    assert encoded(request, NEW)["output_config"] == {"effort": effort}
    assert warned(request, NEW) == [("renamed", "reasoning.max_tokens")]


@pytest.mark.parametrize(
    "off", [ReasoningConfig(enabled=False), ReasoningConfig(effort="none"), ReasoningConfig(max_tokens=0)]
)
def test_thinking_can_be_switched_off(off):
    assert encoded(asking(reasoning=off), NEW)["thinking"] == {"type": "disabled"}


def test_thinking_can_be_switched_on():
    assert encoded(asking(reasoning=ReasoningConfig(enabled=True)), NEW)["thinking"] == {"type": "adaptive"}
    on = asking(reasoning=ReasoningConfig(enabled=True), max_tokens=50_000)
    assert encoded(on, OLD)["thinking"]["budget_tokens"] == 8_192


def test_a_caller_can_spell_out_thinking():
    extra = {"type": "between_tools"}
    assert encoded(asking(reasoning=ReasoningConfig(extra=extra)), NEW)["thinking"] == extra
    assert "thinking" not in encoded(asking(reasoning=ReasoningConfig()), NEW)


def test_a_budget_leaves_room_for_the_answer_when_the_limit_was_ours():
    body = encoded(asking(reasoning=ReasoningConfig(effort="high"), max_tokens=None), model("m", limit=None))
    assert body["max_tokens"] == 16_384 + 4_096


def test_a_budget_beyond_max_tokens_is_clamped():
    request = asking(reasoning=ReasoningConfig(effort="high"), max_tokens=4_000)
    assert encoded(request, OLD)["thinking"]["budget_tokens"] == 3_000
    assert warned(request, OLD) == [("clamped", "reasoning")]


def test_a_budget_below_the_smallest_is_raised():
    request = asking(reasoning=ReasoningConfig(max_tokens=10), max_tokens=4_000)
    assert encoded(request, OLD)["thinking"]["budget_tokens"] == 1_024
    assert warned(request, OLD) == [("clamped", "reasoning.max_tokens")]


def test_there_is_no_thinking_where_max_tokens_leaves_no_room():
    request = asking(reasoning=ReasoningConfig(effort="high"), max_tokens=1_000)
    assert "thinking" not in encoded(request, OLD)
    assert warned(request, OLD) == [("unsupported", "reasoning")]


def test_a_model_that_does_not_think_is_not_asked_to():
    request = asking(reasoning=ReasoningConfig(effort="high"))
    assert "thinking" not in encoded(request, model(reasoning="no"))
    assert warned(request, model(reasoning="no")) == [("unsupported", "reasoning")]


def test_tools_are_written_with_all_they_have():
    tool = Tool(name="f", description="d", parameters=CLOSED, strict=True, cache=Cache(), extra={"defer_loading": True})
    assert encoded(asking(tools=(tool, Tool(name="g"))))["tools"] == [
        {
            "name": "f",
            "description": "d",
            "input_schema": CLOSED,
            "strict": True,
            "cache_control": {"type": "ephemeral"},
            "defer_loading": True,
        },
        {"name": "g", "input_schema": {"type": "object", "properties": {}}},
    ]


def test_tools_of_the_provider_pass_and_those_of_others_are_dropped():
    search = {"type": "web_search_20250305", "name": "web_search"}
    tools = (Opaque("anthropic_messages", "web_search_20250305", search), Opaque("openai_responses", "web_search", {}))
    assert encoded(asking(tools=tools))["tools"] == [search]
    assert warned(asking(tools=tools)) == [("unsupported", "tools")]


def test_a_tool_for_free_text_is_dropped_with_a_warning():
    tools = (Tool(name="f", kind="custom"),)
    assert "tools" not in encoded(asking(tools=tools))
    assert warned(asking(tools=tools)) == [("unsupported", "tools")]


@pytest.mark.parametrize(
    ("choice", "parallel", "written"),
    [
        (ToolChoice("auto"), None, {"type": "auto"}),
        (ToolChoice("required"), None, {"type": "any"}),
        (ToolChoice("none"), False, {"type": "none"}),
        (ToolChoice("tool", "f"), False, {"type": "tool", "name": "f", "disable_parallel_tool_use": True}),
        (ToolChoice("required"), True, {"type": "any", "disable_parallel_tool_use": False}),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (None, True, None),
        (None, None, None),
    ],
)
def test_the_choice_of_tools_says_also_whether_calls_may_be_parallel(choice, parallel, written):
    request = asking(tools=(Tool(name="f"),), tool_choice=choice, parallel_tool_calls=parallel)
    assert encoded(request).get("tool_choice") == written


def test_a_choice_without_tools_is_not_sent():
    assert "tool_choice" not in encoded(asking(tool_choice=ToolChoice("auto")))


def test_a_model_that_cannot_be_made_to_call_is_not_told_to():
    request = asking(tools=(Tool(name="f"),), tool_choice=ToolChoice("required"))
    assert "tool_choice" not in encoded(request, model(tool_choice="no"))
    assert warned(request, model(tool_choice="no")) == [("unsupported", "tool_choice")]


def test_structured_output_is_native_where_the_model_has_it():
    output = OutputFormat(kind="json_schema", schema=CLOSED, name="x", strict=True)
    request = asking(output=output, reasoning=ReasoningConfig(effort="low"))
    to = model(structured_output="native")
    assert encoded(request, to)["output_config"] == {
        "format": {"type": "json_schema", "schema": CLOSED},
        "effort": "low",
    }
    assert warned(request, to) == []


def test_a_schema_is_written_as_the_api_takes_it_with_a_warning():
    schema = {
        "type": "object",
        "properties": {
            "age": {"type": "integer", "minimum": 0, "description": "in years"},
            "names": {"type": "array", "minItems": 1, "maxItems": 3, "items": {"type": "string", "maxLength": 9}},
            "open": {"type": "object", "additionalProperties": True},
            "any": True,
        },
        "oneOf": [{"$ref": "#/$defs/a"}],
        "discriminator": {"propertyName": "kind"},
        "$defs": {"a": {"type": "object", "properties": {}}},
    }
    fit = {
        "type": "object",
        "properties": {
            "age": {"type": "integer", "description": "in years\n\n(minimum: 0)"},
            "names": {
                "type": "array",
                "minItems": 1,
                "items": {"type": "string", "description": "(maxLength: 9)"},
                "description": "(maxItems: 3)",
            },
            "open": {"type": "object", "additionalProperties": True},
            "any": True,
        },
        "anyOf": [{"$ref": "#/$defs/a"}],
        "$defs": {"a": {"type": "object", "properties": {}, "additionalProperties": False}},
        "additionalProperties": False,
    }
    to = model(structured_output="native")
    request = asking(output=OutputFormat(kind="json_schema", schema=schema))
    assert encoded(request, to)["output_config"]["format"]["schema"] == fit
    assert warned(request, to) == [("emulated", "output.schema")]
    strict = asking(tools=(Tool(name="f", parameters=schema, strict=True), Tool(name="g", parameters=schema)))
    assert [tool["input_schema"] for tool in encoded(strict)["tools"]] == [fit, schema]
    assert warned(strict) == [("emulated", "tools.f.parameters")]


def test_plain_text_asks_for_nothing():
    assert encoded(asking(output=OutputFormat(kind="text"))) == encoded(asking())


def test_sampling_is_sent_and_what_the_api_lacks_is_dropped():
    request = asking(
        temperature=0.5, top_p=0.9, top_k=3, stop=("x",), seed=0, n=2, logprobs=True, top_logprobs=2,
        frequency_penalty=0.1, presence_penalty=0.2, metadata={"a": "b"},
    )  # fmt: skip
    body = encoded(request)
    assert (body["temperature"], body["top_p"], body["top_k"], body["stop_sequences"]) == (0.5, 0.9, 3, ["x"])
    assert [field for _, field in warned(request)] == [
        "seed", "frequency_penalty", "presence_penalty", "n", "logprobs", "top_logprobs", "metadata",
    ]  # fmt: skip


def test_values_that_ask_for_what_happens_anyway_need_no_warning():
    request = asking(n=1, logprobs=False, top_logprobs=0, frequency_penalty=0.0, presence_penalty=0, metadata={})
    assert warned(request) == []


def test_the_newer_api_version_takes_no_sampling():
    request = asking(temperature=0.5, top_k=3)
    assert "temperature" not in encoded(request, version="2026-10-21")
    assert warned(request, version="2026-10-21") == [("unsupported", "temperature"), ("unsupported", "top_k")]


@pytest.mark.parametrize(
    ("tier", "written", "warnings"),
    [
        ("auto", "auto", []),
        ("default", "standard_only", [("renamed", "service_tier")]),
        ("flex", None, [("unsupported", "service_tier")]),
    ],
)
def test_service_tiers_are_named_in_the_apis_words(tier, written, warnings):
    assert encoded(asking(service_tier=tier)).get("service_tier") == written
    assert warned(asking(service_tier=tier)) == warnings
