"""The pages are made from the code alone: whatever the machine, they are the same."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from genmux.dialects import DIALECTS
from tools import generate_docs
from tools.reference import dialects, house, python_api
from tools.reference.manifests import built_in_manifests
from tools.reference.markdown import table, type_name

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated inferred style")  # the server's own tests hear of it


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {name: make() for name, make in generate_docs.PAGES.items()}


def test_every_page_has_a_title_and_no_place_of_this_machine(pages: dict[str, str]) -> None:
    for name, text in pages.items():
        assert name.endswith(".json") or re.search(r"^# \w", text, re.MULTILINE), name
        assert str(Path.home()) not in text.replace("~/", ""), name
        assert str(generate_docs.ROOT) not in text, name
        assert "object at 0x" not in text, name


def test_tables_have_as_many_cells_in_every_row(pages: dict[str, str]) -> None:
    for name, text in pages.items():
        widths = [len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines() if line.startswith("|")]
        for block in re.split(r"\n(?!\|)", text):
            rows = [line for line in block.splitlines() if line.startswith("|")]
            assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) <= 1, (name, rows[:1])
        assert name.endswith((".json", "house.md")) or widths, f"{name} has no table"


@pytest.mark.parametrize("name", generate_docs.PAGES)
def test_keys_settings_and_weights_of_this_machine_leave_no_trace(
    name: str, pages: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-marked-key-of-the-test")
    monkeypatch.setenv("GENMUX_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("GENMUX_CONFIG", str(tmp_path / "absent.toml"))
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.chdir(tmp_path)

    assert generate_docs.PAGES[name]() == pages[name]


def test_the_api_document_is_openapi(pages: dict[str, str]) -> None:
    document = json.loads(pages["docs/reference/openapi.json"])

    assert document["openapi"].startswith("3.")
    assert "/api/v1/providers" in document["paths"]


SESSIONS = ("openai_realtime", "gemini_live")
"""Dialects of sessions, which have no requests that could be compared."""


def test_every_dialect_is_told_with_options_and_equivalences() -> None:
    page = dialects.page()

    for name in DIALECTS:
        assert f"## `{name}`" in page
        assert [*dialects.option_rows(dialects.profile_of(name))], name
        assert dialects.equivalences(name) or name in SESSIONS, name
    assert "(replay.md)" in page


def test_every_built_in_provider_is_told(pages: dict[str, str]) -> None:
    ids = [manifest.id for manifest in built_in_manifests()]

    assert len(ids) >= 15
    assert all(f"| `{one}` |" in pages["docs/reference/providers.md"] for one in ids)


def test_every_command_and_exit_code_is_told(pages: dict[str, str]) -> None:
    page = pages["docs/reference/command-line.md"]

    for command in ("chat", "embed", "models", "providers", "estimate", "serve", "mock", "replay", "doctor"):
        assert f"## genmux {command}" in page
    assert all(f"| {code} |" in page for code in (0, 1, 2, 3, 4, 5, 6, 7, 130, 141))


def test_the_house_has_no_import_that_goes_up() -> None:
    assert "No import goes up, and there is no cycle between floors." in house.page()


def test_the_clients_are_told_with_inherited_methods() -> None:
    page = python_api.page()
    client = page.partition("## `AsyncClient`")[2].partition("\n## ")[0]

    assert "- `chat(prompt: Prompt, **params: ChatParams) -> ChatResult`" in client
    assert "- `models(" in client


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (int | None, "int | None"),
        (dict[str, tuple[int, ...]], "dict[str, tuple[int, …]]"),
        (Callable[[int], str], "Callable[[int], str]"),
    ],
)
def test_types_are_written_as_people_write_them(kind: object, told: str) -> None:
    assert type_name(kind) == told


def test_bars_in_cells_are_escaped() -> None:
    assert "| a\\|b |" in table(("x",), [("a|b",)])


class TestFiles:
    @pytest.fixture(autouse=True)
    def one_page(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(generate_docs, "ROOT", tmp_path)
        monkeypatch.setattr(generate_docs, "PAGES", {"docs/page.md": lambda: "# Page\n\n"})

    def run(self, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["generate_docs", *arguments])
        return generate_docs.main()

    def test_a_missing_page_is_not_fresh_and_check_writes_nothing(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.run(monkeypatch, "--check") == 1
        assert "make docs" in capsys.readouterr().out
        assert not (tmp_path / "docs").exists()

    def test_a_written_page_is_fresh(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        assert self.run(monkeypatch) == 0
        assert (tmp_path / "docs" / "page.md").read_text("utf-8") == "# Page\n"
        assert self.run(monkeypatch, "--check") == 0

    def test_a_page_that_somebody_changed_is_not_fresh(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        self.run(monkeypatch)
        (tmp_path / "docs" / "page.md").write_text("# Pages\n", "utf-8")

        assert self.run(monkeypatch, "--check") == 1
