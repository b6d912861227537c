"""A prediction as Replicate tells it, and what it means for a job."""

import datetime
from decimal import Decimal
from typing import Any

import msgspec

from genmux.contract.failures import FailureTable
from genmux.contract.jobs import Listed
from genmux.contract.media_reading import outputs_in, text_in
from genmux.contract.statuses import StatusTable
from genmux.types.jobs import Cancelled, Completed, JobState, Pending, Processing, Ticket
from genmux.types.usage import Usage

METERS = {
    "image_output_count": "images.output",
    "video_output_count": "videos.output",
    "video_output_duration_seconds": "seconds.output.video",
    "audio_output_count": "tracks.output",
    "audio_output_duration_seconds": "seconds.output.audio",
    "character_input_count": "characters.input",
}
"""What `metrics` counts, by our meters. Read in the source of models that Replicate hosts, on 2026-11-27; no document lists it."""


class Urls(msgspec.Struct, frozen=True):
    """Where a prediction can be asked for and cancelled."""

    get: str = ""
    cancel: str = ""


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """The fields that matter here; `input` and `output` are the model's own, and gone after an hour (`data_removed`)."""

    id: str
    status: str
    urls: Urls = Urls()
    model: str | None = None
    input: dict[str, Any] | None = None
    output: Any = None
    error: Any = None
    metrics: dict[str, Any] | None = None
    created_at: datetime.datetime | None = None
    data_removed: bool = False

    @property
    def ticket(self) -> Ticket:
        """By which it is asked for again."""
        get = self.urls.get or f"/predictions/{self.id}"
        return {"id": self.id, "get": get, "cancel": self.urls.cancel or f"{get}/cancel"}

    @property
    def usage(self) -> Usage:
        """What it counted. Seconds of computing are no meter of ours, but stay in `raw`."""
        told = self.metrics or {}
        counts = {meter: told[name] for name, meter in METERS.items() if isinstance(told.get(name), int | float)}
        return Usage(meters=counts, raw=told or None)

    @property
    def _counted(self) -> Usage | None:
        return self.usage if self.metrics else None

    def state(self, statuses: StatusTable, failures: FailureTable) -> JobState:
        """Where it stands. Raises UnknownStatusError."""
        match statuses(self.status):
            case "pending":
                return Pending(raw=self.status)
            case "processing":
                return Processing(raw=self.status)
            case "completed":
                outputs = outputs_in(self.output)
                return Completed(outputs=outputs, usage=self.usage, text=text_in(self.output), raw=self.status)
            case "cancelled":
                unbilled = Usage(reported_cost=Decimal(0)) if self.status == "aborted" else None
                return Cancelled(usage=unbilled or self._counted, raw=self.status)
            case _:
                return failures(str(self.error or ""), raw=self.status, usage=self._counted)

    def listed(self, state: JobState) -> Listed:
        """The same as one of a list; what went in are the addresses in its input."""
        asked = self.input or {}
        return Listed(
            ticket=self.ticket,
            state=state,
            created_at=self.created_at,
            model=self.model,
            prompt=prompt if isinstance(prompt := asked.get("prompt"), str) else None,
            sources=outputs_in(asked),
        )


class Page(msgspec.Struct, frozen=True):
    """A part of the list of predictions, the newest first; `next` is the address of the next part."""

    results: tuple[Prediction, ...] = ()
    next: str | None = None


class Upload(msgspec.Struct, frozen=True):
    """A file that was taken."""

    urls: Urls


class Secret(msgspec.Struct, frozen=True):
    """What webhooks are signed with."""

    key: str


PREDICTION = msgspec.json.Decoder(Prediction)
PAGE = msgspec.json.Decoder(Page)
UPLOAD = msgspec.json.Decoder(Upload)
SECRET = msgspec.json.Decoder(Secret)
