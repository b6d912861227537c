"""Manifests are found where they lie, and nothing is imported for it."""

import subprocess
import sys
from pathlib import Path

import pytest

from genmux.contract.provider import Provider
from genmux.services.registry import Registry
from genmux.services.registry.discovery import locate
from genmux.types.errors import ConfigurationError
from tests.unit.services.registry.conftest import Install, manifest_text

CODE = """
from pathlib import Path
from genmux.contract.manifest import read_manifest
from genmux.contract.provider import Provider

provider = Provider(manifest=read_manifest(Path(__file__).with_name("manifest.toml")), wires={"own": object()})
"""


def test_the_built_in_providers_are_there() -> None:
    assert {"openai", "anthropic", "openrouter", "mock", "ollama"} <= set(Registry().ids())


def test_ids_are_sorted_and_unique() -> None:
    ids = Registry().ids()
    assert list(ids) == sorted(set(ids))


def test_listing_imports_no_provider_and_no_http_client() -> None:
    program = (
        "import sys; from genmux.services.registry import Registry; r = Registry(); r.providers(); r.detect('https://x.ai')\n"
        "print([n for n in sys.modules if n.startswith(('genmux.providers.', 'genmux.dialects.', 'aiohttp'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_installed_package_adds_its_provider_and_is_not_imported(install: Install) -> None:
    install("acme_models", "acme", manifest=manifest_text("acme"), code="raise RuntimeError('imported')")
    info = Registry().info("acme")
    assert (info.available, info.version, info.author) == (True, "2.0.0", "Acme")
    assert info.source == "package acme_models-acme 1.2.3"
    assert "acme_models" not in sys.modules


def test_the_code_of_a_package_is_imported_when_its_provider_is_loaded(install: Install) -> None:
    install("acme_code", "acmecode", manifest=manifest_text("acmecode"), code=CODE)
    registry = Registry()
    assert registry.is_registered("acmecode")
    assert "acme_code" not in sys.modules
    provider = registry.load("acmecode")
    assert isinstance(provider, Provider)
    assert "own" in provider.wires
    assert registry.load("acmecode") is provider
    assert "acme_code" in sys.modules


def test_not_even_the_parents_of_a_dotted_package_are_imported(install: Install) -> None:
    folder = install("acme_suite.providers.deep", "deep", manifest=manifest_text("deep"))
    (folder.parent.parent / "__init__.py").write_text("raise RuntimeError('imported')")
    assert Registry().info("deep").available
    assert "acme_suite" not in sys.modules


def test_an_entry_point_may_name_an_object_of_its_package(install: Install) -> None:
    install("acme_object", "object", manifest=manifest_text("object"), value="acme_object:provider")
    assert Registry().info("object").available


@pytest.mark.parametrize(
    ("value", "words"),
    [("acme_lost", "is not there"), ("acme_empty", "has no manifest.toml"), ("json", "has no manifest.toml")],
)
def test_a_package_without_its_manifest_is_listed_with_the_reason(install: Install, value: str, words: str) -> None:
    install("acme_empty", "empty", manifest=None, value=value)
    info = Registry().info("empty")
    assert not info.available
    assert words in str(info.reason)
    assert value in str(info.reason)


def test_a_module_that_is_a_file_has_a_place_but_no_parts() -> None:
    assert locate("json") is not None
    assert locate("json.decoder.nothing") is None
    assert locate("no_such_package_anywhere.part") is None


def test_a_folder_of_the_user_adds_data_only_providers_and_runs_no_code(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(manifest_text("one"))
    two = tmp_path / "two"
    two.mkdir()
    (two / "manifest.toml").write_text(manifest_text("two"))
    (two / "__init__.py").write_text("raise RuntimeError('run')")
    registry = Registry(provider_paths=[tmp_path])
    assert {"one", "two"} <= set(registry.ids())
    assert registry.load("two").id == "two"
    assert registry.info("one").source == f"file {tmp_path / 'one.toml'}"


def test_a_folder_that_is_not_there_is_only_mentioned(tmp_path: Path) -> None:
    lines: list[str] = []
    registry = Registry(provider_paths=[tmp_path / "gone"], log=lines.append)
    assert registry.is_registered("openai")
    assert [str(tmp_path / "gone") in line for line in lines] == [True]


def test_the_users_folder_comes_before_what_is_built_in_and_that_before_packages(
    tmp_path: Path, install: Install
) -> None:
    install("acme_shadow", "groq", manifest=manifest_text("groq"))
    lines: list[str] = []
    assert Registry(log=lines.append).info("groq").source == "built in"
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "groq.toml").write_text(manifest_text("groq"))
    registry = Registry(provider_paths=[folder], log=lines.append)
    assert registry.info("groq").source.startswith("file ")
    assert registry.ids().count("groq") == 1
    assert any("acme_shadow-groq 1.2.3 is ignored" in line for line in lines)
    assert any("built in is ignored" in line for line in lines)


def test_a_manifest_must_have_the_id_under_which_it_is_found(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(manifest_text("other"))
    registry = Registry(provider_paths=[tmp_path])
    with pytest.raises(ConfigurationError, match=r"one\.toml: id is 'other', but the provider is found as 'one'"):
        registry.manifest("one")


def test_a_manifest_is_read_when_first_needed_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from genmux.services.registry import entry

    read: list[Path] = []
    original = entry.read_manifest
    monkeypatch.setattr(entry, "read_manifest", lambda path: read.append(path) or original(path))
    (tmp_path / "one.toml").write_text(manifest_text("one"))
    (tmp_path / "two.toml").write_text(manifest_text("two"))
    registry = Registry(provider_paths=[tmp_path])
    assert registry.is_registered("one")
    assert read == []
    registry.manifest("one")
    registry.info("one")
    assert read == [tmp_path / "one.toml"]


def test_packages_are_looked_through_only_when_nothing_nearer_has_the_id(monkeypatch: pytest.MonkeyPatch) -> None:
    from genmux.services.registry import shelves

    looked: list[str] = []
    monkeypatch.setattr(shelves, "installed", lambda: looked.append("packages") or iter(()))
    registry = Registry()
    registry.manifest("openai")
    assert looked == []
    assert not registry.is_registered("nowhere")
    registry.ids()
    assert looked == ["packages"]
