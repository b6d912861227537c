"""Something happened in our system. What events there are is in `genmux.types.event_kinds`."""

import datetime
from typing import Any, NamedTuple

import msgspec

NOBODYS = ""
"""The organisation of events that belong to none: a provider was registered, a model was loaded."""

ALL_TENANTS = "*"
"""In place of an organisation: whoever listens hears the events of all, and those that belong to none. For root only."""


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fact that others may want to hear: `type` is its name (`generation.started` …), `data` its particulars.

    `time` is in UTC. `subject` is what it is about, such as the id of a job or of a request. `tenant` is the organisation
    that it belongs to, None where it is nobody's, and `key` the gateway key that asked for what happened, by its id.
    """

    type: str
    time: datetime.datetime
    id: str
    subject: str | None = None
    provider: str | None = None
    model: str | None = None
    data: dict[str, Any] = msgspec.field(default_factory=dict)
    tenant: str | None = None
    key: str | None = None


class Place(NamedTuple):
    """Where an event stands among those that are kept: after all whose transactions began before, in the order of writing.

    A reader that goes on behind a place misses nothing: what is committed later stands behind it.
    """

    xact: int
    seq: int

    def __str__(self) -> str:
        """As readers hand it back."""
        return f"{self.xact}-{self.seq}"


BEGINNING = Place(0, 0)
"""Before the first event that is kept."""


class Told(msgspec.Struct, frozen=True):
    """An event and its place."""

    place: Place
    event: Event


class EventPage(msgspec.Struct, frozen=True):
    """Some events in their order. `place` is where to go on.

    `held` says that there are more behind it which cannot be read yet, since a transaction that began before them still runs.
    """

    told: tuple[Told, ...]
    place: Place
    held: bool = False


class EventFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which events are meant: all that fit everything that is said.

    `tenant` is an organisation, or `*` for all. `types` are names, or their beginning as `generation.*`; without any, all
    are meant.
    """

    tenant: str = ALL_TENANTS
    types: tuple[str, ...] = ()
    subject: str | None = None
    key: str | None = None

    def fits(self, event: Event) -> bool:
        """Whether an event is meant."""
        return (
            self.tenant in (ALL_TENANTS, event.tenant)
            and (self.subject is None or event.subject == self.subject)
            and (self.key is None or event.key == self.key)
            and (not self.types or is_among(event.type, self.types))
        )


def is_among(type_: str, types: tuple[str, ...]) -> bool:
    """Whether a name is among these, some of which are only beginnings (`generation.*`, `*`)."""
    return any(type_ == one or (one.endswith("*") and type_.startswith(one[:-1])) for one in types)
