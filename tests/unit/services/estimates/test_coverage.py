"""How many of the models that are known have an estimate for a typical request."""

from pathlib import Path

import pytest

from genmux.app import App
from tests.unit.services.estimates.typical import Share, part, shares, table

GOAL = 0.95
"""The share of the models of each operation that shall have an estimate."""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Share]:
    cache: Path = tmp_path_factory.mktemp("cache")
    return shares(App(environ={"XDG_CACHE_HOME": str(cache)}))


def test_every_operation_has_models(found: dict[str, Share]) -> None:
    assert all(share.models for share in found.values()), table(found)


def test_every_model_with_a_price_has_an_estimate(found: dict[str, Share]) -> None:
    behind = [operation for operation, share in found.items() if share.estimated < share.priced]

    assert not behind, f"{behind}\n{table(found)}"


def test_nearly_all_models_of_each_operation_have_an_estimate(found: dict[str, Share]) -> None:
    behind = [operation for operation, share in found.items() if part(share.estimated, share.models) < GOAL]

    assert not behind, f"{behind}\n{table(found)}"


def test_nearly_all_models_that_can_be_called_have_an_estimate(found: dict[str, Share]) -> None:
    behind = [name for name, share in found.items() if part(share.callable_estimated, share.callable) < GOAL]

    assert not behind, f"{behind}\n{table(found)}"
