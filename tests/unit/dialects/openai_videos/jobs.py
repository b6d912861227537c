"""Jobs and their videos."""

import datetime
from typing import Any

from genmux.types.assets import Asset
from genmux.types.generation import GenerationRequest
from genmux.types.jobs import Job, JobStatus

NOON = datetime.datetime(2026, 11, 27, 12, tzinfo=datetime.UTC)
LATER = NOON + datetime.timedelta(minutes=2)
ASKED = GenerationRequest(
    operation="text_to_video", model="google/omni", prompt="a cat", params={"duration": 8, "size": "1280x720"}
)
CLIP = Asset(
    id="asset_1",
    tenant="t",
    media_type="video/mp4",
    bytes=9,
    sha256="0",
    created_at=LATER,
    width=1280,
    height=720,
    seconds=8.04,
    poster="asset_2",
    expires_at=LATER + datetime.timedelta(days=1),
)
POSTER = Asset(id="asset_2", tenant="t", media_type="image/webp", bytes=9, sha256="1", created_at=LATER, role="poster")


def job(status: JobStatus = JobStatus.COMPLETED, **fields: Any) -> Job:
    done = {"ended_at": LATER, "assets": (CLIP, POSTER)} if status is JobStatus.COMPLETED else {}
    told: dict[str, Any] = {"request": ASKED, **done, **fields}
    return Job(
        id="job_1",
        tenant="t",
        status=status,
        provider="google",
        model="omni",
        created_at=NOON,
        updated_at=LATER,
        **told,
    )
