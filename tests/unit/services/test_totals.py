"""Totals add up, by provider and model, whoever adds."""

import threading
from decimal import Decimal

from genmux.services.totals import MODELS, Total, Totals
from genmux.types.money import Cost
from genmux.types.usage import Usage

USAGE = Usage(meters={"tokens.input": 10, "tokens.output": 2})
CENT = Cost(amount=Decimal("0.01"))


def test_calls_costs_and_meters_add_up_by_model() -> None:
    totals = Totals()
    totals.add("acme", "one", USAGE, CENT)
    totals.add("acme", "one", USAGE, CENT)
    totals.add("acme", "two", Usage(), CENT)

    assert totals.snapshot() == {
        "acme/one": Total(calls=2, cost=Decimal("0.02"), meters={"tokens.input": 20, "tokens.output": 4}),
        "acme/two": Total(calls=1, cost=Decimal("0.01")),
    }


def test_an_unknown_cost_is_counted_and_not_taken_for_zero() -> None:
    totals = Totals()
    totals.add("acme", "one", USAGE, None)
    totals.add("acme", "one", USAGE, Cost(amount=Decimal(7), currency="CNY"))

    total = totals.snapshot()["acme/one"]
    assert (total.calls, total.unpriced, total.cost) == (2, 2, 0)


def test_a_failed_call_counts_as_failed_and_books_what_it_used() -> None:
    totals = Totals()
    totals.fail("acme", "one", Usage(), None)
    totals.fail("acme", "one", USAGE, CENT)

    total = totals.snapshot()["acme/one"]
    assert (total.calls, total.failed, total.unpriced, total.cost) == (0, 2, 0, Decimal("0.01"))
    assert total.meters == USAGE.meters


def test_a_snapshot_is_a_copy() -> None:
    totals = Totals()
    totals.add("acme", "one", USAGE, CENT)
    before = totals.snapshot()
    totals.add("acme", "one", USAGE, CENT)

    assert before["acme/one"].calls == 1
    assert before["acme/one"].meters == USAGE.meters


def test_32_threads_lose_nothing() -> None:
    totals, start = Totals(), threading.Barrier(32)

    def book() -> None:
        start.wait()
        for _ in range(100):
            totals.add("acme", "one", USAGE, CENT)
            totals.snapshot()

    threads = [threading.Thread(target=book) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    total = totals.snapshot()["acme/one"]
    assert (total.calls, total.cost) == (3200, Decimal("32.00"))
    assert total.meters == {"tokens.input": 32_000, "tokens.output": 6_400}


def test_invented_names_are_booked_together_beyond_a_bound() -> None:
    totals = Totals()
    for number in range(MODELS + 50):
        totals.fail("shop", f"invented-{number}", Usage(), None)
    told = totals.snapshot()
    assert len(told) == MODELS + 1
    assert told["shop/*"].failed == 50
