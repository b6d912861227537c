"""Files from the command line, over a store of the test's own."""

import json
from pathlib import Path
from typing import Any

import pytest

from genmux.cli import asset_uploads
from genmux.cli.asset_uploads import PATIENCE, Wishes, upload_file
from genmux.cli.sizes import shown_length, shown_size
from genmux.contract.http import HttpReply
from genmux.types.errors import InvalidRequestError, NetworkError, NotFoundError
from tests.assets import looker, picture
from tests.unit.cli.conftest import Run


@pytest.fixture(autouse=True)
def shared_looker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genmux.app.assets.Looker", lambda *, thumbnails: looker(thumbnails=thumbnails))


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_a_file_from_its_upload_to_its_end(run: Run, tmp_path: Path) -> None:
    first, second = put(tmp_path / "fish.png", picture()), put(tmp_path / "bird.png", picture(seed=2))
    uploaded = run("assets", "upload", str(first), str(second), "--tag", "from=me", "--expires", "30d")
    assert uploaded.code == 0, uploaded.err
    asset, other = uploaded.out.split()

    [newest, oldest] = json.loads(run("assets", "list", "--json").out)
    assert (newest["id"], oldest["id"], oldest["name"], oldest["metadata"]) == (
        other,
        asset,
        "fish.png",
        {"from": "me"},
    )
    listed = run("assets", "list", "--kind", "image", "--search", "FISH").out
    assert "64×48" in listed
    assert "bird" not in listed
    assert len(json.loads(run("assets", "list", "-n", "1", "--json").out)) == 1
    shown = run("assets", "show", asset).out
    for word in ("fish.png", "image/png", "64×48", "uploaded", "me"):
        assert word in shown

    saved = run("assets", "save", asset, "--out", "made/")
    assert saved.out == "made/fish.png\n"
    assert (tmp_path / "made" / "fish.png").read_bytes() == picture()
    taken = run("assets", "save", asset, "--out", "made/fish.png")
    assert (taken.code, "--force" in taken.err) == (2, True)
    assert run("assets", "save", asset, "--out", "made/fish.png", "--force").code == 0
    assert [one.name for one in (tmp_path / "made").iterdir()] == ["fish.png"]

    link = run("assets", "link", asset, "--for", "10m")
    assert f"/assets/{asset}?expires=" in link.out
    assert "good until" in link.err
    assert run("assets", "delete", asset, other).out == "2 removed\n"
    assert "no such files" in run("assets", "list").err
    gone = run("assets", "show", asset)
    assert (gone.code, "there is no asset" in gone.err) == (2, True)


def test_a_large_file_goes_piece_by_piece(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asset_uploads, "LARGE", 1_000)
    monkeypatch.setattr(asset_uploads, "PIECE", 1_000)
    content = bytes(range(256)) * 12
    path = put(tmp_path / "large.bin", content)
    uploaded = run("assets", "upload", str(path), "--name", "other.bin", "--expires", "1d", "--json")
    assert uploaded.code == 0, uploaded.err
    [asset] = json.loads(uploaded.out)

    assert (asset["name"], asset["bytes"]) == ("other.bin", len(content))
    assert asset["expires_at"]
    assert "3.07 KB of 3.07 KB" in uploaded.err
    run("assets", "save", asset["id"], "--out", "back.bin")
    assert (tmp_path / "back.bin").read_bytes() == content


def test_what_cannot_be_is_told(run: Run, tmp_path: Path) -> None:
    missing = run("assets", "upload", "nowhere.png")
    assert (missing.code, "cannot be read" in missing.err) == (2, True)
    files = [str(put(tmp_path / name, b"x")) for name in ("a", "b")]
    assert "single file" in run("assets", "upload", *files, "--name", "c").err
    assert run("assets", "save", "asset_none").code == 2
    assert run("assets", "import", "openai").code == 2
    assert run("assets", "link", "asset_none", "--for", "soon").code == 2


class Gateway:
    """In place of the API: takes pieces, and cannot be reached now and then."""

    def __init__(self, *, failing: int = 0, received: int = 0, size: int = 10) -> None:
        self.failing = failing
        self.received = received
        self.size = size
        self.sent: list[tuple[int, int]] = []

    def get(self, path: str) -> Any:
        if path.startswith("/assets/uploads/"):
            self._reach()
            return {"size": self.size, "received": self.received}
        return {"id": path.rpartition("/")[2]}

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> HttpReply:
        assert (method, path) == ("PATCH", "/assets/uploads/upload_1")
        self.received += len(body) // 2  # half of it comes through before anything breaks
        self._reach()
        self.received += len(body) - len(body) // 2
        self.sent.append((int(headers["upload-offset"]), len(body)))
        told = {"upload-offset": str(self.received)}
        if self.received == self.size:
            told["x-genmux-asset"] = "asset_1"
        return HttpReply(status=204, headers=told, body=b"")

    def _reach(self) -> None:
        if self.failing:
            self.failing -= 1
            raise NetworkError("nobody there")


def resumed(gateway: Any, path: Path) -> tuple[dict[str, Any], list[float]]:
    pauses: list[float] = []
    return upload_file(gateway, path, Wishes(), resume="upload_1", pause=pauses.append), pauses


def test_an_upload_goes_on_where_it_broke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asset_uploads, "PIECE", 4)
    path = put(tmp_path / "f", b"0123456789")
    gateway = Gateway(received=2)
    gateway.failing = 1

    asset, pauses = resumed(gateway, path)
    assert asset == {"id": "asset_1"}
    assert pauses == [2.0]
    assert gateway.sent == [(2, 4), (6, 4)]


def test_half_a_piece_is_not_sent_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asset_uploads, "PIECE", 8)
    gateway = Gateway()
    calls = iter([False, True, False, False])

    def breaking(_self: object) -> None:
        if next(calls):
            raise NetworkError("nobody there")

    monkeypatch.setattr(Gateway, "_reach", breaking)
    asset, _ = resumed(gateway, put(tmp_path / "f", b"0123456789"))
    assert asset == {"id": "asset_1"}
    assert gateway.sent == [(4, 6)]


def test_an_upload_that_cannot_go_on_says_how_to(tmp_path: Path) -> None:
    pauses: list[float] = []
    with pytest.raises(NetworkError, match="--resume upload_1"):
        upload_file(Gateway(failing=99), put(tmp_path / "f", b"x"), Wishes(), resume="upload_1", pause=pauses.append)
    assert pauses == [2.0, 4.0, 8.0, 15.0, 15.0][:PATIENCE]


def test_an_upload_of_another_file_is_not_gone_on_with(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="a file of 99 bytes"):
        resumed(Gateway(size=99), put(tmp_path / "f", b"x"))


def test_an_upload_that_is_gone_is_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_self: object, _path: str) -> None:
        raise NotFoundError("there is no upload")

    monkeypatch.setattr(Gateway, "get", gone)
    with pytest.raises(NotFoundError, match="anew"):
        resumed(Gateway(), put(tmp_path / "f", b"x"))


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 bytes"), (999, "999 bytes"), (1_000, "1 KB"), (1_234_567, "1.23 MB"), (5 * 10**15, "5,000 TB")],
)
def test_sizes_are_short(count: int, shown: str) -> None:
    assert shown_size(count) == shown


@pytest.mark.parametrize(("seconds", "shown"), [(0.5, "0.5 s"), (59.9, "59.9 s"), (61, "1:01"), (3_725, "1:02:05")])
def test_lengths_are_short(seconds: float, shown: str) -> None:
    assert shown_length(seconds) == shown
