"""Signed links."""

import asyncio
import os
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genmux.services.assets.links import LONGEST, Links
from genmux.store.assets.uploads import LinkKeyTable
from genmux.store.opening import open_store
from genmux.types.errors import InvalidRequestError, PermissionDeniedError
from tests.assets import Clock, House


def parts(url: str) -> dict[str, str]:
    query = parse_qs(urlsplit(url).query)
    return {name: query[name][0] for name in ("expires", "signature")}


async def test_a_link_is_good_until_it_expires(here: House) -> None:
    link = await here.links.sign("asset_1", seconds=60)

    assert re.fullmatch(r"/assets/asset_1\?expires=\d+&signature=[\w-]{43}", link.url)
    assert 60 <= await here.links.check("asset_1", **parts(link.url)) <= 61
    here.clock.move(seconds=62)
    with pytest.raises(PermissionDeniedError, match="expired"):
        await here.links.check("asset_1", **parts(link.url))


async def test_a_link_is_good_for_one_asset(here: House) -> None:
    link = await here.links.sign("asset_1", seconds=60)

    with pytest.raises(PermissionDeniedError, match="wrong"):
        await here.links.check("asset_2", **parts(link.url))


async def test_a_link_cannot_be_made_longer(here: House) -> None:
    told = parts((await here.links.sign("asset_1", seconds=60)).url)

    for expires in (
        str(int(told["expires"]) + 1),
        f"0{told['expires']}",
        told["expires"] + " ",
        "",
        "x",
        "9" * 13,
        "²",
    ):
        with pytest.raises(PermissionDeniedError):
            await here.links.check("asset_1", expires=expires, signature=told["signature"])


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(signature=st.text(max_size=60), asset=st.text(max_size=20))
async def test_no_guessed_signature_is_right(signature: str, asset: str, here: House) -> None:
    told = parts((await here.links.sign("asset_1", seconds=60)).url)

    with pytest.raises(PermissionDeniedError):
        await here.links.check("asset_1", expires=told["expires"], signature=signature)
    if asset != "asset_1":
        with pytest.raises(PermissionDeniedError):
            await here.links.check(asset, **told)


async def test_all_gateways_on_a_store_sign_alike(here: House) -> None:
    def chance(count: int) -> bytes:
        return b"x" * count

    other = Links(LinkKeyTable(here.store.database), now=here.clock, random=chance, public_url="https://g.test/")
    link = await here.links.sign("asset_1", seconds=60)

    assert await other.check("asset_1", **parts(link.url))
    assert (await other.sign("asset_1", seconds=60)).url == f"https://g.test{link.url}"
    assert (await other.sign("asset_1", seconds=60, base="http://127.0.0.1:1")).url == f"http://127.0.0.1:1{link.url}"


@pytest.mark.parametrize("seconds", [0, -1, LONGEST + 1, float("inf"), float("nan")])
async def test_a_link_has_an_end_within_a_week(seconds: float, here: House) -> None:
    with pytest.raises(InvalidRequestError):
        await here.links.sign("asset_1", seconds=seconds)


async def test_processes_that_begin_at_once_know_each_others_links(postgres_store_url: str) -> None:
    stores = [await open_store(postgres_store_url, role="command") for _ in range(2)]
    desks = [Links(LinkKeyTable(one.database), now=Clock(), random=os.urandom) for one in stores]
    links = await asyncio.gather(*(one.sign("asset_1", seconds=60) for one in desks))

    for link in links:
        for desk in desks:
            assert await desk.check("asset_1", **parts(link.url)) > 0
    for store in stores:
        await store.aclose()
