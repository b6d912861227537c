"""Laws of the documents that the simulator makes up."""

from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genmux.providers.mock.document import document
from genmux.types.errors import InvalidRequestError

NAMES = st.sampled_from(["name", "size", "city", "kids", "tags", "when"])


def _strings() -> st.SearchStrategy[dict[str, Any]]:
    lengths = st.tuples(st.integers(0, 8), st.integers(0, 30)).map(
        lambda pair: {"type": "string", "minLength": pair[0], "maxLength": pair[0] + pair[1]}
    )
    formats = st.sampled_from(["date", "date-time", "time", "email", "uuid", "uri", "ipv4", "ipv6", "hostname"])
    patterns = st.sampled_from(
        [
            "^[A-Z]{2}-\\d{3,5}$",
            "^(red|green|blue)$",
            "^\\w+@\\w+\\.com$",
            "[0-9]{3}",
            "^[^a-z]+$",
            "^a?b*c+(?:de){2}$",
            "^x.y$",
        ]
    )
    return st.one_of(
        st.just({"type": "string"}),
        lengths,
        formats.map(lambda name: {"type": "string", "format": name}),
        patterns.map(lambda text: {"type": "string", "pattern": text}),
    )


def _numbers() -> st.SearchStrategy[dict[str, Any]]:
    integers = st.tuples(st.integers(-1000, 1000), st.integers(0, 50)).map(
        lambda pair: {"type": "integer", "minimum": pair[0], "maximum": pair[0] + pair[1]}
    )
    multiples = st.tuples(st.integers(-50, 50), st.sampled_from([2, 3, 7, 10])).map(
        lambda pair: {"type": "integer", "minimum": pair[0], "maximum": pair[0] + pair[1], "multipleOf": pair[1]}
    )
    floats = st.tuples(st.floats(-1e6, 1e6), st.floats(0.001, 1e3)).map(
        lambda pair: {"type": "number", "exclusiveMinimum": pair[0], "exclusiveMaximum": pair[0] + pair[1]}
    )
    steps = st.sampled_from([0.01, 0.1, 0.25, 0.5, 3]).map(
        lambda step: {"type": "number", "minimum": 0, "maximum": 10, "multipleOf": step}
    )
    bounds = st.sampled_from(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"])
    kinds = st.sampled_from(["integer", "number"])
    single = st.tuples(kinds, bounds, st.integers(-500, 500)).map(lambda one: {"type": one[0], one[1]: one[2]})
    return st.one_of(integers, multiples, floats, steps, single)


LEAVES = st.one_of(
    _strings(),
    _numbers(),
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
    st.just({"type": ["string", "null"]}),
    st.just({"$ref": "#/$defs/node"}),
    st.just({"const": {"a": [1, None]}}),
    st.just({}),
    st.lists(st.one_of(st.integers(), st.text(max_size=5), st.none()), min_size=1, max_size=5).map(
        lambda one: {"enum": one}
    ),
)


def _deeper(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    def as_object(drawn: tuple[dict[str, Any], set[str], Any]) -> dict[str, Any]:
        properties, required, rest = drawn
        schema = {"type": "object", "properties": properties, "required": sorted(required & {*properties})}
        return schema if rest is None else {**schema, "additionalProperties": rest}

    return st.one_of(
        st.tuples(st.dictionaries(NAMES, inner, max_size=4), st.sets(NAMES), st.sampled_from([None, False, True])).map(
            as_object
        ),
        st.tuples(inner, st.integers(0, 3), st.integers(0, 3)).map(
            lambda one: {"type": "array", "items": one[0], "minItems": one[1], "maxItems": one[1] + one[2]}
        ),
        st.lists(inner, min_size=1, max_size=3).map(
            lambda all_of: {"type": "array", "prefixItems": all_of, "items": False}
        ),
        st.lists(inner, min_size=1, max_size=3).map(lambda any_of: {"anyOf": any_of}),
        inner.map(lambda one: {"allOf": [one, {"description": "the same"}]}),
        st.integers(1, 5).map(
            lambda count: {
                "type": "array",
                "items": {"type": "integer", "minimum": 1, "maximum": 5},
                "minItems": count,
                "uniqueItems": True,
            }
        ),
    )


NODE = {
    "type": "object",
    "properties": {
        "label": {"type": "string", "minLength": 1},
        "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
        "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
    },
    "required": ["label", "next", "children"],
    "additionalProperties": False,
}
SCHEMAS = st.recursive(LEAVES, _deeper, max_leaves=8).map(
    lambda schema: {"type": "object", "properties": {"it": schema}, "required": ["it"], "$defs": {"node": NODE}}
)


@settings(max_examples=400, deadline=None)
@given(SCHEMAS, st.integers(0, 1000))
def test_a_document_always_fits_its_schema(schema: dict[str, Any], seed: int) -> None:
    made = document(schema, seed=seed)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
    assert [error.message for error in validator.iter_errors(made)] == []


def test_a_bound_that_is_left_out_is_left_out_as_it_is_written() -> None:
    bounds = {"type": "number", "exclusiveMinimum": 0.01, "exclusiveMaximum": 0.04125}
    for seed in range(30):
        made = document({"type": "object", "properties": {"it": bounds}, "required": ["it"]}, seed=seed)
        assert 0.01 < made["it"] < 0.04125


@settings(max_examples=50, deadline=None)
@given(SCHEMAS, st.integers(0, 1000))
def test_the_same_seed_makes_the_same_document(schema: dict[str, Any], seed: int) -> None:
    assert document(schema, seed=seed) == document(schema, seed=seed)


def test_optional_properties_are_filled_near_the_top() -> None:
    made = document({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}})
    assert set(made) == {"a", "b"}


def test_a_schema_that_only_has_enum_or_properties_needs_no_type() -> None:
    made = document({"properties": {"color": {"enum": ["red"]}}, "required": ["color"]})
    assert made == {"color": "red"}


def test_as_many_properties_are_made_as_are_demanded() -> None:
    made = document({"type": "object", "minProperties": 3, "additionalProperties": {"type": "integer"}})
    assert len(made) == 3
    assert all(isinstance(value, int) for value in made.values())


def test_references_are_followed_through_escapes_and_lists() -> None:
    schema = {"$ref": "#/$defs/a~1b/anyOf/1", "$defs": {"a/b": {"anyOf": [{"type": "null"}, {"const": 7}]}}}
    assert document(schema) == 7


def test_combined_schemas_hold_together() -> None:
    schema = {
        "allOf": [
            {"type": "object", "properties": {"n": {"type": "integer", "minimum": 3}}, "required": ["n"]},
            {"properties": {"n": {"maximum": 4}, "m": {"const": 1}}, "required": ["m"], "additionalProperties": False},
        ]
    }
    made = document(schema)
    assert made["n"] in (3, 4)
    assert made["m"] == 1


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"$ref": "#/$defs/none"}, "there is nothing at the reference '#/$defs/none'"),
        ({"$ref": "https://example.com/schema"}, "there is nothing at the reference"),
        ({"$ref": "#"}, "lead in a circle"),
        ({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}, "contains itself without end"),
        ({"type": "integer", "minimum": 2, "maximum": 1}, "no whole number lies between 2 and 1"),
        ({"type": "number", "exclusiveMinimum": 1, "exclusiveMaximum": 1}, "no number lies between"),
        ({"type": "string", "minLength": 2, "maxLength": 1}, "at least 2 and at most 1 characters"),
        ({"type": "string", "pattern": "(?=a)b"}, "no text was found for the pattern '(?=a)b'"),
        ({"type": "string", "pattern": "["}, "no text was found for the pattern '['"),
        ({"type": "string", "pattern": "\\bword"}, "no text was found for the pattern"),
        ({"type": "string", "pattern": "a)"}, "no text was found for the pattern"),
        ({"type": "strnig"}, "the type 'strnig' does not exist"),
        ({"type": "string", "enum": [1]}, "none of its `enum` is of its type"),
        (
            {"type": "array", "items": {"type": "boolean"}, "minItems": 3, "uniqueItems": True},
            "fewer than 3 different items",
        ),
        ({"type": "object", "properties": {"a": False}, "required": ["a"]}, r"at $.a: nothing fits it"),
    ],
)
def test_an_impossible_schema_is_an_error_that_says_why(schema: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        document(schema)
    assert words in str(caught.value)
    assert caught.value.param == "schema"


def test_an_alternative_that_is_impossible_is_passed_over() -> None:
    assert document({"anyOf": [{"type": "integer", "minimum": 2, "maximum": 1}, {"const": "good"}]}) == "good"


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {"type": "integer"}, "contains": {"const": 7}, "minItems": 1},
        {"type": "array", "uniqueItems": True, "items": {"enum": [1, 2, 3, 4, 5]}, "minItems": 5},
        {"type": "array", "uniqueItems": True, "items": {"type": "object", "properties": {"b": {"type": "boolean"}}}},
        {"type": "array", "prefixItems": [{"type": "string"}], "items": {"type": "number"}, "minItems": 3},
        {"type": "array", "maxItems": 0},
        {"type": "object", "properties": {"a": {}, "b": {}, "c": {}}, "required": ["c"], "maxProperties": 2},
        {"type": "object", "properties": {"a": {"type": "integer", "minimum": 2, "maximum": 1}, "b": {}}},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1e-9},
        {"type": "number", "minimum": 3, "maximum": 3},
        {"type": "integer", "minimum": 1.5, "maximum": 2.5},
        {"type": "integer", "exclusiveMinimum": 4, "exclusiveMaximum": 6},
        {"type": "integer", "maximum": -5},
        {
            "anyOf": [{"type": "string"}, {"type": "number"}],
            "oneOf": [{"type": "number", "minimum": 4}, {"type": "string", "minLength": 3}],
        },
        {
            "allOf": [
                {"anyOf": [{"type": "integer"}, {"type": "string"}]},
                {"anyOf": [{"minimum": 3}, {"minLength": 3}]},
            ]
        },
        {"allOf": [{"enum": [1, 2, 3]}, {"enum": [3, 4]}]},
        {"allOf": [{"type": ["integer", "null"]}, {"type": "integer"}, {"allOf": [{"minimum": 9}]}]},
        {"allOf": [{"items": {"minimum": 2}}, {"items": {"maximum": 3}, "minItems": 2}], "type": "array"},
        {"allOf": [{"additionalProperties": {"type": "integer"}}, {"additionalProperties": False}], "type": "object"},
        {"type": "string", "pattern": "^[\\w.-]+$", "minLength": 12, "maxLength": 14},
        {"type": "string", "pattern": "b", "minLength": 30},
        {"type": "string", "pattern": "^(?P<year>\\d{4})-(?:0[1-9]|1[0-2])$"},
        {"type": "string", "pattern": "^[]a\\-z]{2,}\\t?\\/\\S\\s\\D\\W*?$"},
        {"type": "string", "maxLength": 2},
        {"type": "string", "format": "uuid"},
    ],
)
def test_odd_schemas_are_met_too(schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    fits = jsonschema.Draft202012Validator(schema).is_valid
    assert [made for seed in range(20) if not fits(made := document(schema, seed=seed))] == []


def test_schemas_of_old_editions_are_understood() -> None:
    schema = {
        "type": "array",
        "items": [{"type": "number", "minimum": 1, "exclusiveMinimum": True, "maximum": 2, "exclusiveMaximum": True}],
        "additionalItems": {"type": "boolean"},
        "minItems": 2,
    }
    number, flag = document(schema)
    assert 1 < number < 2
    assert isinstance(flag, bool)
