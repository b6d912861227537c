"""Every price that comes with genmux can be billed by, and no bill is above its bound."""

import datetime
import random
from decimal import Decimal

from genmux.services.prices import MediaCatalogue, PriceList, Tariff
from genmux.services.prices.sources.names import TEXT
from genmux.types.conditions import THRESHOLDS, named, price_faults
from genmux.types.money import Price, micros

NOON = datetime.datetime(2026, 11, 27, 12, tzinfo=datetime.UTC)


def rows_of_all() -> list[tuple[str, tuple[Price, ...]]]:
    """The rows of each model of the catalogue."""
    catalogue = MediaCatalogue()
    found = [(f"{one.provider}/{one.id}", catalogue.rows(one.provider, one.id)) for one in catalogue.models()]
    return [(name, rows) for name, rows in found if rows]


def quantity_for(row: Price) -> dict[str, int]:
    """A quantity with which a row counts: above its thresholds."""
    used = {row.meter: 1_000}
    for name, meter in THRESHOLDS.items():
        if name in row.when:
            used[meter or row.meter] = max(used.get(meter or row.meter, 0), int(row.when[name]) + 1)
    return used


def test_every_row_of_the_catalogue_counts_under_its_conditions() -> None:
    billed = 0
    for name, rows in rows_of_all():
        tariff = Tariff(rows)
        for row in rows:
            used = quantity_for(row)
            lines = {line.meter: line for line in tariff.lines(used, context=named(row))}
            line = lines.get(row.meter)
            if any(other.meter == row.meter and len(other.when) > len(row.when) and other.when.items() >= row.when.items()
                   and set(other.when) - set(row.when) <= THRESHOLDS.keys() and quantity_for(other).items() <= used.items()
                   for other in rows):  # fmt: skip
                continue  # a dearer step begins there
            assert line is not None, (name, row)
            assert line.amount == Decimal(str(line.quantity)) * row.amount / row.per, (name, row)
            billed += 1
    assert billed > 4_000


def test_no_bill_of_the_catalogue_is_above_its_bound() -> None:
    chance = random.Random(3)  # noqa: S311 — the same draw every time
    for name, rows in rows_of_all():
        tariff = Tariff(rows)
        used = {row.meter: chance.randint(1, 300_000) for row in rows if "." in row.meter}
        roots = {
            meter: count for meter, count in used.items() if not any(meter.startswith(f"{other}.") for other in used)
        }
        for meter, count in used.items():
            root = next(root for root in roots if meter == root or meter.startswith(f"{root}."))
            roots[root] += 0 if meter == root else count
        usage = {**used, **roots}
        context = named(chance.choice(rows))
        bill = tariff.whole_bill(usage, context=context)
        bound = tariff.highest(roots)
        if bill is not None:
            assert bound is not None, name
            most = sum(line.quantity for line in bill)
            if most <= sum(roots.values()):  # else something belongs to two meters, see `bill`
                assert micros(sum((line.amount for line in bill), Decimal(0))) <= bound, name


def test_rows_of_the_token_price_list_never_contradict_each_other() -> None:
    listed = PriceList(None)
    checked = 0
    for provider_id in {*TEXT.values(), "google", "anthropic", "openrouter", "azure"} - {None}:
        provider = listed.provider(str(provider_id))
        for model in provider.models if provider else ():
            for tier in (None, "batch"):
                rows = model.rows(NOON, {"service_tier": tier} if tier else {})
                assert price_faults(rows) == [], (provider_id, model.id)
                checked += 1
    assert checked > 2_000
