"""The registry lists everything, loads what can be loaded, and says why the rest cannot."""

import threading
from pathlib import Path
from typing import Any

import pytest

from genmux.contract import manifest as manifests
from genmux.contract.manifest import Manifest, parse_manifest
from genmux.contract.provider import Provider
from genmux.services.registry import Registry
from genmux.types.errors import ConfigurationError, NotFoundError
from tests.unit.services.registry.conftest import Install, manifest_text


def made(provider_id: str, *more: str) -> Manifest:
    return parse_manifest(manifest_text(provider_id, *more), source="test")


def folder_with(tmp_path: Path, **files: str) -> Registry:
    for name, text in files.items():
        (tmp_path / f"{name}.toml").write_text(text)
    return Registry(provider_paths=[tmp_path])


def test_a_broken_manifest_is_listed_with_file_and_line_and_stops_no_other(tmp_path: Path) -> None:
    registry = folder_with(tmp_path, broken=manifest_text("broken", "colour = 3"), good=manifest_text("good"))
    listed = {info.id: info for info in registry.providers()}
    assert listed["good"].available
    assert not listed["broken"].available
    assert f"{tmp_path / 'broken.toml'}:8: colour: " in str(listed["broken"].reason)
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="colour"):
            registry.manifest("broken")


def test_a_missing_package_makes_only_its_provider_unavailable(tmp_path: Path) -> None:
    registry = folder_with(
        tmp_path, lacking=manifest_text("lacking", 'extra_package = "no_such_engine"'), good=manifest_text("good")
    )
    assert "no_such_engine" in str(registry.unavailable("lacking"))
    assert registry.unavailable("good") is None
    with pytest.raises(ConfigurationError, match="no_such_engine"):
        registry.load("lacking")


def test_a_package_that_is_there_is_no_hindrance(tmp_path: Path) -> None:
    registry = folder_with(tmp_path, fine=manifest_text("fine", 'extra_package = "msgspec.json"'))
    assert registry.unavailable("fine") is None


def test_a_missing_key_is_a_reason_but_does_not_stop_loading(tmp_path: Path) -> None:
    (tmp_path / "keyed.toml").write_text(manifest_text("keyed"))
    registry = Registry(provider_paths=[tmp_path], has_credentials=lambda one: "no key" if one.id == "keyed" else None)
    assert registry.info("keyed").reason == "no key"
    assert registry.load("keyed").id == "keyed"


def test_a_provider_can_be_disabled_by_its_manifest_or_by_the_user(tmp_path: Path) -> None:
    (tmp_path / "sleeping.toml").write_text(manifest_text("sleeping", "enabled = false"))
    registry = Registry(provider_paths=[tmp_path], disabled={"groq"})
    assert [registry.info(one).enabled for one in ("sleeping", "groq", "openai")] == [False, False, True]
    with pytest.raises(ConfigurationError, match=r"groq is disabled.*genmux\.toml"):
        registry.load("groq")
    assert Registry(provider_paths=[tmp_path], enabled={"sleeping"}).info("sleeping").available


@pytest.mark.parametrize(
    ("asked", "near"),
    [("opnai", "openai"), ("OpenAI", "openai"), ("antropic", "anthropic"), ("zzz", "genmux providers")],
)
def test_an_unknown_id_is_an_error_that_names_near_ones(asked: str, near: str) -> None:
    registry = Registry()
    for ask in (registry.manifest, registry.load, registry.info, registry.unavailable, registry.unregister):
        with pytest.raises(NotFoundError, match=near):
            ask(asked)


def test_registering_is_logged_and_told() -> None:
    events: list[tuple[str, dict[str, Any]]] = []
    lines: list[str] = []
    registry = Registry(on_event=lambda type_, data: events.append((type_, data)), log=lines.append)
    assert registry.register(made("mine")) == "mine"
    registry.unregister("mine")
    told = {"provider": "mine", "source": "registered in process"}
    assert events == [("provider.registered", told), ("provider.unregistered", told)]
    assert lines == [
        "provider.registered: mine (registered in process)",
        "provider.unregistered: mine (registered in process)",
    ]


def test_what_is_registered_in_process_is_loaded_as_it_was_given() -> None:
    wire = object()
    registry = Registry()
    registry.register(
        Provider(manifest=made("mine", "[model_defaults]", 'operations = { chat = "own" }'), wires={"own": wire})
    )
    assert registry.load("mine").wires == {"own": wire}
    assert registry.info("mine").kinds == ("text",)
    assert registry.info("mine").operations == ("chat",)


def test_a_path_can_be_registered_of_a_file_or_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "manifest.toml").write_text(manifest_text("mine"))
    by_file, by_folder = Registry(), Registry()
    assert by_file.register(tmp_path / "manifest.toml") == by_folder.register(str(tmp_path)) == "mine"
    assert by_folder.info("mine").source == f"file {tmp_path / 'manifest.toml'}"


def test_a_path_that_is_not_there_cannot_be_registered(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        Registry().register(tmp_path / "nothing.toml")


def test_an_id_that_is_taken_needs_replace() -> None:
    registry = Registry()
    with pytest.raises(ConfigurationError, match=r"'groq' already \(built in\).*replace=True"):
        registry.register(made("groq"))
    registry.register(made("groq"), replace=True)
    assert registry.info("groq").source == "registered in process"


def test_unregistering_brings_back_what_was_replaced() -> None:
    registry = Registry()
    registry.register(made("groq"), replace=True)
    registry.unregister("groq")
    assert registry.info("groq").source == "built in"


def test_a_built_in_provider_can_be_taken_away() -> None:
    registry = Registry()
    registry.unregister("groq")
    assert not registry.is_registered("groq")
    assert "groq" not in registry.ids()
    registry.register(made("groq"))
    assert registry.info("groq").source == "registered in process"


def test_a_provider_whose_models_name_a_wire_that_is_not_there_cannot_be_registered() -> None:
    events: list[str] = []
    registry = Registry(on_event=lambda type_, _data: events.append(type_))
    with pytest.raises(ConfigurationError, match=r"model_defaults: chat uses the wire 'chat'; its wires are: none"):
        registry.register(made("mine", "[model_defaults]", 'operations = { chat = "chat" }'))
    assert not registry.is_registered("mine")
    assert events == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import no_such_engine_package", "No module named 'no_such_engine_package'"),
        ("raise ZeroDivisionError('at import')", "ZeroDivisionError: at import"),
        ("provider = 3", "must be a Provider"),
        ("def broken(", "SyntaxError"),
    ],
)
def test_a_package_that_cannot_be_imported_stops_no_other(install: Install, code: str, words: str) -> None:
    name = f"acme_fails_{abs(hash(code))}"
    install(name, "fails", manifest=manifest_text("fails"), code=code)
    registry = Registry()
    assert registry.info("fails").available
    with pytest.raises(ConfigurationError, match=words) as raised:
        registry.load("fails")
    assert raised.value.provider == "fails"
    assert words in str(registry.info("fails").reason)
    assert registry.unavailable("mock") is None


def test_loading_can_be_tried_again_when_what_was_lacking_is_there(install: Install) -> None:
    folder = install("acme_later", "later", manifest=manifest_text("later"), code="raise ImportError('not yet')")
    registry = Registry()
    with pytest.raises(ConfigurationError, match="not yet"):
        registry.load("later")
    (folder / "__init__.py").write_text("# now it is fine\n")
    assert registry.load("later").id == "later"
    assert registry.unavailable("later") is None


def test_an_older_spec_works_with_a_deprecated_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(manifests, "SPEC", 2)
    registry = folder_with(tmp_path, old=manifest_text("old"))
    (warning,) = registry.info("old").warnings
    assert (warning.kind, warning.field) == ("deprecated", "spec")
    assert "successor is spec = 2" in warning.detail
    assert registry.load("old").id == "old"


def test_a_newer_spec_is_refused_with_words(tmp_path: Path) -> None:
    newer = manifest_text("new").replace("spec = 1", "spec = 2") + 'not_yet_invented = "x"\n'
    registry = folder_with(tmp_path, new=newer)
    reason = str(registry.unavailable("new"))
    assert "spec is 2" in reason
    assert "newer genmux" in reason
    assert "not_yet_invented" not in reason


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://api.openai.com/v1/chat/completions", "openai"),
        ("https://console.groq.com/keys", "groq"),
        ("api.x.ai", "xai"),
        ("HTTPS://API.ANTHROPIC.COM./v1", "anthropic"),
        ("http://localhost:11434/v1", "ollama"),
        ("http://127.0.0.1:1234", "lmstudio"),
        ("http://localhost:9999", None),
        ("https://router.huggingface.co/v1", "huggingface"),
        ("https://evil-openai.com", None),
        ("https://openai.com.evil.example", None),
        ("https://example.org", None),
        ("", None),
        ("http://[broken", None),
        ("http://host:notaport/", None),
    ],
)
def test_a_url_tells_its_provider(url: str, found: str | None) -> None:
    assert Registry().detect(url) == found


def test_the_most_specific_host_wins_and_broken_manifests_claim_none(tmp_path: Path) -> None:
    registry = folder_with(
        tmp_path,
        wide=manifest_text("wide", 'domains = ["acme.example"]'),
        narrow=manifest_text("narrow", 'domains = ["eu.acme.example"]'),
        broken=manifest_text("broken", 'domains = ["very.eu.acme.example"]', "colour = 1"),
    )
    assert registry.detect("https://api.eu.acme.example") == "narrow"
    assert registry.detect("https://very.eu.acme.example") == "narrow"
    assert registry.detect("https://api.us.acme.example") == "wide"


def test_eight_threads_register_and_list_at_once() -> None:
    registry = Registry()
    start = threading.Barrier(8)
    failed: list[BaseException] = []

    def work(number: int) -> None:
        start.wait()
        try:
            for count in range(20):
                name = f"thread-{number}-{count}"
                registry.register(made(name))
                assert registry.load(name) is registry.load(name)
                assert name in {info.id for info in registry.providers()}
                if count % 2:
                    registry.unregister(name)
        except BaseException as error:  # noqa: BLE001 — a thread cannot raise into the test
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sum(name.startswith("thread-") for name in registry.ids()) == 80


def test_one_provider_is_built_once_however_many_threads_ask(install: Install) -> None:
    install("acme_once", "once", manifest=manifest_text("once"), code="")
    registry = Registry()
    start = threading.Barrier(8)
    loaded: list[Provider] = []

    def work() -> None:
        start.wait()
        loaded.append(registry.load("once"))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(one) for one in loaded}) == 1
    assert len(loaded) == 8
