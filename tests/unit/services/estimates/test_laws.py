"""Laws of estimates: what is within the limits never costs more, lines add up, and forms come to the same."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.contract.operations import OPERATIONS
from genmux.services.estimates import Estimator, Expression, evaluate
from genmux.services.estimates.expression import Between, Case, First, Least, Number, Pick, Value, number, plus, times
from genmux.services.estimates.measures import measured
from genmux.services.prices import bill
from genmux.services.prices.bill import Tariff
from genmux.services.tokens import TokenCounter
from genmux.types.errors import InvalidRequestError
from genmux.types.generation import GenerationRequest, Input
from genmux.types.money import Condition, Price
from tests.unit.services.estimates.prices import Prices
from tests.unit.services.shop import asked, model, price

AMOUNTS = st.decimals(0, 10, places=3)
RESOLUTIONS = ("480p", "720p", "1080p")
SECONDS = "seconds.output.video"


def _thousandths(count: int) -> float:
    """Seconds that binary fractions cannot tell exactly."""
    return count / 1_000


@st.composite
def rows_of(draw: st.DrawFn, meter: str) -> tuple[Price, ...]:
    """The rows of one meter: a plain one, and dearer or cheaper ones for some resolutions, for sound, and for long ones."""
    whens: list[dict[str, Condition]] = [{}]
    whens += [{"resolution": one} for one in draw(st.sets(st.sampled_from(RESOLUTIONS)))]
    if draw(st.booleans()):
        whens += [{**when, "audio": True} for when in whens]
    if draw(st.booleans()):
        whens += [{**when, "seconds_gt": 8} for when in whens]
    extras: dict[str, Any] = {
        "round_to": draw(st.sampled_from((None, 1, 5, 0.1))),
        "minimum": draw(st.sampled_from((None, 3, 10))),
        "free": draw(st.sampled_from((None, 1, 2.5))),
    }
    return tuple(
        Price(meter=meter, amount=draw(AMOUNTS), per=draw(st.sampled_from((1, 60))), when=when, **extras)
        for when in whens
    )


@st.composite
def videos(draw: st.DrawFn) -> dict[str, Any]:
    """What may be said of a video that is to be made; only its length is always said."""
    said: dict[str, Any] = {"duration": draw(st.one_of(st.integers(0, 30), st.integers(0, 30_000).map(_thousandths)))}
    if draw(st.booleans()):
        said["resolution"] = draw(st.sampled_from(RESOLUTIONS))
    if draw(st.booleans()):
        said["audio"] = draw(st.booleans())
    if draw(st.booleans()):
        said["n"] = draw(st.integers(1, 4))
    return said


def estimator(*rows: Price) -> Estimator:
    return Estimator(Prices(*rows), TokenCounter(), bill)


def video(params: dict[str, Any]) -> GenerationRequest:
    images = (Input(kind="image", width=100, height=100),)
    return GenerationRequest(operation="image_to_video", model="m", prompt="a cat", inputs=images, params=params)


ROWS = st.tuples(rows_of(SECONDS), st.one_of(st.just(()), rows_of("images.input"))).map(
    lambda both: (*both[0], *both[1])
)


@given(ROWS, videos(), st.data())
def test_no_usage_within_what_was_asked_costs_more_than_high(
    rows: tuple[Price, ...], said: dict[str, Any], data: st.DataObject
) -> None:
    estimate = estimator(*rows).generation(video(said), model())
    most = round(said["duration"] * said.get("n", 1), 3)
    used: dict[str, int | float] = {
        SECONDS: data.draw(st.one_of(st.just(most), st.integers(0, int(most * 1_000)).map(_thousandths)))
    }
    if any(row.meter == "images.input" for row in rows):
        used["images.input"] = 1
    context: dict[str, Condition] = {name: said[name] for name in ("resolution", "audio") if name in said}
    for name, values in (("resolution", st.sampled_from(RESOLUTIONS)), ("audio", st.booleans())):
        if name not in context and data.draw(st.booleans()):
            context[name] = data.draw(values)
    billed = Tariff(rows).whole_bill(used, context=context)

    assert estimate.high is not None
    assert billed is not None
    assert sum(line.amount for line in billed) <= estimate.high


@given(ROWS, videos())
def test_lines_sum_to_high_and_low_is_not_above_it(rows: tuple[Price, ...], said: dict[str, Any]) -> None:
    estimate = estimator(*rows).generation(video(said), model())

    assert estimate.low is not None
    assert estimate.high is not None
    assert 0 <= estimate.low <= estimate.high
    assert sum((line.amount for line in estimate.lines), Decimal(0)) == estimate.high


@given(AMOUNTS, AMOUNTS, st.sampled_from((None, 1, 5)), videos(), st.integers(0, 10))
def test_more_never_costs_less(
    amount: Decimal, dearer: Decimal, step: int | None, said: dict[str, Any], more: int
) -> None:
    rows = (
        Price(meter=SECONDS, amount=amount, round_to=step, minimum=2),
        Price(meter=SECONDS, amount=amount + dearer, round_to=step, minimum=2, when={"seconds_gt": 8}),
    )
    less = estimator(*rows).generation(video(said), model())
    longer = estimator(*rows).generation(video({**said, "duration": said["duration"] + more}), model())

    assert less.high is not None
    assert longer.high is not None
    assert less.high <= longer.high


@given(ROWS, videos())
def test_a_form_that_evaluates_the_expression_comes_to_high(rows: tuple[Price, ...], said: dict[str, Any]) -> None:
    request = video(said)
    estimate = estimator(*rows).generation(request, model())
    expression = estimator(*rows).expression(model(), "image_to_video")
    carried = msgspec.convert(json.loads(msgspec.json.encode(expression)), Expression, strict=False)

    assert carried == expression
    found = evaluate(carried, {"prompt": "a cat", "input_images": 1, "input_pixels": 10_000, **said})
    assert (found.high, found.lines) == (estimate.high, estimate.lines)
    assert evaluate(carried, measured(request, model())) == found


@given(st.text(max_size=50), st.integers(1, 500), st.integers(1, 3), st.decimals(0, 100, places=3))
def test_a_form_comes_to_the_high_of_a_chat_too(said: str, most: int, answers: int, amount: Decimal) -> None:
    rows = (
        price("tokens.input", str(amount)),
        price("tokens.input", str(amount * 2), when={"input_tokens_gt": 1_050}),
        price("tokens.input.cache_write", str(amount + 1)),
        price("tokens.output", "15"),
        price("calls", "5", per=1_000),
    )
    request = asked(said, max_tokens=most, n=answers)
    bound = TokenCounter().bound(request, model())
    found = evaluate(
        estimator(*rows).expression(model(), "chat"), {"input_tokens": bound, "max_tokens": most, "n": answers}
    )

    assert found.high == estimator(*rows).chat(request, model()).high


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_expression_names_all_parameters_that_matter(operation: str) -> None:
    rows = (
        Price(meter="calls", amount=Decimal(1)),
        Price(meter="tokens.input", amount=Decimal(1), when={"region": "eu"}),
    )
    expression = estimator(*rows).expression(model(), operation)
    if operation not in ("upscale", "video_to_video"):
        assert "calls" in {item.meter for item in expression.items}
    for item in expression.items:
        for one in item.rows:
            assert one.when.keys() <= expression.params.keys()


@pytest.mark.parametrize(
    ("tree", "low", "high"),
    [
        (number(3), 3, 3),
        (Value("n"), 1, 1),
        (Value("duration"), 0, None),
        (plus(2, "duration"), 2, None),
        (times(0, "duration"), 0, 0),
        (times("duration", 0), 0, 0),
        (Least((Value("duration"), number(7))), 0, 7),
        (Least((Value("duration"), Value("fps"))), 0, None),
        (First((Value("duration"), number(4))), 4, 4),
        (First((Value("duration"), Value("fps"))), 0, None),
        (Between(number(9), number(4)), 4, 4),
        (Between(number(2), Value("duration")), 2, None),
        (Pick((Case(Decimal(1), {"quality": "low"}), Case(Decimal(5), {"quality": "high"}))), 1, 5),
        (Pick((Case(Decimal(1), {"service_tier": "batch"}), Case(Decimal(5)))), 5, 5),
        (Pick((Case(Decimal(1), {"region": "eu"}), Case(Decimal(5)))), 1, 5),
        (Number(Decimal("0.5")), Decimal("0.5"), Decimal("0.5")),
    ],
)
def test_trees_have_two_ends(tree: Any, low: Decimal | int, high: Decimal | int | None) -> None:
    expression = estimator(Price(meter="images.output", amount=Decimal(1))).expression(model(), "text_to_image")
    item = msgspec.structs.replace(expression.items[0], quantity=tree)
    found = evaluate(msgspec.structs.replace(expression, items=(item,)), {})

    assert (found.low, found.high) == (low, high)
    assert bool(found.unknown) == (high is None)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"n": float("nan")}, "`n` is nan; it must be of type integer"),
        ({"seconds": float("nan")}, "`duration` is nan; the range is 0 to 86400"),
        ({"duration": "long"}, "`duration` is 'long'; it must be of type number"),
        ({"audio_seconds": -1}, "`audio_seconds` is -1; the range is"),
    ],
)
def test_a_form_cannot_give_nonsense(params: dict[str, Any], said: str) -> None:
    expression = estimator(Price(meter=SECONDS, amount=Decimal(1))).expression(model(), "text_to_video")

    with pytest.raises(InvalidRequestError) as caught:
        evaluate(expression, params)
    assert said in caught.value.message


def test_a_form_may_say_more_than_prices_ask_for_and_what_is_there_but_unknown() -> None:
    rows = (Price(meter=SECONDS, amount=Decimal(1)), Price(meter="images.input", amount=Decimal(1)))
    expression = estimator(*rows).expression(model(), "text_to_video")

    assert evaluate(expression, {"seconds": 2, "mood": "dark"}).high == 2
    assert evaluate(expression, {"seconds": 2, "input_images": 3}).high == 5
    assert evaluate(expression, {"seconds": 2, "input_images": None}).high is None
