"""How many of the models that are known have an estimate for a typical request."""

from pathlib import Path

import pytest

from genmux.app import App
from tests.unit.services.estimates.typical import Share, part, shares, table

GOAL = 0.95
"""The share of the models of each operation that shall have an estimate."""

BEHIND: dict[str, float] = {"chat": 0.94, "embed": 0.84, "rerank": 0.87, "text_to_image": 0.92}
BEHIND_CALLABLE: dict[str, float] = {"chat": 0.81, "embed": 0.70}
"""Operations with too many models whose price no public list has, with the share that they have at least: of all models, and
of those that can be called. What lacks is the price, not the estimate."""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Share]:
    cache: Path = tmp_path_factory.mktemp("cache")
    return shares(App(environ={"XDG_CACHE_HOME": str(cache)}))


def test_every_operation_has_models(found: dict[str, Share]) -> None:
    assert all(share.models for share in found.values()), table(found)


def test_every_model_with_a_price_has_an_estimate(found: dict[str, Share]) -> None:
    behind = [operation for operation, share in found.items() if share.estimated < GOAL * share.priced]

    assert not behind, f"{behind}\n{table(found)}"


@pytest.mark.parametrize("only_callable", [False, True])
def test_models_have_an_estimate_as_far_as_their_prices_are_public(
    found: dict[str, Share], *, only_callable: bool
) -> None:
    behind: list[str] = []
    for operation, share in found.items():
        counts = (share.callable_estimated, share.callable) if only_callable else (share.estimated, share.models)
        if part(*counts) < (BEHIND_CALLABLE if only_callable else BEHIND).get(operation, GOAL):
            behind.append(operation)

    assert not behind, f"{behind}\n{table(found)}"
