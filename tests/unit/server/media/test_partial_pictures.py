"""Unfinished pictures, from a provider that shows them to a caller who wants them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from genmux.app import App
from genmux.server.in_process import InProcess
from genmux.services.settings import ProviderSettings, Settings
from genmux.testing.simulator.media import MediaSimulator

MODEL = "openai/gpt-image-2.5-flare"


class Asked:
    """A gateway in this process, with a simulated OpenAI behind it."""

    def __init__(self, gateway: InProcess, simulator: MediaSimulator) -> None:
        self._gateway = gateway
        self.simulator = simulator

    async def lines(self, **fields: Any) -> list[str]:
        body = msgspec.json.encode({"model": MODEL, "prompt": "a boat", "stream": True, **fields})
        reply = await self._gateway.ask("POST", "/v1/images/generations", body=body)
        assert reply.status == 200, reply.body
        return reply.body.decode().split("\n")

    async def events(self, **fields: Any) -> list[dict[str, Any]]:
        lines = await self.lines(**fields)
        return [msgspec.json.decode(line[6:]) for line in lines if line.startswith("data: ")]

    async def refused(self, **fields: Any) -> tuple[int, dict[str, Any]]:
        body = msgspec.json.encode({"model": MODEL, "prompt": "a boat", "stream": True, **fields})
        reply = await self._gateway.ask("POST", "/v1/images/generations", body=body)
        return reply.status, msgspec.json.decode(reply.body)["error"]

    @property
    def bills(self) -> int:
        return len(self.simulator.ledger.bills(self.simulator.clock.now()))


@pytest_asyncio.fixture
async def asked(tmp_path: Path) -> AsyncIterator[Asked]:
    async with MediaSimulator("openai") as simulator:
        own = ProviderSettings(base_url=simulator.url("openai"), credentials={"api_key": "sk-simulated"})
        app = App(Settings(providers={"openai": own}), store=tmp_path / "genmux.db", environ={"HOME": str(tmp_path)})
        async with InProcess(app) as gateway:
            yield Asked(gateway, simulator)


async def test_they_come_before_the_finished_one_and_are_counted(asked: Asked):
    events = await asked.events(partial_images=2)
    assert [one["type"].rpartition(".")[2] for one in events] == ["partial_image", "partial_image", "completed"]
    assert [one.get("partial_image_index") for one in events] == [0, 1, None]
    assert all(one["b64_json"] for one in events)
    assert asked.bills == 1


async def test_without_a_wish_for_them_there_is_only_the_finished_one(asked: Asked):
    assert [one["type"] for one in await asked.events()] == ["image_generation.completed"]


async def test_what_is_filtered_on_the_way_is_told(asked: Asked):
    events = await asked.events(partial_images=1, prompt="a boat [[filtered]]")
    assert events[-1]["type"] == "error"
    assert events[-1]["error"]["code"] == "content_policy_violation"


async def test_what_fails_before_anything_is_shown_is_refused_with_its_status(asked: Asked):
    status, error = await asked.refused(partial_images=1, n=99)
    assert (status, error["type"]) == (400, "invalid_request_error")


async def test_a_long_silence_is_told(asked: Asked, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("genmux.flows.job.jobs.BEAT", 0.01)
    lines = await asked.lines(prompt="a boat [[work 0.3]]")
    assert lines[:2] == [": still here", ""]
    assert lines[-3].startswith('data: {"type":"image_generation.completed"')
