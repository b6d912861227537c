"""Assets, the bytes behind them and uploads in the database, the same on SQLite and PostgreSQL."""

import datetime
from collections.abc import AsyncIterator
from decimal import Decimal

import msgspec
import pytest

from genmux.store.assets.objects import ObjectTable
from genmux.store.assets.store import AssetTables
from genmux.store.assets.uploads import LinkKeyTable, UploadTables
from genmux.store.opening import Store, open_store
from genmux.types.assets import Asset, AssetFilter
from genmux.types.assets_stored import AssetRow, Facts, KeptObject, LinkKey, UploadPart, UploadRow
from tests.ledgers import NOON

HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
FULL = Asset(
    id="asset_full",
    tenant="acme",
    media_type="video/mp4",
    bytes=2**33,
    sha256="a" * 64,
    created_at=NOON,
    origin="imported",
    role="last_frame",
    name="a ü.mp4",
    width=1_920,
    height=1_080,
    seconds=5.125,
    fps=23.976,
    job="job_1",
    provider="fal",
    model="flux",
    operation="text_to_video",
    request_hash="b" * 64,
    cost=Decimal("0.123456"),
    parents=("asset_p2", "asset_p1"),
    poster="asset_small",
    team="t1",
    key="k1",
    expires_at=NOON + DAY,
    simulated=True,
    metadata={"seed": 7, "deep": {"list": [1, "x", None]}},
)


@pytest.fixture
async def store(ledger_url: str) -> AsyncIterator[Store]:
    opened = await open_store(ledger_url, role="command")
    yield opened
    await opened.aclose()


@pytest.fixture
def assets(store: Store) -> AssetTables:
    return AssetTables(store.database)


@pytest.fixture
def objects(store: Store) -> ObjectTable:
    return ObjectTable(store.database)


@pytest.fixture
def uploads(store: Store) -> UploadTables:
    return UploadTables(store.database)


def asset(number: int, **fields: object) -> Asset:
    told: dict[str, object] = {
        "id": f"asset_{number}",
        "tenant": "acme",
        "media_type": "image/png",
        "bytes": 10,
        "sha256": f"{number:064x}",
        "created_at": NOON + number * HOUR,
        **fields,
    }
    return msgspec.convert(told, Asset)


async def add(store: Store, *found: Asset, key: str = "k") -> tuple[AssetRow, ...]:
    rows = [AssetRow(asset=one, storage_key=f"{key}-{one.id}") for one in found]
    return await store.database.write(lambda tx: AssetTables(store.database).add_in(tx, rows))


async def listed(assets: AssetTables, **asked: object) -> list[str]:
    found = await assets.list("acme", msgspec.convert(asked, AssetFilter), now=NOON, after=None, limit=100)
    return [one.id for one in found]


async def test_an_asset_comes_back_as_it_was_added(store: Store, assets: AssetTables) -> None:
    added = await add(store, FULL)

    assert [one.asset for one in added] == [FULL]
    found = await assets.find("acme", ["asset_full", "asset_none"])
    assert found == {"asset_full": AssetRow(asset=FULL, storage_key="k-asset_full")}


async def test_what_is_there_already_is_left_as_it_is(store: Store, assets: AssetTables) -> None:
    await add(store, FULL)
    again = await add(store, msgspec.structs.replace(FULL, name="other", parents=("asset_x",)), asset(1))

    assert [one.asset for one in again] == [FULL, asset(1)]
    assert set(await assets.find(None, ["asset_full", "asset_1"])) == {"asset_full", "asset_1"}


async def test_an_organisation_sees_its_own_alone(store: Store, assets: AssetTables) -> None:
    await add(store, FULL, asset(1, tenant="other"))

    assert await assets.find("other", ["asset_full"]) == {}
    assert await assets.remove("other", "asset_full") is None
    assert await assets.change("other", "asset_full", {"name": "mine"}) is None
    assert await listed(assets) == ["asset_full"]
    everything = await assets.list(None, AssetFilter(), now=NOON, after=None, limit=10)
    assert {one.id for one in everything} == {"asset_full", "asset_1"}
    assert (await assets.find(None, ["asset_full"]))["asset_full"].asset == FULL


async def test_pages_follow_one_another_and_miss_nothing(store: Store, assets: AssetTables) -> None:
    same = NOON + DAY
    await add(
        store, *(asset(number) for number in range(5)), *(asset(number, created_at=same) for number in range(5, 9))
    )
    seen: list[str] = []
    after = None
    while page := await assets.list("acme", AssetFilter(), now=NOON, after=after, limit=2):
        seen += [one.id for one in page]
        after = page[-1].created_at, page[-1].id

    assert seen == [f"asset_{number}" for number in (8, 7, 6, 5, 4, 3, 2, 1, 0)]


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ({}, ["asset_3", "asset_2", "asset_1"]),
        ({"kind": "image"}, ["asset_3", "asset_1"]),
        ({"kind": "ima_e"}, []),
        ({"media_type": "video/mp4"}, ["asset_2"]),
        ({"role": "poster"}, ["asset_4"]),
        ({"origin": "uploaded"}, ["asset_3"]),
        ({"job": "job_1"}, ["asset_2", "asset_1"]),
        ({"provider": "fal", "model": "flux"}, ["asset_1"]),
        ({"team": "t"}, ["asset_3"]),
        ({"parent": "asset_1"}, ["asset_2"]),
        ({"search": "HOLIDAY"}, ["asset_3"]),
        ({"search": "100%"}, ["asset_1"]),
        ({"search": "%"}, ["asset_1"]),
        ({"sha256": f"{2:064x}"}, ["asset_2"]),
        ({"since": NOON + 2 * HOUR}, ["asset_3", "asset_2"]),
        ({"before": NOON + 2 * HOUR}, ["asset_1"]),
    ],
)
async def test_lists_have_what_fits(
    asked: dict[str, object], ids: list[str], store: Store, assets: AssetTables
) -> None:
    await add(
        store,
        asset(1, job="job_1", provider="fal", model="flux", name="100%.png"),
        asset(2, job="job_1", media_type="video/mp4", parents=("asset_1",)),
        asset(3, origin="uploaded", team="t", name="my holiday.png"),
        asset(4, role="poster", job="job_1"),
    )

    assert await listed(assets, **asked) == ids


async def test_the_files_of_a_job_come_in_their_order_without_thumbnails(store: Store, assets: AssetTables) -> None:
    rows = [
        AssetRow(asset=asset(number, job="job_1", role=role), storage_key="k", place=place)
        for number, role, place in ((3, "output", 0), (1, "output", 2), (2, "preview", 1), (4, "poster", 0))
    ]
    await store.database.write(lambda tx: assets.add_in(tx, rows))

    assert [one.id for one in await assets.of_job("acme", "job_1")] == ["asset_3", "asset_2", "asset_1"]
    assert await assets.of_job("other", "job_1") == ()


async def test_a_change_changes_what_it_says(store: Store, assets: AssetTables) -> None:
    small = msgspec.structs.replace(FULL, id="asset_small", role="poster", poster=None, parents=())
    await add(store, FULL, small)

    changed = await assets.change("acme", "asset_full", {"name": None, "metadata": {}, "expires_at": None})

    assert changed.asset == msgspec.structs.replace(FULL, name=None, metadata={}, expires_at=None)
    assert (await assets.find("acme", ["asset_small"]))["asset_small"].asset.expires_at is None
    assert (await assets.change("acme", "asset_full", {})).asset == changed.asset


async def test_an_asset_goes_with_its_thumbnail(store: Store, assets: AssetTables) -> None:
    await add(store, FULL, asset(5, id="asset_small", role="poster"), asset(6, parents=("asset_full",)))

    assert (await assets.remove("acme", "asset_full")).asset == FULL
    assert await assets.remove("acme", "asset_full") is None
    assert set(await assets.find("acme", ["asset_full", "asset_small", "asset_6"])) == {"asset_6"}
    assert (await assets.find("acme", ["asset_6"]))["asset_6"].asset.parents == ("asset_full",)


async def test_what_has_expired_goes(store: Store, assets: AssetTables) -> None:
    await add(store, FULL, asset(1), asset(2, expires_at=NOON + 2 * DAY))

    late = await assets.list("acme", AssetFilter(), now=NOON + DAY + HOUR, after=None, limit=10)

    assert [one.id for one in late] == ["asset_2", "asset_1"]
    assert [one.id for one in await assets.expire(NOON + DAY + HOUR, 10)] == ["asset_full"]
    assert await assets.expire(NOON + DAY + HOUR, 10) == ()
    assert await listed(assets) == ["asset_2", "asset_1"]


# ---------------------------------------------------------------- objects
def fresh(key: str = "k1", tenant: str = "acme", sha256: str = "s") -> KeptObject:
    return KeptObject(storage_key=key, tenant=tenant, sha256=sha256, bytes=10)


FACTS = Facts(media_type="image/png", width=3, height=4)


async def test_the_same_bytes_of_a_tenant_are_one_object(objects: ObjectTable) -> None:
    assert await objects.enter(fresh("k1"), NOON) == fresh("k1")
    assert await objects.enter(fresh("k2"), NOON) == fresh("k1")
    assert await objects.kept("k1", FACTS, "p", NOON)
    known = msgspec.structs.replace(fresh("k1"), facts=FACTS, poster="p")

    assert await objects.enter(fresh("k3"), NOON) == known
    assert await objects.find("k1") == known
    assert await objects.enter(fresh("k4", tenant="other"), NOON) == fresh("k4", tenant="other")


async def test_what_nobody_has_is_doomed_after_a_while(store: Store, objects: ObjectTable) -> None:
    for key, sha in (("k-asset_1", "1"), ("k-loose", "2"), ("k-fresh", "3"), ("k-poster", "4")):
        await objects.enter(fresh(key, sha256=sha), NOON + 2 * HOUR if key == "k-fresh" else NOON)
    await objects.kept("k-asset_1", FACTS, "k-poster", NOON)
    await add(store, asset(1))

    assert await objects.doom(NOON, NOON, 10) == 0
    assert await objects.doom(NOON + HOUR, NOON + 2 * HOUR, 10) == 1
    assert await objects.doomed(10) == ("k-loose",)
    assert await objects.find("k-loose") is None


async def test_a_thumbnail_goes_after_its_picture(store: Store, assets: AssetTables, objects: ObjectTable) -> None:
    await objects.enter(fresh("k-asset_1", sha256="1"), NOON)
    await objects.enter(fresh("k-poster", sha256="2"), NOON)
    await objects.kept("k-asset_1", FACTS, "k-poster", NOON)
    await add(store, asset(1))
    await assets.remove("acme", "asset_1")

    assert await objects.doom(NOON + HOUR, NOON + HOUR, 10) == 1
    assert await objects.doom(NOON + HOUR, NOON + HOUR, 10) == 1
    assert set(await objects.doomed(10)) == {"k-asset_1", "k-poster"}


async def test_what_is_doomed_gets_no_asset_and_the_same_bytes_a_new_key(store: Store, objects: ObjectTable) -> None:
    await objects.enter(fresh("k1"), NOON)
    await objects.doom(NOON + HOUR, NOON + HOUR, 10)

    assert not await store.database.write(lambda tx: objects.touch_in(tx, ["k1"], NOON))
    assert not await objects.kept("k1", FACTS, None, NOON)
    assert await objects.enter(fresh("k2"), NOON) == fresh("k2")
    assert await store.database.write(lambda tx: objects.touch_in(tx, ["k2", "k2"], NOON))
    await objects.gone(["k1", "k2"])
    assert await objects.doomed(10) == ()
    assert await objects.find("k2") == fresh("k2")


async def test_what_is_touched_is_not_doomed(store: Store, objects: ObjectTable) -> None:
    await objects.enter(fresh("k1"), NOON)
    await store.database.write(lambda tx: objects.touch_in(tx, ["k1"], NOON + 2 * HOUR))

    assert await objects.doom(NOON + HOUR, NOON + 2 * HOUR, 10) == 0


# ---------------------------------------------------------------- uploads
UPLOAD = UploadRow(
    id="upload_1",
    tenant="acme",
    size=30,
    created_at=NOON,
    expires_at=NOON + DAY,
    team="t",
    key="k",
    name="a.mp4",
    media_type="video/mp4",
    sha256="c" * 64,
    metadata={"from": "here"},
)


async def test_an_upload_grows_by_pieces_that_follow_one_another(uploads: UploadTables) -> None:
    await uploads.add(UPLOAD)

    assert await uploads.find("acme", "upload_1") == UPLOAD
    assert await uploads.find("other", "upload_1") is None
    assert await uploads.advance(UPLOAD, UploadPart(0, 10, "p0"), NOON + 2 * DAY)
    assert not await uploads.advance(UPLOAD, UploadPart(0, 10, "p0b"), NOON + 2 * DAY)
    assert not await uploads.advance(UPLOAD, UploadPart(15, 10, "p1"), NOON + 2 * DAY)
    assert await uploads.advance(UPLOAD, UploadPart(10, 20, "p1"), NOON + 3 * DAY)
    assert await uploads.parts("upload_1") == (UploadPart(0, 10, "p0"), UploadPart(10, 20, "p1"))
    found = await uploads.find(None, "upload_1")
    assert (found.received, found.expires_at) == (30, NOON + 3 * DAY)


async def test_a_finished_upload_takes_no_more(uploads: UploadTables) -> None:
    await uploads.add(UPLOAD)
    await uploads.finish("upload_1", "asset_1")

    assert (await uploads.find("acme", "upload_1")).asset == "asset_1"
    assert not await uploads.advance(UPLOAD, UploadPart(0, 10, "p0"), NOON + DAY)


async def test_uploads_that_nobody_goes_on_with_are_found_and_forgotten(uploads: UploadTables) -> None:
    await uploads.add(UPLOAD)
    await uploads.advance(UPLOAD, UploadPart(0, 10, "p0"), NOON + DAY)

    assert await uploads.expired(NOON + DAY, 10) == ()
    (found,) = await uploads.expired(NOON + DAY + HOUR, 10)
    await uploads.remove([found.id])
    assert await uploads.parts("upload_1") == ()
    assert await uploads.find(None, "upload_1") is None


async def test_the_first_who_asks_for_a_key_makes_it(store: Store) -> None:
    keys = LinkKeyTable(store.database)

    assert await keys.keys(LinkKey("a", b"\x00one"), NOON) == (LinkKey("a", b"\x00one"),)
    assert await keys.keys(LinkKey("b", b"two"), NOON) == (LinkKey("a", b"\x00one"),)
