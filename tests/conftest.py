"""What every test gets: an environment without anybody's keys, and a home of its own."""

import logging
import os
from pathlib import Path

import pytest

from tests.ledgers import embedded, here, ledger_url, sqlite_store_url, sqlite_template  # noqa: F401 — fixtures
from tests.postgres import postgres_server, postgres_store_url, postgres_template, postgres_url  # noqa: F401 — fixtures

KEY_ENDINGS = ("_API_KEY", "_API_TOKEN", "_ACCESS_TOKEN", "_SECRET_KEY")


@pytest.fixture(autouse=True)
def usual_log_level() -> None:
    """What a test before has set is not for this one: records that are kept are memory, too."""
    root = logging.getLogger("genmux")
    if root.level != logging.NOTSET:
        root.setLevel(logging.NOTSET)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide keys, settings and proxies of the person who runs the tests."""
    for name in os.environ:
        if name.startswith("GENMUX_") or name.endswith(KEY_ENDINGS) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
