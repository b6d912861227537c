"""Jobs through the native API, from a simulated provider."""

from genmux.types.principal import NOBODY
from tests.gateways import gateway
from tests.jobs import house

PATH = "/api/v1/jobs"
PICTURE = {"operation": "text_to_image", "model": "sim-none/picture", "prompt": "a fish [[work 0.05]]"}


async def test_a_job_whose_wait_is_wrong_is_not_taken(sqlite_store_url: str) -> None:
    async with house(sqlite_store_url) as there, gateway(there.app, NOBODY) as ask:
        await ask("POST", f"{PATH}?wait=601", json=PICTURE, status=400)
        assert (await ask("GET", PATH, status=200)).json()["data"] == []
        done = (await ask("POST", f"{PATH}?wait=20", json=PICTURE, status=201)).json()
        assert done["status"] == "completed"


async def test_each_job_of_a_batch_is_for_its_own_end_user(sqlite_store_url: str) -> None:
    async with house(sqlite_store_url) as there, gateway(there.app, NOBODY) as ask:
        jobs = [{**PICTURE, "end_user": "ann", "priority": 3}, {**PICTURE, "end_user": "bob"}]
        found = (await ask("POST", f"{PATH}/batch", json={"jobs": jobs}, status=201)).json()["data"]
        told = [(one["job"]["end_user"], one["job"].get("priority", 0)) for one in found]
        assert told == [("ann", 3), ("bob", 0)]
        assert len({one["job"]["batch"] for one in found}) == 1


async def test_jobs_of_several_operations_are_listed_together(sqlite_store_url: str) -> None:
    async with house(sqlite_store_url) as there, gateway(there.app, NOBODY) as ask:
        await ask("POST", PATH, json=PICTURE, status=201)
        for query, count in (
            ("?operation=text_to_image&operation=text_to_video", 1),
            ("?operation=text_to_video&operation=upscale", 0),
            ("?operation=text_to_image", 1),
        ):
            assert len((await ask("GET", PATH + query, status=200)).json()["data"]) == count
