"""A task as Kling's older addresses (`/v1/…`) tell it, and how a request reads there.

Source: kling.ai/document-api (3.0 and 3.0 Omni images, 2.1 images, 3.0 video of the earlier edition), read 2026-11-27.
"""

from typing import Any, Final

import msgspec

from genmux.contract.failures import FailureTable
from genmux.contract.inputs import MediaRequest
from genmux.contract.jobs import Listed
from genmux.contract.statuses import StatusTable
from genmux.providers.kling.body import inside
from genmux.providers.kling.replies import UNITS, number
from genmux.providers.kling.task import Made, moment
from genmux.types.errors import ErrorKind
from genmux.types.jobs import Completed, Failed, JobState, Pending, Processing
from genmux.types.usage import Usage, credits_used

MODES: Final = {"720p": "std", "1080p": "pro", "4k": "4k"}
"""What the older addresses call a resolution of videos."""


class Result(msgspec.Struct, frozen=True):
    """What was made."""

    videos: tuple[Made, ...] = ()
    images: tuple[Made, ...] = ()


class Info(msgspec.Struct, frozen=True):
    """What the caller said of the task: the key."""

    external_task_id: str | None = None


class OlderTask(msgspec.Struct, frozen=True):
    """A task, in replies and in webhooks. Only `task_status_msg` tells moderation from other failures.

    `final_unit_deduction` is what it took out of a resource pack, `final_balance_deduction` what was paid in money.
    """

    task_id: str
    task_status: str
    task_status_msg: str | None = None
    task_info: Info | None = None
    created_at: int | None = None
    task_result: Result | None = None
    final_unit_deduction: str | float | None = None
    final_balance_deduction: dict[str, Any] | None = None

    @property
    def key(self) -> str | None:
        """What the caller named it by."""
        return self.task_info.external_task_id if self.task_info else None

    def used(self, kind: str) -> Usage | None:
        """What it took: in units, or in a money that the reply does not name, which the price list has to say then."""
        money = self.final_balance_deduction or {}
        if self.final_unit_deduction is None or number(money.get("quota") or 0):
            return None
        told = {"final_unit_deduction": self.final_unit_deduction}
        spent = credits_used(kind + UNITS, float(number(self.final_unit_deduction)))
        return msgspec.structs.replace(spent, raw=told)

    def state(self, kind: str, statuses: StatusTable, failures: FailureTable) -> JobState:
        """Where it stands; `kind` is what it makes. Raises UnknownStatusError."""
        raw, used, result = self.task_status, self.used(kind), self.task_result or Result()
        match statuses(raw):
            case "pending":
                return Pending(raw=raw)
            case "processing":
                return Processing(raw=raw)
            case "completed":
                made = (msgspec.structs.replace(one, type=kind) for one in (*result.videos, *result.images))
                outputs = tuple(one.output for one in made if one.url)
                if not outputs:
                    message = "Kling says that the task succeeded, and not what it made"
                    return Failed(message=message, kind=ErrorKind.MALFORMED_REPLY, usage=used, raw=raw)
                return Completed(outputs=outputs, usage=used or Usage(), raw=raw)
            case _:
                return failures(self.task_status_msg or "", usage=used, raw=raw)

    def listed(self, state: JobState) -> Listed:
        """The same as one of a list."""
        return Listed(ticket={"id": self.task_id}, state=state, created_at=moment(self.created_at), key=self.key)


OLDER_TASK: Final = msgspec.json.Decoder(OlderTask)
OLDER_TASKS: Final = msgspec.json.Decoder(tuple[OlderTask, ...] | None)


def video(request: MediaRequest) -> dict[str, Any]:
    """A video; its shots may be given one by one."""
    written = {name: value for name, value in request.params.items() if value is not None}
    if (resolution := written.pop("resolution", None)) is not None:
        written["mode"] = MODES[resolution]
    if (duration := written.get("duration")) is not None:
        written["duration"] = str(duration)
    if (sound := written.pop("audio", None)) is not None:
        written["sound"] = "on" if sound else "off"
    frames = (("image", request.first("image")), ("image_tail", request.first("last_image")))
    return _prompted(request) | written | {name: inside(one) for name, one in frames if one is not None}


def picture(request: MediaRequest) -> dict[str, Any]:
    """A picture, perhaps made after another."""
    image = request.first("image")
    return _pictured(request) | ({"image": inside(image)} if image is not None else {})


def pictures(request: MediaRequest) -> dict[str, Any]:
    """A picture made after several, which the prompt may name `<<<image_1>>>` …"""
    images = (*request.all("image"), *request.all("reference"))
    return _pictured(request) | ({"image_list": [{"image": inside(one)} for one in images]} if images else {})


def _pictured(request: MediaRequest) -> dict[str, Any]:
    written = {name: value for name, value in request.params.items() if value is not None}
    if (resolution := written.get("resolution")) is not None:
        written["resolution"] = str(resolution).lower()
    return _prompted(request) | written


def _prompted(request: MediaRequest) -> dict[str, Any]:
    return {"prompt": request.prompt} if request.prompt else {}
