"""Documented errors of providers of voice become typed errors."""

from typing import Any

import pytest

from genmux.contract.error_map import classify
from tests.unit.providers.simulated import REGISTRY
from tests.unit.providers.voiced import FOLDER, reply, told

OF_VOICE = sorted(path.stem for path in FOLDER.glob("*.json"))
ERRORS = [
    pytest.param(name, one, id=f"{name}-{one['status']}-{number}")
    for name in OF_VOICE
    for number, one in enumerate(told(name)["errors"])
]


@pytest.mark.parametrize(("provider", "error"), ERRORS)
def test_a_documented_error_is_of_its_kind(provider: str, error: dict[str, Any]) -> None:
    found = classify(reply(error["body"], status=error["status"]), REGISTRY.load(provider).errors)
    assert (found.kind, found.retry) == (error["kind"], error["retry"])
    assert found.message


@pytest.mark.parametrize("provider", OF_VOICE)
def test_every_file_of_documented_replies_names_its_source_and_its_day(provider: str) -> None:
    assert "read 2026-" in told(provider)["source"]
