"""When two requests ask for the same."""

import pytest

from genmux.dialects.anthropic_messages import normalize

TEXT = [{"type": "text", "text": "x"}]
SCHEMA = {"type": "json_schema", "schema": {"a": None}}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"system": "x"}, {"system": TEXT}),
        ({"messages": [{"content": "x"}]}, {"messages": [{"content": TEXT}]}),
        (
            {"messages": [{"content": [{"type": "tool_result", "content": "x", "is_error": False}]}]},
            {"messages": [{"content": [{"type": "tool_result", "content": TEXT}]}]},
        ),
        ({"top_k": None, "stream": False, "tools": []}, {}),
        ({"tools": [{"name": "f", "cache_control": None}]}, {"tools": [{"name": "f"}]}),
        ({"output_format": SCHEMA}, {"output_config": {"format": SCHEMA}}),
        ({"messages": [{"role": "system", "content": "x"}]}, {"messages": [], "system": "x"}),
        (
            {"system": "x", "messages": [{"role": "system", "content": "x"}]},
            {"messages": [], "system": [*TEXT, *TEXT]},
        ),
    ],
)
def test_these_ask_for_the_same(one, other):
    assert normalize(one) == normalize(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"max_tokens": 1}, {"max_tokens": 2}),
        (
            {"messages": [{"content": [{"type": "tool_use", "input": {"a": None}}]}]},
            {"messages": [{"content": [{"type": "tool_use", "input": {}}]}]},
        ),
        ({"tools": [{"input_schema": {"a": []}}]}, {"tools": [{"input_schema": {}}]}),
        ({"messages": [{"role": "user", "content": "x"}]}, {"messages": [{"role": "assistant", "content": "x"}]}),
        ({"stream": True}, {}),
    ],
)
def test_these_do_not(one, other):
    assert normalize(one) != normalize(other)


@pytest.mark.parametrize("document", [{"messages": ["x"]}, {"messages": [{"content": 7}]}, {"tools": 7, "system": 7}])
def test_nonsense_is_left_alone_and_breaks_nothing(document):
    before = str(document)
    assert isinstance(normalize(document), dict)
    assert str(document) == before
