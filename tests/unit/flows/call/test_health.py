"""Health is one light request, and never an exception for what the provider does."""

from typing import Any

import pytest

from genmux.flows.call.health import HealthFlow
from genmux.services.settings import ProviderSettings
from genmux.types.errors import NetworkError, NotFoundError
from tests.fake_transport import Played
from tests.unit.flows.call.house import JSON, app, failing, local

OK = Played(b"{}", headers=JSON)


async def test_an_answer_in_time_is_available() -> None:
    house, transport = app(OK)

    health = await house.health.check("acme", timeout=3)

    assert (health.provider, health.status, health.reason) == ("acme", "available", None)
    assert health.latency is not None
    (sent,) = transport.requests
    assert (sent.method, sent.url) == ("GET", "https://api.acme.test/v1/models")
    assert transport.timeouts[0].total == 3
    assert house.totals.snapshot() == {}


async def test_another_key_and_address_are_asked_with() -> None:
    house, transport = app(OK, providers={})

    await house.health.check("acme", credential={"api_key": "mine"}, base_url="https://mine.test")

    assert transport.requests[0].url == "https://mine.test/models"
    assert ("authorization", "Bearer mine") in transport.requests[0].headers


@pytest.mark.parametrize(
    ("reply", "status", "said"),
    [
        (failing(401, "wrong key"), "unavailable", "authentication: wrong key"),
        (failing(404), "unavailable", "not_found"),
        (failing(429), "degraded", "rate_limit"),
        (failing(500), "degraded", "server"),
        (failing(503), "degraded", "overloaded"),
        (Played(error=NetworkError("refused", retry="safe")), "unavailable", "network: refused"),
    ],
)
async def test_what_goes_wrong_is_the_reason_and_is_not_tried_again(reply: Played, status: str, said: str) -> None:
    house, transport = app(reply)

    health = await house.health.check("acme")

    assert health.status == status
    assert said in (health.reason or "")
    assert health.latency is not None
    assert len(transport.requests) == 1


async def test_a_slow_answer_is_degraded() -> None:
    house, _ = app(OK)
    times = iter((0.0, 7.25))
    slow = HealthFlow(house.registry, house.credentials, house.engine, lambda: next(times))

    health = await slow.check("acme")

    assert (health.status, health.latency, health.reason) == ("degraded", 7.25, "answered after 7.2 s")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"providers": {}}, "no api_key for acme: set $ACME_KEY"),
        ({"providers": {"acme": ProviderSettings(enabled=False)}}, "acme is disabled"),
    ],
)
async def test_what_cannot_be_used_is_unavailable_and_not_asked(settings: dict[str, Any], said: str) -> None:
    house, transport = app(OK, **settings)

    health = await house.health.check("acme")

    assert (health.status, health.latency) == ("unavailable", None)
    assert said in (health.reason or "")
    assert transport.requests == []


async def test_what_runs_inside_or_names_nothing_to_ask_for_is_taken_at_its_word() -> None:
    house, _ = local()

    assert (await house.health.check("inside")).reason == "runs inside genmux"
    house.registry.unregister("acme")
    from tests.unit.services.shop import manifest

    house.registry.register(manifest("quiet", requires_credentials=False, models={}))
    assert (await house.health.check("quiet")).reason == "configured; its manifest names nothing light to ask for"


async def test_a_provider_that_is_not_there_is_an_error() -> None:
    house, _ = app()

    with pytest.raises(NotFoundError, match="there is no provider 'acne'; did you mean acme"):
        await house.health.check("acne")
