"""Whoever reads along gets every event once and in order, however far behind he begins."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genmux.services.outbox import Bell, Interest, Stories, Tail
from genmux.services.outbox.stories import read_place
from genmux.services.outbox.tail import PAGE
from genmux.store.events.log import EventLog
from genmux.store.events.webhooks import Listeners
from genmux.store.opening import Store, open_store
from genmux.types.errors import InvalidRequestError, OverloadedError, StoreError
from genmux.types.events import BEGINNING, Event, EventFilter, EventPage, Place, Told
from tests.ledgers import numbers
from tests.unit.services.outbox.doubles import NOON


class Memory:
    """Events in memory, as a store has them."""

    shared = False

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.asked = 0
        self.failing = 0

    def add(self, *types: str, tenant: str = "acme") -> None:
        for type_ in types:
            number = len(self.told) + 1
            event = Event(type=type_, id=f"e{number}", time=NOON, tenant=tenant, subject=f"s{number}")
            self.told.append(Told(Place(0, number), event))

    async def here(self) -> Place:
        return Place(0, len(self.told))

    async def after(self, place: Place, which: EventFilter, limit: int) -> EventPage:
        self.asked += 1
        if self.failing:
            self.failing -= 1
            raise StoreError("the database is away")
        found = [one for one in self.told if one.place > place and which.fits(one.event)][:limit]
        end = found[-1].place if len(found) == limit else Place(0, len(self.told))
        return EventPage(tuple(found), end)


class Reading:
    """A tail that runs."""

    def __init__(self) -> None:
        self.store = Memory()
        self.tail = Tail(self.store, Bell())  # type: ignore[arg-type]
        self.task = asyncio.create_task(self.tail.run())

    def tell(self, *types: str, tenant: str = "acme") -> None:
        self.store.add(*types, tenant=tenant)
        self.tail.bell.ring()

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@pytest.fixture
async def reading() -> AsyncIterator[Reading]:
    one = Reading()
    yield one
    await one.stop()


async def take(reader, count: int) -> list[str]:
    found: list[str] = []
    async with asyncio.timeout(10):
        while len(found) < count:
            found += [one.event.id for one in await reader.read()]
    return found


async def test_a_reader_gets_what_is_told_from_now_on(reading: Reading) -> None:
    reading.tell("before")
    reader = reading.tail.reader()
    await reader.ready()
    reading.tell("a", "b")
    assert await take(reader, 2) == ["e2", "e3"]
    reading.tell("c")

    assert await take(reader, 1) == ["e4"]


async def test_a_reader_goes_on_behind_a_place_however_far_that_is(reading: Reading) -> None:
    reading.store.add(*["x"] * (PAGE * 2 + 7))
    reader = reading.tail.reader(place=BEGINNING)
    found = await take(reader, PAGE * 2 + 7)
    reading.tell("y")

    assert [*found, *await take(reader, 1)] == [f"e{n}" for n in range(1, PAGE * 2 + 9)]


async def test_many_readers_ask_the_database_once(reading: Reading) -> None:
    readers = [reading.tail.reader(EventFilter(tenant=name)) for name in ("acme", "other", "*") for _ in range(20)]
    for reader in readers:
        await reader.ready()
    before = reading.store.asked
    reading.tell("a", "b")
    reading.tell("c", tenant="other")
    found = [await take(reader, 2 if n < 20 else 1 if n < 40 else 3) for n, reader in enumerate(readers)]

    assert found == [["e1", "e2"]] * 20 + [["e3"]] * 20 + [["e1", "e2", "e3"]] * 20
    assert reading.store.asked - before <= 3


async def test_nothing_is_read_when_nobody_reads(reading: Reading) -> None:
    reader = reading.tail.reader()
    await reader.ready()
    reader.close()
    reading.tell("a")
    await asyncio.sleep(0)
    asked = reading.store.asked
    reading.tell("b")
    await asyncio.sleep(0)

    assert reading.store.asked == asked
    again = reading.tail.reader()
    await again.ready()
    reading.tell("c")
    assert await take(again, 1) == ["e3"]


async def test_a_reader_that_is_closed_is_told_so(reading: Reading) -> None:
    reader = reading.tail.reader()
    task = asyncio.create_task(reader.read())
    await asyncio.sleep(0)
    reader.close()

    assert await asyncio.wait_for(task, 10) == []
    assert reading.tail.readers == 0


async def test_a_database_that_is_away_for_a_while_costs_no_event(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genmux.services.outbox.tail.LONGEST_PAUSE", 0.01)
    reader = reading.tail.reader()
    await reader.ready()
    reading.store.failing = 3
    reading.tell("a", "b")

    assert await take(reader, 2) == ["e1", "e2"]


async def test_whoever_is_further_behind_than_memory_reaches_asks_the_database(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genmux.services.outbox.tail.KEPT", 5)
    slow, quick = reading.tail.reader(), reading.tail.reader()
    await slow.ready()
    await quick.ready()
    for number in range(30):
        reading.tell("x")
        assert await take(quick, 1) == [f"e{number + 1}"]

    assert await take(slow, 30) == [f"e{number + 1}" for number in range(30)]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(["acme", "other"]), st.integers(0, 3)), max_size=30), st.integers(1, 6))
async def test_every_reader_gets_every_event_once_whenever_he_comes(script: list[tuple[str, int]], kept: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("genmux.services.outbox.tail.KEPT", kept)
        patch.setattr("genmux.services.outbox.tail.PAGE", 3)
        reading = Reading()
        readers = []
        for tenant, act in script:
            if act == 0:
                place = await reading.store.here()
                readers.append((reading.tail.reader(EventFilter(tenant="acme"), place), place))
            else:
                reading.tell(*["x"] * act, tenant=tenant)
            await asyncio.sleep(0)
        for reader, place in readers:
            wanted = [one.event.id for one in reading.store.told if one.place > place and one.event.tenant == "acme"]
            assert await take(reader, len(wanted)) == wanted
        await reading.stop()


@pytest.fixture
async def stories(ledger_url: str) -> AsyncIterator[tuple[Stories, Store, EventLog, Interest]]:
    store = await open_store(ledger_url, environ={}, role="command")
    log, listeners = EventLog(store.database), Listeners(store.database)
    interest, tail = Interest(listeners), Tail(log, Bell())
    task = asyncio.create_task(tail.run())
    yield Stories(log, listeners, tail, interest, new_id=numbers("r")), store, log, interest
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await store.aclose()


async def test_whoever_follows_is_known_in_all_processes_until_he_leaves(
    stories: tuple[Stories, Store, EventLog, Interest],
) -> None:
    shown, store, log, interest = stories
    which = EventFilter(tenant="acme", types=("generation.*",))
    following = await shown.follow(which)
    event = Event(type="generation.started", id="e1", time=NOON, tenant="acme")
    assert interest.wants(event)
    others = Interest(Listeners(store.database))
    await others.refresh()
    assert others.wants(event) is log.shared
    assert await following.read(0.01) == []
    await store.database.write(lambda tx: log.add_in(tx, [event]))
    shown._tail.bell.ring()  # noqa: SLF001 — what the desk does
    assert [one.event for one in await following.read(10)] == [event]
    following.close()
    following.close()

    assert not interest.wants(event)
    assert await following.read(10) == []


async def test_what_is_told_while_others_hear_that_somebody_still_follows_is_not_lost(
    reading: Reading,
) -> None:
    saying = asyncio.Event()
    said = asyncio.Event()

    class Slow:
        """Listeners in a database that takes its time."""

        async def say(self, *_: object) -> None:
            saying.set()
            await said.wait()

        async def leave(self, _: str) -> None:
            """Whoever it was."""

    said.set()
    shown = Stories(reading.store, Slow(), reading.tail, Interest(Slow()), new_id=numbers("r"))  # type: ignore[arg-type]
    reading.store.shared = True
    following = await shown.follow(EventFilter())
    said.clear()
    saying.clear()
    beat = asyncio.create_task(following.read(0.001))
    await saying.wait()
    reading.tell("a")
    while not (inner := following._reading) or not inner.done():  # noqa: ASYNC110, SLF001 — nobody else can tell
        await asyncio.sleep(0)
    said.set()
    found = await beat
    async with asyncio.timeout(10):
        found = found or await following.read()

    assert [one.event.id for one in found] == ["e1"]
    await shown.aclose()


async def test_whoever_follows_may_begin_in_the_past(stories: tuple[Stories, Store, EventLog, Interest]) -> None:
    shown, store, log, _ = stories
    told = [Event(type="x", id=f"e{n}", time=NOON, tenant="acme") for n in range(3)]
    await store.database.write(lambda tx: log.add_in(tx, told))
    page = await shown.page(EventFilter(), limit=1)
    following = await shown.follow(EventFilter(), page.place)

    assert [one.event.id for one in page.told] == ["e0"]
    assert [one.event.id for one in await following.read(10)] == ["e1", "e2"]
    shown.close()
    assert following.closed


async def test_no_more_follow_than_can_be_served(
    stories: tuple[Stories, Store, EventLog, Interest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genmux.services.outbox.stories.MOST_READERS", 1)
    shown = stories[0]
    one = await shown.follow(EventFilter())
    with pytest.raises(OverloadedError, match="follow the events of this gateway already"):
        await shown.follow(EventFilter())
    one.close()
    (await shown.follow(EventFilter())).close()


async def test_a_page_has_its_limits(stories: tuple[Stories, Store, EventLog, Interest]) -> None:
    shown = stories[0]
    with pytest.raises(InvalidRequestError, match="it must be 1 to 500"):
        await shown.page(EventFilter(), limit=501)
    assert (await shown.page(EventFilter(), Place(0, 7))).place == Place(0, 7)


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))
def test_a_place_is_read_as_it_was_told(xact: int, seq: int) -> None:
    assert read_place(str(Place(xact, seq))) == Place(xact, seq)
    assert read_place(f" {seq}") == Place(0, seq)


@pytest.mark.parametrize("text", ["", "-", "1-", "x", "1-2-3", "-1", "1.5", "٣", str(2**63), "9" * 40])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="give the `id` of the last event"):
        read_place(text)
