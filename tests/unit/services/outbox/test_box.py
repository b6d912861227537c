"""What nobody wants is not written; what somebody wants is written once, whatever the database does."""

import datetime
from collections.abc import Sequence
from typing import Any

import pytest

from genmux.services.outbox import Interest, Outbox, box
from genmux.types.events import Event, EventFilter
from tests.ledgers import numbers
from tests.unit.services.outbox.doubles import NOON


class Written:
    """Keeps what is written."""

    shared = False

    def __init__(self) -> None:
        self.events: list[Event] = []

    def add_in(self, tx: Any, told: Sequence[Event]) -> None:
        if tx == "fails":
            message = "the database fails"
            raise OSError(message)
        self.events += told


class Known:
    """Knows who listens."""

    def __init__(self, *readers: EventFilter) -> None:
        self.found: tuple[tuple[EventFilter, ...], tuple[EventFilter, ...]] = ((), readers)

    async def known(self) -> tuple[tuple[EventFilter, ...], tuple[EventFilter, ...]]:
        return self.found


def event(number: int, type_: str = "generation.started", tenant: str | None = "acme") -> Event:
    return Event(type=type_, time=NOON, id=f"e{number}", tenant=tenant)


class House:
    def __init__(self, *readers: EventFilter, most: int = 100) -> None:
        self.store = Written()
        self.known = Known(*readers)
        self.interest = Interest(self.known)  # type: ignore[arg-type]
        self.woken = self.told = 0
        self.box = Outbox(
            self.store,  # type: ignore[arg-type]
            now=lambda: NOON,
            new_id=numbers("own"),
            wants=self.interest.wants,
            wake=self._wake,
            told=self._tell,
            most=most,
        )

    def _wake(self) -> None:
        self.woken += 1

    def _tell(self) -> None:
        self.told += 1


def test_what_is_told_in_a_transaction_is_written_there_for_whoever_may_come() -> None:
    house = House()
    house.box.tell_in("tx", "generation.queued", tenant="acme", subject="j1", key="k1", data={"n": 1})

    assert house.store.events == [
        Event(type="generation.queued", time=NOON, id="own1", subject="j1", tenant="acme", key="k1", data={"n": 1})
    ]
    house.box.nudge()
    assert house.told == 1


def test_what_nobody_wants_is_not_kept_for_writing() -> None:
    house = House()
    house.box.take_in(event(1))

    assert house.box.take() is None
    assert house.woken == 0


async def test_only_what_somebody_wants_is_written() -> None:
    house = House(EventFilter(tenant="acme", types=("generation.*",)))
    await house.interest.refresh()
    for one in (event(1), event(2, "budget.alert"), event(3, tenant="other"), event(4, tenant=None)):
        house.box.take_in(one)
    batch = house.box.take()
    assert batch is not None
    batch.write("tx")
    batch.done()

    assert [one.id for one in house.store.events] == ["e1"]
    assert house.told == 1
    assert house.box.take() is None


async def test_what_could_not_be_written_waits_and_keeps_its_order() -> None:
    house = House(EventFilter())
    await house.interest.refresh()
    house.box.take_in(event(1))
    house.box.take_in(event(2))
    batch = house.box.take()
    assert batch is not None
    batch.undo()
    house.box.take_in(event(3))
    again = house.box.take()
    assert again is not None
    again.write("tx")

    assert [one.id for one in house.store.events] == ["e1", "e2", "e3"]


async def test_too_much_is_dropped_and_counted() -> None:
    house = House(EventFilter(), most=2)
    await house.interest.refresh()
    for number in range(5):
        house.box.take_in(event(number))

    assert house.box.dropped == 3


async def test_what_was_heard_here_is_known_once() -> None:
    house = House(EventFilter())
    await house.interest.refresh()
    house.box.take_in(event(1))

    assert house.box.was_heard(event(1))
    assert not house.box.was_heard(event(1))
    assert not house.box.was_heard(event(2))


async def test_interest_changes_with_those_who_come_and_go() -> None:
    changes: list[bool] = []
    known = Known()
    interest = Interest(known, lambda: changes.append(interest.any))  # type: ignore[arg-type]
    one = event(1)
    assert not interest.wants(one)
    interest.come("r1", EventFilter(tenant="acme", subject="ignored: others need not know it"))
    assert interest.wants(one)
    interest.go("r1")
    interest.go("r1")
    assert not interest.wants(one)
    known.found = ((EventFilter(tenant="acme", types=("generation.started",)),), ())
    await interest.refresh()
    assert interest.wants(one)
    assert not interest.wants(event(2, "generation.failed"))
    assert interest.endpoints

    assert changes == [True, False, False, True]
    assert one.time == datetime.datetime(2026, 11, 27, 12, tzinfo=datetime.UTC)


async def test_what_waits_for_long_is_not_heard_twice_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(box, "REMEMBERED", 2)
    house = House(EventFilter())
    await house.interest.refresh()
    waiting = [event(number) for number in range(10)]
    for one in waiting:
        house.box.take_in(one)
    while (batch := house.box.take()) is not None:
        batch.write(None)
        batch.done()

    assert [one.id for one in house.store.events if not house.box.was_heard(one)] == []
