"""A price as a table that a form can evaluate: what is billed, how much of it, and at which rates.

It needs no more than adding, multiplying, comparing, rounding up and taking the largest; `evaluation.py` says how, and is
the reference for every other evaluator. An expression becomes JSON with `msgspec.to_builtins` and comes back with
`msgspec.convert(document, Expression)`; amounts are decimals in strings.
"""

from decimal import Decimal

import msgspec

from genmux.contract.params import Param
from genmux.types.money import Condition, Confidence, Price


class Number(msgspec.Struct, frozen=True, tag_field="do", tag="number"):
    """A number."""

    value: Decimal


class Value(msgspec.Struct, frozen=True, tag_field="do", tag="param"):
    """What a parameter or a measure of the inputs says (see `vocabulary.py`)."""

    name: str


class Add(msgspec.Struct, frozen=True, tag_field="do", tag="add"):
    """The sum."""

    of: tuple["Tree", ...]


class Multiply(msgspec.Struct, frozen=True, tag_field="do", tag="multiply"):
    """The product."""

    of: tuple["Tree", ...]


class Least(msgspec.Struct, frozen=True, tag_field="do", tag="least"):
    """The smallest; what is not known is left out of it."""

    of: tuple["Tree", ...]


class First(msgspec.Struct, frozen=True, tag_field="do", tag="first"):
    """The first that is known."""

    of: tuple["Tree", ...]


class RoundUp(msgspec.Struct, frozen=True, tag_field="do", tag="round_up"):
    """The next whole multiple of `to`."""

    of: "Tree"
    to: Decimal


class Between(msgspec.Struct, frozen=True, tag_field="do", tag="between"):
    """Something that nobody knows beforehand: at least `low`, at most `high`, for the reason that `why` gives.

    `confidence` is the best that an estimate which stands on it can have.
    """

    low: "Tree"
    high: "Tree"
    why: str | None = None
    confidence: Confidence = "medium"


class Case(msgspec.Struct, frozen=True):
    """A number that holds under conditions, as a price row does."""

    value: Decimal
    when: dict[str, Condition] = msgspec.field(default_factory=dict)


class Pick(msgspec.Struct, frozen=True, tag_field="do", tag="pick"):
    """A number from a table; where several fit, it is between the smallest and the largest of them."""

    cases: tuple[Case, ...]
    why: str | None = None


Tree = Number | Value | Add | Multiply | Least | First | RoundUp | Between | Pick


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is billed: its meter, how much of it there is, and the rows of which one holds."""

    meter: str
    quantity: Tree
    rows: tuple[Price, ...]


class Expression(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an operation of a model costs, as a function of its parameters.

    `params` are the parameters and measures that matter, with their ranges. `thresholds` are the quantities that
    conditions such as `input_tokens_gt` compare with; those of `seconds_gt` are the item's own. `unpriced` says what has no
    price, so that the cost is unknown. `confidence` is the best that an estimate from it can have.
    """

    model: str
    operation: str
    currency: str = "USD"
    params: dict[str, Param] = msgspec.field(default_factory=dict)
    items: tuple[Item, ...] = ()
    thresholds: dict[str, Tree] = msgspec.field(default_factory=dict)
    unpriced: tuple[str, ...] = ()
    confidence: Confidence = "high"


def number(value: float | str) -> Number:
    """A number in a tree."""
    return Number(Decimal(str(value)))


def times(*of: Tree | float | str) -> Multiply:
    """A product in a tree; names are parameters."""
    return Multiply(tuple(_tree(one) for one in of))


def plus(*of: Tree | float | str) -> Add:
    """A sum in a tree; names are parameters."""
    return Add(tuple(_tree(one) for one in of))


def names_in(tree: Tree) -> frozenset[str]:
    """The parameters and conditions that a tree asks for."""
    match tree:
        case Value(name):
            return frozenset({name})
        case Add(of) | Multiply(of) | Least(of) | First(of):
            return frozenset().union(*map(names_in, of))
        case RoundUp(of, _):
            return names_in(of)
        case Between(low, high):
            return names_in(low) | names_in(high)
        case Pick(cases):
            return frozenset(name for case in cases for name in case.when)
        case Number():
            return frozenset()


def _tree(one: Tree | float | str) -> Tree:
    if isinstance(one, str):
        return Value(one)
    return number(one) if isinstance(one, int | float) else one
