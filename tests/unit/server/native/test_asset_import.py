"""What an account made is adopted through the native API, from a simulated provider."""

import shutil
from pathlib import Path

import pytest

from genmux.types.principal import NOBODY, Principal
from tests.assets import looker
from tests.gateways import gateway
from tests.jobs import app_for, house, picture

PATH = "/api/v1/assets/import"
MEMBER = Principal(organisation="default", key="k")
ADMIN = Principal(organisation="acme", key="a", role="admin")


async def test_what_an_account_made_elsewhere_is_adopted_once(
    sqlite_store_url: str, sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genmux.app.assets.Looker", lambda *, thumbnails: looker(thumbnails=thumbnails))
    (tmp_path / "other").mkdir()
    second = shutil.copy(sqlite_template, tmp_path / "other" / "genmux.db")
    async with house(sqlite_store_url) as there:
        for prompt in ("a fish", "a bird"):
            job = await there.jobs.submit(picture("sim-lookup", f"{prompt} [[work 0.01]]"), NOBODY)
            await there.jobs.wait(job.id, NOBODY, 20)
        own = await there.app.importing().run("sim-lookup", NOBODY)
        assert (own.listed, own.known, own.assets) == (2, 2, ())
        others = await there.app.importing().run("sim-lookup", Principal(organisation="acme", role="root"))
        assert (others.listed, others.known, others.assets) == (2, 2, ())

        async with gateway(app_for(second, there.simulator.url("generic")), NOBODY) as ask:
            found = (await ask("POST", PATH, json={"provider": "sim-lookup", "limit": 1}, status=200)).json()
            assert (found["listed"], len(found["assets"]), found["more"]) == (2, 1, True)
            (asset,) = found["assets"]
            assert (asset["origin"], asset["provider"], asset["metadata"]["prompt"]) == (
                "imported",
                "sim-lookup",
                "a bird [[work 0.01]]",
            )
            assert (await ask("GET", f"/api/v1/assets/{asset['id']}/content", status=200)).body
            rest = (await ask("POST", PATH, json={"provider": "sim-lookup"}, status=200)).json()
            assert (len(rest["assets"]), rest["known"], rest["more"]) == (1, 1, False)
            none = (await ask("POST", PATH, json={"provider": "sim-lookup"}, status=200)).json()
            assert (none["assets"], none["known"], none["failures"]) == ([], 2, [])
            assert len((await ask("GET", "/api/v1/assets?origin=imported", status=200)).json()["data"]) == 2

            await ask("POST", PATH, json={"provider": "sim-lookup"}, status=403, caller=MEMBER)
            await ask("POST", PATH, json={"provider": "sim-lookup", "tenant": "default"}, status=404, caller=ADMIN)
            await ask("POST", PATH, json={"provider": "sim-lookup"}, status=403, caller=ADMIN)
            await ask("POST", PATH, json={"provider": "nobody"}, status=404)
            await ask("POST", PATH, json={"provider": "openai"}, status=400)
            await ask("POST", PATH, json={"provider": "sim-lookup", "since": "2026-01-01T00:00:00"}, status=400)
            await ask("POST", PATH, json={"provider": "sim-lookup", "limit": 0}, status=400)
