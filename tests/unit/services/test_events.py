"""Events reach all who asked for them, and none costs anything when nobody did."""

import datetime
import logging
import threading
from collections.abc import Iterator

import pytest

from genmux.services.events import EventBus
from genmux.types.errors import InvalidRequestError
from genmux.types.events import Event

NOON = datetime.datetime(2026, 11, 21, 12, tzinfo=datetime.UTC)


def never() -> Iterator[str]:
    raise AssertionError
    yield ""


def bus() -> EventBus:
    numbers = iter(range(1_000_000))
    return EventBus(lambda: NOON, lambda: f"e{next(numbers)}")


def test_an_event_has_a_time_an_id_and_what_was_said() -> None:
    events, heard = bus(), list[Event]()
    events.subscribe(heard.append)

    events.publish("generation.started", subject="r1", provider="acme", model="one", data={"n": 1})

    assert heard == [
        Event(type="generation.started", time=NOON, id="e0", subject="r1", provider="acme", model="one", data={"n": 1})
    ]


def test_a_handler_hears_only_the_types_that_it_asked_for() -> None:
    events, some, every = bus(), list[Event](), list[Event]()
    events.subscribe(some.append, "b", "c")
    events.subscribe(every.append)

    for type_ in "abc":
        events.publish(type_)

    assert [event.type for event in some] == ["b", "c"]
    assert [event.type for event in every] == ["a", "b", "c"]


def test_a_handler_hears_nothing_after_it_left_and_may_leave_twice() -> None:
    events, heard = bus(), list[Event]()
    leave = events.subscribe(heard.append)
    stays = list[Event]()
    events.subscribe(stays.append)

    leave()
    leave()
    events.publish("a")

    assert heard == []
    assert len(stays) == 1


def test_nothing_is_made_when_nobody_listens() -> None:
    events = EventBus(lambda: next(never()), lambda: next(never()))

    events.publish("a")

    assert not events.heard


def test_a_handler_that_fails_is_logged_and_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    events, heard = bus(), list[Event]()

    def fails(_event: Event) -> None:
        message = "broken handler"
        raise ValueError(message)

    events.subscribe(fails)
    events.subscribe(heard.append)

    with caplog.at_level(logging.ERROR, logger="genmux.events"):
        events.publish("a")

    assert len(heard) == 1
    assert "broken handler" in caplog.text


def test_a_coroutine_function_is_no_handler() -> None:
    async def handler(_event: Event) -> None:
        """Nobody would await this."""

    with pytest.raises(InvalidRequestError, match="is a coroutine function; an event handler must be a plain one"):
        bus().subscribe(handler)  # pyright: ignore[reportArgumentType]


def test_threads_may_come_and_go_while_events_are_told() -> None:
    events, heard, start = bus(), list[Event](), threading.Barrier(9)
    events.subscribe(heard.append)

    def come_and_go() -> None:
        start.wait()
        for _ in range(200):
            events.subscribe(lambda _event: None)()

    def tell() -> None:
        start.wait()
        for _ in range(200):
            events.publish("a")

    threads = [threading.Thread(target=work) for work in [come_and_go] * 4 + [tell] * 4]
    for thread in threads:
        thread.start()
    start.wait()
    for thread in threads:
        thread.join()

    assert len(heard) == 800
    assert len({event.id for event in heard}) == 800
    events.publish("a")
    assert len(heard) == 801


def test_whoever_listens_beyond_this_process_hears_what_handlers_hear_and_to_whom_it_belongs() -> None:
    events, here, out = bus(), list[Event](), list[Event]()
    events.lead_out(out.append)
    assert (events.heard, events.local) == (True, False)
    events.subscribe(here.append)
    events.publish("a", tenant="acme", key="k1")
    events.lead_out(None)
    events.publish("b")

    assert out == [Event(type="a", time=NOON, id="e0", tenant="acme", key="k1")]
    assert [one.type for one in here] == ["a", "b"]


def test_what_was_told_elsewhere_is_heard_here_and_not_led_out_again() -> None:
    events, here, some, out = bus(), list[Event](), list[Event](), list[Event]()
    events.lead_out(out.append)
    events.subscribe(here.append)
    events.subscribe(some.append, "other")
    events.hand_in(Event(type="a", time=NOON, id="theirs"))

    assert [one.id for one in here] == ["theirs"]
    assert some == out == []


def test_whether_anybody_listens_is_known_at_once() -> None:
    events, seen = bus(), list[tuple[bool, bool]]()
    events.changed = lambda: seen.append((events.heard, events.local))
    leave = events.subscribe(lambda _event: None)
    leave()

    assert seen == [(True, True), (False, False)]
    assert not events.heard
