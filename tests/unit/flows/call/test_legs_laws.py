"""Laws of every way that a request can take, whatever fails: nothing is sent too often, lost, or paid for twice."""

import asyncio
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from genmux.flows.call.options import CallOptions
from genmux.types.chat import ChatResult
from genmux.types.errors import NetworkError, ProviderError, Retry
from genmux.types.routes import Order, Route
from tests.fake_transport import Played
from tests.unit.flows.call.house import answer, failing, request
from tests.unit.flows.call.keepers import Kept, budget
from tests.unit.flows.call.roads import Town

MODELS = ("acme/one", "bolt/two", "core/three")
ASK = request(name="route/r", max_tokens=100)
REPLIES = {
    "ok": answer,
    "overloaded": lambda: failing(503, "overloaded"),
    "refused": lambda: Played(error=NetworkError("refused", retry="safe")),
    "rate limit": lambda: failing(429, "slow down"),
    "told rate limit": lambda: failing(429, "slow down", **{"retry-after": "5"}),
    "wrong key": lambda: failing(401, "bad key"),
    "no credit": lambda: failing(402, "pay"),
    "gone": lambda: failing(404, "gone"),
    "unsure": lambda: failing(500, "oops"),
    "wrong": lambda: failing(400, "bad"),
}
UNSURE, FINAL = "unsure", "wrong"

scripts = st.lists(st.sampled_from([*REPLIES]), min_size=1, max_size=5)
routes = st.builds(
    lambda models, choose, attempts, unsure: Route(
        models=MODELS[:models], choose=choose, attempts=attempts, retry_unsure=unsure, failures=2
    ),
    st.integers(1, 3),
    st.sampled_from(["order", "weight", "cheapest", "fastest"]),
    st.one_of(st.none(), st.integers(1, 5)),
    st.booleans(),
)


async def _several_requests(
    town: Town, kept: Kept, options: CallOptions, times: int
) -> list[tuple[list[str], int, ChatResult | ProviderError]]:
    """Where each request went, how often it says that it was sent, and how it ended."""
    told: list[tuple[list[str], int, ChatResult | ProviderError]] = []
    for _ in range(times):
        before, rows_before = len(town.sent), len(kept.rows)
        try:
            ended: ChatResult | ProviderError = await town.app.calls.chat(ASK, options)
        except ProviderError as error:
            ended = error
        told.append((town.sent[before:], ended.attempts, ended))
        assert kept.ledger.held == 0
        rows = len(kept.rows) - rows_before
        assert rows == 1 if len(town.sent) > before else rows <= 1  # where no account can be used, no model was reached
    return told


@settings(max_examples=50, deadline=None)
@given(
    route=routes,
    accounts=st.integers(0, 2),
    retries=st.one_of(st.none(), st.integers(0, 4)),
    unsure=st.booleans(),
    played=st.tuples(scripts, scripts, scripts),
)
def test_whatever_fails_nothing_is_sent_too_often_lost_or_paid_for_twice(
    route: Route, accounts: int, retries: int | None, played: tuple[list[str], ...], *, unsure: bool
) -> None:
    town = Town({"r": route}, accounts=accounts)
    kept = Kept(town.app, budget(10**12))
    for model, script in zip(MODELS, played, strict=True):
        town.plays(model, *(REPLIES[name]() for name in script))
    options = CallOptions(retries=retries, retry_unsure=unsure)
    most = route.attempts or max((2 if retries is None else retries) + 1, len(route.models))

    ends = asyncio.run(_several_requests(town, kept, options, 3))

    for sent, attempts, ended in ends:
        assert len(sent) <= most
        assert attempts == len(sent)
        if isinstance(ended, ChatResult):
            assert ended.steps[-1].outcome == "answered"
            assert sent[-1].startswith(ended.steps[-1].model)
    for name in ("acme", "bolt", "core"):
        assert all(one.in_flight == 0 for one in town.app.accounts._configured_of(name))  # noqa: SLF001
    assert not any(mark.trial for mark in town.board._marks.values())  # noqa: SLF001
    billed = sum((ended.cost.amount for *_, ended in ends if isinstance(ended, ChatResult) and ended.cost), Decimal(0))
    assert kept.ledger.spent >= billed * 1_000_000


@settings(max_examples=40, deadline=None)
@given(
    choose=st.sampled_from(["order", "weight", "cheapest", "fastest"]),
    accounts=st.integers(0, 2),
    retries=st.integers(0, 4),
    played=st.tuples(scripts, scripts, scripts),
)
def test_after_a_failure_that_may_be_billed_or_is_final_nothing_is_sent(
    choose: Order, accounts: int, retries: int, played: tuple[list[str], ...]
) -> None:
    town = Town({"r": Route(models=MODELS, choose=choose)}, accounts=accounts)
    for model, script in zip(MODELS, played, strict=True):
        town.plays(model, *(REPLIES[name]() for name in script))
    left = {model: [*script] for model, script in zip(MODELS, played, strict=True)}

    async def ask() -> ChatResult | ProviderError:
        try:
            return await town.app.calls.chat(ASK, CallOptions(retries=retries))
        except ProviderError as error:
            return error

    ended = asyncio.run(ask())

    heard = [left[model].pop(0) if len(left[model]) > 1 else left[model][0] for model in town.models]
    assert not {UNSURE, FINAL, "ok"} & {*heard[:-1]}
    assert isinstance(ended, ChatResult) == (heard[-1] == "ok")
    if isinstance(ended, ProviderError) and heard[-1] == UNSURE:
        assert ended.retry is Retry.UNSURE
