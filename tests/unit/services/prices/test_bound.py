"""The bound of a tariff: quick, in whole micro-units, and never less than what is billed."""

import datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from genmux.services.prices.bill import Tariff
from genmux.types.money import Price, micros
from tests.unit.services.shop import price

INPUT, CACHED, WRITE, OUTPUT = (
    price("tokens.input", "3"),
    price("tokens.input.cached", "0.3"),
    price("tokens.input.cache_write", "3.75"),
    price("tokens.output", "15"),
)


def highest(*rows: Price, context: dict[str, Any] | None = None, **used: float) -> int | None:
    """The bound; `__` stands for a dot."""
    return Tariff(rows).highest({name.replace("__", "."): quantity for name, quantity in used.items()}, context=context)


def test_every_quantity_counts_at_its_dearest_rate() -> None:
    assert highest(INPUT, CACHED, WRITE, OUTPUT, tokens__input=1_000, tokens__output=100) == 3_750 + 1_500
    assert highest(INPUT, tokens__input=1) == 3
    assert highest(price("tokens.input", "0.1"), tokens__input=1) == 1
    assert highest(INPUT, tokens__input=0) == 0


def test_what_has_no_price_or_a_price_in_credits_has_no_bound() -> None:
    assert highest(INPUT, images__output=1) is None
    assert highest(INPUT, price("calls", "1", credit_type="web"), tokens__input=1) is None
    assert highest(price("images.output", "1", credit_type="web"), images__output=1) is None


def test_a_dearer_step_counts_only_when_it_can_be_passed() -> None:
    rows = (INPUT, OUTPUT, *(price(row.meter, "20", when={"input_tokens_gt": 200}) for row in (INPUT, OUTPUT)))

    assert highest(*rows, tokens__input=200, tokens__output=100) == 600 + 1_500
    assert highest(*rows, tokens__input=201, tokens__output=100) == 4_020 + 2_000
    assert highest(*rows, tokens__output=100) == 2_000


def test_the_fee_for_the_call_is_in_it() -> None:
    assert highest(INPUT, price("calls", "5", per=1_000), tokens__input=1) == 5_003
    assert highest(INPUT, price("calls", "5", per=1_000), tokens__input=1, calls=2) == 10_003


def test_what_is_told_excludes_rows_and_what_is_not_told_may_be_either() -> None:
    rows = (
        price("images.output", "0.04", per=1),
        price("images.output", "0.01", per=1, when={"quality": "low"}),
        price("images.output", "0.16", per=1, when={"quality": "high"}),
    )

    assert highest(*rows, images__output=2) == 320_000
    assert highest(*rows, images__output=2, context={"quality": "low"}) == 20_000
    assert highest(*rows, images__output=2, context={"quality": "medium"}) == 80_000
    assert highest(*rows, images__output=2, context={"size": "1x1"}) == 320_000


def test_a_quantity_without_a_row_of_its_own_is_bounded_by_what_contains_it() -> None:
    assert highest(INPUT, tokens__input__cached=10) == 30
    assert highest(price("tokens.input.cached", "9", when={"region": "us"}), INPUT, tokens__input__cached=10) == 90


def test_rounding_up_and_the_least_are_in_it() -> None:
    assert highest(price("pixels.output", "0.05", round_to=1_000_000), pixels__output=1_048_576) == 100_000
    assert highest(price("seconds.input.audio", "0.04", per=3_600, minimum=10), seconds__input__audio=2.5) == 112


def test_another_currency_has_no_bound_in_dollars_unless_it_is_free() -> None:
    assert highest(price("tokens.input", "0.9", currency="EUR"), tokens__input=1_000) is None
    assert highest(price("tokens.input", "0", currency="EUR"), tokens__input=1_000) == 0


def test_rows_of_other_times_are_in_it_too() -> None:
    night, day = (
        price("tokens.input", amount, when={"hours": hours})
        for amount, hours in (("1", "00:00-06:00"), ("5", "06:00-09:00"))
    )
    at = datetime.datetime(2026, 11, 27, 5, 59, tzinfo=datetime.UTC)
    tariff = Tariff((INPUT, night, day), at=at)

    assert tariff.highest({"tokens.input": 1_000}) == 5_000
    assert [line.amount for line in tariff.lines({"tokens.input": 1_000_000})] == [1]


def test_ever_new_meters_do_not_pile_up() -> None:
    tariff = Tariff((INPUT,))

    for number in range(1_000):
        assert tariff.highest({f"tokens.input.odd{number}": 1}) == 3

    assert len(tariff._bound._known) < 1_000  # noqa: SLF001


METERS = ("tokens.input", "tokens.input.cached", "tokens.input.audio", "tokens.input.cached.audio", "tokens.output")
amounts = st.decimals(0, 100, places=3)
rows_of = st.lists(
    st.builds(
        Price,
        meter=st.sampled_from(METERS),
        amount=amounts,
        per=st.sampled_from((1, 1_000, 1_000_000, 3_600)),
        when=st.sampled_from(({}, {"input_tokens_gt": 50}, {"region": "us"}, {"region": "eu"}, {"quality": "low"})),
        round_to=st.sampled_from((None, None, 7)),
        minimum=st.sampled_from((None, None, 20)),
        free=st.sampled_from((None, None, 3)),
    ),
    max_size=8,
)


@given(
    rows_of,
    st.lists(st.integers(0, 60), min_size=5, max_size=5),
    st.sampled_from(({}, {"region": "us"}, {"region": "us", "quality": "low"})),
    st.booleans(),
)
def test_nothing_within_the_quantities_is_billed_above_the_bound(
    rows: list[Price], counts: list[int], context: dict[str, str], told: bool
) -> None:
    plain, cached, audio, both, output = counts
    used = {
        "tokens.input": plain + cached + audio + both,
        "tokens.input.cached": cached + both,
        "tokens.input.audio": audio + both,
        "tokens.input.cached.audio": both,
        "tokens.output": output,
    }
    tariff = Tariff(
        [Price(meter="tokens.input", amount=Decimal(1)), Price(meter="tokens.output", amount=Decimal(1)), *rows]
    )
    billed = tariff.whole_bill(used, context=context)
    bound = tariff.highest(
        {"tokens.input": used["tokens.input"], "tokens.output": output}, context=context if told else None
    )
    most = sum(line.quantity for line in billed or () if line.meter.startswith("tokens.input"))

    assert bound is not None
    if billed is not None:
        overlap = max(
            0, most - used["tokens.input"]
        )  # what belongs to two meters may be billed with either, see `bill`
        spare = overlap * max((row.amount / row.per for row in rows), default=Decimal(0))
        assert micros(sum((line.amount for line in billed), Decimal(0))) <= bound + micros(spare)
