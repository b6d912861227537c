"""A video job as xAI tells it, and what that means."""

from decimal import Decimal
from typing import Any, Final

import msgspec

from genmux.contract.failures import FailureTable
from genmux.contract.statuses import StatusTable
from genmux.types.assets import Output
from genmux.types.errors import ErrorKind
from genmux.types.jobs import Completed, Failed, Filtered, JobState, Pending, Processing
from genmux.types.usage import Usage

TICKS: Final = 10_000_000_000
"""So many `cost_in_usd_ticks` are a US dollar (xai-proto, usage.proto; a recorded 700,000,000 is 1 s at 0.07)."""


class Submitted(msgspec.Struct, frozen=True):
    """What a submission is answered with."""

    request_id: str


class Video(msgspec.Struct, frozen=True):
    """What was made; `respect_moderation` is false, and the address empty, where it was kept back."""

    url: str | None = None
    duration: float | None = None
    respect_moderation: bool | None = None


class Fault(msgspec.Struct, frozen=True):
    """Why it failed."""

    message: str = ""
    code: str | None = None


class Told(msgspec.Struct, frozen=True):
    """A job; `progress` is in per cent. One without a status that has a video is done."""

    status: str = ""
    progress: float | None = None
    video: Video | None = None
    error: Fault | None = None
    usage: dict[str, Any] | None = None

    @property
    def progressed(self) -> float | None:
        """How far it is, as a part of 1."""
        return None if self.progress is None else min(max(self.progress / 100, 0.0), 1.0)

    @property
    def used(self) -> Usage:
        """What it cost, where that is told, and how many seconds were made."""
        ticks = (self.usage or {}).get("cost_in_usd_ticks")
        if not isinstance(ticks, int):
            return Usage(raw=self.usage)
        seconds = self.video.duration if self.video else None
        meters = {"seconds.output.video": seconds} if seconds else {}
        return Usage(meters=meters, reported_cost=Decimal(ticks) / TICKS, raw=self.usage)

    def state(self, statuses: StatusTable, failures: FailureTable) -> JobState:
        """Where it stands. Raises UnknownStatusError."""
        raw = self.status or ("done" if self.video and self.video.url else "")
        match statuses(raw):
            case "pending":
                return Pending(raw=raw)
            case "processing":
                return Processing(progress=self.progressed, raw=raw)
            case "completed":
                return self._made(raw)
            case _:
                fault = self.error or Fault()
                message = fault.message or f"xAI says that the job is {raw!r}, and no more"
                return failures(message, fault.code, usage=self.used, raw=raw)

    def _made(self, raw: str) -> Completed | Filtered | Failed:
        video = self.video or Video()
        if video.respect_moderation is False:
            return Filtered(reason="xAI's moderation kept the video back", usage=self.used, raw=raw)
        if not video.url:
            message = "xAI says that the video is done, and not where it is"
            return Failed(message=message, kind=ErrorKind.MALFORMED_REPLY, usage=self.used, raw=raw)
        about = {"duration": video.duration} if video.duration else {}
        outputs = (Output(url=video.url, media_type="video/mp4", metadata=about),)
        return Completed(outputs=outputs, usage=self.used, raw=raw)


SUBMITTED: Final = msgspec.json.Decoder(Submitted)
TOLD: Final = msgspec.json.Decoder(Told)
