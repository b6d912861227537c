"""Structured output for models that have none."""

from typing import Any

import pytest

from genmux.types.chat import OutputFormat
from tests.unit.dialects.openai_chat.speaking import (
    accepted,
    asking,
    client,
    decoded,
    encoded,
    message,
    model,
    reply,
    saying,
    sent,
    warned,
)

SCHEMA = OutputFormat(kind="json_schema", schema={"type": "object"})
NONE = {"structured_output": "no"}


@pytest.mark.parametrize("support", ["emulated", "no"])
def test_a_schema_is_asked_for_in_words_with_a_warning(support: str) -> None:
    request, to = asking("hi", output=SCHEMA), model(structured_output=support, json_mode="native")
    body = encoded(request, to)
    system, user = body["messages"]
    assert system["role"] == "system"
    assert system["content"].endswith('It must fit this JSON Schema:\n{"type":"object"}')
    assert user == {"role": "user", "content": "hi"}
    assert body["response_format"] == {"type": "json_object"}
    assert warned(request, to) == [("emulated", "output")]


def test_the_words_are_added_to_instructions_that_are_there() -> None:
    request = asking(saying("system", "Be brief."), "hi", output=SCHEMA)
    system, _ = encoded(request, model(**NONE))["messages"]
    assert system["content"].startswith("Be brief.\n\nAnswer with JSON")
    assert (
        encoded(asking("hi", output=SCHEMA), model(**NONE), system_role="developer")["messages"][0]["role"]
        == "developer"
    )
    assert "response_format" not in encoded(request, model(**NONE))


def test_a_json_object_can_be_asked_for_in_words_too() -> None:
    request = asking("hi", output=OutputFormat(kind="json_object"))
    assert "one JSON object" in encoded(request, model(json_mode="no"))["messages"][0]["content"]
    assert encoded(request, model())["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ('```json\n{"a": 1}\n```', '{"a": 1}'),
        ('  ```\n{"a": 1}```\n', '{"a": 1}'),
        ('{"a": 1}', '{"a": 1}'),
        ('Here: ```json\n{"a": 1}\n```', 'Here: ```json\n{"a": 1}\n```'),
    ],
)
def test_a_code_fence_around_the_answer_is_taken_off(text: str, bare: str) -> None:
    against = sent(asking("hi", output=SCHEMA), model(**NONE))
    assert decoded(reply(message(text)), against).text == bare
    assert decoded(reply(message(text)), sent(asking("hi", output=SCHEMA), model())).text == text


def test_bytes_do_not_pass_where_something_is_emulated() -> None:
    schema: dict[str, Any] = {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}}
    asked = accepted(response_format=schema)
    body = b'{"model":"old"}'
    assert client({}).pass_on(body, asked, model()) is not None
    assert client({}).pass_on(body, asked, model(**NONE)) is None
