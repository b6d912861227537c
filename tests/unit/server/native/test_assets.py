"""Files by the native API."""

import asyncio
import datetime
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import msgspec
import pytest

from genmux.app import App
from genmux.server.http import CallerGoneError
from genmux.services.settings import GatewaySettings, Settings
from genmux.types.asset_settings import AssetSettings
from genmux.types.principal import NOBODY, Principal
from tests.assets import looker, picture
from tests.gateways import GONE, Asking, gateway

ME = Principal(organisation="acme", team="t1", key="k1")
OTHER = Principal(organisation="other", key="k2")
CONTENT = picture(40, 30)
SHA = hashlib.sha256(CONTENT).hexdigest()
PATH = "/api/v1/assets"


def settings_of(**assets: object) -> Settings:
    return Settings(
        assets=msgspec.convert({"thumbnails": True, **assets}, AssetSettings), gateway=GatewaySettings(body_idle=0.2)
    )


@pytest.fixture
async def ask(sqlite_store_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Asking]:
    monkeypatch.setattr("genmux.app.assets.Looker", lambda *, thumbnails: looker(thumbnails=thumbnails))
    app = App(settings_of(max_bytes=100_000), store=sqlite_store_url, environ={"HOME": "/nonexistent"})
    async with gateway(app, ME) as asking:
        yield asking


def files_in(folder: Path) -> list[Path]:
    return [one for one in folder.rglob("*") if one.is_file()]


async def uploaded(ask: Asking, content: bytes = CONTENT, query: str = "", **how: object) -> dict:
    return (await ask("POST", f"{PATH}{query}", content, status=201, **how)).json()


# ---------------------------------------------------------------- uploading in one go
async def test_a_body_becomes_a_file(ask: Asking) -> None:
    told = quote('{"from": "me"}')
    query = f"?name=a%2Fb.png&sha256={SHA}&metadata={told}&expires_at=2036-01-01T00:00:00Z"
    made = await uploaded(ask, query=query, content_type="image/jpeg")

    assert made["id"].startswith("asset_")
    assert (made["tenant"], made["team"], made["key"], made["origin"]) == ("acme", "t1", "k1", "uploaded")
    assert (made["name"], made["media_type"], made["bytes"], made["sha256"]) == (
        "b.png",
        "image/png",
        len(CONTENT),
        SHA,
    )
    assert (made["width"], made["height"]) == (40, 30)
    assert made["metadata"] == {"from": "me", "claimed": "image/jpeg"}
    assert made["expires_at"] == "2036-01-01T00:00:00Z"
    assert (await ask("GET", f"{PATH}/{made['id']}", status=200)).json() == made


async def test_a_body_comes_piece_by_piece_and_may_be_larger_than_others(
    sqlite_store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genmux.app.assets.Looker", lambda *, thumbnails: looker(thumbnails=thumbnails))
    settings = msgspec.structs.replace(settings_of(), gateway=GatewaySettings(body_limit=1_000))
    app = App(settings, store=sqlite_store_url, environ={"HOME": "/nonexistent"})
    async with gateway(app, ME) as ask:
        made = await ask("POST", PATH, *[b"x" * 1_000] * 50, b"", status=201)
        assert made.json()["bytes"] == 50_000
        await ask("POST", f"{PATH}/{made.json()['id']}/link", b"x" * 2_000, status=413)


def form(*parts: tuple[str, bytes], boundary: str = "xyz") -> bytes:
    body = b"".join(
        f"--{boundary}\r\ncontent-disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n"
        for head, content in parts
    )
    return body + f"--{boundary}--\r\n".encode()


FORM = "multipart/form-data; boundary=xyz"
FILE = 'name="file"; filename="fish.png"\r\ncontent-type: image/png'


@pytest.mark.parametrize("pieces", [1, 3, 1_000])
async def test_a_form_becomes_a_file(pieces: int, ask: Asking) -> None:
    body = form(('name="metadata"', b'{"a": 1}'), (FILE, CONTENT), ('name="sha256"', SHA.encode()))
    size = len(body) // pieces + 1
    cut = [body[start : start + size] for start in range(0, len(body), size)]
    made = (await ask("POST", PATH, *cut, status=201, content_type=FORM)).json()

    assert (made["name"], made["sha256"], made["metadata"]) == ("fish.png", SHA, {"a": 1})


async def test_a_query_comes_before_the_form(ask: Asking) -> None:
    body = form(('name="name"', b"form.png"), (FILE, CONTENT))

    assert (await ask("POST", f"{PATH}?name=query.png", body, status=201, content_type=FORM)).json()[
        "name"
    ] == "query.png"
    assert (await ask("POST", PATH, body, status=201, content_type=FORM)).json()["name"] == "form.png"


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (form(('name="x"', b"y")), FORM, "no file in it"),
        (form((FILE, b"a"), (FILE, b"b")), FORM, "more than one file"),
        (form((FILE, CONTENT))[:-10], FORM, "cannot be read"),
        (b"nonsense", FORM, "cannot be read"),
        (form((FILE, CONTENT)), "multipart/form-data", "no `boundary`"),
        (form(('name="x"', b"y" * 70_000), (FILE, b"a")), FORM, "too long"),
        (form((FILE, b"")), FORM, "empty"),
        (form((FILE, b"a"), ('name="metadata"', b"[1]")), FORM, "no JSON object"),
        (form((FILE, b"a"), ('name="expires_at"', b"soon")), FORM, "no time"),
        (form((FILE, b"a"), ('name="expires_at"', b"2001-01-01T00:00:00Z")), FORM, "a time to come"),
        (b"", "image/png", "empty"),
    ],
)
async def test_what_is_wrong_is_told(body: bytes, content_type: str, words: str, ask: Asking) -> None:
    reply = await ask("POST", PATH, body, status=400, content_type=content_type)

    assert words in reply.json()["message"]
    assert (await ask("GET", PATH, status=200)).json()["data"] == []


async def test_too_much_is_too_much(ask: Asking) -> None:
    reply = await ask("POST", PATH, *[b"x" * 60_000] * 2, status=413)

    assert "100,000 bytes" in reply.json()["message"]


async def test_a_wrong_hash_is_told(ask: Asking) -> None:
    assert "send it again" in (await ask("POST", f"{PATH}?sha256={'0' * 64}", CONTENT, status=400)).json()["message"]


async def test_a_caller_who_goes_away_leaves_nothing(ask: Asking, tmp_path: Path) -> None:
    reply = await ask("POST", PATH, CONTENT[:10], GONE)

    assert reply.status == 0
    assert files_in(tmp_path / "assets") == []


async def test_a_body_that_does_not_come_is_not_waited_for(ask: Asking) -> None:
    async def receive() -> dict:
        await asyncio.Event().wait()
        return {}

    from genmux.engine.deadlines import AlarmClocks
    from genmux.server.incoming import patient
    from genmux.types.errors import InvalidRequestError

    with pytest.raises(InvalidRequestError, match="did not come"):
        await patient(receive, AlarmClocks().here(), 0.02)()
    assert ask.caller == ME
    assert issubclass(CallerGoneError, Exception)


# ---------------------------------------------------------------- reading
async def test_the_bytes_come_whole_and_in_parts(ask: Asking) -> None:
    made = await uploaded(ask)
    path = f"{PATH}/{made['id']}/content"
    whole = await ask("GET", path, status=200)
    part = await ask("GET", path, status=206, range="bytes=10-19")

    assert (whole.body, whole.headers["content-type"], whole.headers["etag"]) == (CONTENT, "image/png", f'"{SHA}"')
    assert (part.body, part.headers["content-range"]) == (CONTENT[10:20], f"bytes 10-19/{len(CONTENT)}")
    assert (await ask("GET", path, status=416, range="bytes=99999-")).body == b""
    assert (await ask("GET", path, status=304, if_none_match=f'"{SHA}"')).body == b""
    saved = await ask("GET", f"{path}?download=true", status=200)
    assert saved.headers["content-disposition"].startswith("attachment")


async def test_a_large_file_comes_in_pieces(ask: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genmux.store.assets.storage.PIECE", 10_000)
    made = await uploaded(ask, b"x" * 90_000)

    assert (await ask("GET", f"{PATH}/{made['id']}/content", status=200)).pieces > 3


async def test_a_link_needs_no_key(ask: Asking) -> None:
    made = await uploaded(ask, query="?name=fish.png")
    link = (await ask("POST", f"{PATH}/{made['id']}/link", json={"seconds": 60}, status=201)).json()
    parts = urlsplit(link["url"])
    assert (parts.scheme, parts.netloc, parts.path) == ("http", "127.0.0.1:8484", f"/assets/{made['id']}")
    nobody = Asking(ask.gateway, None)
    where = f"{parts.path}?{parts.query}"
    found = await nobody("GET", where, status=200)

    assert found.body == CONTENT
    assert found.headers["content-disposition"] == 'inline; filename="fish.png"'
    assert int(found.headers["cache-control"].removeprefix("private, max-age=")) <= 61
    assert (await nobody("GET", where, status=206, range="bytes=-5")).body == CONTENT[-5:]
    assert (await nobody("HEAD", where, status=200)).body == b""
    assert (await nobody("GET", where + "&download=1", status=200)).headers["content-disposition"].startswith("att")
    assert (await nobody("POST", where, status=405)).headers["allow"] == "GET, HEAD, OPTIONS"
    await nobody("GET", where[:-1], status=403)
    await nobody("GET", where.replace("asset_", "asset_0"), status=403)
    await nobody("GET", parts.path, status=404)
    await nobody("GET", "/assets/", status=404)


async def test_a_link_dies_with_its_file(ask: Asking) -> None:
    made = await uploaded(ask)
    link = urlsplit((await ask("POST", f"{PATH}/{made['id']}/link", status=201)).json()["url"])
    await ask("DELETE", f"{PATH}/{made['id']}", status=204)

    assert (await ask("GET", f"{link.path}?{link.query}", status=404)).json()["kind"] == "not_found"


async def test_content_may_be_answered_with_a_link(ask: Asking) -> None:
    made = await uploaded(ask)
    reply = await ask("GET", f"{PATH}/{made['id']}/content?redirect=true", status=307)
    place = urlsplit(reply.headers["location"])

    assert (await ask("GET", f"{place.path}?{place.query}", status=200)).body == CONTENT


async def test_a_file_that_is_missing_is_an_error_before_anything_is_sent(ask: Asking, tmp_path: Path) -> None:
    made = await uploaded(ask)
    for one in files_in(tmp_path):
        if one.name.startswith(SHA):
            one.unlink()

    assert (await ask("GET", f"{PATH}/{made['id']}/content", status=404)).json()["kind"] == "not_found"


# ---------------------------------------------------------------- listing and changing
async def test_lists_come_in_pages_with_links_where_they_are_wanted(ask: Asking) -> None:
    made = [await uploaded(ask, picture(seed=seed)) for seed in range(5)]
    first = (await ask("GET", f"{PATH}?limit=3", status=200)).json()
    rest = (await ask("GET", f"{PATH}?limit=3&links=true&cursor={first['next']}", status=200)).json()

    assert [one["id"] for one in first["data"] + rest["data"]] == [one["id"] for one in reversed(made)]
    assert "url" not in first["data"][0]
    assert rest["data"][0]["url"].startswith("http://127.0.0.1:8484/assets/")
    assert rest["next"] is None
    assert (await ask("GET", f"{PATH}?kind=video", status=200)).json()["data"] == []
    assert len((await ask("GET", f"{PATH}?sha256={made[0]['sha256']}", status=200)).json()["data"]) == 1
    assert len((await ask("GET", f"{PATH}?since=2020-01-01T00:00:00Z", status=200)).json()["data"]) == 5


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=501", "cursor=x", "origin=stolen", "role=x", "since=yesterday", "since=2020-01-01T00:00:00"],
)
async def test_a_wrong_filter_is_told(query: str, ask: Asking) -> None:
    assert (await ask("GET", f"{PATH}?{query}")).status == 400


async def test_what_is_said_of_a_file_can_be_changed(ask: Asking) -> None:
    made = await uploaded(ask)
    path = f"{PATH}/{made['id']}"
    end = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)).isoformat()
    changed = (
        await ask("PATCH", path, json={"name": "x/y.png", "metadata": {"a": [1]}, "expires_at": end}, status=200)
    ).json()

    assert (changed["name"], changed["metadata"]) == ("y.png", {"a": [1]})
    assert (await ask("PATCH", path, json={}, status=200)).json() == changed
    assert "expires_at" not in (await ask("PATCH", path, json={"expires_at": None}, status=200)).json()
    await ask("PATCH", path, json={"expires_at": "2001-01-01T00:00:00Z"}, status=400)
    await ask("PATCH", path, json={"sha256": "x"}, status=400)
    await ask("PATCH", path, json={"metadata": {"x": "y" * 70_000}}, status=400)


async def test_an_organisation_sees_its_own_alone(ask: Asking) -> None:
    made = await uploaded(ask)
    path = f"{PATH}/{made['id']}"
    for method, place in (("GET", ""), ("GET", "/content"), ("POST", "/link"), ("DELETE", "")):
        await ask(method, path + place, status=404, caller=OTHER)
    await ask("PATCH", path, json={"name": "mine"}, status=404, caller=OTHER)
    await ask("GET", f"{PATH}?tenant=acme", status=404, caller=OTHER)
    assert (await ask("GET", PATH, status=200, caller=OTHER)).json()["data"] == []
    assert len((await ask("GET", f"{PATH}?tenant=acme", status=200, caller=NOBODY)).json()["data"]) == 1
    assert len((await ask("GET", PATH, status=200, caller=NOBODY)).json()["data"]) == 1
    await ask("GET", path, status=200)


async def test_nobody_comes_in_without_a_key(ask: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    from genmux.services.keys import KeyRing

    monkeypatch.setattr(KeyRing, "demands", True)
    nobody = Asking(ask.gateway, None)

    assert (await nobody("GET", PATH)).status == 401
    assert (await nobody("POST", PATH, CONTENT)).status == 401
