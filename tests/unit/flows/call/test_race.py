"""A second model is asked beside a slow one: one of them answers, and nothing is lost of the other."""

import asyncio
from typing import Any

import pytest

from genmux.flows.call.legs import Legs
from genmux.flows.call.options import CallOptions
from genmux.flows.call.race import Race
from genmux.types.errors import (
    NetworkError,
    OverloadedError,
    ProviderError,
    RateLimitError,
)
from genmux.types.routes import Route
from tests.fake_transport import Played
from tests.unit.flows.call.house import (
    DONE,
    JSON,
    SSE,
    USED,
    answer,
    failing,
    limited,
    listen,
    request,
    said,
    streamed,
)
from tests.unit.flows.call.keepers import Kept, budget
from tests.unit.flows.call.roads import ASK, Town, outcomes, streamed_text

MODELS = ("acme/one", "bolt/one", "core/one")
SOON = 0.005
"""Seconds after which a second model is asked as well, in these tests."""


async def settled() -> None:
    """Let all that can go on go on."""
    for _ in range(20):
        await asyncio.sleep(0)


def hedged(*models: str, **fields: Any) -> Town:
    """A town with a route that asks a second model soon."""
    return Town({"r": Route(models=models or MODELS, hedge_after=SOON, **fields)})


async def test_a_quick_answer_is_the_only_one() -> None:
    town = hedged()

    result = await town.app.calls.chat(ASK)

    assert (town.models, result.attempts) == (["acme/one"], 1)


async def test_the_second_model_answers_where_the_first_takes_too_long() -> None:
    town = hedged()
    kept, heard = Kept(town.app, budget()), listen(town.app)
    town.plays("acme/one", Played(asyncio.Event()))

    result = await town.app.calls.chat(ASK)

    assert (town.models, result.provider, result.attempts) == (["acme/one", "bolt/one"], "bolt", 2)
    assert outcomes(result.steps) == [("acme/one", "cancelled"), ("bolt/one", "answered")]
    assert result.steps[1].reason == f"asked as well after {SOON} s without an answer"
    first, second = kept.ledger.holds
    assert first.end == ("presumed", first.amount)
    assert second.end is not None
    assert second.end[0] == "settled"
    assert first.subject != second.subject
    assert (len(kept.rows), kept.rows[0].provider, kept.ledger.held) == (1, "bolt", 0)
    assert [event.type for event in heard] == ["generation.started", "generation.completed"]
    assert len({event.subject for event in heard}) == 1
    assert all(reply.closed for reply in town.roads.replies)


async def test_the_first_model_may_still_be_the_first_to_answer() -> None:
    town = hedged()
    kept, slow = Kept(town.app, budget()), asyncio.Event()
    town.plays("acme/one", Played(slow, *answer("mine").pieces, headers=JSON))
    town.plays("bolt/one", Played(asyncio.Event()))
    task = asyncio.ensure_future(town.app.calls.chat(ASK))
    await town.until(2)

    slow.set()
    result = await task

    assert (result.text, result.provider, result.attempts) == ("mine", "acme", 2)
    assert outcomes(result.steps) == [("bolt/one", "cancelled"), ("acme/one", "answered")]
    first, second = kept.ledger.holds
    assert (first.end or ("",))[0] == "settled"
    assert second.end == ("presumed", second.amount)


@pytest.mark.parametrize("passes", [True, False])
async def test_a_stream_is_hedged_until_its_first_part(*, passes: bool) -> None:
    town = hedged()
    town.plays("acme/one", Played(b": still thinking\n\n", asyncio.Event(), headers=SSE))
    town.plays("bolt/one", streamed())

    assert "hel" in await streamed_text(town, passes=passes)

    assert town.models == ["acme/one", "bolt/one"]
    assert all(reply.closed for reply in town.roads.replies)


async def test_two_answers_at_the_same_moment_are_one_answer_and_nothing_stays_open() -> None:
    town = hedged()
    kept, both = Kept(town.app, budget()), asyncio.Event()
    for model in MODELS[:2]:
        town.plays(model, Played(both, said("hello", "stop"), USED, DONE, headers=SSE))
    task = asyncio.ensure_future(town.app.calls.stream(ASK))
    await town.until(2)

    both.set()
    stream = await task
    async for _ in stream:
        pass

    assert stream.result().text == "hello"
    assert all(reply.closed for reply in town.roads.replies)
    assert (len(kept.rows), kept.ledger.held) == (1, 0)


async def test_the_second_model_goes_on_where_the_first_fails_meanwhile() -> None:
    town = hedged()
    kept = Kept(town.app, budget())
    fails, slow = asyncio.Event(), asyncio.Event()
    town.plays("acme/one", Played(fails, NetworkError("reset", retry="unsure"), headers=JSON))
    town.plays("bolt/one", Played(slow, *answer("there").pieces, headers=JSON))
    task = asyncio.ensure_future(town.app.calls.chat(ASK))
    await town.until(2)

    fails.set()
    await settled()
    slow.set()
    result = await task

    assert (result.text, town.models) == ("there", ["acme/one", "bolt/one"])
    assert outcomes(result.steps) == [("acme/one", "failed"), ("bolt/one", "answered")]
    assert [(one.end or ("",))[0] for one in kept.ledger.holds] == ["presumed", "settled"]


async def test_where_both_fail_the_third_is_asked_and_all_attempts_count() -> None:
    town = hedged()
    kept, fails = Kept(town.app, budget()), asyncio.Event()
    town.plays("acme/one", Played(fails, OverloadedError("full", retry="safe"), headers=JSON))
    town.plays("bolt/one", failing(503, "overloaded"))
    task = asyncio.ensure_future(town.app.calls.chat(ASK))
    await town.until(2)

    fails.set()
    result = await task

    assert (town.models, result.attempts, result.provider) == ([*MODELS], 3, "core")
    assert sorted(outcomes(result.steps)) == [("acme/one", "failed"), ("bolt/one", "failed"), ("core/one", "answered")]
    assert (len(kept.rows), kept.ledger.held) == (1, 0)
    assert kept.ledger.ends.count(("released", 0)) == 1  # what is held for the one that goes on is used further


async def test_after_one_of_two_failed_in_doubt_nothing_else_is_asked() -> None:
    town = hedged()
    kept, fails, slow = Kept(town.app, budget()), asyncio.Event(), asyncio.Event()
    town.plays("acme/one", Played(fails, NetworkError("reset", retry="unsure"), headers=JSON))
    town.plays("bolt/one", Played(slow, OverloadedError("full", retry="safe"), headers=JSON))
    task = asyncio.ensure_future(town.app.calls.chat(ASK))
    await town.until(2)

    fails.set()
    await settled()
    slow.set()
    with pytest.raises(NetworkError) as caught:
        await task

    assert (caught.value.retry, caught.value.attempts) == ("unsure", 2)
    assert town.models == ["acme/one", "bolt/one"]
    assert [(one.end or ("",))[0] for one in kept.ledger.holds] == ["presumed", "released"]


async def test_where_all_fail_the_failure_is_told_once() -> None:
    town = hedged(*MODELS[:2])
    kept, fails = Kept(town.app, budget()), asyncio.Event()
    town.plays("acme/one", Played(fails, OverloadedError("full", retry="safe"), headers=JSON))
    town.plays("bolt/one", failing(401, "bad key"))
    task = asyncio.ensure_future(town.app.calls.chat(ASK, CallOptions(retries=1)))
    await town.until(2)

    fails.set()
    with pytest.raises(ProviderError) as caught:
        await task

    assert (type(caught.value), caught.value.attempts) == (OverloadedError, 2)
    assert ([row.status for row in kept.rows], kept.ledger.held, kept.ledger.spent) == (["failed"], 0, 0)


@pytest.fixture
def asked_aside(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set when it was time for a second model, whether or not there was one."""
    over, aside = asyncio.Event(), Legs.aside

    async def noticed(*arguments: Any) -> Any:
        try:
            return await aside(*arguments)
        finally:
            over.set()

    monkeypatch.setattr(Legs, "aside", noticed)
    return over


async def test_no_second_model_is_asked_without_an_attempt_left(asked_aside: asyncio.Event) -> None:
    town = hedged(attempts=1)
    slow = asyncio.Event()
    town.plays("acme/one", Played(slow, *answer().pieces, headers=JSON))
    task = asyncio.ensure_future(town.app.calls.chat(ASK))
    await asked_aside.wait()
    await settled()

    slow.set()
    await task

    assert town.models == ["acme/one"]


@pytest.mark.parametrize("own", [True, False])
async def test_no_second_model_is_asked_without_the_money_for_both(asked_aside: asyncio.Event, *, own: bool) -> None:
    town = hedged()
    most = town.app.calls.estimate(request(name="acme/one", max_tokens=100)).high
    assert most is not None
    kept = Kept(town.app, budget(1_000_000 if own else int(most * 1_500_000)))
    options = limited(str(most * 3 / 2)) if own else CallOptions()
    slow = asyncio.Event()
    town.plays("acme/one", Played(slow, *answer("mine").pieces, headers=JSON))
    task = asyncio.ensure_future(town.app.calls.chat(ASK, options))
    await asked_aside.wait()
    await settled()

    slow.set()
    result = await task

    assert (town.models, result.text) == (["acme/one"], "mine")
    assert outcomes(result.steps) == [("bolt/one", "skipped"), ("acme/one", "answered")]
    assert "budget_exceeded" in (result.steps[0].reason or "")
    assert (len(kept.ledger.holds), kept.ledger.held) == (1, 0)


async def test_a_model_that_is_outpaced_is_not_the_fastest() -> None:
    town = hedged(*MODELS[:2], choose="fastest")
    town.plays("acme/one", Played(asyncio.Event()))
    task = asyncio.ensure_future(town.app.calls.chat(ASK))
    await town.until(1)
    town.clock.now += 5
    await task

    await town.app.calls.chat(ASK)

    assert town.models == ["acme/one", "bolt/one", "bolt/one"]


async def test_a_caller_who_goes_away_stops_both() -> None:
    town = hedged()
    kept = Kept(town.app, budget())
    for model in MODELS[:2]:
        town.plays(model, Played(asyncio.Event()))
    task = asyncio.ensure_future(town.app.calls.chat(ASK))
    await town.until(2)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert all(reply.closed for reply in town.roads.replies)
    assert [(one.end or ("",))[0] for one in kept.ledger.holds] == ["presumed", "presumed"]
    assert [row.status for row in kept.rows] == ["cancelled"]
    assert [one for one in asyncio.all_tasks() if one is not asyncio.current_task()] == []


@pytest.mark.parametrize("times", [1, 2])
async def test_who_goes_away_while_the_slower_one_is_stopped_leaves_nothing_held(
    monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    town = hedged()
    kept = Kept(town.app, budget())
    town.plays("acme/one", Played(asyncio.Event()))
    stopping, stop, waits = asyncio.Event(), Race._stop, [asyncio.Event() for _ in range(times)]  # noqa: SLF001

    async def slowly(race: Any, racer: Any) -> None:
        if waits:
            stopping.set()
            await waits.pop().wait()
        await stop(race, racer)

    monkeypatch.setattr(Race, "_stop", slowly)
    task = asyncio.ensure_future(town.app.calls.chat(ASK))
    for _ in range(times):
        await stopping.wait()
        stopping.clear()
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await settled()

    assert [(one.end or ("",))[0] for one in kept.ledger.holds] == ["presumed", "presumed"]
    assert [one for one in asyncio.all_tasks() if one is not asyncio.current_task()] == []


async def test_a_fault_of_code_stops_both_too(monkeypatch: pytest.MonkeyPatch) -> None:
    town = hedged()
    kept = Kept(town.app, budget())
    town.plays("acme/one", Played(asyncio.Event()))
    monkeypatch.setattr(town.app.calls, "_measured", lambda *_: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        await town.app.calls.chat(ASK)

    assert all(reply.closed for reply in town.roads.replies)
    assert kept.ledger.held == 0


async def test_the_second_model_has_an_account_of_its_own_and_gives_it_back() -> None:
    town = Town({"r": Route(models=MODELS, hedge_after=SOON)}, accounts=2)
    town.plays("acme/one", Played(asyncio.Event()))

    result = await town.app.calls.chat(ASK)

    assert result.account == "a0"
    assert outcomes(result.steps) == [("acme/one", "cancelled"), ("bolt/one", "answered")]
    for name in ("acme", "bolt"):
        assert [one.in_flight for one in town.app.accounts._configured_of(name)] == [0, 0]  # noqa: SLF001


async def test_a_place_under_the_limits_is_given_back_once() -> None:
    town = hedged()
    kept = Kept(town.app, most=1)
    town.plays("acme/one", Played(asyncio.Event()))

    await town.app.calls.chat(ASK)

    assert kept.limits is not None
    (entry,) = kept.limits.entries
    assert entry.left == [110]
    with pytest.raises(RateLimitError):
        await town.app.calls.chat(ASK)
