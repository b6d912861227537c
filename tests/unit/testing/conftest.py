"""Recordings on disk."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.testing.recorded_exchanges import Record


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """Write a recording of the given exchanges and give its path."""

    def write(*exchanges: dict[str, Any], name: str = "openai/text/one.json", api: str = "openai-chat") -> Path:
        (tmp_path / "index.json").write_text("[]", "utf-8")
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        document = {"provider": "openai", "capability": "text", "api": api, "features": [], "exchanges": exchanges}
        path.write_text(json.dumps(document), "utf-8")
        return path

    return write
