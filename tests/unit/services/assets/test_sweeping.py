"""What is over goes, and nothing else."""

import asyncio
import datetime
import os
import time
from pathlib import Path

import msgspec
import pytest

from genmux.services.assets.shelf import AssetChange
from genmux.services.assets.sweeping import ABANDONED, Swept
from genmux.services.assets.uploads import Announced
from genmux.types.assets import AssetFilter, Output
from genmux.types.errors import NotFoundError, StoreError
from tests.assets import ME, OTHER, SETTINGS, House, house, picture


async def pieces(*content: bytes):
    for one in content:
        yield one


async def test_an_asset_goes_when_it_has_expired_and_its_bytes_with_it(here: House) -> None:
    end = here.clock.time + datetime.timedelta(days=1)
    short = await here.kept(picture(800, 800), expires_at=end)
    here.clock.move(minutes=1)
    long = await here.kept(picture(seed=2))
    assert [one.id for one in await here.shelf.list("acme", AssetFilter())] == [long.id, short.id]
    here.clock.move(days=1, hours=2)
    swept = await here.desk.sweeper.sweep()

    assert swept == Swept(assets=2, files=2)  # with its thumbnail
    assert [one.id for one in await here.shelf.list("acme", AssetFilter())] == [long.id]
    assert len(here.lying()) == 1


async def test_bytes_stay_as_long_as_one_asset_has_them(here: House) -> None:
    first, second = await here.kept(picture()), await here.kept(picture())
    theirs = await here.kept(picture(), OTHER)
    await here.shelf.remove("acme", first.id)
    here.clock.move(hours=2)
    await here.desk.sweeper.sweep()

    assert await here.shelf.read(second.id, "acme") == picture()
    await here.shelf.remove("acme", second.id)
    here.clock.move(hours=2)
    assert await here.desk.sweeper.sweep() == Swept(files=1)
    assert await here.shelf.read(theirs.id, "other") == picture()


async def test_what_was_just_collected_is_left_alone(here: House) -> None:
    stored = await here.collected(Output(data=picture()))
    here.clock.move(minutes=30)

    assert await here.desk.sweeper.sweep() == Swept()
    here.clock.move(hours=1)
    assert await here.desk.sweeper.sweep() == Swept(files=1)
    again = await here.collected(Output(data=picture()))
    assert again.storage_key != stored.storage_key


async def test_a_broken_off_upload_goes_with_its_pieces(here: House) -> None:
    upload = await here.uploads.create(ME, Announced(), 100)
    await here.uploads.append("acme", upload.id, offset=0, pieces=pieces(b"x" * 10))
    assert len(here.lying()) == 1
    here.clock.move(days=2, hours=1)

    assert await here.desk.sweeper.sweep() == Swept(uploads=1)
    assert here.lying() == []


async def test_files_that_a_dead_process_left_on_their_way_go(here: House) -> None:
    left = Path(here.storage.staging) / "left"
    fresh = Path(here.storage.staging) / "fresh"
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_bytes(b"x")
    fresh.write_bytes(b"x")
    old = time.time() - ABANDONED - 60
    os.utime(left, (old, old))

    await here.desk.sweeper.sweep()

    assert not left.exists()
    assert fresh.exists()


async def test_with_a_setting_everything_expires(sqlite_store_url: str, tmp_path: Path) -> None:
    settings = msgspec.structs.replace(SETTINGS, keep_days=3)
    async with house(sqlite_store_url, folder=tmp_path, settings=settings) as here:
        short = await here.kept(picture())
        assert short.expires_at == here.clock.time + datetime.timedelta(days=3)
        forever = await here.shelf.change("acme", short.id, AssetChange(expires_at=None))
        assert forever.expires_at is None


async def test_an_expired_asset_is_not_there_though_nobody_swept(here: House) -> None:
    asset = await here.kept(picture(), expires_at=here.clock.time + datetime.timedelta(minutes=1))
    here.clock.move(minutes=2)

    with pytest.raises(NotFoundError):
        await here.shelf.get("acme", asset.id)


async def test_it_goes_on_when_the_store_fails(here: House, monkeypatch) -> None:
    rounds = 0

    async def an_hour(_seconds: float) -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 2:
            raise asyncio.CancelledError

    async def fails(*_args: object) -> None:
        raise StoreError("the database is gone", reason="gone")

    monkeypatch.setattr("genmux.store.assets.store.AssetTables.expire", fails)
    with pytest.raises(asyncio.CancelledError):
        await here.desk.sweeper.run(an_hour)
    assert rounds == 2
