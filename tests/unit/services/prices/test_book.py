"""Usage is priced by what the provider reports, the manifest says, or the price list knows; else the cost is unknown."""

import datetime
from decimal import Decimal

import pytest

from genmux.contract.model import Model
from genmux.services.prices import PriceBook, PriceList, book
from genmux.services.prices.listed import Clause, Dated, ListedModel
from genmux.types.errors import ConfigurationError
from genmux.types.money import Cost, Price
from genmux.types.usage import Usage
from tests.unit.services.shop import model, price

NOON = datetime.datetime(2026, 11, 21, 12, tzinfo=datetime.UTC)
ROWS = (price("tokens.input", "2"), price("tokens.output", "10"))
USED = Usage(meters={"tokens.input": 100, "tokens.output": 10})


class OneModel(PriceList):
    """A price list with one model, which is cheaper at night."""

    def __init__(self) -> None:
        super().__init__(None)
        self.searches: list[tuple[str, str]] = []
        self.prepared = 0

    def prepare(self) -> None:
        self.prepared += 1

    def find(self, provider_id: str, wire_id: str) -> ListedModel | None:
        self.searches.append((provider_id, wire_id))
        if (provider_id, wire_id) != ("acme-list", "one"):
            return None
        night = Dated(rows=(price("tokens.input", "1"), ROWS[1]), hours=(datetime.time(0), datetime.time(6)))
        flex = Dated(rows=(price("tokens.output", "5"),), when={"service_tier": "flex"})
        return ListedModel(id="the-one", match=Clause(equals="one"), prices=(Dated(rows=ROWS), night), variants=(flex,))


class Clock:
    """Shows what it is set to."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime.datetime:
        return self.now


def priced() -> PriceBook:
    return PriceBook(lambda: NOON, lambda _provider: "acme-list", OneModel())


def test_a_cost_has_its_lines_and_says_as_what_it_was_priced() -> None:
    cost = priced().cost(model(), USED)

    assert cost is not None
    assert (cost.amount, cost.source, cost.priced_as) == (Decimal("0.0003"), "computed", "acme-list/the-one")
    assert [line.meter for line in cost.lines] == ["tokens.input", "tokens.output"]


def test_what_the_provider_reports_wins() -> None:
    reported = Usage(meters=USED.meters, reported_cost=Decimal("0.5"))

    assert priced().cost(model(), reported) == Cost(amount=Decimal("0.5"), source="reported")
    assert priced().cost(model(name="unlisted"), reported) == Cost(amount=Decimal("0.5"), source="reported")


def test_the_rows_of_the_manifest_come_before_the_list() -> None:
    cost = priced().cost(model(prices=(price("tokens.input", "1"), price("tokens.output", "0"))), USED)

    assert cost is not None
    assert (cost.amount, cost.priced_as) == (Decimal("0.0001"), "acme/one")


@pytest.mark.parametrize(
    "unknown",
    [
        (model(name="unlisted"), USED),
        (model(), Usage()),
        (model(), Usage(meters={"tokens.input": 1, "calls.web_search": 1})),
        (model(prices=(price("tokens.input", "1"), price("tokens.output", "1", currency="CNY"))), USED),
    ],
    ids=["model not in the list", "no usage", "an unpriced part", "two currencies"],
)
def test_an_unknown_cost_is_none_and_never_zero(unknown: tuple[Model, Usage]) -> None:
    assert priced().cost(*unknown) is None


def test_a_provider_that_is_not_in_the_list_is_not_looked_for() -> None:
    prices = OneModel()
    found = PriceBook(lambda: NOON, lambda _provider: None, prices)

    assert found.rows(model()) is None
    assert found.is_ready(model())
    assert (prices.searches, prices.prepared) == ([], 0)


def test_only_a_price_from_a_list_that_was_never_read_takes_time() -> None:
    prices = OneModel()
    found = PriceBook(lambda: NOON, lambda _provider: "acme-list", prices)

    assert found.is_ready(model(prices=ROWS))
    assert not found.is_ready(model())
    found.prepare()
    assert prices.prepared == 1
    prices.ready = True
    assert found.is_ready(model())


def test_another_currency_stays_one() -> None:
    cost = priced().cost(
        model(prices=(price("tokens.input", "7", currency="CNY"), price("tokens.output", "0", currency="CNY"))), USED
    )

    assert cost is not None
    assert (cost.amount, cost.currency) == (Decimal("0.0007"), "CNY")


def test_a_tier_has_its_own_prices_and_the_rest_from_the_others() -> None:
    flex = price("tokens.output", "5", when={"service_tier": "flex"})
    own = model(prices=(*ROWS, flex))

    for found in (own, model()):
        amounts = {tier: priced().cost(found, USED, service_tier=tier) for tier in (None, "flex", "auto")}
        assert {tier: cost and cost.amount for tier, cost in amounts.items()} == {
            None: Decimal("0.0003"),
            "flex": Decimal("0.00025"),
            "auto": Decimal("0.0003"),
        }


def test_prices_follow_the_clock_and_are_kept_within_a_minute() -> None:
    clock, prices = Clock(), OneModel()
    found = PriceBook(clock, lambda _provider: "acme-list", prices)
    day = found.cost(model(), USED)
    found.cost(model(), USED)
    clock.now = NOON + datetime.timedelta(hours=14)
    night = found.cost(model(), USED)

    assert (day and day.amount, night and night.amount) == (Decimal("0.0003"), Decimal("0.0002"))
    assert len(prices.searches) == 2


def test_prices_are_looked_up_anew_when_they_were_forgotten_or_became_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "_REMEMBERED", 2)
    prices = OneModel()
    found = PriceBook(lambda: NOON, lambda _provider: "acme-list", prices)

    found.rows(model())
    found.forget()
    found.rows(model())
    assert len(prices.searches) == 2
    for number in range(5):
        found.rows(model(name=f"model-{number}"))
    found.rows(model())
    assert len(prices.searches) == 8


def test_the_rows_of_the_user_come_before_all_others() -> None:
    own = (price("tokens.input", "0.5"), price("tokens.output", "0"))
    found = PriceBook(lambda: NOON, lambda _provider: "acme-list", OneModel(), overlay={"acme/one": own})

    for one in (model(), model(prices=ROWS)):
        cost = found.cost(one, USED)
        assert (cost and cost.amount, found.rows(one)) == (Decimal("0.00005"), own)
    assert found.is_ready(model())


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ((price("calls", "1", when={"moon": "full"}),), "no condition `moon`"),
        ((price("calls", "-1"),), "`amount` is -1"),
        ((price("calls", "1"), price("calls", "2")), "two prices of calls hold at once"),
    ],
)
def test_wrong_rows_of_the_user_are_told_with_the_model(rows: tuple[Price, ...], told: str) -> None:
    with pytest.raises(ConfigurationError, match=r'prices."acme/one"') as caught:
        PriceBook(lambda: NOON, lambda _provider: None, OneModel(), overlay={"acme/one": rows})

    assert told in caught.value.message


def test_it_is_told_why_a_cost_is_unknown() -> None:
    found = priced()
    two = model(name="two", prices=(price("tokens.input", "1"), price("tokens.output", "1", currency="CNY")))
    searched = Usage(meters={"tokens.input": 1, "calls.web_search": 1})

    assert found.unknown(model(), USED) is None
    assert found.unknown(model(name="unlisted"), USED) == "the price of acme/unlisted is not known"
    assert found.unknown(two, USED) == "the prices of acme/two are in CNY and USD, which cannot be added up"
    assert found.unknown(model(), searched) == "acme/one has no price for calls.web_search"
    assert found.unknown(model(), Usage()) == "nothing was counted"


def test_conditions_that_are_told_choose_the_row() -> None:
    one = model(prices=(*ROWS, price("tokens.input", "4", when={"region": "eu"})))
    cost = priced().cost(one, USED, context={"region": "eu"})

    assert (cost and cost.amount) == Decimal("0.0005")


def test_credits_are_told_apart_and_cost_what_an_account_pays_for_them() -> None:
    one = model(prices=(price("seconds.output.video", "12", per=1, credit_type="web"), *ROWS))
    used = Usage(meters={"seconds.output.video": 5, **USED.meters})
    found = priced()
    cost = found.cost(one, used, rates={"web": Decimal("0.01")})

    assert found.credits(one, used) == {"web": Decimal(60)}
    assert found.cost(one, used) is None
    assert found.cost(one, used, rates={"api": Decimal(1)}) is None
    assert cost is not None
    assert (cost.amount, cost.credits) == (Decimal("0.6003"), {"web": Decimal(60)})
    assert sum(line.amount for line in cost.lines) == cost.amount
    assert found.credits(model(name="unlisted"), used) is None


def test_hours_and_days_in_the_manifest_follow_the_clock() -> None:
    clock = Clock()
    found = PriceBook(clock, lambda _provider: None, OneModel())
    one = model(prices=(*ROWS, price("tokens.input", "1", when={"hours": "16:30-00:30", "weekdays": "mon-fri"})))
    told: list[Decimal | None] = []
    for day, hour in ((20, 17), (20, 12), (21, 17)):  # a Friday and a Saturday
        clock.now = NOON.replace(day=day, hour=hour)
        cost = found.cost(one, USED)
        told.append(cost and cost.amount)

    assert told == [Decimal("0.0002"), Decimal("0.0003"), Decimal("0.0003")]


def test_a_compiled_tariff_bounds_what_is_billed() -> None:
    found = priced()
    tariff = found.compiled(model(), service_tier="flex")

    assert tariff is not None
    assert tariff.highest({"tokens.input": 100, "tokens.output": 10}) == 250
    assert found.compiled(model(name="unlisted")) is None


@pytest.mark.parametrize(
    ("hour", "minute", "most", "billed"),
    [(5, 30, 1_000, 1_000), (5, 44, 1_000, 1_000), (5, 45, 2_000, 1_000), (6, 0, 2_000, 2_000), (23, 50, 2_000, 2_000)],
)
def test_the_bound_is_that_of_the_dearest_price_of_the_next_quarter_of_an_hour(
    hour: int, minute: int, most: int, billed: int
) -> None:
    now = NOON.replace(hour=hour, minute=minute)
    found = PriceBook(lambda: now, lambda _provider: "acme-list", OneModel())
    tariff, cost = found.compiled(model()), found.cost(model(), Usage(meters={"tokens.input": 1_000}))

    assert tariff is not None
    assert cost is not None
    assert (tariff.highest({"tokens.input": 1_000}), cost.amount * 1_000_000) == (most, billed)


def test_rows_that_hold_at_some_hours_are_bounded_by_the_plain_ones_too() -> None:
    rows = (ROWS[0], price("tokens.input", "1", when={"hours": "00:00-06:00"}))
    found = PriceBook(lambda: NOON.replace(hour=5), lambda _provider: None, OneModel(), overlay={"acme/one": rows})
    tariff, cost = found.compiled(model()), found.cost(model(), Usage(meters={"tokens.input": 1_000}))

    assert tariff is not None
    assert cost is not None
    assert (tariff.highest({"tokens.input": 1_000}), cost.amount * 1_000_000) == (2_000, 1_000)


def test_a_price_that_changes_at_midnight_is_known_before() -> None:
    rows = (
        price("tokens.input", "1", when={"until": "2026-11-22"}),
        price("tokens.input", "4", when={"from": "2026-11-22"}),
    )
    for minute, most in ((44, 1_000), (45, 4_000)):
        found = PriceBook(
            lambda minute=minute: NOON.replace(hour=23, minute=minute),
            lambda _provider: None,
            OneModel(),
            overlay={"acme/one": rows},
        )
        tariff = found.compiled(model())
        assert tariff is not None
        assert tariff.highest({"tokens.input": 1_000}) == most
        assert found.cost(model(), Usage(meters={"tokens.input": 1_000})) is not None
