"""A route puts its models in order, leaves out those that cannot, and says why."""

import random
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from genmux.app import App
from genmux.contract.features import Support
from genmux.contract.manifest import Limits, ModelSpec
from genmux.flows.call.options import CallOptions
from genmux.flows.call.plan import Plan, check_routes
from genmux.services.settings import Defaults
from genmux.types.content import Image
from genmux.types.embed import EmbedRequest
from genmux.types.errors import ConfigurationError, NotFoundError, OverloadedError, UnsupportedError
from genmux.types.routes import Destination, Order, Route
from tests.unit.flows.call.house import request
from tests.unit.flows.call.roads import Town, provider
from tests.unit.services.shop import price

MODELS = ("acme/one", "acme/two", "acme/three")


def planned(town: Town, *said: Any, name: str = "route/r", strict: bool = True, **fields: Any) -> Plan:
    """The plan for a request."""
    return town.app.calls.journeys.routes.plan(request(*said, name=name, **fields), "chat", strict=strict)


def order(plan: Plan) -> list[str]:
    """The models of a plan by their names."""
    return [one.model.id for one in plan.candidates]


def test_a_plain_model_is_a_plan_of_one() -> None:
    plan = planned(Town({"r": Route(models=MODELS)}), name="acme/two")

    assert (order(plan), plan.name, plan.route) == (["two"], None, None)


def test_models_stand_in_their_order() -> None:
    plan = planned(Town({"r": Route(models=("acme/two", "acme/one"))}))

    assert order(plan) == ["two", "one"]
    assert plan.candidates[0].why == "its place in the route"


# ---- by weight


def drawn(weights: Mapping[str, float], times: int) -> Counter[tuple[str, ...]]:
    """How often each order of the models was drawn."""
    route = Route(
        models=tuple(Destination(model=f"acme/{name}", weight=one) for name, one in weights.items()), choose="weight"
    )
    town = Town({"r": route})
    town.app.calls.journeys.routes._random = random.Random(7).random  # noqa: S311, SLF001
    asked = request(name="route/r")
    routes = town.app.calls.journeys.routes
    return Counter(tuple(order(routes.plan(asked, "chat"))) for _ in range(times))


def test_each_model_is_drawn_by_its_share_and_so_is_the_next_one() -> None:
    times = 6_000
    found = drawn({"one": 6, "two": 3, "three": 1}, times)

    firsts = Counter[str]()
    for names, count in found.items():
        firsts[names[0]] += count
    assert {name: round(count / times, 1) for name, count in firsts.items()} == {"one": 0.6, "two": 0.3, "three": 0.1}
    after_one = sum(count for names, count in found.items() if names[:2] == ("one", "two"))
    assert after_one / firsts["one"] == pytest.approx(0.75, abs=0.03)


def test_a_model_of_no_weight_comes_last() -> None:
    assert {names[0] for names in drawn({"one": 0, "two": 1e-300, "three": 0}, 50)} == {"two"}
    assert {names[1:] for names in drawn({"one": 0, "two": 1e300, "three": 0}, 50)} == {("one", "three")}


# ---- the cheapest that can


def test_the_cheapest_comes_first_and_what_has_no_price_last() -> None:
    free = ModelSpec(operations={"chat": "chat"})
    town = Town(
        {"r": Route(models=("acme/unpriced", "acme/three", "acme/one", "acme/two"), choose="cheapest")},
        manifests=[provider("acme", unpriced=free)],
    )

    plan = planned(town, max_tokens=10)

    assert order(plan) == ["one", "two", "three", "unpriced"]
    whys = [one.why or "" for one in plan.candidates]
    assert whys[0].startswith("may cost 0.00")
    assert whys[-1] == "its price is not known"


def test_the_cheapest_depends_on_what_is_asked() -> None:
    def spec(come: str, goes: str) -> ModelSpec:
        return ModelSpec(
            operations={"chat": "chat"}, prices=(price("tokens.input", come), price("tokens.output", goes))
        )

    town = Town(
        {"r": Route(models=("acme/reads", "acme/writes"), choose="cheapest")},
        manifests=[provider("acme", reads=spec("1", "100"), writes=spec("10", "10"))],
    )

    assert order(planned(town, "x" * 100_000, max_tokens=1)) == ["reads", "writes"]
    assert order(planned(town, "hi", max_tokens=10_000)) == ["writes", "reads"]


def test_those_that_cannot_do_what_is_asked_are_left_out_with_the_reason() -> None:
    def spec(**fields: Any) -> ModelSpec:
        return ModelSpec(
            operations={"chat": "chat"}, prices=(price("tokens.input", "0.1"), price("tokens.output", "0.1")), **fields
        )

    town = Town(
        {
            "r": Route(
                models=("acme/blind", "acme/short", "acme/narrow", "acme/vectors", "gone/x", "acme/three"),
                choose="cheapest",
            )
        },
        manifests=[
            provider(
                "acme",
                blind=spec(features={"vision": Support.NO}),
                short=spec(limits=Limits(max_output_tokens=50)),
                narrow=spec(limits=Limits(context_tokens=200)),
            )
        ],
    )

    plan = planned(town, "word " * 500, Image(url="https://x.test/a.png"), max_tokens=100)

    assert order(plan) == ["three"]
    reasons = {step.model: step.reason or "" for step in plan.left_out}
    assert "vision" in reasons["acme/blind"]
    assert "`max_tokens`" in reasons["acme/short"]
    assert "more than fit into its context of 200 beside an answer of 100" in reasons["acme/narrow"]
    assert "cannot chat" in reasons["acme/vectors"]
    assert "gone" in reasons["gone/x"]
    assert {step.outcome for step in plan.left_out} == {"skipped"}


def test_where_nobody_can_the_error_says_why_for_each() -> None:
    town = Town({"r": Route(models=("acme/one", "bolt/one"))})

    with pytest.raises(UnsupportedError) as caught:
        planned(town, max_tokens=5_000)

    assert caught.value.message.startswith("no model of route/r can do this: acme/one: ")
    assert "; bolt/one: " in caught.value.message


def test_without_strictness_what_can_be_left_out_leaves_no_model_out() -> None:
    town = Town({"r": Route(models=("acme/one",))})

    assert order(planned(town, temperature=9, strict=False)) == ["one"]
    with pytest.raises(UnsupportedError):
        planned(town, temperature=9)


# ---- the fastest


def test_every_model_is_measured_before_the_fastest_is_known() -> None:
    town = Town({"r": Route(models=MODELS, choose="fastest")})
    assert order(planned(town)) == ["one", "two", "three"]

    town.board.answered("acme/one", 0.9)
    assert order(planned(town)) == ["two", "three", "one"]
    town.board.answered("acme/two", 0.1)
    town.board.answered("acme/three", 0.5)

    plan = planned(town)
    assert order(plan) == ["two", "three", "one"]
    assert plan.candidates[0].why == "answered in 0.100 s lately"


async def test_the_answers_of_a_route_are_what_measures_it() -> None:
    town = Town({"r": Route(models=MODELS, choose="fastest")})

    asked = [(await town.app.calls.chat(request(name="route/r"))).steps[0].model for _ in range(3)]

    assert asked == [*MODELS]
    assert all(town.board.latency(model) is not None for model in MODELS)


# ---- rests


def test_models_that_rest_come_last_the_one_that_is_back_first_before_the_others() -> None:
    town = Town({"r": Route(models=MODELS)})
    for model, rest in (("acme/one", 30), ("acme/two", 10)):
        town.board.failed(model, OverloadedError("full"), failures=1, rest=rest)

    assert order(planned(town)) == ["three", "two", "one"]


# ---- names


def test_an_alias_may_mean_a_route_also_by_way_of_another_alias() -> None:
    town = Town({"r": Route(models=("acme/two",))}, aliases={"good": "better", "better": "route/r"})

    plan = planned(town, name="good")

    assert (plan.name, order(plan)) == ("route/r", ["two"])


def test_the_default_model_may_be_a_route() -> None:
    town = Town({"r": Route(models=("acme/two",))}, defaults=Defaults(models={"chat": "route/r"}))
    routes = town.app.calls.journeys.routes

    assert routes.plan(request(name=""), "chat").name == "route/r"
    assert [model.id for model in routes.members(None, "chat")] == ["two"]


def test_a_model_that_is_named_twice_by_an_alias_is_asked_once() -> None:
    town = Town({"r": Route(models=("acme/two", "same"))}, aliases={"same": "acme/two"})

    assert order(planned(town)) == ["two"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("route/fats", "there is no route 'route/fats'; did you mean route/fast?"),
        ("route/zzz", "there is no route 'route/zzz'; there is route/fast, route/cheap"),
    ],
)
def test_an_unknown_route_is_told_with_those_that_there_are(name: str, said: str) -> None:
    town = Town({"fast": Route(models=MODELS), "cheap": Route(models=MODELS)})

    with pytest.raises(NotFoundError) as caught:
        planned(town, name=name)

    assert (caught.value.message, caught.value.param) == (said, "model")


def test_where_there_are_no_routes_it_is_told_how_to_declare_one() -> None:
    with pytest.raises(NotFoundError, match=r"declare it in \[routes\.fast\]"):
        planned(Town(), name="route/fast")


def test_a_route_has_vectors_too() -> None:
    town = Town({"r": Route(models=("acme/one", "bolt/vectors"))})

    plan = town.app.calls.journeys.routes.plan(EmbedRequest(model="route/r", inputs=("hi",)), "embed")

    assert [one.model.reference for one in plan.candidates] == ["bolt/vectors"]


def test_members_are_the_models_that_can_do_an_operation_at_all() -> None:
    routes = Town(
        {"r": Route(models=("acme/one", "bolt/vectors")), "n": Route(models=("acme/vectors",))}
    ).app.calls.journeys.routes

    assert [model.reference for model in routes.members("route/r", "embed")] == ["bolt/vectors"]
    with pytest.raises(UnsupportedError, match="no model of route/n can do this"):
        routes.members("route/n", "chat")


async def test_the_cheapest_is_found_without_holding_up_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    town = Town({"r": Route(models=MODELS, choose="cheapest"), "o": Route(models=MODELS)})
    prepared: list[str] = []

    async def prepare(model: Any) -> None:
        prepared.append(model.reference)

    monkeypatch.setattr(town.app.calls.door, "prepare", prepare)

    await town.app.calls.chat(request(name="route/o"), CallOptions())
    assert prepared == []
    await town.app.calls.chat(request(name="route/r"), CallOptions())
    assert prepared == [*MODELS]


# ---- what is configured


@pytest.mark.parametrize(
    ("name", "route", "said"),
    [
        ("fast", Route(models=()), "`routes.fast.models` is empty; name the models that may answer"),
        ("my own", Route(models=()), '`routes."my own".models` is empty'),
        ("r", Route(models=("",)), "`routes.r.models` has an empty name"),
        ("r", Route(models=("route/other",)), "`routes.r.models` has 'route/other', which is a route; name models"),
        ("r", Route(models=("fast", "a/b")), "`routes.r.models` has 'fast', which is a route"),
        ("r", Route(models=("a/b", "a/b")), "`routes.r.models` has 'a/b' 2 times"),
        (
            "r",
            Route(models=(Destination(model="a/b", weight=0),), choose="weight"),
            "all weights in `routes.r.models` are 0",
        ),
        (
            "r",
            Route(models=(Destination(model="a/b", weight=float("inf")),)),
            "the weight of 'a/b' in `routes.r.models`",
        ),
        ("r", Route(models=("a/b",), hedge_after=1.0), "`routes.r.hedge_after` asks a second model as well"),
        ("r", Route(models=("a/b",), rest=float("inf")), "`routes.r.rest` is inf"),
    ],
)
def test_a_route_that_cannot_work_is_refused_with_its_key(name: str, route: Route, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_routes({name: route}, {"fast": "route/x"})

    assert caught.value.message.startswith("genmux.toml: ")
    assert said in caught.value.message


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_routes({"a": Route(models=()), "b": Route(models=())})

    assert "routes.a" in caught.value.message
    assert "routes.b" in caught.value.message


def test_a_good_route_has_no_fault() -> None:
    check_routes({"r": Route(models=("a/b", Destination(model="a/c", weight=0)), choose="weight", hedge_after=1)})


def test_a_route_reads_as_it_is_written_in_toml() -> None:
    route = msgspec.toml.decode(
        b'models = ["a/b", {model = "a/c", weight = 3}]\nchoose = "weight"\nattempts = 4\nhedge_after = 1.5', type=Route
    )

    assert [(one.model, one.weight) for one in route.destinations] == [("a/b", 1.0), ("a/c", 3.0)]
    for wrong in (
        b'models = ["a/b"]\nattempts = 0',
        b'models = ["a/b"]\nchoose = "best"',
        b'models = ["a/b"]\nspeed = 1',
    ):
        with pytest.raises(msgspec.ValidationError):
            msgspec.toml.decode(wrong, type=Route)


# ---- what is documented

PAGE = (Path(__file__).resolve().parents[4] / "docs" / "how-to" / "route-requests.md").read_text("utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: re.findall(r"\[routes\.(\w+)\]", block)[0])
def test_every_route_that_is_shown_to_users_works(block: str, tmp_path: Path) -> None:
    file = tmp_path / "genmux.toml"
    file.write_text(block, "utf-8")
    house = App(config=file, environ={"HOME": str(tmp_path)})

    (name,) = house.settings.routes
    members = house.calls.journeys.routes.members(f"route/{name}", "chat")

    assert len(members) == len(house.settings.routes[name].models)
    assert all(model.listed for model in members)


def test_each_order_is_shown_to_users() -> None:
    assert {order for order in get_args(Order) if f'choose = "{order}"' in PAGE} | {"order"} == {*get_args(Order)}
