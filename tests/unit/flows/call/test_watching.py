"""A watch wakes resting models whose providers answer a light request, and no others."""

import asyncio

import pytest

from genmux.flows.call.watching import HealthWatch
from genmux.types.errors import NotFoundError
from genmux.types.health import Health
from genmux.types.routes import Route
from tests.unit.flows.call.house import failing, request
from tests.unit.flows.call.roads import Town

MODELS = ("acme/one", "bolt/one")


class Asked:
    """Providers that are as they are told to be."""

    def __init__(self, **states: Health | Exception) -> None:
        self.states = states
        self.asked: list[str] = []

    async def check(self, provider_id: str) -> Health:
        self.asked.append(provider_id)
        state = self.states[provider_id]
        if isinstance(state, Exception):
            raise state
        return state


class Rests:
    """Models that rest."""

    def __init__(self, *models: str) -> None:
        self.models = models
        self.woken: list[str] = []

    def resting(self) -> tuple[str, ...]:
        return self.models

    def wake(self, model: str) -> None:
        self.woken.append(model)


def health(status: str, latency: float | None = 0.1) -> Health:
    """How a provider is."""
    return Health(provider="x", status=status, latency=latency)  # type: ignore[arg-type]


async def test_models_of_providers_that_answer_are_woken_and_each_provider_is_asked_once() -> None:
    asked = Asked(acme=health("available"), bolt=health("unavailable"), core=health("degraded"))
    rests = Rests("acme/one", "acme/two", "bolt/one", "core/one")

    woken = await HealthWatch(rests, asked).look()

    assert woken == ("acme/one", "acme/two")
    assert rests.woken == ["acme/one", "acme/two"]
    assert asked.asked == ["acme", "bolt", "core"]


async def test_nobody_is_woken_where_nothing_could_be_asked() -> None:
    asked = Asked(acme=health("available", None), gone=NotFoundError("there is no such provider"))

    assert await HealthWatch(Rests("acme/one", "gone/one"), asked).look() == ()


async def test_where_nothing_rests_nobody_is_asked() -> None:
    asked = Asked()

    assert await HealthWatch(Rests(), asked).look() == ()
    assert asked.asked == []


async def test_it_looks_again_and_again_until_it_is_stopped_whatever_happens() -> None:
    asked = Asked(acme=RuntimeError("a provider's own code is broken"))
    waits: list[float] = []
    looked = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) > 3:
            looked.set()
        await asyncio.sleep(0)

    watch = HealthWatch(Rests("acme/one"), asked, every=5, sleep=sleep)
    watch.start()
    watch.start()
    await looked.wait()
    await watch.stop()
    await watch.stop()

    seen = len(asked.asked)
    await asyncio.sleep(0)
    assert seen >= 3
    assert (len(asked.asked), set(waits)) == (seen, {5})


async def test_without_a_start_nothing_runs() -> None:
    await HealthWatch(Rests("acme/one"), Asked()).stop()

    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


@pytest.mark.parametrize(("up", "turn"), [(True, "trial"), (False, "rest")])
async def test_a_real_provider_is_asked_for_what_its_manifest_names(*, up: bool, turn: str) -> None:
    town = Town({"r": Route(models=MODELS, failures=1)})
    town.plays("acme/one", failing(503, "overloaded"))
    if not up:
        town.plays("acme/health", failing(503, "overloaded"))
    await town.app.calls.chat(request(name="route/r"))
    assert town.board.begin("acme/one") == "rest"

    await HealthWatch(town.board, town.app.health).look()

    assert town.models == ["acme/one", "bolt/one", "acme/health"]
    assert town.board.begin("acme/one") == turn
