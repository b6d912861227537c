"""What callers of one shape ask, fitted to models that know other words."""

from typing import Any

import pytest
from msgspec.structs import replace

from genmux.app import App
from genmux.contract.model import Model
from genmux.contract.params import Param
from genmux.server.media.fitting import fitted
from genmux.services.settings import Settings
from genmux.types.generation import GenerationRequest

PARAMS = {
    "aspect_ratio": Param(type="string", choices=("1:1", "16:9")),
    "quality": Param(type="string", choices=("low", "high")),
    "seed": Param(type="integer", min=0, max=100),
    "strength": Param(type="number"),
    "loop": Param(type="boolean"),
}


@pytest.fixture
def model() -> Model:
    app = App(Settings(), environ={})
    model = app.targets.model("mock/image", "text_to_image")
    return replace(model, spec=replace(model.spec, params=PARAMS))


def fit(model: Model, params: dict[str, Any], extra: dict[str, Any] | None = None, **how: Any) -> tuple[Any, list[str]]:
    asked = GenerationRequest(operation="text_to_image", model=model.reference, params=params)
    request, warnings = fitted(asked, extra or {}, model, **how)
    return request.params, [f"{one.kind} {one.field}" for one in warnings]


def test_a_size_becomes_the_nearest_ratio(model: Model):
    assert fit(model, {"size": "1792x1024"}) == ({"aspect_ratio": "16:9"}, ["renamed size"])


def test_what_the_model_does_not_know_is_left_out_and_told(model: Model):
    params, told = fit(model, {"style": "vivid", "quality": "high"}, {"mood": "blue"})
    assert params == {"quality": "high"}
    assert told == ["unsupported style", "unsupported mood"]


@pytest.mark.parametrize("params", [{"background": "auto"}, {"quality": "auto"}, {"size": "auto"}, {"n": 1}])
def test_what_changes_nothing_is_left_out_silently(model: Model, params: dict[str, Any]):
    assert fit(model, params) == ({}, [])


def test_several_results_are_asked_for_even_where_there_is_but_one_so_that_it_is_refused(model: Model):
    assert fit(model, {"n": 3}) == ({"n": 3}, [])


def test_texts_of_a_form_become_what_the_model_wants(model: Model):
    params, _ = fit(model, {}, {"seed": "7", "strength": "0.5", "loop": "true"})
    assert params == {"seed": 7, "strength": 0.5, "loop": True}


def test_texts_that_are_no_such_value_stay_and_are_refused_by_name(model: Model):
    params, _ = fit(model, {}, {"seed": "seven", "loop": "maybe"})
    assert params == {"seed": "seven", "loop": "maybe"}


def test_numbers_are_pulled_into_their_range_where_that_is_wanted(model: Model):
    assert fit(model, {}, {"seed": 101}) == ({"seed": 101}, [])
    assert fit(model, {}, {"seed": 101, "loop": True}, clamp=True) == ({"seed": 100, "loop": True}, ["clamped seed"])
