"""Files as a part of everything that is kept."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from genmux.app import App
from genmux.app.assets import lacking_media
from genmux.services.settings import Settings
from genmux.types.asset_settings import AssetSettings
from genmux.types.errors import ConfigurationError

HEAVY = ("av", "PIL", "obstore", "puremagic", "multipart", "aiohttp", "litestar")

PROGRAM = """
import asyncio, json, sys
from genmux.app import App
from genmux.services.settings import Settings

async def main():
    app = App(Settings(), store=sys.argv[1], environ={"HOME": "/nonexistent"})
    await app.open(role="command", about="a test")
    app.kept().assets
    await app.aclose()
    print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))

asyncio.run(main())
"""


def test_opening_a_store_loads_nothing_of_what_files_need(sqlite_store_url: str) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, sqlite_store_url], capture_output=True, text=True, check=True)

    assert [name for name in HEAVY if name in json.loads(done.stdout)] == []


def app_with(store: str | Path, **assets: object) -> App:
    return App(Settings(assets=AssetSettings(**assets)), store=store, environ={"HOME": "/nonexistent"})


@pytest.mark.parametrize(
    "assets",
    [{"url": "ftp://nowhere"}, {"url": "s3://bucket", "options": {"nonsense": "1"}}, {"private_hosts": ("a b",)}],
)
async def test_wrong_settings_are_told_when_it_starts(assets: dict[str, object], sqlite_store_url: str) -> None:
    app = app_with(sqlite_store_url, **assets)

    with pytest.raises(ConfigurationError, match=r"\[assets\]"):
        await app.open(role="command", about="a test")
    await app.aclose()


async def test_without_the_extra_everything_else_is_kept(
    sqlite_store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lacking_media() is None
    monkeypatch.setattr("genmux.app.assets.NEEDED", ("obstore", "no_such_module"))
    app = app_with(sqlite_store_url)
    await app.open(role="command", about="a test")

    assert app.kept().budgets
    for what in ("assets", "jobs"):
        with pytest.raises(ConfigurationError, match=r"genmux\[media\]"):
            getattr(app.kept(), what)
    await app.aclose()


async def test_files_lie_beside_the_store(tmp_path: Path) -> None:
    for name, folder in (("genmux.db", "assets"), ("other.db", "other.db.assets")):
        app = app_with(tmp_path / name)
        await app.open(role="command", about="a test")
        assert app.kept().assets.storage.place == str(tmp_path / folder)
        await app.aclose()


async def test_whoever_leaves_an_event_loop_leaves_no_connection_to_where_files_came_from(tmp_path: Path) -> None:
    app = app_with(tmp_path / "genmux.db")
    await app.open(role="command", about="a test")
    transport = app.kept().assets.downloader._transport  # noqa: SLF001 — whose connections they are
    transport._line()  # noqa: SLF001 — as a download does
    await app.leave()

    assert transport._lines == {}  # noqa: SLF001
    await app.aclose()


def test_settings_show_no_keys() -> None:
    assert "secret" not in repr(AssetSettings(options={"secret_access_key": "secret"}))
