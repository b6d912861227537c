"""A task as Kling's newer addresses tell it, and what that means."""

import datetime
from typing import Final

import msgspec

from genmux.contract.failures import FailureTable
from genmux.contract.jobs import Listed
from genmux.contract.statuses import StatusTable
from genmux.providers.kling.replies import Bill, number, paid
from genmux.types.assets import Output
from genmux.types.errors import ErrorKind
from genmux.types.jobs import Completed, Failed, JobState, Pending, Processing
from genmux.types.usage import Usage

MEDIA_TYPES: Final = {"video": "video/mp4", "image": "image/png"}


class Made(msgspec.Struct, frozen=True):
    """One thing that was made. `duration` is in seconds, as a text."""

    type: str = ""
    id: str | None = None
    url: str | None = None
    duration: str | float | None = None

    @property
    def output(self) -> Output:
        """The same as ours."""
        about = {"id": self.id, "duration": float(number(self.duration)) if self.duration else None}
        return Output(
            url=self.url,
            media_type=MEDIA_TYPES.get(self.type),
            metadata={name: value for name, value in about.items() if value},
        )


class Task(msgspec.Struct, frozen=True):
    """A task, in replies and in webhooks. `message` says why it failed, `create_time` is in milliseconds."""

    id: str
    status: str
    message: str | None = None
    external_id: str | None = None
    create_time: int | None = None
    outputs: tuple[Made, ...] | None = None
    billing: tuple[Bill, ...] | None = None

    @property
    def used(self) -> Usage | None:
        """What it took, where that is told."""
        return paid(self.billing or (), raw={"billing": [msgspec.to_builtins(one) for one in self.billing or ()]})

    def state(self, statuses: StatusTable, failures: FailureTable) -> JobState:
        """Where it stands. Raises UnknownStatusError."""
        raw = self.status
        match statuses(raw):
            case "pending":
                return Pending(raw=raw)
            case "processing":
                return Processing(raw=raw)
            case "completed":
                outputs = tuple(one.output for one in self.outputs or () if one.url)
                if not outputs:
                    message = "Kling says that the task succeeded, and not what it made"
                    return Failed(message=message, kind=ErrorKind.MALFORMED_REPLY, usage=self.used, raw=raw)
                return Completed(outputs=outputs, usage=self.used or Usage(), raw=raw)
            case _:
                return failures(self.message or "", usage=self.used, raw=raw)

    def listed(self, state: JobState) -> Listed:
        """The same as one of a list."""
        return Listed(ticket={"id": self.id}, state=state, created_at=moment(self.create_time), key=self.external_id)


class Page(msgspec.Struct, frozen=True):
    """A part of the list of tasks; `next_cursor` leads on where `has_more` says that there is more."""

    result: tuple[Task, ...] | None = None
    next_cursor: str | None = None
    has_more: bool = False


def moment(milliseconds: float | None) -> datetime.datetime | None:
    """Unix time in milliseconds as ours."""
    return None if milliseconds is None else datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.UTC)


TASK: Final = msgspec.json.Decoder(Task)
TASKS: Final = msgspec.json.Decoder(tuple[Task, ...] | None)
PAGE: Final = msgspec.json.Decoder(Page)
