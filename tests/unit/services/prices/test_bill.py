"""Every quantity is billed once, at the price of the narrowest meter that has one."""

import datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from genmux.services.prices import bill
from genmux.services.prices.bill import Tariff
from genmux.types.money import Line, Price
from tests.unit.services.shop import price

INPUT, CACHED, OUTPUT = (
    price("tokens.input", "3"),
    price("tokens.input.cached", "0.3"),
    price("tokens.output", "15"),
)


def amounts(*rows: Price, **used: float) -> dict[str, str]:
    """What is billed for which meter: so many at so much for a million."""
    meters = {name.replace("__", "."): quantity for name, quantity in used.items()}
    prices = {line.meter: line.amount / Decimal(str(line.quantity)) * 1_000_000 for line in bill(rows, meters)}
    return {line.meter: f"{line.quantity}@{prices[line.meter].normalize():f}" for line in bill(rows, meters)}


def test_a_line_says_what_how_much_and_for_how_much() -> None:
    assert bill((INPUT, OUTPUT), {"tokens.input": 1_000, "tokens.output": 100}) == (
        Line(meter="tokens.input", quantity=1_000, amount=Decimal("0.003")),
        Line(meter="tokens.output", quantity=100, amount=Decimal("0.0015")),
    )


def test_what_is_priced_by_itself_is_taken_off_what_contains_it() -> None:
    billed = amounts(INPUT, CACHED, OUTPUT, tokens__input=100, tokens__input__cached=40)

    assert billed == {"tokens.input": "60@3", "tokens.input.cached": "40@0.3"}


def test_what_has_no_price_of_its_own_costs_what_contains_it() -> None:
    assert amounts(INPUT, tokens__input=100, tokens__input__cached=40) == {"tokens.input": "100@3"}
    assert amounts(OUTPUT, tokens__output=9, tokens__output__reasoning=5) == {"tokens.output": "9@15"}


def test_grandchildren_are_taken_off_once() -> None:
    rows = (INPUT, price("tokens.input.cache_write", "4"), price("tokens.input.cache_write.1h", "6"))
    used = {"tokens.input": 100, "tokens.input.cache_write": 50, "tokens.input.cache_write.1h": 20}

    assert {line.meter: line.quantity for line in bill(rows, used)} == {
        "tokens.input": 50,
        "tokens.input.cache_write": 30,
        "tokens.input.cache_write.1h": 20,
    }


def test_what_belongs_to_two_meters_is_billed_once() -> None:
    rows = (INPUT, CACHED, price("tokens.input.audio", "10"), price("tokens.input.cached.audio", "1"))
    used = {"tokens.input": 100, "tokens.input.cached": 50, "tokens.input.audio": 40, "tokens.input.cached.audio": 30}

    assert {line.meter: line.quantity for line in bill(rows, used)} == {
        "tokens.input": 40,
        "tokens.input.cached": 20,
        "tokens.input.audio": 10,
        "tokens.input.cached.audio": 30,
    }


def test_more_cached_than_there_was_input_is_never_billed_below_zero() -> None:
    assert amounts(INPUT, CACHED, tokens__input=10, tokens__input__cached=40) == {"tokens.input.cached": "40@0.3"}


def test_a_step_holds_for_all_tokens_once_it_is_passed() -> None:
    steps = (
        INPUT,
        price("tokens.input", "6", when={"input_tokens_gt": 200}),
        price("tokens.input", "9", when={"input_tokens_gt": 500}),
    )
    output = (OUTPUT, price("tokens.output", "20", when={"input_tokens_gt": 200}))

    assert amounts(*steps, *output, tokens__input=200, tokens__output=1) == {
        "tokens.input": "200@3",
        "tokens.output": "1@15",
    }
    assert amounts(*steps, *output, tokens__input=201, tokens__output=1) == {
        "tokens.input": "201@6",
        "tokens.output": "1@20",
    }
    assert amounts(*reversed(steps), tokens__input=501) == {"tokens.input": "501@9"}


def test_a_row_under_an_unknown_condition_does_not_hold() -> None:
    assert amounts(INPUT, price("tokens.input", "1", when={"moon": "full"}), tokens__input=1) == {"tokens.input": "1@3"}


def test_a_fee_for_the_call_is_due_once_whatever_else_is_counted() -> None:
    rows = (price("calls", "5", per=1_000), price("calls.web_search", "10", per=1_000))

    assert bill(rows, {"tokens.input": 5, "calls.web_search": 3}) == (
        Line(meter="calls", quantity=1, amount=Decimal("0.005")),
        Line(meter="calls.web_search", quantity=3, amount=Decimal("0.03")),
    )


def test_fractions_are_billed_to_the_last_digit() -> None:
    assert bill((price("seconds.input.audio", "3.6", per=3_600),), {"seconds.input.audio": 0.1})[0].amount == Decimal(
        "0.0001"
    )


def test_a_tariff_knows_whether_everything_has_a_price() -> None:
    tariff = Tariff((INPUT, OUTPUT))

    assert tariff.covers({"tokens.input": 1, "tokens.input.cached": 1, "tokens.output.reasoning": 1})
    assert tariff.covers({"calls.web_search": 0})
    assert not tariff.covers({"tokens.input": 1, "calls.web_search": 1})


def test_ever_new_meters_do_not_pile_up() -> None:
    tariff = Tariff((INPUT,))

    for number in range(1_000):
        assert len(tariff.lines({"tokens.input": 1, f"odd.{number}": 1})) == 1

    assert len(tariff._plans) < 1_000  # noqa: SLF001


WORDS = ("cached", "audio", "image")
NESTED = {
    frozenset(words): ".".join(("tokens", "input", *words))
    for words in [(), *((word,) for word in WORDS), ("cached", "audio")]
}


@given(
    st.lists(st.integers(0, 1_000), min_size=len(NESTED), max_size=len(NESTED)),
    st.sets(st.sampled_from(sorted(NESTED.values()))),
)
def test_every_token_is_billed_exactly_once(leaves: list[int], priced: set[str]) -> None:
    own = dict(zip(NESTED, leaves, strict=True))
    used = {name: sum(count for other, count in own.items() if words <= other) for words, name in NESTED.items()}
    rows = [price(name, "1") for name in sorted({"tokens.input", *priced, *NESTED.values()})]

    assert sum(line.quantity for line in bill(rows, used)) == used["tokens.input"]
    partly = [price(name, "1") for name in sorted({"tokens.input", *priced} - {"tokens.input.cached.audio"})]
    overlap = own[frozenset(("cached", "audio"))]
    assert used["tokens.input"] <= sum(line.quantity for line in bill(partly, used)) <= used["tokens.input"] + overlap


def video(amount: str, **when: str | bool | int) -> Price:
    """A price for a second of video."""
    return price("seconds.output.video", amount, per=1, when=when)


def test_the_most_specific_row_whose_conditions_hold_counts() -> None:
    rows = (
        video("1"),
        video("2", resolution="1080p"),
        video("3", audio=True),
        video("4", resolution="1080p", audio=True),
    )
    used = {"seconds.output.video": 8}

    for context, amount in (
        ({}, 8),
        ({"resolution": "720p"}, 8),
        ({"resolution": "1080P"}, 16),
        ({"audio": True}, 24),
        ({"audio": True, "resolution": "1080p", "shoes": "red"}, 32),
    ):
        assert [line.amount for line in bill(rows, used, context=context)] == [amount]


def test_a_row_of_which_it_is_not_told_whether_it_holds_leaves_the_bill_open() -> None:
    tariff = Tariff((video("2", resolution="1080p"), video("1", resolution="720p")))
    used = {"seconds.output.video": 8}

    assert tariff.whole_bill(used) is None
    assert tariff.unpriced(used) == ("seconds.output.video (resolution not told or not priced)",)
    assert not tariff.covers(used, context={"resolution": "4k"})
    assert tariff.covers(used, context={"resolution": "720p"})


def test_a_threshold_that_is_not_passed_leaves_the_bill_open_where_there_is_no_other_row() -> None:
    tariff = Tariff((price("tokens.input", "1", when={"input_tokens_gt": 10}),))

    assert tariff.whole_bill({"tokens.input": 10}) is None
    assert tariff.whole_bill({"tokens.input": 11}) is not None


def test_fewer_steps_are_in_the_price_of_more() -> None:
    rows = (price("images.output", "1", per=1, when={"steps": 30}),)

    assert bill(rows, {"images.output": 1}, context={"steps": 20})[0].amount == 1
    assert bill(rows, {"images.output": 1}, context={"steps": 31}) == ()


def test_seconds_are_compared_with_the_meter_of_the_row_and_results_are_not_billed() -> None:
    rows = (
        video("1"),
        video("2", seconds_gt=8),
        price("calls.search", "5"),
        price("calls.search", "9", when={"results_gt": 25}),
    )

    assert bill(rows, {"seconds.output.video": 8})[0].amount == 8
    assert bill(rows, {"seconds.output.video": 9})[0].amount == 18
    found = Tariff(rows).whole_bill({"calls.search": 1_000_000, "results": 26})
    assert found is not None
    assert [line.amount for line in found] == [9]


def test_what_is_free_comes_off_then_it_is_rounded_up_and_then_the_least_is_billed() -> None:
    row = price("images.input", "1", per=1, free=2, round_to=5, minimum=7)

    assert [bill((row,), {"images.input": count})[0].quantity for count in (1, 2, 3, 7, 8, 12, 13)] == [
        7,
        7,
        7,
        7,
        10,
        10,
        15,
    ]
    megapixels = price("pixels.output", "0.05", round_to=1_000_000)
    assert bill((megapixels,), {"pixels.output": 1_048_576})[0].amount == Decimal("0.1")
    tenth = price("seconds.input.audio", "1", per=1, round_to=0.1)
    assert bill((tenth,), {"seconds.input.audio": 0.21})[0].quantity == 0.3


def test_rows_that_hold_at_certain_times_need_a_moment() -> None:
    night = price("tokens.input", "1", when={"hours": "00:00-06:00"})
    moment = datetime.datetime(2026, 11, 21, 3, tzinfo=datetime.UTC)

    for at, amount in ((None, "3"), (moment, "1"), (moment.replace(hour=6), "3")):
        assert Tariff((INPUT, night), at=at).lines({"tokens.input": 1_000_000})[0].amount == Decimal(amount)


def test_amounts_in_credits_say_so() -> None:
    tariff = Tariff((price("seconds.output.video", "12", per=1, credit_type="web"), INPUT))

    assert tariff.lines({"seconds.output.video": 2, "tokens.input": 1_000_000}) == (
        Line(meter="seconds.output.video", quantity=2, amount=Decimal(24), credit_type="web"),
        Line(meter="tokens.input", quantity=1_000_000, amount=Decimal(3)),
    )
    assert tariff.takes_credits


def test_free_least_and_rounded_quantities_are_exact() -> None:
    sound = price("seconds.input.audio", "1", per=1, free=0.1)
    step = price("seconds.input.audio", "1", per=1, round_to=0.1)
    least = price("seconds.input.audio", "1", per=1, minimum=0.3)

    assert bill((sound,), {"seconds.input.audio": 0.3})[0].amount == Decimal("0.2")
    assert bill((step,), {"seconds.input.audio": 0.30000000000000004})[0].amount == Decimal("0.4")
    assert bill((step,), {"seconds.input.audio": 0.3})[0].amount == Decimal("0.3")
    assert bill((least,), {"seconds.input.audio": 0.2})[0].amount == Decimal("0.3")


def test_fractions_are_taken_off_what_contains_them_exactly() -> None:
    rows = (price("seconds.input", "1", per=1), price("seconds.input.audio", "2", per=1))

    assert [line.amount for line in bill(rows, {"seconds.input": 0.3, "seconds.input.audio": 0.1})] == [
        Decimal("0.2"),
        Decimal("0.2"),
    ]


def test_sound_that_is_measured_in_several_ways_is_billed_by_the_one_that_has_a_price() -> None:
    by_letters, by_seconds = Tariff([price("characters.input", "15")]), Tariff([price("seconds.input.audio", "100")])
    by_tokens = Tariff([INPUT, OUTPUT])
    spoken = {"characters.input": 10, "seconds.output.audio": 2.5}

    assert [line.meter for line in by_letters.whole_bill(spoken) or ()] == ["characters.input"]
    heard = {"tokens.input": 9, "tokens.output": 3, "seconds.input.audio": 2.5}
    assert [line.meter for line in by_seconds.whole_bill(heard) or ()] == ["seconds.input.audio"]
    assert [line.meter for line in by_tokens.whole_bill({**heard, **spoken}) or ()] == ["tokens.input", "tokens.output"]


def test_what_is_measured_only_where_it_has_no_price_leaves_the_bill_open() -> None:
    assert Tariff([price("characters.input", "15")]).whole_bill({"seconds.output.audio": 2.5}) is None
    assert Tariff([price("characters.input", "15")]).whole_bill({"tokens.output": 2}) is None
    mixed = Tariff([price("seconds.input.audio", "100"), INPUT])
    assert mixed.whole_bill({"seconds.input.audio": 1, "tokens.input": 1, "tokens.output": 1}) is None
