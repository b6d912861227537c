"""A name means one model, and what it does not mean is said with a way out."""

from decimal import Decimal
from typing import Any

import pytest

from genmux.contract.features import Support
from genmux.contract.manifest import Limits, ModelSpec
from genmux.contract.model import Model
from genmux.contract.operations import Operation
from genmux.services import catalog as catalog_module
from genmux.services.catalog import Catalog
from genmux.types.errors import (
    ConfigurationError,
    InvalidRequestError,
    NotFoundError,
    ProviderError,
    UnsupportedError,
)
from genmux.types.money import Price
from tests.unit.services.shop import Shelf, manifest, price, spec

LOCAL = manifest("local", "smollm2", models={"minilm": ModelSpec(operations={"embed": "e"})}, models_policy="closed")
OPENAI = manifest("openai", "gpt-5", "gpt-5-mini", model_defaults=spec(family="gpt"))
AZURE = manifest("azure", "gpt-5", model_defaults=spec())
ROUTER = manifest("router", "meta/llama", model_defaults=spec())


def catalog(*manifests: Any, aliases: dict[str, str] | None = None, **fields: Any) -> Catalog:
    defaults: dict[Operation, str] = fields.pop("defaults", {})
    return Catalog(Shelf(*manifests, **fields), aliases=aliases or {}, defaults=defaults)


def fault(found: Catalog, name: str | None, operation: Operation = "chat") -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        found.resolve(name, operation)
    return caught.value


def test_a_reference_means_that_model_of_that_provider() -> None:
    model = catalog(OPENAI, AZURE).resolve("azure/gpt-5", "chat")

    assert (model.provider, model.id, model.wire_id, model.listed) == ("azure", "gpt-5", "gpt-5", True)


def test_the_providers_own_name_is_told_apart_from_ours() -> None:
    models = {"short": spec(wire_id="very-long-2026")}

    assert catalog(manifest("acme", models=models)).resolve("acme/short", "chat").wire_id == "very-long-2026"


def test_an_open_provider_takes_unlisted_models_with_its_defaults() -> None:
    model = catalog(OPENAI).resolve("openai/gpt-99", "chat")

    assert (model.listed, model.spec.family) == (False, "gpt")


def test_a_closed_provider_names_the_models_that_come_near() -> None:
    error = fault(catalog(LOCAL), "local/smollm-3")

    assert isinstance(error, NotFoundError)
    assert error.message == "local has no model 'smollm-3'; it has: smollm2"
    assert fault(catalog(LOCAL), "local/zzz").message == "local has no model 'zzz'; it has: minilm, smollm2"


def test_a_model_inherits_what_it_leaves_out() -> None:
    defaults = spec(features={"tools": Support.NATIVE, "vision": Support.NO}, limits=Limits(context_tokens=100))
    own = ModelSpec(features={"vision": Support.NATIVE}, limits=Limits(max_output_tokens=7))
    model = catalog(manifest("acme", models={"one": own}, model_defaults=defaults)).resolve("acme/one", "chat")

    assert model.spec.features == {"tools": Support.NATIVE, "vision": Support.NATIVE}
    assert model.limits == Limits(context_tokens=100, max_output_tokens=7)


def test_a_bare_name_means_the_only_provider_that_offers_it() -> None:
    assert catalog(OPENAI, LOCAL).resolve("gpt-5", "chat").reference == "openai/gpt-5"
    assert catalog(ROUTER, OPENAI).resolve("meta/llama", "chat").reference == "router/meta/llama"


def test_a_bare_name_means_the_only_provider_that_can_be_used() -> None:
    found = catalog(OPENAI, AZURE, lacking={"azure": "no key"})

    assert found.resolve("gpt-5", "chat").provider == "openai"


def test_a_bare_name_of_an_unusable_provider_is_still_understood() -> None:
    assert catalog(OPENAI, lacking={"openai": "no key"}).resolve("gpt-5", "chat").provider == "openai"


def test_a_bare_name_that_several_offer_lists_them() -> None:
    error = fault(catalog(OPENAI, AZURE), "gpt-5")

    assert isinstance(error, InvalidRequestError)
    assert error.message == "'gpt-5' is offered by several providers: name one of azure/gpt-5, openai/gpt-5"
    assert error.param == "model"


def test_a_bare_name_counts_only_where_the_model_can_do_what_is_asked() -> None:
    other = manifest("other", models={"gpt-5": ModelSpec(operations={"embed": "e"})})

    assert catalog(OPENAI, other).resolve("gpt-5", "chat").provider == "openai"
    assert catalog(OPENAI, other).resolve("gpt-5", "embed").provider == "other"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("opnai/gpt-5", "there is no provider 'opnai'; did you mean openai?"),
        ("gpt-5-min", "no provider is known to offer 'gpt-5-min'; did you mean gpt-5-mini"),
        ("zzzzz", "no provider is known to offer 'zzzzz'; a model is named as provider/model"),
    ],
)
def test_an_unknown_name_is_answered_with_what_was_perhaps_meant(name: str, said: str) -> None:
    error = fault(catalog(OPENAI, LOCAL), name)

    assert isinstance(error, NotFoundError)
    assert said in error.message


def test_a_model_that_cannot_do_it_says_what_it_can() -> None:
    error = fault(catalog(LOCAL), "local/minilm")

    assert isinstance(error, UnsupportedError)
    assert error.message == "local/minilm cannot chat; it can: embed"


def test_aliases_lead_to_models_also_through_each_other() -> None:
    found = catalog(OPENAI, aliases={"fast": "small", "small": "openai/gpt-5-mini"})

    assert found.resolve("fast", "chat").reference == "openai/gpt-5-mini"


def test_an_alias_that_leads_in_a_circle_is_told() -> None:
    error = fault(catalog(OPENAI, aliases={"a": "b", "b": "a"}), "a")

    assert isinstance(error, ConfigurationError)
    assert error.message == "the alias 'a' leads back to itself: a → b → a"


def test_without_a_name_the_default_counts_and_the_embedded_model_comes_last() -> None:
    configured = catalog(OPENAI, LOCAL, aliases={"fast": "gpt-5"}, defaults={"chat": "fast"})

    for nothing in (None, ""):
        assert configured.resolve(nothing, "chat").reference == "openai/gpt-5"
        assert configured.resolve(nothing, "embed").reference == "local/minilm"
        assert catalog(LOCAL).resolve(nothing, "chat").reference == "local/smollm2"


def test_an_operation_without_a_default_says_how_to_set_one() -> None:
    error = fault(catalog(LOCAL), None, "rerank")

    assert isinstance(error, ConfigurationError)
    assert "set GENMUX_RERANK_MODEL" in error.message


def test_a_broken_provider_hides_no_other() -> None:
    found = catalog(OPENAI, broken=("bad",))

    assert found.resolve("gpt-5", "chat").provider == "openai"
    assert [model.reference for model in found.usable()] == ["openai/gpt-5", "openai/gpt-5-mini"]
    assert "broken" in fault(found, "bad/one").message


def test_models_of_providers_that_cannot_be_used_are_not_usable() -> None:
    found = catalog(OPENAI, AZURE, lacking={"openai": "no key"})

    assert [model.reference for model in found.usable()] == ["azure/gpt-5"]


def test_a_name_of_any_length_is_not_looked_for() -> None:
    assert "has 2000 characters; none is longer than" in fault(catalog(OPENAI), "openai/" + "x" * 1_993).message


def test_what_was_resolved_is_kept_until_it_is_forgotten() -> None:
    shelf = Shelf(OPENAI)
    found = Catalog(shelf, aliases={}, defaults={})
    first = found.resolve("gpt-5", "chat")
    shelf.manifests["azure"] = AZURE

    assert found.resolve("gpt-5", "chat") is first

    found.forget()

    assert "several providers" in fault(found, "gpt-5").message


def test_invented_names_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog_module, "_REMEMBERED", 3)
    found = catalog(OPENAI)

    models = [found.resolve(f"openai/{number}", "chat") for number in range(10)]

    assert len({model.id for model in models}) == 10
    assert found.resolve("openai/9", "chat") is models[9]
    assert found.resolve("openai/0", "chat") is not models[0]


class Prices:
    """What models cost here."""

    def __init__(self, **rows: tuple[Price, ...]) -> None:
        self._rows = rows

    def rows(self, model: Model, *, service_tier: str | None = None) -> tuple[Price, ...] | None:
        assert service_tier is None
        return self._rows.get(model.id)


PRICES = Prices(
    cheap=(price("tokens.input", "1"), price("tokens.output", "4")),
    dear=(price("tokens.input", "5"), price("tokens.input", "1", when={"input_tokens_gt": 5})),
    yuan=(price("tokens.input", "1", currency="CNY"),),
)
SHOP = manifest(
    "shop",
    models={
        "cheap": spec(name="Cheap one", features={"vision": Support.NATIVE, "tools": Support.EMULATED}),
        "dear": spec(features={"vision": Support.NO}),
        "yuan": spec(),
        "secret": spec(),
        "vectors": ModelSpec(operations={"embed": "e"}),
    },
)


def listed(found: Catalog, **asked: Any) -> list[str]:
    return [info.reference for info in found.models(PRICES, **asked)]


def test_models_are_listed_with_all_that_is_known_of_them() -> None:
    info, *others = catalog(SHOP, lacking={"shop": "no key"}).models(PRICES)

    assert (info.reference, info.provider, info.name, info.operations) == ("shop/cheap", "shop", "Cheap one", ("chat",))
    assert info.unavailable == "no key"
    assert info.prices == PRICES.rows(catalog(SHOP).resolve("shop/cheap", "chat"))
    assert [other.prices is None for other in others] == [False, False, True, True]


def test_models_are_filtered_by_provider_operation_feature_and_price() -> None:
    found = catalog(SHOP, OPENAI)

    assert listed(found, provider="openai") == ["openai/gpt-5", "openai/gpt-5-mini"]
    assert listed(found, operation="embed") == ["shop/vectors"]
    assert listed(found, features=["vision", "tools"]) == ["shop/cheap"]
    assert listed(found, provider="shop", operation="chat", max_price=Decimal(2)) == ["shop/cheap"]
    assert listed(found, max_price=Decimal(5)) == ["shop/cheap", "shop/dear"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"features": ["visoin"]}, "there is no feature 'visoin'; try vision"),
        ({"operation": "chta"}, "there is no operation 'chta'; try chat"),
        ({"provider": "shup"}, "there is no provider 'shup'; try shop"),
    ],
)
def test_a_filter_that_does_not_exist_is_an_error(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        catalog(SHOP).models(PRICES, **asked)

    assert said in caught.value.message


def test_a_name_beyond_all_measure_is_refused_without_being_repeated() -> None:
    catalog = Catalog(Shelf(), aliases={}, defaults={})
    with pytest.raises(InvalidRequestError, match="has 100000 characters") as caught:
        catalog.resolve("x" * 100_000, "chat")
    assert len(caught.value.message) < 200
