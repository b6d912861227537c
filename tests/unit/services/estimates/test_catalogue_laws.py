"""The laws, for every model of the catalogue: no bill of what a typical request uses is above its estimate."""

import itertools
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from genmux.app import App
from genmux.contract.model import Model
from genmux.contract.operations import OPERATIONS
from genmux.services.estimates import Estimator, Expression, evaluate
from genmux.services.estimates.measures import measured
from genmux.services.prices import bill
from genmux.services.prices.bill import Tariff
from genmux.types.conditions import named
from genmux.types.generation import GenerationRequest
from genmux.types.money import Condition, Line, Price, micros
from genmux.types.usage import Usage
from tests.unit.services.estimates.typical import TYPICAL, as_known
from tests.unit.services.shop import asked

MOST_CONTEXTS = 200
"""So many ways are tried in which conditions may turn out."""

FITTING = ("1024", "1k", "1K")
"""Names of the resolution of the pictures that typical requests ask for."""

UNTOLD = ("service_tier",)
"""Conditions that hold only if somebody asks for them."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> App:
    cache: Path = tmp_path_factory.mktemp("cache")
    return App(environ={"XDG_CACHE_HOME": str(cache)})


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one not in ("chat", "embed")])
def test_no_bill_of_what_was_used_is_above_high(app: App, operation: str) -> None:
    tried = 0
    listed = [one for one in app.prices.catalogue_models() if operation in one.operations]
    for one in listed:
        model = app.estimates.model(f"{one.provider}/{one.id}", operation)
        said = _plain(operation)
        said = {**said, "params": as_known(said["params"], model.spec.params)}
        request = GenerationRequest(operation=operation, model=model.reference, **said)
        rows, estimate = app.prices.rows(model), app.estimates.generation(request)
        if rows is None or estimate.high is None:
            continue
        assert sum((line.amount for line in estimate.lines), Decimal(0)) == estimate.high
        expression = app.estimates.expression(request.model, operation)
        carried = msgspec.convert(msgspec.json.decode(msgspec.json.encode(expression)), Expression, strict=False)
        rates = _rates(app, one.provider)
        assert evaluate(carried, measured(request, model), rates=rates).high == estimate.high, request.model
        for context in _contexts(rows, _defaults(model)):
            for share in (1, 0.5):
                billed = Tariff(rows).whole_bill(_used(estimate.lines, share), context=context)
                tried += billed is not None
                cost = sum(line.amount * rates.get(line.credit_type or "", 1) for line in billed or ())
                assert cost <= estimate.high, (request.model, context)

    assert tried or not listed


def test_no_bill_of_a_chat_is_above_its_quick_bound(app: App) -> None:
    tried = 0
    request = asked("Hello", max_tokens=1_000)
    estimator = Estimator(app.prices, app.tokens, bill)
    for one in app.prices.catalogue_models():
        if "chat" not in one.operations:
            continue
        model = app.estimates.model(f"{one.provider}/{one.id}", "chat")
        most, bound, high = (
            estimator.most(request, model),
            app.tokens.bound(request, model),
            estimator.chat(request, model).high,
        )
        assert (most is None) == (high is None), model.reference
        if most is None or bound is None or high is None:
            continue
        assert micros(high) <= most <= micros(high) + 1, model.reference
        for meters in _splits(app.prices.rows(model) or (), bound, 1_000):
            for context in _contexts(app.prices.rows(model) or ()):
                cost = app.prices.cost(model, Usage(meters=meters), context=context)
                tried += cost is not None
                assert cost is None or micros(cost.amount) <= most, (model.reference, meters)

    assert tried


def _splits(rows: tuple[Price, ...], asked_for: int, answered: int) -> Iterator[dict[str, int | float]]:
    """The ways in which all tokens of a chat may turn out to be of one kind."""
    whole: dict[str, int | float] = {"tokens.input": asked_for, "tokens.output": answered}
    yield whole
    for meter in {row.meter for row in rows}:
        for root, quantity in whole.items():
            if meter.startswith(f"{root}."):
                yield {**whole, meter: quantity}


def _rates(app: App, provider: str) -> Mapping[str, Decimal]:
    """What a credit of a provider costs on its usual plan."""
    known = app.registry.is_registered(provider)
    return app.registry.manifest(provider).credit_rates if known else {}


def _plain(operation: str) -> dict[str, Any]:
    """A typical request that leaves open whatever it can."""
    said = TYPICAL[operation]
    params: Mapping[str, Any] = said.get("params", {})
    return {**said, "params": {name: value for name, value in params.items() if name != "resolution"}}


def _used(lines: tuple[Line, ...], share: float) -> dict[str, int | float]:
    """What was used, if it was all or a part of what was foreseen; what contains another contains its quantity."""
    own = {line.meter: line.quantity * share for line in lines}
    words = {meter: {*meter.split(".")} for meter in own}
    return {meter: sum(own[other] for other in own if words[meter] <= words[other]) for meter in own}


def _defaults(model: Model) -> dict[str, Condition]:
    """What holds where nothing is said, as the manifest says it."""
    return {name: param.default for name, param in model.spec.params.items() if param.default is not None}


def _contexts(rows: tuple[Price, ...], known: Mapping[str, Condition] | None = None) -> Iterator[dict[str, Condition]]:
    """The ways in which the conditions of these rows may turn out, also untold; those that are known turn out so."""
    values: dict[str, dict[Condition | None, None]] = {}
    for row in rows:
        for name, value in named(row).items():
            fits = name != "resolution" or value in FITTING or not row.meter.startswith("images")
            if fits and name not in (*UNTOLD, "size"):
                values.setdefault(name, {None: None})[value] = None
    ways = itertools.product(*([(name, value) for value in found] for name, found in values.items()))
    for way in itertools.islice(ways, MOST_CONTEXTS):
        yield {"size": "1024x1024"} | {name: value for name, value in way if value is not None} | dict(known or {})
