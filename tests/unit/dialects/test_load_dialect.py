"""Dialects by name."""

import subprocess
import sys

import pytest

from genmux.dialects import DIALECTS, load_dialect
from genmux.types.errors import ConfigurationError


@pytest.mark.parametrize("name", DIALECTS)
def test_every_dialect_is_found_by_its_name(name: str) -> None:
    dialect = load_dialect(name)
    assert dialect.name == name
    assert dialect.paths
    client = dialect.client({})
    assert hasattr(client, "encode") or hasattr(client, "submit") or hasattr(client, "open")


def test_an_unknown_dialect_is_a_configuration_error_that_lists_them() -> None:
    with pytest.raises(
        ConfigurationError, match="no dialect 'klingon'; the dialects are openai_chat, openai_embeddings"
    ):
        load_dialect("klingon")


def test_no_dialect_is_imported_before_it_is_asked_for() -> None:
    program = "import sys, genmux.dialects; print([m for m in sys.modules if m.startswith('genmux.dialects.')])"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
