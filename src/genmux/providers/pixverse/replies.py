"""What PixVerse answers: an envelope, in which an error looks like a success, and a video."""

from typing import Final, TypeVar

import msgspec

from genmux.contract.error_map import ErrorMap, classify
from genmux.contract.http import HttpReply
from genmux.contract.statuses import StatusTable
from genmux.types.assets import Output
from genmux.types.errors import ErrorKind
from genmux.types.jobs import Cancelled, Completed, Failed, Filtered, JobState, Pending, Processing
from genmux.types.usage import Usage, credits_used

T = TypeVar("T")

CREDITS: Final = "credits"
"""The type of PixVerse's credits, as the manifest calls it."""


class Envelope(msgspec.Struct, frozen=True, rename="pascal"):
    """Every reply: `ErrCode` is 0 where all is well, whatever the HTTP status."""

    err_code: int
    resp: msgspec.Raw = msgspec.Raw(b"null")


ENVELOPE: Final = msgspec.json.Decoder(Envelope)


def resp_of(reply: HttpReply, decoder: "msgspec.json.Decoder[T]", errors: ErrorMap) -> T:
    """What is in the envelope. Raises ProviderError for a code that is not 0, and for what does not fit."""
    told = reply.read(ENVELOPE)
    if told.err_code != 0:
        raise classify(reply, errors)
    return msgspec.structs.replace(reply, body=bytes(told.resp)).read(decoder)


class Image(msgspec.Struct, frozen=True):
    """A picture that was taken."""

    img_id: int


class Media(msgspec.Struct, frozen=True):
    """A video that was taken."""

    media_id: int


class Submitted(msgspec.Struct, frozen=True):
    """What a submission is answered with."""

    video_id: int


class Video(msgspec.Struct, frozen=True, rename={"width": "outputWidth", "height": "outputHeight"}):
    """A video, in results and in webhooks; `status` is a number. `credits` is what it took, where that is told."""

    id: int | str
    status: int
    url: str | None = None
    width: int | None = None
    height: int | None = None
    seed: int | None = None
    credits: float | None = None

    def state(self, statuses: StatusTable) -> JobState:
        """Where it stands. Raises UnknownStatusError."""
        raw = str(self.status)
        match statuses(raw):
            case "pending":
                return Pending(raw=raw)
            case "processing":
                return Processing(raw=raw)
            case "completed":
                return self._made(raw)
            case "filtered":
                return Filtered(reason="PixVerse's moderation kept the video back", raw=raw)
            case "cancelled":
                return Cancelled(raw=raw)
            case _:
                return Failed(message="PixVerse could not make the video, and does not say why", raw=raw)

    def _made(self, raw: str) -> Completed | Failed:
        used = Usage() if self.credits is None else credits_used(CREDITS, self.credits)
        if not self.url:
            message = "PixVerse says that the video is there, and not where"
            return Failed(message=message, kind=ErrorKind.MALFORMED_REPLY, raw=raw)
        about = {"width": self.width, "height": self.height, "seed": self.seed}
        output = Output(
            url=self.url,
            media_type="video/mp4",
            metadata={name: value for name, value in about.items() if value is not None},
        )
        return Completed(outputs=(output,), usage=used, raw=raw)


IMAGE: Final = msgspec.json.Decoder(Image)
MEDIA: Final = msgspec.json.Decoder(Media)
SUBMITTED: Final = msgspec.json.Decoder(Submitted)
VIDEO: Final = msgspec.json.Decoder(Video)
