"""What a request meets on its way along a route: models that rest, streams that fail late."""

import asyncio

import pytest

from genmux.flows.call.options import CallOptions
from genmux.flows.call.passage import PassageFlow
from genmux.types.embed import EmbedRequest
from genmux.types.errors import (
    NetworkError,
    OverloadedError,
    ProviderError,
    RequestTimeoutError,
    ServerError,
    ValidationError,
)
from genmux.types.routes import Route, Step
from tests.fake_transport import Played
from tests.unit.flows.call.house import (
    DONE,
    JSON,
    SSE,
    USED,
    answer,
    chunk,
    failing,
    listen,
    request,
    said,
    streamed,
)
from tests.unit.flows.call.keepers import Kept, budget
from tests.unit.flows.call.roads import ASK, Town, outcomes, streamed_text
from tests.unit.flows.call.test_passage import body, passage, passing

MODELS = ("acme/one", "bolt/one", "core/one")
FULL = b'data: {"error": {"message": "overloaded", "code": 503, "type": "overloaded_error"}}\n\n'


# ---- what the result says


async def test_a_plain_answer_tells_nothing_of_routes() -> None:
    result = await Town().app.calls.chat(request())

    assert (result.route, result.steps, result.account, result.attempts) == (None, (), None, 1)


async def test_the_answer_says_which_way_it_came_and_why() -> None:
    town = Town({"r": Route(models=MODELS[:2])}, accounts=2)
    town.plays("acme/one", failing(503, "overloaded"))

    result = await town.app.calls.chat(ASK)

    assert (result.route, result.provider, result.account, result.attempts) == ("route/r", "bolt", "a0", 2)
    assert result.steps == (
        Step(model="acme/one", outcome="failed", account="a0", reason="overloaded: overloaded"),
        Step(model="bolt/one", outcome="answered", account="a0", reason="its place in the route"),
    )


async def test_so_do_streams_embeddings_and_bytes_that_pass() -> None:
    town = Town({"r": Route(models=MODELS[:2]), "v": Route(models=("acme/vectors", "bolt/vectors"))})
    vectors = (
        b'{"object":"list","model":"vectors","data":[{"object":"embedding","index":0,"embedding":[1.0]}],'
        b'"usage":{"prompt_tokens":1,"total_tokens":1}}'
    )
    for place in ("acme/one", "acme/vectors"):
        town.plays(place, failing(503, "overloaded"))
    town.plays("bolt/vectors", Played(vectors, headers=JSON))
    town.plays("bolt/one", streamed(), answer(), streamed())

    stream = await town.app.calls.stream(ASK)
    async for _ in stream:
        pass
    assert outcomes(stream.result().steps) == [("acme/one", "failed"), ("bolt/one", "answered")]
    assert (stream.result().route, stream.result().attempts) == ("route/r", 2)
    embedded = await town.app.calls.embed(EmbedRequest(model="route/v", inputs=("hi",)))
    assert outcomes(embedded.steps) == [("acme/vectors", "failed"), ("bolt/vectors", "answered")]

    prepared = passage(town.app, body(model="route/r"))
    assert prepared is not None
    run, _ = await PassageFlow(town.app.calls).whole(prepared)
    assert (run.route, run.sendings, run.steps[-1].model) == ("route/r", 2, "bolt/one")
    passed = await passing(town.app, body(model="route/r", stream=True))
    while await passed.read() is not None:
        pass
    assert (passed.run.route, passed.run.sendings, passed.run.steps[-1].model) == ("route/r", 2, "bolt/one")


async def test_one_row_is_kept_for_a_request_whatever_way_it_went() -> None:
    town = Town({"r": Route(models=MODELS[:2])})
    kept, heard = Kept(town.app, budget()), listen(town.app)
    town.plays("acme/one", failing(503, "overloaded"))

    await town.app.calls.chat(ASK)

    (row,) = kept.rows
    assert (row.provider, row.route, row.attempts, row.status) == ("bolt", "route/r", 2, "completed")
    assert [event.type for event in heard] == ["generation.started", "generation.completed"]


async def test_a_request_to_a_route_can_be_validated_counted_and_estimated() -> None:
    town = Town({"r": Route(models=("acme/one", "acme/three"))})
    calls = town.app.calls

    assert calls.validate(ASK) == ()
    with pytest.raises(ValidationError, match="`max_tokens`"):
        calls.validate(request(name="route/r", max_tokens=5_000))
    assert (await calls.count_tokens(ASK)).tokens > 0
    assert calls.estimate(ASK).high == calls.estimate(request(name="acme/three", max_tokens=100)).high
    assert town.sent == []


# ---- models that rest


async def test_a_model_that_keeps_failing_is_asked_last_until_one_request_finds_it_well() -> None:
    town = Town({"r": Route(models=MODELS[:2], failures=2, rest=30)})
    town.plays("acme/one", failing(503, "overloaded"), failing(503, "overloaded"), answer())

    for _ in range(4):
        await town.app.calls.chat(ASK)
    assert town.models == ["acme/one", "bolt/one", "acme/one", "bolt/one", "bolt/one", "bolt/one"]

    town.clock.now += 30
    for _ in range(2):
        await town.app.calls.chat(ASK)
    assert town.models[6:] == ["acme/one", "acme/one"]


async def test_while_one_request_tries_a_model_all_others_go_on_elsewhere() -> None:
    town = Town({"r": Route(models=MODELS[:2], failures=1)})
    never = asyncio.Event()
    town.plays("acme/one", failing(503, "overloaded"), Played(never, *answer().pieces, headers=JSON))
    await town.app.calls.chat(ASK)
    town.clock.now += 30
    town.roads.sent.clear()

    tasks = [asyncio.ensure_future(town.app.calls.chat(ASK)) for _ in range(5)]
    await town.until(5)

    assert sorted(town.models) == ["acme/one", *["bolt/one"] * 4]
    never.set()
    assert {result.provider for result in await asyncio.gather(*tasks)} == {"acme", "bolt"}
    assert town.board.begin("acme/one") == "free"


async def test_a_trial_that_is_cancelled_leaves_it_to_the_next_request() -> None:
    town = Town({"r": Route(models=MODELS[:2], failures=1)})
    town.plays("acme/one", failing(503, "overloaded"), Played(asyncio.Event()))
    await town.app.calls.chat(ASK)
    town.clock.now += 30
    task = asyncio.ensure_future(town.app.calls.chat(ASK))
    await town.until(3)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert town.board.begin("acme/one") == "trial"


async def test_where_all_models_rest_the_one_that_is_back_first_is_asked_all_the_same() -> None:
    town = Town({"r": Route(models=MODELS)})
    for model, rest in zip(MODELS, (30, 10, 20), strict=True):
        town.board.failed(model, OverloadedError("full"), failures=1, rest=rest)

    result = await town.app.calls.chat(ASK)

    assert (town.models, result.provider) == (["bolt/one"], "bolt")
    assert town.board.begin("bolt/one") == "free"


@pytest.mark.parametrize(
    ("options", "failure"),
    [
        (CallOptions(credential={"api_key": "wrong"}), failing(401)),
        (CallOptions(base_url="https://api.acme.test/v9"), Played(error=NetworkError("refused", retry="safe"))),
        (CallOptions(timeout=0.5), Played(error=RequestTimeoutError("late", retry="unsure"))),
    ],
)
async def test_what_a_caller_brings_along_makes_no_model_rest_for_others(options: CallOptions, failure: Played) -> None:
    town = Town({"r": Route(models=MODELS[:1], failures=1)})
    town.plays("acme/one", failure)

    with pytest.raises(ProviderError):
        await town.app.calls.chat(ASK, options)

    assert town.board.begin("acme/one") == "free"


async def test_a_refused_account_makes_no_model_rest() -> None:
    town = Town({"r": Route(models=MODELS[:1], failures=1)}, accounts=2)
    town.plays("acme/one", failing(429, "slow down", **{"retry-after": "50"}), answer())

    await town.app.calls.chat(ASK)

    assert town.board.begin("acme/one") == "free"


# ---- streams


@pytest.mark.parametrize(
    "begun",
    [Played(FULL, headers=SSE), failing(503, "overloaded"), Played(error=NetworkError("refused", retry="safe"))],
    ids=["an error in place of the answer", "a refusal", "no connection"],
)
@pytest.mark.parametrize("passes", [True, False])
async def test_a_stream_that_fails_before_its_first_part_goes_on_with_another_model(
    begun: Played, *, passes: bool
) -> None:
    town = Town({"r": Route(models=MODELS[:2])})
    kept = Kept(town.app, budget())
    town.plays("acme/one", begun)
    town.plays("bolt/one", streamed())

    text = await streamed_text(town, passes=passes)

    assert "hel" in text
    assert town.models == ["acme/one", "bolt/one"]
    assert (len(kept.rows), kept.ledger.held) == (1, 0)
    assert all(reply.closed for reply in town.roads.replies)


@pytest.mark.parametrize("passes", [True, False])
async def test_after_the_first_part_nothing_goes_on(*, passes: bool) -> None:
    town = Town({"r": Route(models=MODELS[:2])})
    kept = Kept(town.app, budget())
    town.plays("acme/one", Played(said("hel"), FULL, headers=SSE))

    with pytest.raises(OverloadedError) as caught:
        await streamed_text(town, passes=passes)

    assert town.models == ["acme/one"]
    assert caught.value.provider == "acme"
    assert [row.status for row in kept.rows] == ["failed"]


@pytest.mark.parametrize("passes", [True, False])
async def test_a_stream_that_breaks_before_its_first_part_may_have_been_billed(*, passes: bool) -> None:
    town = Town({"r": Route(models=MODELS[:2])})
    kept = Kept(town.app, budget())
    town.plays("acme/one", Played(NetworkError("reset", retry="unsure"), headers=SSE))

    with pytest.raises(NetworkError):
        await streamed_text(town, passes=passes)

    assert town.models == ["acme/one"]
    (held,) = kept.ledger.holds
    assert held.end == ("presumed", held.amount)


async def test_the_first_token_is_what_measures_a_stream() -> None:
    town = Town({"r": Route(models=MODELS[:2], choose="fastest")})
    empty = chunk(choices=[])
    late = asyncio.Event()
    town.plays("acme/one", Played(empty, late, said("hello", "stop"), USED, DONE, headers=SSE))
    task = asyncio.ensure_future(town.app.calls.stream(ASK))
    await town.until(1)

    town.clock.now += 3
    late.set()
    stream = await task
    await stream.aclose()

    assert town.board.latency("acme/one") == pytest.approx(3)


async def test_errors_of_the_whole_request_are_not_hidden_by_a_route() -> None:
    town = Town({"r": Route(models=MODELS)})
    town.plays("acme/one", failing(500))

    with pytest.raises(ServerError) as caught:
        await town.app.calls.chat(ASK)

    assert caught.value.__notes__ == ["route/r: acme/one failed (server: no)"]
