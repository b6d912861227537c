"""When two requests say the same."""

from typing import Any

import pytest

from genmux.dialects.openai_chat.equivalence import EQUIVALENCES, normalize

USER = {"role": "user", "content": [{"type": "text", "text": "x"}]}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": None}, {}),
        ({"messages": [{"role": "user", "content": "x", "name": None}]}, {"messages": [USER]}),
        ({"messages": [{"role": "assistant", "content": ""}]}, {"messages": [{"role": "assistant"}]}),
        ({"messages": [{"role": "user", "content": []}]}, {"messages": [{"role": "user", "content": None}]}),
        ({"messages": [{"role": "assistant", "tool_calls": []}]}, {"messages": [{"role": "assistant"}]}),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "u", "text": None}]}]},
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "u", "detail": None}}]}]},
        ),
        ({"tools": []}, {}),
        ({"tools": [{"function": {"name": "f", "strict": None}}]}, {"tools": [{"type": "function", "function": {"name": "f"}}]}),
        ({"tool_choice": {"function": {"name": "f"}}}, {"tool_choice": {"type": "function", "function": {"name": "f"}}}),
        ({"stop": "x"}, {"stop": ["x"]}),
        ({"stop": []}, {}),
        ({"stream": False, "stream_options": {"include_usage": True}}, {}),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "n", "strict": None}}},
         {"response_format": {"type": "json_schema", "json_schema": {"name": "n"}}}),
        ({"reasoning": {"effort": None}}, {"reasoning": {}}),
    ],
)  # fmt: skip
def test_these_say_the_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert normalize(one) == normalize(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"max_tokens": 5}, {"max_completion_tokens": 5}),
        ({"messages": [{"role": "user", "content": ""}]}, {"messages": [{"role": "user"}]}),
        ({"stream_options": {"include_obfuscation": False}}, {}),
        ({"metadata": {"a": None}}, {"metadata": {}}),
        ({"tool_choice": "auto"}, {}),
    ],
)
def test_these_do_not(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert normalize(one) != normalize(other)


def test_odd_documents_are_left_as_they_are_and_the_argument_too() -> None:
    odd = {"messages": ["x", {"content": ["y"], "tool_calls": ["z"], "reasoning_details": ["w"]}], "tools": ["v"]}
    assert normalize(odd) == odd
    given = {"a": None, "stop": "x"}
    normalize(given)
    assert given == {"a": None, "stop": "x"}


def test_every_equivalence_has_its_reason() -> None:
    assert all(len(reason) > 20 for reason in EQUIVALENCES.values())
