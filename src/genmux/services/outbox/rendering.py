"""Events as others read them: CloudEvents 1.0, in JSON, and as server-sent events."""

from typing import Any

import msgspec

from genmux.types.events import Event, Told

SOURCE = "/genmux"
"""Who tells it, in words of CloudEvents."""

MEDIA_TYPE = "application/cloudevents+json"


def cloud_event(event: Event) -> dict[str, Any]:
    """An event as CloudEvents has it; organisation, provider, model and key are extension attributes."""
    told: dict[str, Any] = {
        "specversion": "1.0",
        "id": event.id,
        "source": SOURCE,
        "type": event.type,
        "subject": event.subject,
        "time": event.time,
        "datacontenttype": "application/json",
        "tenant": event.tenant,
        "provider": event.provider,
        "model": event.model,
        "key": event.key,
        "data": event.data,
    }
    return {name: value for name, value in told.items() if value is not None}


def cloud_bytes(event: Event) -> bytes:
    """The same as JSON: the body of a webhook."""
    return msgspec.json.encode(cloud_event(event))


def sse_frame(told: Told) -> bytes:
    """The same as a server-sent event, with its place as the id to go on from."""
    head = f"id: {told.place}\nevent: {told.event.type}\ndata: ".encode()
    return head + cloud_bytes(told.event) + b"\n\n"
