"""From a job to a video as callers see it."""

import datetime
from collections.abc import Sequence

import msgspec

from genmux.contract.dialect import Answer
from genmux.dialects.openai_videos.schema import CODES, STATUSES, Variant
from genmux.types.assets import Asset
from genmux.types.content import Fields
from genmux.types.errors import InvalidRequestError, NotFoundError
from genmux.types.jobs import Job, JobStatus


def video(job: Job) -> Fields:
    """A job as the object `video`. `progress` is 0 to 100, times are Unix time, `seconds` is a text."""
    status = STATUSES[job.status]
    made = _video_of(job)
    document: Fields = {
        "id": job.id,
        "object": "video",
        "model": f"{job.provider}/{job.model}",
        "status": status,
        "progress": 100 if status == "completed" else round(100 * min(max(job.progress or 0.0, 0.0), 0.99)),
        "created_at": _stamp(job.created_at),
        "completed_at": _stamp(job.ended_at) if status == "completed" else None,
        "expires_at": _stamp(made.expires_at if made else job.expires_at),
        "prompt": job.request.prompt or None,
        "seconds": _seconds(job, made),
        "size": _size(job, made),
        "remixed_from_video_id": _source(job),
        "error": _error(job) if status == "failed" else None,
    }
    return document


def respond(job: Job) -> Answer:
    """One video."""
    return _answer(video(job))


def respond_list(jobs: Sequence[Job], *, has_more: bool) -> Answer:
    """A page of videos."""
    data = [video(job) for job in jobs]
    first, last = (data[0]["id"], data[-1]["id"]) if data else (None, None)
    return _answer({"object": "list", "data": data, "first_id": first, "last_id": last, "has_more": has_more})


def respond_deleted(job_id: str) -> Answer:
    """What is said of a video that was deleted."""
    return _answer({"id": job_id, "object": "video.deleted", "deleted": True})


def content_of(job: Job, variant: str | None = None) -> Asset:
    """The file that is downloaded. Raises NotFoundError where there is none (yet), InvalidRequestError for an unknown variant."""
    wanted = variant or "video"
    if wanted not in _VARIANTS:
        told = f"`variant` is {wanted!r:.60}; it must be one of {', '.join(map(repr, _VARIANTS))}"
        raise InvalidRequestError(told, param="variant")
    if job.status is not JobStatus.COMPLETED:
        raise NotFoundError(f"the video {job.id} is {STATUSES[job.status]}; there is nothing to download")
    made = _video_of(job)
    if wanted == "video" and made is not None:
        return made
    poster = next((one for one in job.assets if one.role == "poster" or (made and one.id == made.poster)), None)
    if wanted == "thumbnail" and poster is not None:
        return poster
    raise NotFoundError(f"the video {job.id} has no {wanted}")


_VARIANTS: tuple[Variant, ...] = ("video", "thumbnail", "spritesheet")


def _answer(document: Fields) -> Answer:
    return Answer(status=200, body=msgspec.json.encode(document))


def _video_of(job: Job) -> Asset | None:
    """The video that a job made: of several outputs the first."""
    outputs = [one for one in job.assets if one.role == "output"]
    return next((one for one in outputs if one.kind == "video"), outputs[0] if outputs else None)


def _stamp(moment: datetime.datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def _seconds(job: Job, made: Asset | None) -> str | None:
    """How long it is: what was made is told before what was asked for."""
    told = made.seconds if made is not None and made.seconds is not None else job.request.params.get("duration")
    return f"{round(told, 3):g}" if isinstance(told, int | float) else None


def _size(job: Job, made: Asset | None) -> str | None:
    if made is not None and made.width and made.height:
        return f"{made.width}x{made.height}"
    told = job.request.params.get("size") or job.request.params.get("resolution")
    return str(told) if told else None


def _source(job: Job) -> str | None:
    """The job whose video was changed."""
    sources = (one.source for one in job.request.inputs if one.kind == "video" and one.source)
    return next((source for source in sources if source.startswith("job_")), None)


def _error(job: Job) -> Fields:
    usual = f"the video was {job.status.value}"
    if job.error is None:
        return {"code": CODES[job.status], "message": usual}
    return {"code": job.error.code or CODES[job.status], "message": job.error.message or usual}
