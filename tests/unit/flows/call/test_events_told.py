"""What calls tell keeps what the description of each event promises."""

import asyncio
from decimal import Decimal

import pytest

from genmux.flows.call.options import CallOptions
from genmux.types.embed import EmbedRequest
from genmux.types.errors import BudgetExceededError, RateLimitError
from genmux.types.principal import Principal
from tests.event_checks import check_event
from tests.fake_transport import Played
from tests.receiver import until
from tests.unit.flows.call.house import answer, app, failing, listen, request, streamed

ASKING = CallOptions(principal=Principal(organisation="org", key="k1"), tags={"a": "b"}, retries=0)


async def test_every_event_of_a_call_fits_its_description_and_says_whose_it_is() -> None:
    house, _ = app(answer(), streamed(), failing(429), Played(asyncio.Event()))
    heard = listen(house)
    await house.calls.chat(request(), ASKING)
    stream = await house.calls.stream(request(), ASKING)
    while await stream.read() is not None:
        pass
    with pytest.raises(RateLimitError):
        await house.calls.chat(request(), ASKING)
    task = asyncio.create_task(house.calls.chat(request(), ASKING))
    await until(lambda: len(heard) == 7)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    for event in heard:
        check_event(event)
        assert (event.tenant, event.key, event.data["tags"]) == ("org", "k1", {"a": "b"})

    assert [event.type.partition(".")[2] for event in heard] == [
        *("started", "completed") * 2,
        *("started", "failed"),
        *("started", "cancelled"),
    ]


async def test_a_refusal_for_its_price_fits_its_description() -> None:
    house, _ = app()
    heard = listen(house)
    with pytest.raises(BudgetExceededError):
        await house.calls.chat(request(max_tokens=1_000), CallOptions(budget_limit=Decimal("0.0001")))
    (told,) = heard
    check_event(told)

    assert (told.type, told.data["limit"]) == ("budget.exceeded", "0.0001")


async def test_a_refused_embedding_fits_it_too() -> None:
    house, _ = app(failing(400))
    heard = listen(house)
    with pytest.raises(Exception, match="no"):
        await house.calls.embed(EmbedRequest(model="acme/vectors", inputs=("a",)), ASKING)
    for event in heard:
        check_event(event)

    assert [event.type for event in heard] == ["generation.started", "generation.failed"]
