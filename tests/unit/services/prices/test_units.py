"""Every unit and condition of genai-prices is one of ours."""

from collections.abc import Iterator
from typing import Any

import pytest

from genmux.services.prices.units import METERS, conditions


@pytest.fixture(scope="module")
def theirs() -> list[Any]:
    """The installed genai-prices."""
    from genai_prices.data_snapshot import get_snapshot

    return get_snapshot().providers


def prices_of(model: Any) -> Iterator[Any]:
    from genai_prices.types import ModelPrice

    if isinstance(model.prices, ModelPrice):
        yield model.prices
    else:
        yield from (conditional.prices for conditional in model.prices)
    yield from (variant.prices for variant in model.price_variants or ())


def test_every_field_of_the_price_list_has_a_meter(theirs: list[Any]) -> None:
    fields = {
        field
        for provider in theirs
        for model in provider.models
        for prices in prices_of(model)
        for field, value in vars(prices).items()
        if value is not None
    }

    assert fields - METERS.keys() == set()


def test_every_unit_that_the_price_list_could_use_has_a_meter_of_its_own() -> None:
    from genai_prices.data_units import unit_data

    assert METERS.keys() == {unit["price_key"] for unit in unit_data.values()}
    assert len({frozenset(meter.split(".")) for meter, _ in METERS.values()}) == len(unit_data) == 59


def test_every_condition_of_the_price_list_is_one_of_ours(theirs: list[Any]) -> None:
    told = {
        (name, value)
        for provider in theirs
        for model in provider.models
        for variant in model.price_variants or ()
        for name, value in variant.when.items()
    }
    ours = {one: tuple(conditions(dict([one])).items()) for one in told}

    assert told
    assert {name for ((name, _),) in ours.values()} == {"service_tier", "variant"}
    assert conditions({"moon": "full"}) == {"variant": "moon=full"}


def test_every_unit_is_for_as_many_as_the_price_list_means() -> None:
    from genai_prices.units import _get_registry

    units = _get_registry()

    assert {field: units.unit_for_price_key(field).per for field in METERS} == {
        field: per for field, (_, per) in METERS.items()
    }
    assert len({meter for meter, _ in METERS.values()}) == len(METERS)
