"""An estimate is a range that holds: no answer within the request's limits costs more than `high`."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.contract.manifest import Limits
from genmux.services.estimates import Estimator
from genmux.services.prices import bill
from genmux.services.tokens import TokenCounter
from genmux.types.content import Audio, Image, Opaque
from genmux.types.embed import EmbedRequest
from genmux.types.money import Estimate, Price, micros
from tests.unit.services.estimates.prices import Prices
from tests.unit.services.shop import asked, model, price

INPUT, OUTPUT = price("tokens.input", "3"), price("tokens.output", "15")
COUNTER = TokenCounter()


def estimator(*rows: Price) -> Estimator:
    return Estimator(Prices(*rows), COUNTER, bill)


def chat(*rows: Price, limits: Limits | None = None, said: Any = "hello", **fields: Any) -> Estimate:
    return estimator(*rows).chat(asked(said, **fields), model(limits=limits))


def test_high_takes_all_that_the_request_allows_and_low_a_likely_prompt() -> None:
    estimate = chat(INPUT, OUTPUT, max_tokens=100)
    bound = COUNTER.bound(asked("hello"), model())

    assert bound is not None
    assert estimate.high == (bound * 3 + 100 * 15) / Decimal(1_000_000)
    assert estimate.low is not None
    assert 0 < estimate.low < estimate.high
    assert [(line.meter, line.quantity) for line in estimate.lines] == [("tokens.input", bound), ("tokens.output", 100)]
    assert (estimate.confidence, estimate.unknown, estimate.priced_as) == ("medium", (), "acme/one")


def test_every_answer_is_counted_when_several_are_asked_for() -> None:
    one, three = chat(INPUT, OUTPUT, max_tokens=100), chat(INPUT, OUTPUT, max_tokens=100, n=3)

    assert three.lines[1].quantity == 3 * one.lines[1].quantity


def test_without_a_limit_that_of_the_model_counts() -> None:
    assert chat(INPUT, OUTPUT, limits=Limits(max_output_tokens=50)).lines[1].quantity == 50


def test_without_any_limit_the_most_is_unknown() -> None:
    estimate = chat(INPUT, OUTPUT)

    assert (estimate.high, estimate.lines) == (None, ())
    assert estimate.low is not None
    assert estimate.low > 0
    assert estimate.unknown == ("the number of output tokens: set `max_tokens`",)


def test_an_unknown_price_is_unknown_and_never_zero() -> None:
    for estimate in (chat(max_tokens=5), estimator().embed(EmbedRequest(model="m", inputs=("a",)), model())):
        assert (estimate.low, estimate.high) == (None, None)
        assert estimate.unknown == ("the price of acme/one",)


def test_what_is_free_is_free_for_certain() -> None:
    estimate = chat(price("tokens.input", "0"), price("tokens.output", "0"))

    assert (estimate.low, estimate.high, estimate.confidence) == (0, 0, "exact")


def test_the_tier_that_is_asked_for_is_priced() -> None:
    prices = Prices(INPUT, OUTPUT)
    Estimator(prices, COUNTER, bill).chat(asked(service_tier="flex", max_tokens=1), model())

    assert prices.asked_for == ["flex"]


def test_input_is_taken_at_its_dearest_rate() -> None:
    write = price("tokens.input.cache_write", "6")
    estimate = chat(INPUT, OUTPUT, price("tokens.input.cached", "0.3"), write, max_tokens=1)

    assert estimate.lines[0].amount == estimate.lines[0].quantity * Decimal(6) / 1_000_000


def test_a_dearer_step_counts_only_where_the_request_can_reach_it() -> None:
    steep = price("tokens.input", "30", when={"input_tokens_gt": 5_000})

    assert chat(INPUT, steep, OUTPUT, max_tokens=1).lines[0].amount < Decimal("0.01")
    assert chat(INPUT, steep, OUTPUT, max_tokens=1, said="x" * 5_000).lines[0].amount > Decimal("0.15")


def test_a_fee_for_each_call_is_in_it() -> None:
    assert chat(INPUT, OUTPUT, price("calls", "5", per=1_000), max_tokens=1).lines[2].amount == Decimal("0.005")


def test_other_currencies_stay_what_they_are() -> None:
    assert chat(price("tokens.input", "1", currency="CNY"), max_tokens=1).currency == "CNY"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"tools": (Opaque("d", "web_search", {}),)}, "what the provider's own tools will cost"),
        (
            {"extra": {"web_search_options": {}, "n": 2, "mood": 1}},
            "what `n`, `web_search_options` in `extra` will cost",
        ),
        ({"said": Audio(url="u")}, "how many input tokens there will be"),
    ],
)
def test_what_cannot_be_foreseen_makes_the_most_unknown(fields: dict[str, Any], said: str) -> None:
    estimate = chat(INPUT, OUTPUT, max_tokens=5, **fields)

    assert estimate.high is None
    assert any(said in one for one in estimate.unknown)
    assert chat(price("tokens.input", "0"), max_tokens=5, **fields).high == 0


def test_what_is_extra_and_harmless_changes_nothing() -> None:
    assert chat(INPUT, OUTPUT, max_tokens=5, extra={"mood": 1}).high is not None


def test_a_kind_of_token_without_a_price_makes_the_most_unknown() -> None:
    estimate = chat(INPUT, max_tokens=5)

    assert estimate.high is None
    assert estimate.unknown == ("the price of tokens.output, which has prices for tokens.input",)
    assert estimator(INPUT).most(asked("hello", max_tokens=5), model()) is None


@pytest.mark.parametrize(
    ("rows", "fields"),
    [
        ((INPUT, OUTPUT), {"max_tokens": 100}),
        ((INPUT, OUTPUT), {"max_tokens": 100, "n": 3}),
        ((INPUT, OUTPUT, price("calls", "5", per=1_000)), {"max_tokens": 7}),
        ((INPUT, OUTPUT, price("tokens.input.cache_write", "6")), {"max_tokens": 7}),
        ((INPUT, OUTPUT, price("tokens.input", "30", when={"input_tokens_gt": 500})), {"max_tokens": 7}),
        ((INPUT, OUTPUT), {"max_tokens": 7, "said": Image(url="u")}),
        ((price("tokens.input", "0"),), {"max_tokens": 7, "said": Audio(url="u")}),
    ],
)
def test_the_quick_bound_is_the_most_in_micro_units(rows: tuple[Price, ...], fields: dict[str, Any]) -> None:
    request = asked(fields.pop("said", "hällo"), **fields)
    high = estimator(*rows).chat(request, model()).high

    assert high is not None
    assert estimator(*rows).most(request, model()) in (micros(high), micros(high) + 1)


@pytest.mark.parametrize(
    "fields",
    [{}, {"max_tokens": 5, "tools": (Opaque("d", "search", {}),)}, {"max_tokens": 5, "extra": {"n": 2}}],
)
def test_there_is_no_quick_bound_where_the_most_is_unknown(fields: dict[str, Any]) -> None:
    assert estimator(INPUT, OUTPUT).most(asked("hello", **fields), model()) is None
    assert estimator(INPUT, OUTPUT).explain(asked("hello", **fields), model())
    assert estimator().most(asked("hello", max_tokens=5), model()) is None
    assert estimator(price("tokens.input", "0")).most(asked("hello", **fields), model()) == 0


def test_there_is_no_quick_bound_in_dollars_for_what_is_priced_in_euros() -> None:
    rows = (price("tokens.input", "0.9", currency="EUR"), price("tokens.output", "0.9", currency="EUR"))
    request = asked("hello", max_tokens=5)

    assert estimator(*rows).most(request, model()) is None
    assert estimator(*rows).explain(request, model()) == ("the price of acme/one in US dollars, as it is in EUR",)
    free = (price("tokens.input", "0", currency="EUR"), price("tokens.output", "0", currency="EUR"))
    assert estimator(*free).most(request, model()) == 0


def test_embeddings_have_a_quick_bound_too() -> None:
    request = EmbedRequest(model="m", inputs=("hello", (1, 2, 3)))
    high = estimator(INPUT).embed(request, model()).high

    assert high is not None
    assert estimator(INPUT).most(request, model()) == micros(high)
    assert estimator(INPUT).explain(request, model()) == ()
    assert estimator().most(request, model()) is None


def test_embeddings_are_estimated_by_their_input() -> None:
    request = EmbedRequest(model="m", inputs=("hello", (1, 2, 3)))
    estimate = estimator(INPUT).embed(request, model())
    ready = estimator(INPUT).embed(EmbedRequest(model="m", inputs=((1, 2, 3),)), model())

    assert estimate.lines[0].quantity == 3 + COUNTER.bound_text("hello", model())
    assert estimate.confidence == "medium"
    assert (ready.lines[0].quantity, ready.confidence) == (3, "high")


AMOUNTS = st.decimals(0, 100, places=4)
METERS = (
    "tokens.input", "tokens.input.cached", "tokens.input.cache_write", "tokens.input.audio", "tokens.input.cached.audio",
    "tokens.output", "tokens.output.reasoning", "tokens.output.audio",
)  # fmt: skip


@st.composite
def rows(draw: st.DrawFn) -> tuple[Price, ...]:
    """The price list of one model: input and output, and some of what they contain, with and without a dearer step."""
    chosen = {"tokens.input", "tokens.output", *draw(st.sets(st.sampled_from(METERS)))}
    made: list[Price] = []
    for meter in sorted(chosen):
        made.append(price(meter, str(draw(AMOUNTS))))
        if draw(st.booleans()):
            made.append(price(meter, str(draw(AMOUNTS)), when={"input_tokens_gt": draw(st.integers(0, 3_000))}))
    return tuple(made)


@given(rows(), st.text(max_size=200), st.integers(1, 500), st.integers(1, 3), st.data())
def test_no_usage_within_the_limits_costs_more_than_high(
    prices: tuple[Price, ...], said: str, most: int, answers: int, data: st.DataObject
) -> None:
    request = asked(said, Image(url="u"), max_tokens=most, n=answers)
    estimate = estimator(*prices).chat(request, model())
    bound = COUNTER.bound(request, model())
    assert bound is not None
    used = {
        "tokens.input": data.draw(st.integers(0, bound)),
        "tokens.output": data.draw(st.integers(0, most * answers)),
    }
    for meter in METERS:  # what is inside is at most what is left of what contains it
        root = ".".join(meter.split(".")[:2])
        if meter not in (root, "tokens.input.cached.audio"):
            taken = sum(quantity for other, quantity in used.items() if other != root and other.startswith(root))
            used[meter] = data.draw(st.integers(0, used[root] - taken))

    assert estimate.high is not None
    assert estimate.low is not None
    assert estimate.low <= estimate.high
    assert estimate.high == sum(line.amount for line in estimate.lines)
    actual = sum(line.amount for line in bill(prices, used))
    assert actual <= estimate.high
    quick = estimator(*prices).most(request, model())
    assert quick is not None
    assert micros(estimate.high) <= quick <= micros(estimate.high) + 1
