"""Something happened in our system."""

import datetime
from typing import Any

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fact that others may want to hear: `type` is its name (`generation.started` …), `data` its particulars.

    `time` is in UTC. `subject` is what it is about, such as a request id.
    """

    type: str
    time: datetime.datetime
    id: str
    subject: str | None = None
    provider: str | None = None
    model: str | None = None
    data: dict[str, Any] = msgspec.field(default_factory=dict)
