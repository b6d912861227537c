"""Credits that a provider itself reports beat every price row, and cost what a credit costs the account."""

import datetime
from decimal import Decimal

from genmux.services.prices import PriceBook, PriceList
from genmux.types.money import Price
from genmux.types.usage import Usage, credits_used
from tests.unit.services.shop import model, price

NOON = datetime.datetime(2026, 11, 21, 12, tzinfo=datetime.UTC)
RATES = {"credits": Decimal("0.01")}
SECONDS = (price("seconds.output.video", "0.12"),)


def book() -> PriceBook:
    return PriceBook(lambda: NOON, lambda _provider: None, PriceList(None))


def test_reported_credits_cost_what_a_credit_costs_the_account() -> None:
    cost = book().cost(model(prices=SECONDS), credits_used("credits", 62.5), rates=RATES)
    assert cost is not None
    assert (cost.amount, cost.source, cost.credits) == (Decimal("0.625"), "reported", {"credits": Decimal("62.5")})
    assert [(line.meter, line.quantity) for line in cost.lines] == [("credits.credits", 62.5)]


def test_they_beat_all_that_was_counted_beside_them() -> None:
    both = Usage(meters={"seconds.output.video": 5, "credits.credits": 1})
    cost = book().cost(model(prices=SECONDS), both, rates=RATES)
    assert cost is not None
    assert cost.amount == Decimal("0.01")


def test_a_model_needs_no_price_for_what_its_provider_reports() -> None:
    unpriced = model(name="unlisted")
    used = credits_used("credits", 7)
    cost = book().cost(unpriced, used, rates=RATES)
    assert cost is not None
    assert cost.amount == Decimal("0.07")
    assert book().unknown(unpriced, used) is None
    assert book().credits(unpriced, used) == {"credits": Decimal(7)}


def test_a_job_that_was_paid_back_cost_nothing() -> None:
    cost = book().cost(model(name="unlisted"), credits_used("credits", 0), rates=RATES)
    assert cost is not None
    assert (cost.amount, cost.source) == (Decimal(0), "reported")


def test_without_a_rate_the_cost_is_unknown_and_the_credits_are_not() -> None:
    used = credits_used("pixels", 7)
    assert book().cost(model(), used, rates=RATES) is None
    assert book().credits(model(), used) == {"pixels": Decimal(7)}


def test_a_meter_of_that_name_that_has_a_price_row_is_billed_by_it() -> None:
    priced = model(prices=(Price(meter="credits.pages", amount=Decimal("0.5")),))
    cost = book().cost(priced, Usage(meters={"credits.pages": 2}), rates={"pages": Decimal(9)})
    assert cost is not None
    assert (cost.amount, cost.source) == (Decimal(1), "computed")
