import os
from pathlib import Path

import pytest

from genmux.providers.local import provider, settings
from genmux.providers.local.files import find_model, models_in, weights_folder
from genmux.providers.local.settings import number, thread_count
from genmux.providers.local.weights import WEIGHTS
from genmux.types.errors import ConfigurationError, NotFoundError

NAME = "some-model.gguf"


def write_model(folder: Path, name: str = NAME, content: bytes = b"GGUF and more") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    return path


def test_weights_lie_where_the_user_wants_them() -> None:
    assert weights_folder({"XDG_DATA_HOME": "/x"}) == Path("/x/genmux/models")
    assert weights_folder({"XDG_DATA_HOME": "/x", "GENMUX_DATA_DIR": "/d"}) == Path("/d/models")
    assert weights_folder({"GENMUX_DATA_DIR": "/d"}, {"data_dir": "~/own"}) == Path.home() / "own" / "models"


@pytest.mark.parametrize(
    ("platform", "folder"),
    [
        ("linux", ".local/share/genmux/models"),
        ("darwin", "Library/Application Support/genmux/models"),
        ("win32", "AppData/Local/genmux/models"),
    ],
)
def test_each_system_has_its_data_folder(monkeypatch: pytest.MonkeyPatch, platform: str, folder: str) -> None:
    monkeypatch.setattr("sys.platform", platform)
    assert weights_folder({}) == Path.home() / folder


def test_a_model_is_found_by_its_path_and_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, data = tmp_path / "own", tmp_path / "data"
    mine, ours = write_model(own), write_model(data / "models", "ours.gguf")
    options = {"models_dir": str(own), "data_dir": str(data)}
    assert find_model(str(mine), {}, {}) == mine
    assert find_model(NAME, options, {}) == mine
    assert find_model(NAME, {}, {"GENMUX_MODELS_DIR": str(own)}) == mine
    assert find_model("ours.gguf", options, {}) == ours
    monkeypatch.chdir(tmp_path)
    assert find_model("own/some-model.gguf", {}, {"GENMUX_DATA_DIR": str(data)}).resolve() == mine


def test_the_users_folder_comes_before_ours(tmp_path: Path) -> None:
    mine = write_model(tmp_path / "own")
    write_model(tmp_path / "data" / "models")
    assert find_model(NAME, {"models_dir": str(tmp_path / "own"), "data_dir": str(tmp_path / "data")}, {}) == mine


def test_what_is_no_gguf_by_name_is_not_found() -> None:
    with pytest.raises(
        NotFoundError, match=r"smollm2 and minilm, and any path that ends in \.gguf; 'gpt-9' is neither"
    ):
        find_model("gpt-9", {}, {})


def test_a_missing_file_is_named_with_the_places(tmp_path: Path) -> None:
    options = {"models_dir": str(tmp_path / "a"), "data_dir": str(tmp_path / "b")}
    with pytest.raises(ConfigurationError, match=rf"{tmp_path}/a/{NAME}, {tmp_path}/b/models/{NAME}, {NAME}"):
        find_model(NAME, options, {})


@pytest.mark.parametrize("name", ["~nobody-of-this-name/x.gguf", "x" * 5_000 + ".gguf", "x\0.gguf"])
def test_a_name_that_no_file_can_have_is_a_missing_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="there is no model file"):
        find_model(name, {"models_dir": str(tmp_path)}, {})


def test_missing_weights_can_be_installed(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match="weights of smollm2 are not installed: run `genmux local install smollm2`"
    ):
        find_model(WEIGHTS["smollm2"].file, {"data_dir": str(tmp_path)}, {})


def test_a_file_of_another_kind_is_named(tmp_path: Path) -> None:
    path = write_model(tmp_path, content=b"<html>")
    with pytest.raises(ConfigurationError, match=rf"{path} is no GGUF file: it begins with b'<htm'"):
        find_model(str(path), {}, {})


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    path = write_model(tmp_path)
    path.chmod(0)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        find_model(str(path), {}, {})


def test_the_models_of_a_folder_are_its_files(tmp_path: Path) -> None:
    for name in ("b.gguf", "a.gguf", "big-00001-of-00002.gguf", "big-00002-of-00002.gguf", "notes.txt"):
        write_model(tmp_path, name)
    assert list(models_in(tmp_path)) == ["a.gguf", "b.gguf", "big-00001-of-00002.gguf"]
    assert models_in(tmp_path)["a.gguf"].name == "a"
    assert models_in(tmp_path / "none") == {}


def test_one_core_is_left_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "core_count", lambda: 8)
    assert thread_count({}) == 7
    assert thread_count({"threads": "3"}) == 3
    monkeypatch.setattr(settings, "core_count", lambda: 1)
    assert thread_count({}) == 1


@pytest.mark.parametrize("value", ["0", "many", "-1", "1.5"])
def test_a_wrong_number_is_named(value: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"`threads` of the provider local is '{value}'; it must be"):
        number({"threads": value}, "threads", least=1)


def test_the_manifest_fits_the_code() -> None:
    manifest = provider.manifest
    specs = [manifest.model_defaults, *manifest.models.values()]
    assert set(provider.wires) == {wire for spec in specs for wire in spec.operations.values()}
    assert manifest.models["smollm2"].wire_id == WEIGHTS["smollm2"].file
    assert {*manifest.kinds} == {"text", "embedding", "audio", "realtime", "image", "video"}
    assert not manifest.requires_credentials
