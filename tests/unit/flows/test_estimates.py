"""Estimates of generations: of models that can be called, and of those that only have a price."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from genmux.contract.manifest import Manifest, ModelSpec
from genmux.contract.params import Param
from genmux.flows.estimates import EstimateFlow
from genmux.services.catalog import Catalog
from genmux.services.estimates import Estimator
from genmux.services.prices import bill
from genmux.services.prices.bill import Tariff
from genmux.services.tokens import TokenCounter
from genmux.types.errors import ConfigurationError, InvalidRequestError, NotFoundError, UnsupportedError
from genmux.types.generation import GenerationRequest
from genmux.types.money import Estimate, Price
from tests.unit.services.shop import Shelf, manifest

SECOND = Price(meter="seconds.output.video", amount=Decimal("0.1"))
CREDIT = Price(meter="seconds.output.video", amount=Decimal(5), credit_type="video")


class Entry(msgspec.Struct, frozen=True):
    """A model of the price list."""

    provider: str
    id: str
    operations: tuple[str, ...]


ENTRIES = (
    Entry("far", "film-1", ("text_to_video", "image_to_video")),
    Entry("far", "deep/film-2", ("text_to_video",)),
    Entry("away", "film-1", ("text_to_video",)),
    Entry("acme", "listed-only", ("text_to_video",)),
)


class Book:
    """A second of video costs the same everywhere, but for one model in credits."""

    def rows(self, model: Any, *, service_tier: str | None = None) -> tuple[Price, ...]:
        assert service_tier is None
        return (CREDIT,) if model.id == "credited" else (SECOND,)

    def compiled(self, model: Any, *, service_tier: str | None = None) -> Tariff:
        return Tariff(self.rows(model, service_tier=service_tier))

    def catalogue_models(self, provider: str | None = None) -> Iterable[Entry]:
        return [one for one in ENTRIES if provider in (None, one.provider)]


def film(**fields: Any) -> ModelSpec:
    return ModelSpec(operations={"text_to_video": "films"}, **fields)


def house(**fields: Any) -> Manifest:
    own = {"mine": film(params={"duration": Param(type="integer", default=7)}), "credited": film()}
    return manifest("acme", "talker", models=own, credit_rates={"video": Decimal("0.02")}, **fields)


def flow(**aliases: str) -> EstimateFlow:
    shelf, book = Shelf(house()), Book()
    catalog = Catalog(shelf, aliases=aliases, defaults={})
    return EstimateFlow(catalog, shelf, book, Estimator(book, TokenCounter(), bill), aliases=aliases)


def estimated(
    name: str, operation: str = "text_to_video", aliases: dict[str, str] | None = None, **params: Any
) -> Estimate:
    request = GenerationRequest(operation=operation, model=name, params=params)
    return flow(**(aliases or {})).generation(request)


def test_a_model_that_can_be_called_has_its_own_parameters() -> None:
    assert estimated("acme/mine").high == Decimal("0.7")


@pytest.mark.parametrize("name", ["far/film-1", "far/deep/film-2", "deep/film-2", "acme/listed-only"])
def test_a_price_is_enough(name: str) -> None:
    assert estimated(name, duration=3).high == Decimal("0.3")


def test_an_alias_leads_to_a_model_of_the_price_list() -> None:
    aliases = {"film": "next", "next": "far/film-1", "round": "trip", "trip": "round"}

    assert estimated("film", aliases=aliases, duration=3).high == Decimal("0.3")
    with pytest.raises(ConfigurationError, match="leads back to itself"):
        estimated("round", aliases=aliases)


def test_a_bare_name_of_several_providers_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="several providers: name one of far/film-1, away/film-1"):
        estimated("film-1")


def test_what_nobody_knows_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="no provider is known to offer 'nobody/film'"):
        estimated("nobody/film")


def test_a_name_that_is_nearly_right_is_told() -> None:
    with pytest.raises(
        NotFoundError, match=r"far has no model 'film-11' .*; did you mean far/film-1 or far/deep/film-2\?"
    ):
        estimated("far/film-11")


def test_what_a_model_cannot_do_is_told_with_what_it_can() -> None:
    with pytest.raises(UnsupportedError, match="acme/talker cannot text_to_video; it can: chat"):
        estimated("acme/talker")
    with pytest.raises(UnsupportedError, match="far/film-1 cannot transcribe; it can: text_to_video, image_to_video"):
        estimated("far/film-1", "transcribe")


def test_an_operation_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="there is no operation 'text_to_smell'"):
        estimated("far/film-1", "text_to_smell")


def test_without_a_model_the_default_is_missing() -> None:
    with pytest.raises(ConfigurationError, match="no default for rerank"):
        estimated("", "rerank")


def test_credits_cost_what_the_provider_s_plan_or_the_account_says() -> None:
    request = GenerationRequest(operation="text_to_video", model="acme/credited", params={"duration": 2})

    assert flow().generation(request).high == Decimal("0.2")
    assert flow().generation(request, rates={"video": Decimal(1)}).high == 10


def test_a_form_gets_the_expression_of_any_model() -> None:
    expression = flow().expression("far/film-1", "image_to_video")

    assert (expression.model, expression.operation) == ("far/film-1", "image_to_video")
    assert [item.meter for item in expression.items] == ["seconds.output.video"]
    assert expression.params["duration"].type == "number"
