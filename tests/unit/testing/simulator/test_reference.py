"""The page about the simulator tells what the code does."""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from genmux.providers.mock import provider
from genmux.providers.mock.directive import Directive
from genmux.providers.mock.script import Reply, Script, When
from genmux.testing.simulator import FAULTS
from genmux.testing.simulator.media import DIRECTIVES
from genmux.testing.simulator.voice.realtime_server import LIVE

PAGE = (Path(__file__).parents[4] / "docs" / "reference" / "simulator.md").read_text("utf-8")


def _rows(rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in rows]


TABLES = {
    "models": _rows((f"`mock/{name}`", spec.description or "") for name, spec in provider.manifest.models.items()),
    "options": _rows(
        (f"`{name}`", ", ".join(f"`{env}`" for env in one.env), one.description or "")
        for name, one in provider.manifest.credentials.items()
    ),
    "faults": _rows((f"`{name}`", line) for name, line in FAULTS.items()),
    "sockets": _rows((f"`{name}`", f"`{path}`") for name, (path, _) in LIVE.items()),
    "directives": _rows((f"`{name}`", one.meaning) for name, one in DIRECTIVES.items()),
}


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_are_fresh(name: str) -> None:
    found = re.search(rf"<!-- {name} -->\n.*\n.*\n((?:.*\n)*?)<!-- /{name} -->", PAGE)
    assert found is not None
    assert found[1].splitlines() == TABLES[name]


@pytest.mark.parametrize("struct", [Directive, Reply, When])
def test_every_word_is_told(struct: type[msgspec.Struct]) -> None:
    assert [name for name in struct.__struct_fields__ if f"`{name}`" not in PAGE] == []


def test_the_script_of_the_page_is_one() -> None:
    text = PAGE.split("```toml\n")[1].split("```")[0]
    assert len(msgspec.convert(tomllib.loads(text), Script).rules) == 3
