"""Whether an event keeps what its description promises."""

from typing import Any

import msgspec

from genmux.types.event_kinds import EVENTS
from genmux.types.events import Event


def check_data(type_: str, data: dict[str, Any]) -> None:
    """Its name is known, its particulars too, and each has the type that it is said to have."""
    kind = EVENTS[type_]
    known = {field.name for field in msgspec.structs.fields(kind.data)}
    assert {*data} <= known, f"{type_} has {sorted({*data} - known)}, which its description does not name"
    msgspec.convert(msgspec.to_builtins(data), kind.data, strict=True)


def check_event(event: Event) -> None:
    """The same for a whole event; what has no subject should have none."""
    check_data(event.type, event.data)
    if EVENTS[event.type].subject == "nothing":
        assert event.subject is None
    else:
        assert event.subject
