"""Events are CloudEvents 1.0 for others."""

import datetime

import msgspec

from genmux.services.outbox import cloud_event, sse_frame
from genmux.services.outbox.rendering import cloud_bytes
from genmux.types.events import Event, Place, Told

AT = datetime.datetime(2026, 11, 27, 12, 0, 0, 250_000, tzinfo=datetime.UTC)
FULL = Event(
    type="generation.completed",
    time=AT,
    id="e1",
    subject="job 1",
    provider="acme",
    model="one",
    data={"cost": "0.1", "text": "a\nb"},
    tenant="org",
    key="k1",
)


def test_every_field_has_its_place() -> None:
    assert msgspec.json.decode(cloud_bytes(FULL)) == {
        "specversion": "1.0",
        "id": "e1",
        "source": "/genmux",
        "type": "generation.completed",
        "subject": "job 1",
        "time": "2026-11-27T12:00:00.250000Z",
        "datacontenttype": "application/json",
        "tenant": "org",
        "provider": "acme",
        "model": "one",
        "key": "k1",
        "data": {"cost": "0.1", "text": "a\nb"},
    }


def test_what_is_not_known_is_left_out_and_names_are_those_that_cloud_events_allows() -> None:
    told = cloud_event(Event(type="x", time=AT, id="e"))

    assert {*told} == {"specversion", "id", "source", "type", "time", "datacontenttype", "data"}
    assert all(name.isalnum() and name.islower() for name in cloud_event(FULL))


def test_a_server_sent_event_is_one_line_of_data_with_the_place_as_its_id() -> None:
    frame = sse_frame(Told(Place(3, 14), FULL))
    head, _, rest = frame.partition(b"data: ")

    assert head == b"id: 3-14\nevent: generation.completed\n"
    assert rest.endswith(b"\n\n")
    assert b"\n" not in rest[:-2]
    assert msgspec.json.decode(rest)["data"]["text"] == "a\nb"
