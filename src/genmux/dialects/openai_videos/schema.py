"""The words of OpenAI's videos: names and tables.

OpenAI shut its own off on 2026-09-24; many gateways and clients still speak the shape. Sources: the types of the official SDK
(openai 3.54), read 2026-11-27.
"""

from typing import Any, Final, Literal

import msgspec

from genmux.types.jobs import JobStatus

NAME: Final = "openai_videos"
"""By which the dialect is named."""

VideoStatus = Literal["queued", "in_progress", "completed", "failed"]
Variant = Literal["video", "thumbnail", "spritesheet"]

STATUSES: dict[JobStatus, VideoStatus] = {
    JobStatus.QUEUED: "queued",
    JobStatus.SUBMITTING: "queued",
    JobStatus.RUNNING: "in_progress",
    JobStatus.DOWNLOADING: "in_progress",
    JobStatus.OUTCOME_UNKNOWN: "in_progress",
    JobStatus.COMPLETED: "completed",
    JobStatus.REJECTED: "failed",
    JobStatus.FILTERED: "failed",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "failed",
    JobStatus.EXPIRED: "failed",
}
"""Its four words for our states. A job of which nobody knows whether it was taken is in progress until somebody decides."""

CODES: dict[JobStatus, str] = {
    JobStatus.REJECTED: "invalid_request",
    JobStatus.FILTERED: "moderation_blocked",
    JobStatus.FAILED: "generation_failed",
    JobStatus.CANCELLED: "cancelled",
    JobStatus.EXPIRED: "expired",
}
"""The code of an error, where the provider tells none."""

OBJECT: "msgspec.json.Decoder[dict[str, Any]]" = msgspec.json.Decoder(dict[str, Any])
