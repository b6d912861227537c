"""Webhooks of providers through real connections: a job settles the same with polls, with webhooks, and with both."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from genmux.services.settings import GatewaySettings, ProviderSettings, Settings, StoreSettings
from genmux.testing.simulator.media import MediaSimulator
from genmux.testing.simulator.media.providers import SIMULATED, simulated_provider
from tests.e2e.conftest import RunningGateway, running
from tests.e2e.native import Api
from tests.e2e.sse import follow
from tests.event_checks import check_data

ROOT = "the-root-key-of-this-test"
WORST = "[[hook-forged]] [[hook-duplicate]] [[hook-replayed]]"
"""Every webhook comes with a forged one before it, once more, and as of an hour ago."""


@contextmanager
def simulating() -> Iterator[MediaSimulator]:
    """The simulator in a thread of its own."""
    simulator = MediaSimulator("generic")
    started, stop = threading.Event(), asyncio.Event()
    loop: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        async with simulator:
            loop.append(asyncio.get_running_loop())
            started.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield simulator
    finally:
        loop[0].call_soon_threadsafe(stop.set)
        thread.join(10)


@pytest.fixture(scope="module")
def simulator() -> Iterator[MediaSimulator]:
    with simulating() as one:
        yield one


@pytest.fixture(scope="module")
def gateway(simulator: MediaSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    folder: Path = tmp_path_factory.mktemp("hooks")
    settings = Settings(
        gateway=GatewaySettings(keys=(ROOT,)),
        store=StoreSettings(url=str(folder / "genmux.db")),
        providers={name: ProviderSettings(base_url=simulator.url("generic")) for name in SIMULATED},
    )
    with running(settings, {"XDG_DATA_HOME": str(folder), "HOME": str(folder)}) as serving:
        reached = msgspec.structs.replace(settings.gateway, public_url=serving.url)
        serving.app.settings = msgspec.structs.replace(settings, gateway=reached)
        for name in SIMULATED:
            seldom = {} if name == "sim-lookup" else {"poll_first": 3_600.0, "poll_every": 3_600.0}
            serving.app.registry.register(simulated_provider(name, **{"poll_first": 0.1, "poll_every": 0.1, **seldom}))
        yield serving


def run(api: Api, provider: str, prompt: str) -> dict[str, Any]:
    wish = {"operation": "text_to_image", "model": f"{provider}/picture", "prompt": f"{prompt} [[work 0.2]]"}
    job = api.good("POST", "/jobs", wish)
    return api.good("GET", f"/jobs/{job['id']}?wait=20")


@pytest.mark.parametrize("worst", ["", WORST])
@pytest.mark.parametrize("provider", ["sim-webhook-only", "sim-lookup", "sim-both"])
@pytest.mark.parametrize(
    ("prompt", "status"),
    [("a fish", "completed"), ("x [[filtered no]]", "filtered"), ("x [[failed broken]]", "failed")],
)
def test_jobs_settle_the_same_by_webhook_by_poll_and_by_both_whatever_else_comes(
    gateway: RunningGateway, provider: str, prompt: str, status: str, worst: str
) -> None:
    job = run(Api(gateway.url, ROOT), provider, f"{prompt} {worst}")

    assert job["status"] == status
    assert len(job.get("assets", ())) == (status == "completed")
    assert job.get("error", {}).get("kind") == {"filtered": "content_filtered", "failed": "server"}.get(status)


def test_forged_and_replayed_webhooks_were_refused_and_the_provider_heard_what_it_wants(
    gateway: RunningGateway, simulator: MediaSimulator
) -> None:
    run(Api(gateway.url, ROOT), "sim-webhook-only", f"a fish {WORST}")

    async def quiet() -> None:
        async with asyncio.timeout(10):
            while simulator.postman.busy:  # noqa: ASYNC110 — nobody tells us
                await asyncio.sleep(0.01)

    asyncio.run(quiet())
    answers = {(one.kind, one.status) for one in simulator.delivered}
    assert answers == {("genuine", 200), ("duplicate", 200), ("forged", 401), ("replayed", 401)}
    assert {one.answer for one in simulator.delivered if one.kind == "genuine"} == {"ok"}


def test_what_happened_to_a_job_is_told_in_its_order(gateway: RunningGateway) -> None:
    api = Api(gateway.url, ROOT)
    job = run(api, "sim-both", "a fish")
    told = api.good("GET", f"/jobs/{job['id']}/events")["data"]
    with follow(gateway.url, f"/api/v1/jobs/{job['id']}/events", key=ROOT) as stream:
        followed = stream.take(len(told))

    assert [one["type"] for one in told][:2] == ["generation.queued", "generation.started"]
    assert [one["type"] for one in told][-2:] == ["asset.generated", "generation.completed"]
    assert told[-1]["data"]["assets"] == [asset["id"] for asset in job["assets"]]
    assert {one["subject"] for one in told} == {job["id"]}
    assert [one.data for one in followed] == told
    for one in told:
        check_data(one["type"], one["data"])
    assert api.good("GET", "/jobs/no-such-job/events")["data"] == []
