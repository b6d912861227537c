"""What fal tells of a request: its status, its result, and why there is none."""

import re
from decimal import Decimal
from typing import Any

import msgspec

from genmux.contract.failures import FailureTable
from genmux.contract.fault import fault_of
from genmux.contract.http import HttpReply
from genmux.contract.manifest import Manifest
from genmux.contract.media_reading import outputs_in
from genmux.contract.statuses import StatusTable
from genmux.types.errors import ErrorKind, ProviderError
from genmux.types.jobs import Cancelled, Completed, Failed, Filtered, JobState, Processing
from genmux.types.usage import Usage

NSFW = ("has_nsfw_concepts", "nsfw_content_detected")
"""Where a result says which of its pictures the safety checker has blackened: one flag for each, or one for all."""

UNBILLED = Usage(reported_cost=Decimal(0))
"""Server errors (500 and above) are never billed; others are where a runner had begun (fal's FAQ)."""

WORDS = {
    ErrorKind.CONTENT_FILTERED: "COMPLETED content_policy_violation",
    ErrorKind.CANCELLED: "COMPLETED client_cancelled",
}
"""How we write what only `error_type` tells apart; all other failures are `COMPLETED error`."""

REFUSED = frozenset({400, 422})
"""What a model answers that did not like its input."""

_ANY = msgspec.json.Decoder()
_TYPE = re.compile(r'"(?:error_)?type"\s*:\s*"(\w+)"')
_STATUS = re.compile(r"\b[45]\d\d\b")


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a submission."""

    request_id: str
    status_url: str
    response_url: str
    cancel_url: str
    status: str = "IN_QUEUE"
    queue_position: int | None = None


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Where a request stands. `COMPLETED` with an `error` is a failure; there is no other word for it."""

    status: str
    queue_position: int | None = None
    error: str | None = None
    error_type: str | None = None

    @property
    def failed(self) -> bool:
        """Whether it went wrong."""
        return bool(self.error or self.error_type)


class Hook(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook: `OK` with the result, or `ERROR` with what an error reply would say. `payload` is null where it was too much."""

    request_id: str
    status: str
    payload: Any = None
    error: str | None = None


class Place(msgspec.Struct, frozen=True):
    """Where a file is put, and where it is then."""

    upload_url: str
    file_url: str


TAKEN = msgspec.json.Decoder(Taken)
STATUS = msgspec.json.Decoder(Status)
HOOK = msgspec.json.Decoder(Hook)
PLACE = msgspec.json.Decoder(Place)


class Results:
    """Reads results and failures by the tables of the manifest."""

    def __init__(self, manifest: Manifest) -> None:
        self.state = StatusTable(manifest.statuses)
        self._failure = FailureTable(manifest.errors)
        self._types = manifest.errors.keys()

    def completed(self, reply: HttpReply) -> Completed | Filtered:
        """A result."""
        return _made(reply.read(_ANY))

    def failed(self, told: Status, error: ProviderError | None = None) -> JobState:
        """Why there is no result: the error reply in its place says more than the status.

        Raises `error` where it says that asking went wrong, and nothing of the job.
        """
        if error is None:
            return self._end(told.error or "", told.error_type, None)
        kind = _type(error.body or "") or error.code
        if error.status in REFUSED or kind in self._types:
            return self._end(error.message, kind or told.error_type, error.status)
        if error.status is None or not told.failed:
            raise error
        return self._end(told.error or "", told.error_type, error.status)

    def delivered(self, hook: Hook) -> JobState:
        """What a webhook tells: the same, but that a payload may be missing."""
        if hook.status == "OK":
            return Processing(raw="OK") if hook.payload is None else _made(hook.payload)
        status = _STATUS.search(hook.error or "")
        kind = _type(msgspec.json.encode(hook.payload).decode())
        return self._end(fault_of(hook.payload).message or hook.error or "", kind, int(status[0]) if status else None)

    def _end(self, message: str, code: str | None, status: int | None) -> JobState:
        word = WORDS.get(self._failure.kind(message, code), "COMPLETED error")
        if self.state(word) == "cancelled":
            return Cancelled(raw=word)
        end = self._failure(message, code, raw=word, usage=UNBILLED if (status or 0) >= 500 else None)
        if isinstance(end, Failed) and end.kind is ErrorKind.SERVER and status in REFUSED:
            end = msgspec.structs.replace(end, kind=ErrorKind.INVALID_REQUEST)
        return end


def _made(result: Any) -> Completed | Filtered:
    """What a result holds, without what the safety checker has blackened."""
    outputs = outputs_in(result)
    told = result if isinstance(result, dict) else {}
    flags = next((told[name] for name in NSFW if name in told), False)
    flagged = [bool(flag) for flag in flags] if isinstance(flags, list) else [bool(flags)] * len(outputs)
    kept = outputs
    if len(flagged) == len(outputs):
        kept = tuple(one for one, bad in zip(outputs, flagged, strict=True) if not bad)
    if any(flagged) and not kept:
        return Filtered(reason="the safety checker found NSFW content in every picture", raw="COMPLETED")
    text = told.get("description")
    said = text if isinstance(text, str) and text else None
    return Completed(outputs=kept, filtered=sum(flagged), text=said, raw="COMPLETED")


def _type(body: str) -> str | None:
    """The type of the (first) error, wherever it stands: `error_type`, or `type` in a list of details."""
    found = _TYPE.search(body)
    return found[1] if found else None
