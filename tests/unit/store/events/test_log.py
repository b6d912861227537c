"""Events are read in one order, and none is ever skipped, whoever commits first."""

import asyncio
import datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from genmux.store.events.log import EventLog
from genmux.store.opening import Store, open_store
from genmux.store.upkeep.restore import RENUMBER
from genmux.types.events import BEGINNING, Event, EventFilter, Place
from tests.unit.store.events.told import NOON, event, tell

ALL = EventFilter()


async def ids(log: EventLog, place: Place = BEGINNING, which: EventFilter = ALL, limit: int = 100) -> list[str]:
    return [one.event.id for one in (await log.after(place, which, limit)).told]


async def test_an_event_comes_back_as_it_was(store: Store, log: EventLog) -> None:
    plain = Event(type="provider.registered", id="plain", time=NOON)
    full = event(1, provider="acme", model="one", key="k1", data={"n": 1, "tags": {"ä": "€"}, "none": None})
    await tell(store, log, [plain, full])

    assert [one.event for one in (await log.after(BEGINNING, ALL, 10)).told] == [plain, full]
    assert await log.event("acme", "e1") == full
    assert await log.event("*", "e1") == full
    assert await log.event("other", "e1") is None


async def test_whatever_is_in_an_event_can_be_kept(store: Store, log: EventLog) -> None:
    """What could not be written would keep back the money that is booked in the same transaction."""
    strange: dict[Any, Any] = {
        "half": "a\ud800b",
        "nul": "a\0b",
        "amount": Decimal("0.10"),
        "thing": object,
        3: "three",
    }
    odd = event(1, model="one\0\ud800", data={**strange, "deep": {"deeper": ["\udfff"]}})
    await tell(store, log, [odd, event(2, data={"amount": Decimal("0.10"), "nul": "a\0b"})])
    first, second = [one.event for one in (await log.after(BEGINNING, ALL, 10)).told]

    assert (first.model, first.data["half"], first.data["amount"]) == ("one?", "a?b", "0.10")
    assert second.data == {"amount": "0.10", "nul": "a\0b"}


async def test_pages_go_on_where_the_last_one_ended(store: Store, log: EventLog) -> None:
    await tell(store, log, [event(n) for n in range(5)])
    first = await log.after(BEGINNING, ALL, 2)
    second = await log.after(first.place, ALL, 2)
    third = await log.after(second.place, ALL, 2)

    assert [one.event.id for page in (first, second, third) for one in page.told] == ["e0", "e1", "e2", "e3", "e4"]
    assert await ids(log, third.place) == []


async def test_what_is_told_twice_is_kept_once(store: Store, log: EventLog) -> None:
    await tell(store, log, [event(1)])
    await tell(store, log, [event(1), event(2)])

    assert await ids(log) == ["e1", "e2"]


async def test_from_here_on_only_what_is_new_is_read(store: Store, log: EventLog) -> None:
    await tell(store, log, [event(1)])
    here = await log.here()
    await tell(store, log, [event(2)])

    assert await ids(log, here) == ["e2"]


async def test_what_is_undone_was_never_told(store: Store, log: EventLog) -> None:
    def work(tx: Any) -> None:
        log.add_in(tx, [event(1)])
        message = "the work fails"
        raise ValueError(message)

    with pytest.raises(ValueError, match="the work fails"):
        await store.database.write(work)
    assert await ids(log) == []


@pytest.mark.parametrize(
    ("which", "found"),
    [
        (EventFilter(tenant="acme"), ["e1", "e2"]),
        (EventFilter(tenant="other"), ["e3"]),
        (EventFilter(tenant="nobody"), []),
        (EventFilter(types=("budget.alert",)), ["e2"]),
        (EventFilter(types=("generation.*", "budget.alert")), ["e1", "e2", "e3"]),
        (EventFilter(types=("*",)), ["e1", "e2", "e3", "e4"]),
        (EventFilter(types=("gen_ration.*",)), []),
        (EventFilter(tenant="acme", subject="job 1"), ["e1"]),
        (EventFilter(tenant="acme", key="k2"), ["e2"]),
        (EventFilter(tenant="other", subject="job 1"), []),
    ],
)
async def test_the_database_and_the_filter_agree_on_what_is_meant(
    store: Store, log: EventLog, which: EventFilter, found: list[str]
) -> None:
    told = [
        event(1),
        event(2, "budget.alert", key="k2"),
        event(3, "generation.failed", tenant="other"),
        event(4, "provider.registered", tenant=None),
    ]
    await tell(store, log, told)

    assert await ids(log, which=which) == [one.id for one in told if which.fits(one)] == found


async def test_a_number_is_not_given_again_when_old_events_are_gone(store: Store, log: EventLog) -> None:
    from sqlalchemy import delete

    from genmux.store.events.tables import events

    await tell(store, log, [event(1), event(2)])
    place = (await log.after(BEGINNING, ALL, 10)).place
    await store.database.write(lambda tx: tx.core.execute(delete(events)))
    await tell(store, log, [event(3)])

    assert await ids(log, place) == ["e3"]


async def test_a_place_is_told_as_text(log: EventLog) -> None:
    assert str(Place(12, 34)) == "12-34"
    assert not (await log.after(BEGINNING, ALL, 1)).told


async def test_on_postgresql_nothing_is_skipped_when_the_first_to_begin_is_the_last_to_commit(
    postgres_store_url: str,
) -> None:
    store = await open_store(postgres_store_url, environ={}, role="command")
    log = EventLog(store.database)
    began, may_commit = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    async def slow() -> None:
        """Takes the lower number, and keeps its transaction open."""
        async with store.database.alone() as connection, connection.transaction():  # type: ignore[union-attr]
            await connection.execute(
                "INSERT INTO events (xact, id, tenant, type, at, data)"
                " VALUES (pg_current_xact_id()::text::bigint, 'slow', 'acme', 'x', 0, '{}')"
            )
            began.set()
            await may_commit.wait()

    task = loop.create_task(slow())
    await began.wait()
    await tell(store, log, [event(1)])
    page = await log.after(BEGINNING, ALL, 10)
    assert page.told == ()
    assert page.held
    may_commit.set()
    await task
    seen = await log.after(page.place, ALL, 10)

    assert [one.event.id for one in seen.told] == ["slow", "e1"]
    assert not seen.held
    await store.aclose()


async def test_whoever_read_before_a_restore_goes_on_by_number(postgres_store_url: str) -> None:
    store = await open_store(postgres_store_url, environ={}, role="command")
    log = EventLog(store.database)
    await tell(store, log, [event(1), event(2), event(3)])
    for statement in RENUMBER:
        await store.database.write(lambda tx, told=statement: tx.core.execute(text(told)))
    await tell(store, log, [event(4)])

    assert await ids(log, Place(2**60, 2)) == ["e3", "e4"]
    await store.aclose()


def test_a_name_may_be_a_beginning() -> None:
    at = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    one = Event(type="generation.started", time=at, id="e")
    fits = [
        types
        for types in (("generation.*",), ("generation",), ("*",), (), ("generation.started",))
        if EventFilter(types=types).fits(one)
    ]

    assert fits == [("generation.*",), ("*",), (), ("generation.started",)]
