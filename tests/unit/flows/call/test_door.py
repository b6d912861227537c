"""What is paid is held before it is sent, and settled once however it ends."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from genmux.app import App
from genmux.flows.call.options import CallOptions
from genmux.types.embed import EmbedRequest
from genmux.types.errors import BudgetExceededError, InvalidRequestError, NetworkError, ProviderError, RateLimitError
from genmux.types.principal import Principal
from tests.fake_transport import Played
from tests.unit.flows.call.house import (
    DONE,
    JSON,
    USED,
    answer,
    app,
    failing,
    listen,
    local,
    request,
    said,
    streamed,
)
from tests.unit.flows.call.keepers import Kept, budget
from tests.unit.flows.call.test_passage import body, passing, whole

ONCE = CallOptions(retries=0)
ANSWERED = 200
"""Micro-dollars that the house's usual answer costs: 100 tokens in at 1, 10 out at 10 dollars a million."""


async def test_the_most_is_held_and_what_it_did_cost_is_settled() -> None:
    house, _ = app(answer())
    kept = Kept(house, budget())

    result = await house.calls.chat(request("hi", max_tokens=20), ONCE)

    assert result.cost is not None
    assert result.cost.amount == Decimal("0.0002")
    assert kept.ledger.ends == [("settled", ANSWERED)]
    assert kept.ledger.holds[0].amount > ANSWERED
    assert (kept.ledger.held, kept.ledger.spent) == (0, ANSWERED)


@pytest.mark.parametrize("quick", [True, False])
async def test_a_spent_budget_refuses_before_anything_is_sent(*, quick: bool) -> None:
    house, transport = app(answer())
    kept = Kept(house, budget(10), quick=quick)
    heard = listen(house)

    with pytest.raises(BudgetExceededError) as caught:
        await house.calls.chat(request("hi"), ONCE)

    assert caught.value.status == 402
    assert transport.requests == []
    assert [event.type for event in heard] == ["budget.exceeded"]
    assert [(row.status, row.cost) for row in kept.rows] == [("refused", 0)]
    assert kept.ledger.held == 0


Ask = Callable[[App], Any]


async def _stream(house: App) -> None:
    async for _ in await house.calls.stream(request("hi"), ONCE):
        pass


async def _pass_stream(house: App) -> None:
    stream = await passing(house, body(stream=True), ONCE)
    while await stream.read() is not None:
        pass


DOORS: dict[str, Ask] = {
    "whole": lambda house: house.calls.chat(request("hi"), ONCE),
    "streamed": _stream,
    "passed whole": lambda house: whole(house, body(), ONCE),
    "passed streamed": _pass_stream,
    "embeddings": lambda house: house.calls.embed(EmbedRequest(model="acme/vectors", inputs=("hi",)), ONCE),
}


@pytest.mark.parametrize("ask", DOORS.values(), ids=DOORS)
async def test_no_door_is_open_when_the_budget_is_spent(ask: Ask) -> None:
    house, transport = app(answer())
    kept = Kept(house, budget(0))

    with pytest.raises(BudgetExceededError):
        await ask(house)

    assert transport.requests == []
    assert kept.ledger.holds == []


async def test_an_embedded_model_with_a_price_is_paid_for_too() -> None:
    house, engine = local("never")
    Kept(house, budget(0))

    with pytest.raises(BudgetExceededError):
        await house.calls.chat(request("hi", name="inside/one", max_tokens=5), ONCE)

    assert engine.given == 0


@pytest.mark.parametrize(
    ("reply", "end"),
    [
        (failing(400), ("released", 0)),
        (failing(429), ("released", 0)),
        (failing(500), "presumed"),
        (Played(b"no JSON", headers=JSON), "presumed"),
        (Played(error=NetworkError("reset", retry="unsure")), "presumed"),
        (Played(error=NetworkError("refused", retry="safe")), ("released", 0)),
    ],
)
async def test_a_failure_releases_what_was_refused_and_presumes_what_may_be_billed(reply: Played, end: Any) -> None:
    house, _ = app(reply)
    kept = Kept(house, budget())

    with pytest.raises(ProviderError):
        await house.calls.chat(request("hi", max_tokens=20), ONCE)

    held = kept.ledger.holds[0]
    assert kept.ledger.ends == [("presumed", held.amount) if end == "presumed" else end]
    assert [row.status for row in kept.rows] == ["failed"]


async def test_who_leaves_while_the_provider_works_is_presumed_to_have_spent() -> None:
    house, _ = app(Played(asyncio.Event(), headers=JSON))
    kept = Kept(house, budget())

    task = asyncio.ensure_future(house.calls.chat(request("hi", max_tokens=20), ONCE))
    for _ in range(50):  # as far as it gets without an answer
        await asyncio.sleep(0)
    assert kept.ledger.held
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert [end[0] for end in kept.ledger.ends if end] == ["presumed"]
    assert [row.status for row in kept.rows] == ["cancelled"]


async def test_a_stream_that_is_left_is_settled_on_what_was_streamed() -> None:
    house, _ = app(streamed(said("hello " * 40), asyncio.Event()))
    kept = Kept(house, budget())

    stream = await house.calls.stream(request("hi", max_tokens=500), ONCE)
    await stream.read()
    await stream.aclose()

    [row] = kept.rows
    assert row.cost_source == "estimated"
    assert row.meters["tokens.output"] == 60
    assert kept.ledger.ends[0] is not None
    assert kept.ledger.ends[0][0] == "settled"
    assert kept.ledger.spent >= 600


async def test_a_whole_answer_without_usage_is_counted_here() -> None:
    house, _ = app(answer("hello " * 20, usage=None))
    kept = Kept(house, budget())

    result = await house.calls.chat(request("hi", max_tokens=500), ONCE)

    assert result.usage.estimated
    assert result.usage.output == 30
    assert [row.cost_source for row in kept.rows] == ["estimated"]
    assert kept.ledger.spent >= 300


async def test_attempts_that_may_all_be_billed_are_all_held() -> None:
    house, _ = app(answer(), answer())
    kept = Kept(house, budget())

    await house.calls.chat(request("hi", max_tokens=20), ONCE)
    await house.calls.chat(request("hi", max_tokens=20), CallOptions(retries=2, retry_unsure=True))

    once, thrice = kept.ledger.holds
    assert thrice.amount == 3 * once.amount


async def test_an_unknown_price_is_refused_under_a_hard_budget() -> None:
    house, transport = app(answer())
    Kept(house, budget())

    with pytest.raises(BudgetExceededError, match="price"):
        await house.calls.chat(request("hi", name="acme/unpriced"), ONCE)

    assert transport.requests == []


async def test_a_budget_may_hold_all_that_is_left_for_what_has_no_price() -> None:
    house, _ = app(answer())
    kept = Kept(house, budget(1_000, unknown_price="use_limit"))

    result = await house.calls.chat(request("hi", name="acme/unpriced"), ONCE)

    assert result.cost is None
    assert kept.ledger.ends == [("presumed", 1_000)]
    with pytest.raises(BudgetExceededError):
        await house.calls.chat(request("hi", max_tokens=5), ONCE)


async def test_a_spent_budget_lets_nothing_through_even_without_a_price() -> None:
    house, transport = app(answer())
    Kept(house, budget(0, unknown_price="warn"))

    with pytest.raises(BudgetExceededError):
        await house.calls.chat(request("hi", name="acme/unpriced"), ONCE)

    assert transport.requests == []


async def test_a_budget_may_let_through_what_has_no_price_with_a_warning() -> None:
    house, _ = app(answer())
    kept = Kept(house, budget(unknown_price="warn"))

    result = await house.calls.chat(request("hi", name="acme/unpriced"), ONCE)

    assert [warning.field for warning in result.warnings] == ["cost"]
    assert result.cost is None
    assert kept.ledger.spent == 1
    assert [row.cost_source for row in kept.rows] == ["unknown"]


async def test_rate_limits_count_tokens_and_refuse_before_money_is_held() -> None:
    house, transport = app(answer())
    kept = Kept(house, budget(), most=1)
    assert kept.limits is not None

    await house.calls.chat(request("hi", max_tokens=20), ONCE)
    with pytest.raises(RateLimitError) as caught:
        await house.calls.chat(request("hi"), ONCE)

    assert caught.value.retry_after == 3.0
    assert len(transport.requests) == 1
    assert len(kept.ledger.holds) == 1
    assert kept.limits.tokens == [21]
    assert kept.limits.entries[0].left == [110]


async def test_a_place_under_the_limits_is_given_back_when_the_money_is_missing() -> None:
    house, _ = app(answer())
    kept = Kept(house, budget(0), most=1)
    assert kept.limits is not None

    with pytest.raises(BudgetExceededError):
        await house.calls.chat(request("hi"), ONCE)

    assert kept.limits.entries[0].left == [0]


async def test_a_row_tells_who_asked_what_and_what_it_cost() -> None:
    house, _ = app(streamed(said("hello", "stop"), USED, DONE))
    kept = Kept(house)
    principal = Principal(organisation="org", team="red", key="k1", tags={"app": "x"})

    stream = await house.calls.stream(request("hi", user="ann"), CallOptions(principal=principal, tags={"job": "7"}))
    async for _ in stream:
        pass

    [row] = kept.rows
    assert (row.tenant, row.team, row.key, row.end_user) == ("org", "red", "k1", "ann")
    assert row.tags == {"app": "x", "job": "7"}
    assert (row.provider, row.model, row.operation, row.status) == ("acme", "one", "chat", "completed")
    assert (row.cost, row.cost_source) == (Decimal("0.0002"), "computed")
    assert row.latency is not None
    assert row.first_token is not None
    assert row.latency >= row.first_token >= 0
    assert row.request_id == "req-1"
    assert kept.ledger.asked[0][0].end_user == "ann"


async def test_an_end_user_whom_no_database_can_name_is_refused() -> None:
    house, transport = app(answer())
    Kept(house, budget())

    with pytest.raises(InvalidRequestError, match="has a NUL in it"):
        await house.calls.chat(request("hi", user="an\0n"), ONCE)

    assert transport.requests == []


async def test_nothing_is_sent_under_a_settled_permit() -> None:
    house, transport = app(answer(), answer())
    Kept(house, budget())
    runs: list[Any] = []
    complete = house.calls.door.complete

    def remembering(run: Any, *args: Any, **kwargs: Any) -> Any:
        runs.append(run)
        return complete(run, *args, **kwargs)

    house.calls.door.complete = remembering  # type: ignore[method-assign]
    await house.calls.chat(request("hi"), ONCE)

    assert runs[0].closed
    with pytest.raises(ProviderError, match="settled already"):
        runs[0].leave()
    assert len(transport.requests) == 1


async def test_an_attempt_in_doubt_that_was_sent_again_counts_as_spent() -> None:
    broken = Played(error=NetworkError("reset", retry="unsure"))
    house, transport = app(broken, answer())
    kept = Kept(house, budget())

    await house.calls.chat(request("hi", max_tokens=20), CallOptions(retries=1, retry_unsure=True))

    [held] = kept.ledger.holds
    assert len(transport.requests) == 2
    assert held.end == ("settled", ANSWERED + held.amount // 2)
