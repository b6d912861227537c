"""What is held for a leg: in which budgets, of whose accounts, and what becomes of what the leg before had."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from genmux.types.errors import BudgetExceededError, NetworkError, ProviderError, RateLimitError
from tests.fake_transport import Played
from tests.unit.flows.call.house import SSE, answer, app, failing, request
from tests.unit.flows.call.keepers import FakeLedger, Kept, budget
from tests.unit.flows.call.roads import Route, Town
from tests.unit.flows.call.test_door import ANSWERED, ONCE
from tests.unit.flows.call.test_passage import body, passing


async def never(*_: Any, **__: Any) -> Any:
    """What does not come to an end."""
    await asyncio.Event().wait()


async def leave(asked: Coroutine[Any, Any, Any]) -> None:
    """Ask, and go away in the middle of it."""
    task = asyncio.ensure_future(asked)
    for _ in range(20):  # as far as it gets
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


# ---------------------------------------------------------------- other currencies
@pytest.mark.parametrize("policy", ["refuse", "use_limit"])
async def test_a_budget_in_another_currency_refuses_what_has_no_price_in_it(policy: str) -> None:
    house, transport = app(answer())
    Kept(house, budget(currency="EUR", unknown_price=policy))

    with pytest.raises(BudgetExceededError, match=r"is in EUR.*known in USD only") as caught:
        await house.calls.chat(request("hi"), ONCE)

    assert caught.value.status == 402
    assert transport.requests == []


async def test_a_budget_in_another_currency_may_let_it_through_uncounted_with_a_warning() -> None:
    house, _ = app(answer())
    dollars = budget(number=2)
    kept = Kept(house, budget(currency="EUR", unknown_price="warn"), dollars)

    result = await house.calls.chat(request("hi"), ONCE)

    [held] = kept.ledger.holds
    assert (held.budgets, held.end) == ((dollars,), ("settled", ANSWERED))
    assert "organisation:default in EUR" in " ".join(map(str, result.warnings))


# ---------------------------------------------------------------- accounts
async def test_an_account_is_paid_out_of_the_budgets_of_whoever_has_it() -> None:
    town = Town(accounts=2)
    kept = Kept(town.app, budget())

    await town.app.calls.chat(request("hi", max_tokens=5))

    assert kept.ledger.asked[-1][1] in {"acme/a0", "acme/a1"}
    assert kept.ledger.account_tenants == ["default"]


async def test_another_account_is_held_out_of_what_the_one_that_refused_gives_back() -> None:
    town = Town(accounts=2)
    most = town.app.calls.estimate(request("hi", max_tokens=100)).high
    assert most is not None
    first = budget(number=2, account="acme/a0")
    kept = Kept(town.app, budget(int(most * 1_000_000) + 200), first)
    town.plays("acme/one k0", failing(429))

    result = await town.app.calls.chat(request("hi", max_tokens=100))

    assert result.account == "a1"
    assert [one.end[0] for one in kept.ledger.holds if one.end] == ["released", "settled"]


async def test_what_was_held_for_an_account_is_given_back_where_the_next_one_needs_nothing() -> None:
    town = Town(accounts=2)
    kept = Kept(town.app, budget(account="acme/a0"))
    town.plays("acme/one k0", failing(429))

    result = await town.app.calls.chat(request("hi", max_tokens=100))

    assert result.account == "a1"
    assert kept.ledger.ends == [("released", 0)]


async def test_the_next_model_without_a_price_gets_all_that_the_first_one_had() -> None:
    town = Town({"r": Route(models=("acme/bare", "acme/plain"))}, manifests=(_unpriced(),))
    kept = Kept(town.app, budget(1_000, unknown_price="use_limit"))
    town.plays("acme/bare", failing(503, "overloaded"))

    await town.app.calls.chat(request(name="route/r", max_tokens=5))

    assert kept.ledger.ends == [("released", 0), ("presumed", 1_000)]


def _unpriced() -> Any:
    from genmux.contract.manifest import ModelSpec
    from tests.unit.flows.call.roads import provider

    return provider("acme", **{name: ModelSpec(operations={"chat": "chat"}) for name in ("bare", "plain")})


async def test_an_account_does_not_answer_for_what_was_refused_here() -> None:
    town = Town(accounts=2)
    kept = Kept(town.app, budget())
    kept.ledger.hold = never  # type: ignore[method-assign]

    await leave(town.app.calls.chat(request("hi")))

    assert [(one.successes, one.failures) for one in town.app.accounts.accounts("acme")] == [(0, 0), (0, 0)]


async def test_who_leaves_before_an_account_was_found_leaves_no_trial_behind() -> None:
    town = Town({"r": Route(models=("acme/one",), failures=1, rest=1.0)}, accounts=2)
    town.board.failed("acme/one", ProviderError("down", kind="server"), failures=1, rest=1.0)
    town.clock.now += 2
    town.app.accounts.reserve = never  # type: ignore[method-assign]

    await leave(town.app.calls.chat(request(name="route/r")))

    assert town.board.begin("acme/one") == "trial"


# ---------------------------------------------------------------- what providers say
async def test_a_cost_that_no_ledger_can_hold_is_presumed_and_keeps_nothing_open() -> None:
    house, _ = app(answer(usage={"prompt_tokens": 10**18, "completion_tokens": 10, "total_tokens": 10**18 + 10}))
    kept = Kept(house, budget(), most=1)
    assert kept.limits is not None

    result = await house.calls.chat(request("hi", max_tokens=20), ONCE)

    [held] = kept.ledger.holds
    assert result.text == "hello"
    assert held.end == ("presumed", held.amount)
    assert len(kept.limits.entries[0].left) == 1


@pytest.mark.parametrize(
    ("pieces", "end"),
    [
        ((b'data: {"error": {"message": "slow down", "code": 429}}\n\n',), "released"),
        ((NetworkError("reset", retry="unsure"),), "presumed"),
    ],
)
async def test_a_passing_stream_that_fails_before_anything_came_is_told_by_its_failure(pieces: Any, end: str) -> None:
    house, _ = app(Played(*pieces, headers=SSE))
    kept = Kept(house, budget())

    stream = await passing(house, body(stream=True), ONCE)
    with pytest.raises((RateLimitError, NetworkError)):
        await stream.read()
    await stream.aclose()

    ledger: FakeLedger = kept.ledger
    assert [one[0] for one in ledger.ends if one] == [end]
