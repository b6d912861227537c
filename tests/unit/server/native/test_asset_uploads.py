"""Large files, piece by piece, by the tus protocol."""

import base64
import hashlib
from collections.abc import AsyncIterator

import pytest

from genmux.app import App
from tests.assets import looker, picture
from tests.gateways import GONE, Asking, gateway
from tests.unit.server.native.test_assets import ME, OTHER, settings_of

CONTENT = picture(400, 300)
SHA = hashlib.sha256(CONTENT).hexdigest()
PATH = "/api/v1/assets/uploads"
TUS = {"tus_resumable": "1.0.0"}
PIECE = {**TUS, "content_type": "application/offset+octet-stream"}


@pytest.fixture
async def ask(sqlite_store_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Asking]:
    monkeypatch.setattr("genmux.app.assets.Looker", lambda *, thumbnails: looker(thumbnails=thumbnails))
    app = App(settings_of(max_bytes=10_000), store=sqlite_store_url, environ={"HOME": "/nonexistent"})
    async with gateway(app, ME) as asking:
        yield asking


def told(**fields: str) -> str:
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in fields.items())


async def begun(ask: Asking, **fields: str) -> str:
    reply = await ask("POST", PATH, status=201, upload_length=str(len(CONTENT)), upload_metadata=told(**fields), **TUS)
    assert reply.headers["tus-resumable"] == "1.0.0"
    assert reply.headers["upload-expires"].endswith("GMT")
    return reply.headers["location"]


async def test_a_client_asks_what_there_is(ask: Asking) -> None:
    reply = await ask("OPTIONS", PATH, status=204)

    assert reply.headers["tus-version"] == "1.0.0"
    assert reply.headers["tus-extension"] == "creation,expiration,termination"
    assert reply.headers["tus-max-size"] == "10000"


async def test_a_file_comes_in_pieces_and_becomes_an_asset(ask: Asking) -> None:
    place = await begun(ask, filename="ü.png", filetype="image/png", sha256=SHA, metadata='{"a": 1}')
    first = await ask("PATCH", place, CONTENT[:100], CONTENT[100:200], status=204, upload_offset="0", **PIECE)
    assert first.headers["upload-offset"] == "200"
    where = await ask("HEAD", place, status=200, **TUS)
    assert (where.headers["upload-offset"], where.headers["upload-length"]) == ("200", str(len(CONTENT)))
    assert where.headers["cache-control"] == "no-store"

    last = await ask("PATCH", place, CONTENT[200:], status=204, upload_offset="200", **PIECE)
    asset = last.headers["x-genmux-asset"]
    found = (await ask("GET", f"/api/v1/assets/{asset}", status=200)).json()
    assert (found["name"], found["sha256"], found["metadata"]) == ("ü.png", SHA, {"a": 1})
    assert (await ask("GET", f"/api/v1/assets/{asset}/content", status=200)).body == CONTENT
    assert (await ask("HEAD", place, status=200)).headers["x-genmux-asset"] == asset
    assert (await ask("GET", place, status=200)).json()["asset"] == asset


async def test_what_came_before_the_connection_broke_counts(ask: Asking) -> None:
    place = await begun(ask)
    await ask("PATCH", place, CONTENT[:150], GONE, upload_offset="0", **PIECE)

    assert (await ask("HEAD", place, status=200, **TUS)).headers["upload-offset"] == "150"
    await ask("PATCH", place, CONTENT[150:], status=204, upload_offset="150", **PIECE)


async def test_a_piece_at_the_wrong_place_is_a_conflict(ask: Asking) -> None:
    place = await begun(ask)
    reply = await ask("PATCH", place, b"x", status=409, upload_offset="5", **PIECE)

    assert reply.headers["upload-offset"] == "0"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"tus_resumable": "0.2.2", "upload_length": "5"}, 412),
        ({}, 400),
        ({"upload_length": "-1"}, 400),
        ({"upload_length": "x"}, 400),
        ({"upload_length": "0"}, 400),
        ({"upload_length": "10001"}, 413),
        ({"upload_length": "5", "upload_metadata": "name §"}, 400),
        ({"upload_length": "5", "upload_metadata": "sha256 eA=="}, 400),
        ({"upload_length": "5", "upload_metadata": "metadata WzFd"}, 400),
    ],
)
async def test_what_is_announced_wrongly_is_refused(headers: dict[str, str], status: int, ask: Asking) -> None:
    reply = await ask("POST", PATH, **headers)

    assert reply.status == status
    if status == 412:
        assert reply.headers["tus-version"] == "1.0.0"


async def test_a_piece_has_a_content_type_of_its_own(ask: Asking) -> None:
    place = await begun(ask)

    await ask("PATCH", place, b"x", status=415, upload_offset="0", content_type="image/png")
    await ask("PATCH", place, b"x", status=400, **PIECE)


async def test_more_than_was_announced_is_refused(ask: Asking) -> None:
    place = await begun(ask)

    await ask("PATCH", place, CONTENT, b"x", status=413, upload_offset="0", **PIECE)
    assert (await ask("HEAD", place, status=200)).headers["upload-offset"] == "0"


async def test_a_file_that_came_wrong_is_refused(ask: Asking) -> None:
    place = await begun(ask, sha256="0" * 64)

    await ask("PATCH", place, CONTENT, status=400, upload_offset="0", **PIECE)
    await ask("HEAD", place, status=404)


async def test_an_upload_belongs_to_whoever_began_it(ask: Asking) -> None:
    place = await begun(ask)
    await ask("HEAD", place, status=404, caller=OTHER)
    await ask("PATCH", place, b"x", status=404, caller=OTHER, upload_offset="0", **PIECE)
    await ask("DELETE", place, status=404, caller=OTHER)

    await ask("DELETE", place, status=204)
    await ask("HEAD", place, status=404)
