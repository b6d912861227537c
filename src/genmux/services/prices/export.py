"""Reads genai-prices and writes what matters of it; run as a program, so that the import's memory is given back."""

import datetime
import sys
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from genmux.services.prices.listed import ABOVE, Clause, Dated, ListedModel, ListedProvider
from genmux.services.prices.units import METERS, WEEKDAYS_ONLY, conditions
from genmux.types.money import Price

if TYPE_CHECKING:
    from genai_prices import types as listed


def exported() -> bytes:
    """The whole list as JSON, by provider."""
    from genai_prices.data_snapshot import get_snapshot

    return msgspec.json.encode({provider.id: _provider(provider) for provider in get_snapshot().providers})


def main() -> None:
    """Write it to standard output."""
    sys.stdout.buffer.write(exported())


def _provider(provider: "listed.Provider") -> ListedProvider:
    models = (_model(model, (provider.id, model.id) in WEEKDAYS_ONLY) for model in provider.models)
    return ListedProvider(
        id=provider.id,
        models=tuple(model for model in models if model is not None),
        fallback=tuple(provider.fallback_model_providers or ()),
    )


def _model(model: "listed.ModelInfo", on_weekdays: bool) -> ListedModel | None:
    """None for a model that is billed by something for which there is no meter: its price is unknown to us."""
    prices: Any = model.prices if isinstance(model.prices, list) else [model]
    try:
        return ListedModel(
            id=model.id,
            match=_clause(model.match),
            prices=tuple(_dated(one, on_weekdays=on_weekdays) for one in prices),
            variants=tuple(_dated(one, when=conditions(one.when)) for one in model.price_variants or ()),
        )
    except KeyError:
        return None


def _dated(priced: Any, *, when: dict[str, str] | None = None, on_weekdays: bool = False) -> Dated:
    constraint = getattr(priced, "constraint", None)
    first = getattr(constraint, "start_time", None)
    return Dated(
        rows=tuple(_rows(vars(priced.prices).items())),
        start=getattr(constraint, "start_date", None),
        hours=None if constraint is None or first is None else (_naive(first), _naive(constraint.end_time)),
        on_weekdays=on_weekdays and first is not None,
        when=when or {},
    )


def _naive(time: datetime.time) -> datetime.time:
    """A time of day in UTC, as which the list means all of them."""
    if time.tzinfo is None:
        return time
    day = datetime.datetime.combine(datetime.date(1970, 1, 2), time)
    return day.astimezone(datetime.UTC).time()


def _rows(prices: Iterable[tuple[str, Any]]) -> Iterator[Price]:
    """Translate the price list's fields. Raises KeyError for a field that has no meter of ours."""
    for field, value in prices:
        if value is None or field.startswith("_"):
            continue
        meter, per = METERS[field]
        if isinstance(value, Decimal):
            yield Price(meter=meter, per=per, amount=value, source="genai-prices")
            continue
        yield Price(meter=meter, per=per, amount=value.base, source="genai-prices")
        for tier in value.tiers:
            yield Price(meter=meter, per=per, amount=tier.price, when={ABOVE: tier.start}, source="genai-prices")


def _clause(match: Any) -> Clause:
    for field in ("equals", "starts_with", "ends_with", "contains"):
        if (text := getattr(match, field, None)) is not None:
            return Clause(**{field: text.lower()})
    if (pattern := getattr(match, "regex", None)) is not None:
        return Clause(regex=pattern)
    if (clauses := getattr(match, "or_", None)) is not None:
        return Clause(any_of=tuple(map(_clause, clauses)))
    return Clause(all_of=tuple(map(_clause, match.and_)))
