"""From price rows and an operation to an expression."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import reduce

import msgspec

from genmux.contract.features import Support
from genmux.contract.model import Model
from genmux.contract.params import Param
from genmux.services.estimates.expression import Add, Expression, Item, RoundUp, Tree, Value, names_in, times
from genmux.services.estimates.quantities import ESSENTIAL, Quantities, quantities
from genmux.services.estimates.vocabulary import ALIASES, KNOWN, MEASURES, NEEDED, UNCOUNTED
from genmux.types.conditions import THRESHOLDS
from genmux.types.money import Price

CACHED = frozenset({"cached", "cache_write", "5m", "30m", "1h", "12h"})
"""Words of meters for what is read from and written to a cache: whether it is, nobody knows beforehand."""

TEXTUAL = ("chat", "embed")
"""Operations whose every kind of token may be any of those that are priced."""


def expression_of(model: Model, operation: str, rows: Iterable[Price]) -> Expression:
    """What an operation of a model costs, as a function of its parameters."""
    by_meter: dict[str, list[Price]] = {}
    currency = "USD"
    for row in rows:
        by_meter.setdefault(row.meter, []).append(row)
        if row.credit_type is None:
            currency = row.currency
    used = quantities(operation, model.reference)
    places = _placed(used, by_meter)
    items = tuple(
        Item(meter=meter, quantity=_total(meter, atoms, used, by_meter[meter]), rows=_rows(meter, by_meter, operation))
        for meter, atoms in places.items()
    )
    thresholds = _thresholds(items, used)
    trees = (*thresholds.values(), *(item.quantity for item in items))
    conditions = {name for item in items for row in item.rows for name in row.when}
    return Expression(
        model=model.reference,
        operation=operation,
        currency=currency,
        params=_params(model, operation, trees, conditions),
        items=items,
        thresholds=thresholds,
        unpriced=tuple(_unpriced(model, operation, {atom for atoms in places.values() for atom in atoms}, by_meter)),
    )


def unpriced_expression(model: Model, operation: str) -> Expression:
    """The expression of a model without a price."""
    return Expression(model=model.reference, operation=operation, unpriced=(f"the price of {model.reference}",))


def _placed(used: Quantities, by_meter: Mapping[str, list[Price]]) -> dict[str, list[str]]:
    """For each priced meter the quantities that it bills: each goes to the narrowest that contains it."""
    places: dict[str, list[str]] = {}
    for atom in used:
        around = [meter for meter in by_meter if _contains(meter, atom)]
        if around:
            places.setdefault(max(around, key=lambda meter: len(meter.split("."))), []).append(atom)
    return places


def _contains(meter: str, atom: str) -> bool:
    family, *words = meter.split(".")
    own, *inner = atom.split(".")
    return family == own and ((meter == atom) if family == "calls" else {*words} <= {*inner})


def _total(meter: str, atoms: list[str], used: Quantities, rows: list[Price]) -> Tree:
    total: Tree = used[atoms[0]] if len(atoms) == 1 else Add(tuple(used[atom] for atom in atoms))
    steps = [row.round_to for row in rows if row.round_to]
    if meter.startswith("pixels.output") and steps:  # each picture is rounded up by itself
        return times("n", RoundUp(Value("pixels"), Decimal(str(max(steps)))))
    return total


def _rows(meter: str, by_meter: Mapping[str, list[Price]], operation: str) -> tuple[Price, ...]:
    """The rows of a meter, and those of dearer kinds of the same that a request may turn out to use."""
    own = by_meter[meter]
    words = {*meter.split(".")}
    cheapest = min(row.amount / row.per for row in own)
    others = [
        row
        for other, rows in by_meter.items()
        if (beyond := {*other.split(".")} - words) and words < {*other.split(".")}
        if operation in TEXTUAL or beyond <= CACHED
        for row in rows
        if row.amount / row.per > cheapest or row.minimum or row.round_to
    ]
    return (*own, *others)


def _unpriced(model: Model, operation: str, billed: set[str], by_meter: Mapping[str, list[Price]]) -> Iterator[str]:
    """What an operation cannot do without and what has no price."""
    if operation in TEXTUAL and all(row.amount == 0 for rows in by_meter.values() for row in rows):
        return  # what is free is free altogether
    listens_only = operation == "realtime" and model.support("audio_output") is Support.NO
    for needed in ESSENTIAL[operation][: 1 if listens_only else None]:
        if billed.isdisjoint(needed):
            others = f", which has prices for {', '.join(sorted(by_meter))}" if by_meter else ""
            yield f"the price of {needed[0]}{others}"


def _thresholds(items: Iterable[Item], used: Quantities) -> dict[str, Tree]:
    """The quantities that the rows' conditions compare with."""
    asked = {name for item in items for row in item.rows for name in row.when if name in THRESHOLDS}
    found: dict[str, Tree] = {}
    for name in sorted(asked):
        meter = THRESHOLDS[name]
        parts = tuple(tree for atom, tree in used.items() if meter and _contains(meter, atom))
        if parts:
            found[name] = parts[0] if len(parts) == 1 else Add(parts)
    return found


def _params(model: Model, operation: str, trees: Iterable[Tree], conditions: Iterable[str]) -> dict[str, Param]:
    """The parameters that matter: with the model's own ranges and defaults, else without any range."""
    names = reduce(frozenset.union, map(names_in, trees), frozenset(conditions))
    if names & {"pixels", "size", "resolution"}:
        names |= {"pixels", "size", "resolution", "width", "height"}
    found = {name: _param(model, operation, name) for name in sorted(names & KNOWN.keys())}
    limit = model.limits.max_output_tokens
    if "max_tokens" in found and limit is not None and found["max_tokens"].max is None:
        found["max_tokens"] = msgspec.structs.replace(found["max_tokens"], max=limit)
    return found


def _param(model: Model, operation: str, name: str) -> Param:
    known = KNOWN[name]
    spellings = (name, *(other for other, ours in ALIASES.items() if ours == name))
    params = {key: one for key, one in model.spec.params.items() if not one.operations or operation in one.operations}
    own = next((params[one] for one in spellings if one in params), None)
    if own is not None:
        return own if own.default is not None else msgspec.structs.replace(own, default=known.default)
    if name in MEASURES and name not in UNCOUNTED and name not in NEEDED.get(operation, ()):
        return msgspec.structs.replace(known, default=0, min=None, max=None)
    return msgspec.structs.replace(known, min=None, max=None)
