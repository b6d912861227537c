"""Files that are uploaded, in one go or piece by piece."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from genmux.services.assets.uploads import Announced, OffsetError
from genmux.types.assets import AssetFilter
from genmux.types.assets_stored import UploadRow
from genmux.types.errors import InvalidRequestError, NotFoundError
from genmux.types.principal import Principal
from tests.assets import ME, SETTINGS, House, house, noise

CONTENT = noise(200)
SHA = hashlib.sha256(CONTENT).hexdigest()
THIRD = len(CONTENT) // 3


async def pieces(*content: bytes) -> AsyncIterator[bytes]:
    for one in content:
        yield one


async def append(here: House, upload: UploadRow, start: int, end: int) -> UploadRow:
    return await here.uploads.append("acme", upload.id, offset=start, pieces=pieces(CONTENT[start:end]))


async def test_a_file_comes_in_one_go(here: House) -> None:
    announced = Announced(name="a/b.png", media_type="image/jpeg", sha256=SHA, metadata={"from": "me"})
    asset = await here.uploads.take(ME, lambda: announced, pieces(CONTENT[:10], b"", CONTENT[10:]))

    assert await here.shelf.read(asset.id, "acme") == CONTENT
    assert (asset.name, asset.media_type, asset.sha256, asset.width) == ("b.png", "image/png", SHA, 200)
    assert asset.metadata == {"from": "me", "claimed": "image/jpeg"}
    assert (asset.origin, asset.team, asset.key) == ("uploaded", "t1", "k1")


@pytest.mark.parametrize(
    ("announced", "content", "words"),
    [
        (Announced(), b"", "empty"),
        (Announced(sha256="0" * 64), CONTENT, "send it again"),
        (Announced(sha256="x"), CONTENT, "64 small hex digits"),
        (Announced(name="//"), CONTENT, "no name"),
        (Announced(metadata={"x": "y" * 70_000}), CONTENT, "metadata"),
    ],
)
async def test_what_is_wrong_is_refused_and_leaves_nothing(
    announced: Announced, content: bytes, words: str, here: House
) -> None:
    with pytest.raises(InvalidRequestError, match=words):
        await here.uploads.take(ME, lambda: announced, pieces(content))
    assert here.lying() == []


async def test_a_file_may_be_too_large(sqlite_store_url: str, tmp_path: Path) -> None:
    settings = msgspec.structs.replace(SETTINGS, max_bytes=1_000)
    async with house(sqlite_store_url, folder=tmp_path, settings=settings) as here:
        with pytest.raises(InvalidRequestError, match="larger than 1,000"):
            await here.uploads.take(ME, Announced, pieces(b"x" * 600, b"x" * 600))
        with pytest.raises(InvalidRequestError, match="larger than 1,000"):
            await here.uploads.create(ME, Announced(), 1_001)
        assert here.lying() == []


async def test_a_large_file_comes_piece_by_piece(here: House) -> None:
    upload = await here.uploads.create(ME, Announced(name="big.png", sha256=SHA), len(CONTENT))
    for start in (0, THIRD, 2 * THIRD):
        assert (await here.uploads.get("acme", upload.id)).received == start
        end = len(CONTENT) if start == 2 * THIRD else start + THIRD
        upload = await append(here, upload, start, end)

    asset = await here.shelf.get("acme", upload.asset)
    assert (asset.name, asset.sha256) == ("big.png", SHA)
    assert await here.shelf.read(asset.id, "acme") == CONTENT
    assert all("uploads" not in one for one in here.lying())
    assert (await here.uploads.get("acme", upload.id)).asset == asset.id


async def test_it_goes_on_after_the_gateway_was_restarted(sqlite_store_url: str, tmp_path: Path) -> None:
    async with house(sqlite_store_url, folder=tmp_path) as before:
        upload = await before.uploads.create(ME, Announced(), len(CONTENT))
        await append(before, upload, 0, THIRD)
    async with house(sqlite_store_url, folder=tmp_path) as after:
        found = await after.uploads.get("acme", upload.id)
        assert found.received == THIRD
        done = await append(after, found, THIRD, len(CONTENT))
        assert await after.shelf.read(done.asset, "acme") == CONTENT


async def test_what_was_broken_off_counts_as_far_as_it_came(here: House) -> None:
    upload = await here.uploads.create(ME, Announced(), len(CONTENT))
    upload = await append(here, upload, 0, 7)
    assert upload.received == 7
    assert (await append(here, upload, 7, 7)).received == 7


async def test_a_piece_has_to_begin_where_the_last_one_ended(here: House) -> None:
    upload = await here.uploads.create(ME, Announced(), len(CONTENT))
    await append(here, upload, 0, THIRD)

    for offset in (0, THIRD - 1, THIRD + 1):
        with pytest.raises(OffsetError) as caught:
            await append(here, upload, offset, offset + 5)
        assert (caught.value.received, caught.value.status) == (THIRD, 409)


async def test_of_two_pieces_at_the_same_place_one_counts(here: House) -> None:
    upload = await here.uploads.create(ME, Announced(), len(CONTENT))

    async def slowly() -> AsyncIterator[bytes]:
        yield CONTENT[:5]
        await append(here, upload, 0, 3)

    with pytest.raises(OffsetError) as caught:
        await here.uploads.append("acme", upload.id, offset=0, pieces=slowly())
    assert caught.value.received == 3
    assert len(here.lying()) == 1


async def test_more_than_was_announced_is_refused(here: House) -> None:
    upload = await here.uploads.create(ME, Announced(), 10)

    with pytest.raises(InvalidRequestError, match="announced"):
        await append(here, upload, 0, 11)
    assert (await here.uploads.get("acme", upload.id)).received == 0
    assert here.lying() == []


async def test_a_file_that_came_wrong_is_forgotten(here: House) -> None:
    upload = await here.uploads.create(ME, Announced(sha256="0" * 64), len(CONTENT))
    with pytest.raises(InvalidRequestError, match="send it again"):
        await append(here, upload, 0, len(CONTENT))

    with pytest.raises(NotFoundError):
        await here.uploads.get("acme", upload.id)
    assert here.lying() == []


async def test_a_gateway_that_died_while_it_put_the_pieces_together_does_it_again(
    here: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = await here.uploads.create(ME, Announced(), len(CONTENT))

    async def dies(*_args: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr("genmux.store.assets.uploads.UploadTables.finish", dies)
        with pytest.raises(RuntimeError):
            await append(here, upload, 0, len(CONTENT))
    assert (await here.uploads.get("acme", upload.id)).received == len(CONTENT)

    done = await append(here, upload, len(CONTENT), len(CONTENT))
    assert await here.shelf.read(done.asset, "acme") == CONTENT
    assert len(await here.shelf.list("acme", AssetFilter())) == 1


async def test_an_upload_can_be_cancelled_by_its_own(here: House) -> None:
    upload = await here.uploads.create(ME, Announced(), len(CONTENT))
    await append(here, upload, 0, THIRD)

    with pytest.raises(NotFoundError):
        await here.uploads.cancel("other", upload.id)
    await here.uploads.cancel("acme", upload.id)
    with pytest.raises(NotFoundError):
        await here.uploads.get("acme", upload.id)
    assert here.lying() == []


async def test_uploads_are_as_long_as_they_say(here: House) -> None:
    with pytest.raises(InvalidRequestError, match="1 or more"):
        await here.uploads.create(Principal(), Announced(), 0)
