"""A typed function is a tool: its signature is told to the model, and what the model writes is checked before it runs."""

import dataclasses
import functools
import sys
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
import pydantic
import pytest

from genmux.client.tools import run_tool, tool_from, tool_of
from genmux.types.chat import Tool
from genmux.types.content import Image, Opaque, Text, ToolCall
from genmux.types.errors import InvalidRequestError


class Place(msgspec.Struct):
    city: str


class Guest(pydantic.BaseModel):
    name: str


def weather(city: str, days: int = 1, unit: Literal["C", "F"] = "C") -> str:
    """The weather of a city."""
    return f"{city} {days} {unit}"


def visit(place: Place, tags: list[str] = []) -> dict[str, Any]:  # noqa: B006 — people do write this
    tags.append("seen")
    return {"place": place, "tags": tags}


def invite(guest: Guest, seats: int = 2) -> Guest:
    """Invite somebody."""
    return Guest(name=f"{guest.name} +{seats - 1}")


def fails(x: int) -> int:
    message = f"no luck with {x}"
    raise ValueError(message)


async def later(x: int) -> int:
    return x


class Shop:
    def price(self, item: str) -> float:
        """The price of an item."""
        return len(item) / 2


def call(name: str, arguments: str = "{}") -> ToolCall:
    return ToolCall("c1", name, arguments)


def test_a_function_is_described_by_its_name_docstring_and_annotations() -> None:
    assert tool_from(weather) == Tool(
        name="weather",
        description="The weather of a city.",
        parameters={
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "days": {"type": "integer", "default": 1},
                "unit": {"enum": ["C", "F"], "default": "C"},
            },
            "required": ["city"],
        },
    )


def test_a_function_without_parameters_or_docstring_is_a_tool_too() -> None:
    def now() -> str:
        return "now"

    tool = tool_from(now)

    assert (tool.name, tool.description) == ("now", None)
    assert tool.parameters == {"type": "object", "properties": {}, "required": []}
    assert run_tool(call("now", ""), [now]).text == "now"


def test_a_method_is_a_tool_without_its_self() -> None:
    shop = Shop()

    assert [*(tool_from(shop.price).parameters or {})["properties"]] == ["item"]
    assert run_tool(call("price", '{"item": "abc"}'), [shop.price]).text == "1.5"


def test_pydantic_models_may_be_parameters_and_results() -> None:
    parameters = tool_from(invite).parameters or {}

    assert parameters["properties"]["guest"] == {"$ref": "#/$defs/Guest"}
    assert run_tool(call("invite", '{"guest": {"name": "Ann"}}'), [invite]).text == '{"name":"Ann +1"}'
    assert run_tool(call("invite", '{"guest": {}}'), [invite]).is_error


def test_descriptions_of_parameters_are_told() -> None:
    def look(city: Annotated[str, msgspec.Meta(description="Where")]) -> str:
        return city

    assert (tool_from(look).parameters or {})["properties"]["city"]["description"] == "Where"


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda x: x, "has no name; define it with `def`, or give a `Tool`"),
        (functools.partial(weather, "Rome"), "has no name"),
        (eval("lambda: 0", {}), "has no name"),  # noqa: S307
    ],
)
def test_what_has_no_name_is_no_tool(function: Any, said: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        tool_from(function)
    assert said in caught.value.message


def bare(x):  # type: ignore[no-untyped-def]
    return x


def many(*xs: int) -> int:
    return sum(xs)


def any_named(**xs: int) -> int:
    return sum(xs.values())


def by_place(x: int, /) -> int:
    return x


def odd(x: Callable[[], int]) -> None:
    """Takes what has no JSON form."""


def forward(x: "Nowhere") -> None:  # type: ignore[name-defined]  # noqa: F821
    """Names what is not there."""


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (bare, "the parameter `x` of the tool `bare` has no type annotation"),
        (many, "the parameter `*xs: int` of the tool `many` cannot be given by name"),
        (any_named, "the parameter `**xs: int` of the tool `any_named` cannot be given by name"),
        (by_place, "the parameter `x: int` of the tool `by_place` cannot be given by name"),
        (odd, "the parameters of the tool `odd` have no JSON Schema"),
        (forward, "the annotations of the tool `forward` cannot be read: name 'Nowhere' is not defined"),
    ],
)
def test_a_parameter_that_cannot_be_described_is_told(
    function: Any, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        tool_from(function)
    assert said in caught.value.message

    monkeypatch.delitem(sys.modules, "pydantic")
    with pytest.raises(InvalidRequestError) as caught:
        tool_from(function)
    assert said in caught.value.message


# ---- other ways to describe a tool


def test_a_tool_may_be_a_dict_in_the_words_of_either_dialect() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    expected = Tool(name="f", description="d", parameters=schema)

    assert (
        tool_of({"type": "function", "function": {"name": "f", "description": "d", "parameters": schema}}) == expected
    )
    assert tool_of({"name": "f", "description": "d", "parameters": schema}) == expected
    assert tool_of({"name": "f", "description": "d", "input_schema": schema}) == expected
    assert tool_of({"name": "f", "strict": True}) == Tool(name="f", strict=True)


@pytest.mark.parametrize("tool", [Tool(name="f"), Opaque("d", "k", {})])
def test_a_tool_is_taken_as_it_is(tool: Any) -> None:
    assert tool_of(tool) is tool


@pytest.mark.parametrize(
    ("tool", "said"),
    [
        ({"description": "d"}, "a tool dict is wrong: Object missing required field `name`; it has description"),
        ({"name": 5}, "a tool dict is wrong: Expected `str`, got `int` - at `$.name`"),
        ({"function": "f"}, "a tool dict is wrong"),
        ({"type": "web_search_20250305", "name": "web_search"}, "of type 'web_search_20250305' is a provider's own"),
        ({"type": "custom", "custom": {"name": "f"}}, "of type 'custom' is a provider's own"),
        (5, "a tool must be a typed function, a `Tool` or a dict; this one is 5"),
    ],
)
def test_what_is_no_tool_is_told(tool: Any, said: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        tool_of(tool)
    assert said in caught.value.message


# ---- running


def test_the_function_that_the_model_names_is_run_with_checked_arguments() -> None:
    result = run_tool(call("weather", '{"city": "Rome", "days": 2}'), [visit, weather])

    assert (result.call_id, result.name, result.is_error) == ("c1", "weather", False)
    assert result.content == (Text("Rome 2 C"),)


def test_results_are_text_pictures_or_json() -> None:
    @dataclasses.dataclass
    class Thing:
        a: int

    def picture() -> Image:
        return Image(url="u")

    def thing() -> Thing:
        return Thing(1)

    def nothing() -> None:
        """Gives nothing."""

    def strange() -> object:
        return {"path": sys.version_info, "at": complex(1, 2)}

    assert run_tool(call("picture"), [picture]).content == (Image(url="u"),)
    assert run_tool(call("thing"), [thing]).text == '{"a":1}'
    assert run_tool(call("nothing"), [nothing]).text == "null"
    assert '"at":"(1+2j)"' in run_tool(call("strange"), [strange]).text


def test_a_default_that_can_be_changed_is_new_for_each_call() -> None:
    texts = [run_tool(call("visit", '{"place": {"city": "Rome"}}'), [visit]).text for _ in range(2)]

    assert texts == ['{"place":{"city":"Rome"},"tags":["seen"]}'] * 2


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (call("dance"), "there is no tool named 'dance'"),
        (call("weather", '{"days": 1}'), "ValidationError: Object missing required field `city`"),
        (
            call("weather", '{"city": "Rome", "days": "soon"}'),
            "ValidationError: Expected `int`, got `str` - at `$.days`",
        ),
        (call("weather", '{"city": "Ro'), "DecodeError: Input data was truncated"),
        (call("fails", '{"x": 1}'), "ValueError: no luck with 1"),
    ],
)
def test_what_goes_wrong_is_told_to_the_model(asked: ToolCall, said: str) -> None:
    result = run_tool(asked, [weather, fails])

    assert result.is_error
    assert said in result.text
    assert result.call_id == "c1"


def test_a_coroutine_function_is_not_run() -> None:
    with pytest.raises(InvalidRequestError, match="is a coroutine function; await it yourself"):
        run_tool(call("later", '{"x": 1}'), [later])
    assert tool_from(later).name == "later"
