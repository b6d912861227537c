"""Python types become JSON Schemas that strict providers accept, and answers become values of those types."""

import dataclasses
import datetime
import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypedDict

import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.client.schemas import is_strict, output_of, schema_of, strict
from genmux.types.chat import OutputFormat
from genmux.types.errors import InvalidRequestError, MalformedReplyError


class Place(msgspec.Struct):
    """Where it is."""

    city: str
    country: str = "IT"


class Node(msgspec.Struct):
    name: str
    children: list["Node"] = msgspec.field(default_factory=list)


class Weather(msgspec.Struct):
    place: Place
    sky: Literal["clear", "cloudy"]
    on: datetime.date
    default: int = 0  # a property may be called like a keyword


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0


class Named(TypedDict):
    name: str


class Pair(NamedTuple):
    a: int
    b: int


class Model(pydantic.BaseModel):
    name: str
    tags: list[str] = []


class Exact(pydantic.BaseModel, strict=True):
    day: datetime.date


def read(kind: Any, text: str) -> Any:
    _, parse = output_of(kind)
    assert parse is not None
    return parse(text)


def schema(kind: Any) -> dict[str, Any]:
    form, _ = output_of(kind)
    assert form.kind == "json_schema"
    assert form.schema is not None
    return form.schema


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Place, '{"city": "Rome"}', Place("Rome")),
        (Weather, '{"place": {"city": "Rome"}, "sky": "clear", "on": "2026-11-21"}', None),
        (Point, '{"x": 1}', Point(1)),
        (Named, '{"name": "a"}', {"name": "a"}),
        (Node, '{"name": "a", "children": [{"name": "b"}]}', Node("a", [Node("b")])),
        (Model, '{"name": "a"}', Model(name="a")),
        (Exact, '{"day": "2026-11-21"}', Exact(day=datetime.date(2026, 11, 21))),
        (list[int], '{"value": [1, 2]}', [1, 2]),
        (list[int], "[1, 2]", [1, 2]),
        (int, '{"value": 7}', 7),
        (dict[int, str], '{"1": "a"}', {1: "a"}),
        (Pair, '{"value": [1, 2]}', Pair(1, 2)),
        (Literal["a", "b"], '{"value": "a"}', "a"),
        (Decimal, '{"value": "0.10"}', Decimal("0.10")),
        (int | str, '{"value": "a"}', "a"),
        (Point | None, '{"value": null}', None),
        (list[Place], '{"value": [{"city": "Rome"}]}', [Place("Rome")]),
        (list[Model], '{"value": [{"name": "a"}]}', [Model(name="a")]),
        (dict[str, Model], '{"k": {"name": "a"}}', {"k": Model(name="a")}),
        (dict, '{"any": [1]}', {"any": [1]}),
        ({"type": "object"}, '{"any": [1]}', {"any": [1]}),
    ],
)
def test_an_answer_becomes_a_value_of_the_type(kind: Any, text: str, value: Any) -> None:
    expected = Weather(Place("Rome"), "clear", datetime.date(2026, 11, 21)) if kind is Weather else value

    assert read(kind, text) == expected


@pytest.mark.parametrize(
    "kind",
    [Place, Weather, Point, Named, Node, Model, list[int], int, Literal["a"], list[Place], list[Model], int | str],
    ids=str,
)
def test_the_schema_of_a_type_is_an_object_that_strict_mode_accepts(kind: Any) -> None:
    form, _ = output_of(kind)

    assert form.schema is not None
    assert form.schema["type"] == "object"
    assert form.strict
    assert is_strict(form.schema)
    assert "default" not in str(form.schema).replace("'default': {", "").replace("'default']", "")


def test_every_property_is_required_and_nothing_else_allowed() -> None:
    assert schema(Place) == {
        "title": "Place",
        "description": "Where it is.",
        "type": "object",
        "properties": {"city": {"type": "string"}, "country": {"type": "string"}},
        "required": ["city", "country"],
        "additionalProperties": False,
    }


def test_a_property_may_be_called_like_a_keyword() -> None:
    assert {"default", "on"} <= schema(Weather)["properties"].keys()


def test_a_type_that_contains_itself_refers_to_itself() -> None:
    node = schema(Node)

    assert node["properties"]["children"]["items"] == {"$ref": "#/$defs/Node"}
    assert node["$defs"]["Node"]["additionalProperties"] is False


def test_an_open_object_is_not_strict() -> None:
    form, _ = output_of(dict[str, int])

    assert form.strict is False
    assert form.schema == {"type": "object", "additionalProperties": {"type": "integer"}}


def test_any_object_is_a_json_object() -> None:
    assert output_of(dict)[0] == OutputFormat(kind="json_object")


def test_a_schema_of_the_caller_s_own_is_left_as_it_is() -> None:
    loose = {"type": "object", "properties": {"a": {"type": "integer", "default": 1}}, "title": "My form"}
    tight = {"type": "object", "properties": {"a": {}}, "required": ["a"], "additionalProperties": False}

    assert (schema(loose), output_of(loose)[0].strict, output_of(loose)[0].name) == (loose, False, "My_form")
    assert (schema(tight), output_of(tight)[0].strict, output_of(tight)[0].name) == (tight, True, "answer")


def test_a_name_is_one_that_providers_take() -> None:
    class Größe(msgspec.Struct):  # noqa: PLC2401 — people name things in their language
        x: int

    assert output_of(Größe)[0].name == "Gr__e"
    assert output_of(msgspec.defstruct("a" * 100, [("x", int)]))[0].name == "a" * 64
    assert output_of(list[int])[0].name == "list"


def test_an_output_format_is_taken_as_it_is() -> None:
    text, asked = OutputFormat(kind="text"), OutputFormat(kind="json_object")

    assert output_of(text) == (text, None)
    assert output_of(asked)[0] is asked


@pytest.mark.parametrize("kind", [Callable[[], int], list[Callable[[], int]]], ids=str)
def test_a_type_without_a_json_form_is_told(kind: Any) -> None:
    with pytest.raises(InvalidRequestError, match=r"has no JSON Schema: type .* is not supported"):
        output_of(kind)


@pytest.mark.parametrize("kind", [list[Model], complex, object], ids=str)
def test_without_pydantic_what_only_it_knows_has_no_json_form(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "pydantic")

    with pytest.raises(InvalidRequestError, match="has no JSON Schema"):
        schema_of(kind)


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        (Place, "{", "the answer does not fit the asked output"),
        (Place, '{"city": 5, "country": "x"}', 'Expected `str`, got `int` - at `$.city`; it begins \'{"city": 5'),
        (Model, '{"tags": []}', "Field required"),
        (list[int], '{"value": ["a"]}', "Expected `int`"),
        (dict, "[1]", "Expected `object`, got `array`"),
        ({"type": "object"}, "nonsense", "JSON is malformed"),
    ],
)
def test_an_answer_that_does_not_fit_is_a_malformed_reply(kind: Any, text: str, said: str) -> None:
    with pytest.raises(MalformedReplyError) as caught:
        read(kind, text)

    assert said in caught.value.message
    assert caught.value.body == text
    assert caught.value.retry == "unsure"


def test_an_object_that_lets_a_property_be_left_out_is_not_strict() -> None:
    optional = {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a"], "additionalProperties": False}

    assert not is_strict(optional)
    assert not is_strict({"anyOf": [optional]})


PARTS = st.recursive(
    st.sampled_from([{"type": "integer"}, {"type": "string", "enum": ["a"]}, {"$ref": "#/$defs/x"}, True]),
    lambda inner: st.one_of(
        st.builds(lambda one: {"type": "array", "items": one}, inner),
        st.builds(lambda many: {"anyOf": many}, st.lists(inner, min_size=1, max_size=2)),
        st.builds(
            lambda named: {"type": "object", "properties": named, "required": [*named][:1]},
            st.dictionaries(st.sampled_from(["a", "items", "default", "properties"]), inner, max_size=3),
        ),
        st.builds(lambda one: {"type": "object", "properties": {}, "$defs": {"x": one}}, inner),
    ),
    max_leaves=6,
)


@given(PARTS)
def test_what_was_made_strict_is_strict_and_stays_so(schema: Any) -> None:
    made = strict(schema)

    assert is_strict(made)
    assert strict(made) == made
