"""The polling provider of the documentation keeps the contract of jobs, and the page shows it as it is."""

import re
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from genmux.services.registry import Registry
from genmux.testing import conformance

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples" / "providers"
PAGE = (ROOT / "docs" / "how-to" / "add-a-polling-provider.md").read_text("utf-8")
SHOWN = ("ember/manifest.toml", "ember/__init__.py", "ember/simulated.py")


def imported(name: str) -> ModuleType:
    """A module of the examples, as if they had been installed."""
    sys.path.insert(0, str(EXAMPLES))
    try:
        return import_module(name)
    finally:
        sys.path.remove(str(EXAMPLES))


imported("ember.simulated")
CASES = conformance.cases(imported("ember").provider, personality="ember.simulated")


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_ember_keeps_the_contract_of_jobs(case: conformance.Case):
    await case.run()
    assert case.check.meaning


@pytest.mark.parametrize("shown", SHOWN)
def test_the_page_shows_the_provider_as_it_is(shown: str):
    blocks = dict(re.findall(r"<!-- examples/providers/(\S+) -->\n```\w+\n(.*?)```\n", PAGE, re.DOTALL))
    assert blocks[shown] == (EXAMPLES / shown).read_text("utf-8")


def test_a_complete_polling_provider_has_a_wire_of_120_lines_at_most():
    assert len((EXAMPLES / "ember" / "__init__.py").read_text("utf-8").splitlines()) <= 120


def test_a_registry_takes_it():
    registry = Registry()
    assert registry.register(imported("ember").provider) == "ember"
    assert registry.load("ember").wires.keys() == {"render"}


def test_the_test_that_the_page_shows_is_one():
    shown = next(block for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "pytest" in block)
    space: dict[str, object] = {"__name__": "test_ember"}
    exec(compile(shown, "test_ember.py", "exec"), space)  # noqa: S102 — our own example
    assert callable(space["test_ember_keeps_the_contract_of_jobs"])
