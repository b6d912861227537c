"""Makes a JSON document that fits a JSON Schema: for structured output and for the arguments of tool calls."""

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import msgspec

from genmux.providers.mock.chance import Chance
from genmux.providers.mock.chance import number as hashed
from genmux.providers.mock.pattern import matching
from genmux.providers.mock.schema import UnfitSchemaError, alternatives, is_of_type, type_names, weight
from genmux.types.content import Fields
from genmux.types.errors import InvalidRequestError

GENEROUS_DEPTH = 5
"""Down to here optional properties are filled; deeper, only what must be is made, so that recursion ends."""
DEEPEST = 60
ATTEMPTS = 200
"""How often another item is tried for a list whose items must differ."""

_WORDS = (
    "amber",
    "birch",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "grove",
    "harbor",
    "island",
    "juniper",
    "kestrel",
    "meadow",
)
_FORMATS = {
    "date": "2025-01-{:02d}",
    "time": "12:00:{:02d}Z",
    "date-time": "2025-01-{:02d}T12:00:00Z",
    "duration": "PT{:02d}M",
    "email": "reader{}@example.com",
    "idn-email": "reader{}@example.com",
    "hostname": "host{}.example.com",
    "idn-hostname": "host{}.example.com",
    "ipv4": "192.0.2.{}",
    "ipv6": "2001:db8::{:x}",
    "uri": "https://example.com/{}",
    "url": "https://example.com/{}",
    "iri": "https://example.com/{}",
    "uri-reference": "/page/{}",
    "json-pointer": "/item/{}",
    "regex": "item{}",
}


def document(schema: Fields, *, seed: object = "") -> Any:
    """A JSON value that fits `schema`; the same seed gives the same value.

    Understands types, properties, lists, enums, ranges, lengths, patterns, formats, references and combinations; `oneOf` is
    read as `anyOf`, and `not`, `if` and dependencies are passed over.
    Raises InvalidRequestError that names the place for which no value can be made.
    """
    try:
        return _Maker(schema, Chance(seed)).value(schema, "$", 0)
    except UnfitSchemaError as error:
        raise InvalidRequestError(str(error), param="schema") from error


class _Maker:
    def __init__(self, root: Fields, chance: Chance) -> None:
        self._root = root
        self._chance = chance

    def value(self, schema: Any, place: str, depth: int) -> Any:
        """A value for a schema, from the first of its alternatives that can be had."""
        if depth > DEEPEST:
            raise UnfitSchemaError(place, "it contains itself without end")
        choices = alternatives(schema, self._root, place)
        if depth >= GENEROUS_DEPTH:
            choices = sorted(choices, key=weight)
        elif len(choices) > 1:
            choices = sorted(choices, key=lambda one: one.get("type") == "null")
        failure: UnfitSchemaError | None = None
        for choice in choices:
            try:
                return self._plain(choice, place, depth)
            except UnfitSchemaError as error:
                failure = failure or error
        raise failure or UnfitSchemaError(place, "nothing fits it")

    def _plain(self, schema: Fields, place: str, depth: int) -> Any:
        if "const" in schema:
            return schema["const"]
        names = type_names(schema)
        if "enum" in schema:
            fitting = [value for value in schema["enum"] if "type" not in schema or is_of_type(value, names)]
            if not fitting:
                raise UnfitSchemaError(place, "none of its `enum` is of its type")
            return self._chance.pick(fitting)
        solid = [name for name in names if name != "null"]
        kind = "null" if not solid or (depth >= GENEROUS_DEPTH and "null" in names) else solid[0]
        make = _MAKERS.get(kind)
        if make is None:
            raise UnfitSchemaError(place, f"the type {kind!r} does not exist")
        return make(self, schema, place, depth)

    def null(self, _schema: Fields, _place: str, _depth: int) -> None:
        """Nothing."""

    def boolean(self, _schema: Fields, _place: str, _depth: int) -> bool:
        """True or false."""
        return self._chance.below(2) == 1

    def integer(self, schema: Fields, place: str, _depth: int) -> int:
        """A whole number within the bounds."""
        step = Fraction(str(schema.get("multipleOf", 1))).numerator
        low, high, low_open, high_open = _range(schema)
        first = math.floor(low) + 1 if low_open else math.ceil(low)
        last = math.ceil(high) - 1 if high_open else math.floor(high)
        first, last = -(-first // step), last // step
        if first > last:
            raise UnfitSchemaError(place, f"no whole number lies between {low} and {high}")
        return (first + self._chance.below(last - first + 1)) * step

    def number(self, schema: Fields, place: str, _depth: int) -> float:
        """A number within the bounds."""
        low, high, low_open, high_open = _range(schema)
        step = schema.get("multipleOf")
        for value in self._numbers(low, high, step):
            told = Fraction(str(value))  # as it stands in the document, where a float is a little beside it
            inside = (told > low if low_open else told >= low) and (told < high if high_open else told <= high)
            if inside and (step is None or float(value / step).is_integer()):
                return value
        raise UnfitSchemaError(place, f"no number lies between {low} and {high}")

    def _numbers(self, low: Fraction, high: Fraction, step: Any) -> Iterator[float]:
        if step is not None:
            stride = Fraction(str(step))
            first, last = math.ceil(low / stride), math.floor(high / stride)
            start = self._chance.below(max(last - first + 1, 1))
            for nth in range(min(last - first + 1, ATTEMPTS)):
                yield _number_of((first + (start + nth) % (last - first + 1)) * stride)
            return
        somewhere = low + (high - low) * Fraction(self._chance.below(1000) + 1, 1002)
        yield round(float(somewhere), 2)
        yield float(somewhere)
        yield _number_of((low + high) / 2)
        yield _number_of(low)
        yield _number_of(high)

    def string(self, schema: Fields, place: str, _depth: int) -> str:
        """A text within the bounds on its length, of the demanded format or pattern."""
        shortest, longest = int(schema.get("minLength", 0)), schema.get("maxLength")
        if longest is not None and shortest > longest:
            raise UnfitSchemaError(place, f"no text has at least {shortest} and at most {longest} characters")
        if "pattern" in schema:
            found = matching(schema["pattern"], self._chance, shortest=shortest, longest=longest)
            if found is None:
                raise UnfitSchemaError(place, f"no text was found for the pattern {schema['pattern']!r}")
            return found
        if schema.get("format") == "uuid":
            digits = f"{hashed(self._chance.fraction()):016x}{hashed(self._chance.fraction()):016x}"
            return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"
        if form := _FORMATS.get(schema.get("format", "")):
            return form.format(1 + self._chance.below(28))
        text = self._chance.pick(_WORDS)
        while len(text) < shortest:
            text += " " + self._chance.pick(_WORDS)
        return text if longest is None or len(text) <= longest else text[:longest]

    def array(self, schema: Fields, place: str, depth: int) -> list[Any]:
        """A list of as many items as must be, and a few more near the top."""
        return list(self._items(schema, place, depth))

    def _items(self, schema: Fields, place: str, depth: int) -> Iterator[Any]:
        fixed, rest = _item_schemas(schema)
        least, most = int(schema.get("minItems", 0)), schema.get("maxItems", math.inf)
        wanted = max(least, len(fixed))
        if depth < GENEROUS_DEPTH and rest is not False:
            wanted = max(wanted, 2 if depth < 2 else 1)
        seen: set[bytes] = set()
        for position in range(int(min(wanted, most))):
            one = fixed[position] if position < len(fixed) else rest
            if position == len(fixed) and "contains" in schema:
                one = {"allOf": [rest, schema["contains"]]}
            item, key = None, b""
            for _ in range(ATTEMPTS if schema.get("uniqueItems") else 1):
                item = self.value(one, f"{place}[{position}]", depth + 1)
                key = _same(item)
                if key not in seen:
                    break
            if key in seen and schema.get("uniqueItems"):
                if len(seen) < least:
                    raise UnfitSchemaError(place, f"fewer than {least} different items were found")
                return
            seen.add(key)
            yield item

    def object(self, schema: Fields, place: str, depth: int) -> Fields:
        """An object with all that is required and, near the top, all that may be."""
        properties: Fields = schema.get("properties") or {}
        required: list[str] = schema.get("required") or []
        rest = schema.get("additionalProperties", True)
        made: Fields = {}
        names = [*properties, *(name for name in required if name not in properties)]
        room = schema.get("maxProperties", math.inf) - len(required)
        for name in names:
            optional = name not in required
            if optional and (depth >= GENEROUS_DEPTH or room <= 0):
                continue
            try:
                made[name] = self.value(properties.get(name, rest), f"{place}.{name}", depth + 1)
            except UnfitSchemaError:
                if not optional:
                    raise
            else:
                room -= optional
        for name in properties:
            if len(made) < schema.get("minProperties", 0) and name not in made:
                made[name] = self.value(properties[name], f"{place}.{name}", depth + 1)
        while len(made) < schema.get("minProperties", 0):
            name = f"extra{len(made)}"
            made[name] = self.value(rest, f"{place}.{name}", depth + 1)
        return made


_MAKERS: dict[str, Callable[[_Maker, Fields, str, int], Any]] = {
    "null": _Maker.null,
    "boolean": _Maker.boolean,
    "integer": _Maker.integer,
    "number": _Maker.number,
    "string": _Maker.string,
    "array": _Maker.array,
    "object": _Maker.object,
}


def _range(schema: Fields) -> tuple[Fraction, Fraction, bool, bool]:
    """Lowest and highest number, and whether these two themselves are left out."""
    lows = [
        (Fraction(str(schema[word])), word != "minimum")
        for word in ("minimum", "exclusiveMinimum")
        if _is_bound(schema, word)
    ]
    highs = [
        (-Fraction(str(schema[word])), word != "maximum")
        for word in ("maximum", "exclusiveMaximum")
        if _is_bound(schema, word)
    ]
    low, low_open = max(lows, default=(None, False))
    high, high_open = max(highs, default=(None, False))
    width = 100 * Fraction(str(schema.get("multipleOf", 1)))
    if low is None:
        low = Fraction(0) if high is None else min(Fraction(0), -high - width)
    top = low + width if high is None else -high
    return (
        low,
        top,
        low_open or schema.get("exclusiveMinimum") is True,
        high_open or schema.get("exclusiveMaximum") is True,
    )


def _is_bound(schema: Fields, word: str) -> bool:
    return isinstance(schema.get(word), int | float) and not isinstance(schema[word], bool)


def _number_of(value: Fraction) -> float:
    return value.numerator if value.denominator == 1 else float(value)


def _item_schemas(schema: Fields) -> tuple[list[Any], Any]:
    """The schemas of the first items one by one, and that of all further ones."""
    items = schema.get("items", True)
    if isinstance(items, list):
        return items, schema.get("additionalItems", True)
    return schema.get("prefixItems", []), items


def _same(value: Any) -> bytes:
    """Equal for values that JSON Schema holds to be equal: 1 and 1.0 are, the order of keys does not count."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, dict):
        value = {key: msgspec.Raw(_same(one)) for key, one in value.items()}
    elif isinstance(value, list):
        value = [msgspec.Raw(_same(one)) for one in value]
    return msgspec.json.encode(value, order="sorted")
