"""Where bytes lie: a folder, or a bucket."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from genmux.store.assets.storage import INCOMING, Storage, open_storage
from genmux.types.errors import ConfigurationError, ErrorKind, NotFoundError, ProviderError, Retry

CONTENT = os.urandom(700_000)

Make = Callable[[], Storage]


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return open_storage(None, folder=tmp_path / "assets")
    return Storage(MemoryStore(), place="memory", staging=tmp_path / "assets" / INCOMING)


def staged(storage: Storage, content: bytes = CONTENT) -> Path:
    storage.staging.mkdir(parents=True, exist_ok=True)
    path = storage.staging / "one"
    path.write_bytes(content)
    return path


async def content(storage: Storage, *span: int) -> bytes:
    return b"".join([piece async for piece in storage.read("acme/ab/key.png", *span)])


async def test_what_is_kept_can_be_read(storage: Storage) -> None:
    path = staged(storage)
    await storage.keep(path, "acme/ab/key.png")

    assert not path.exists()
    assert await content(storage) == CONTENT
    assert await content(storage, 10) == CONTENT[10:]
    assert await content(storage, 10, 500_000) == CONTENT[10:500_000]
    assert await content(storage, 10, 10) == b""


async def test_the_same_may_be_kept_again(storage: Storage) -> None:
    for _ in range(2):
        await storage.keep(staged(storage), "acme/ab/key.png")

    assert await content(storage) == CONTENT


async def test_what_is_removed_is_gone_and_may_be_removed_again(storage: Storage) -> None:
    await storage.keep(staged(storage), "acme/ab/key.png")
    for _ in range(2):
        await storage.remove("acme/ab/key.png")

    with pytest.raises(NotFoundError):
        await content(storage)


async def test_a_large_file_is_read_in_pieces(storage: Storage) -> None:
    await storage.keep(staged(storage), "acme/ab/key.png")
    pieces = [piece async for piece in storage.read("acme/ab/key.png")]

    if storage.local("x") is not None:  # memory has it in one piece already
        assert len(pieces) > 1
    assert b"".join(pieces) == CONTENT


async def test_a_folder_is_for_its_owner_and_tells_where_its_files_are(tmp_path: Path) -> None:
    storage = open_storage(str(tmp_path / "here"), folder=tmp_path / "unused")
    await storage.keep(staged(storage), "acme/ab/key.png")

    assert storage.local("acme/ab/key.png") == tmp_path / "here" / "acme" / "ab" / "key.png"
    assert (tmp_path / "here").stat().st_mode & 0o077 == 0
    assert not (tmp_path / "unused").exists()


async def test_a_folder_that_takes_nothing_may_do_so_later(tmp_path: Path) -> None:
    storage = open_storage(None, folder=tmp_path / "assets")
    path = staged(storage)
    (tmp_path / "assets" / "acme").write_text("in the way")

    with pytest.raises(ProviderError) as caught:
        await storage.keep(path, "acme/ab/key.png")
    assert (caught.value.kind, caught.value.retry) == (ErrorKind.OVERLOADED, Retry.SAFE)


async def test_a_bucket_that_cannot_be_reached_may_be_later(tmp_path: Path) -> None:
    from obstore.store import S3Store

    options = {"endpoint": "http://127.0.0.1:9", "access_key_id": "k", "secret_access_key": "s", "region": "eu"}
    store = S3Store("bucket", config=options, client_options={"allow_http": True}, retry_config={"max_retries": 0})
    storage = Storage(store, place="s3://bucket", staging=tmp_path)

    with pytest.raises(ProviderError, match="s3://bucket failed") as caught:
        await storage.keep(staged(storage), "acme/ab/key.png")
    assert (caught.value.kind, caught.value.retry) == (ErrorKind.OVERLOADED, Retry.SAFE)
    assert (tmp_path / "one").exists()
    assert "Debug" not in caught.value.message


@pytest.mark.parametrize("url", ["s3://bucket/prefix", "gs://bucket", "file:///tmp/x", "~/x"])
def test_urls_of_folders_and_buckets_are_taken(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    if url.startswith("file:"):
        url = f"file://{tmp_path}/x"
    storage = open_storage(url, folder=tmp_path)

    assert (storage.local("k") is None) is url.startswith(("s3:", "gs:"))


@pytest.mark.parametrize(
    ("url", "options"),
    [("ftp://x", {}), ("http://x/y", {}), ("s3://bucket", {"nonsense": "1"}), ("memory://", {}), ("az://", {})],
)
def test_others_are_a_wrong_setting(url: str, options: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"\[assets\]"):
        open_storage(url, folder=tmp_path, options=options)


def test_a_folder_that_cannot_be_made_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    with pytest.raises(ConfigurationError, match="folder"):
        open_storage(str(tmp_path / "file" / "deeper"), folder=tmp_path)
