"""Jobs as callers see them."""

import json
from typing import Any

import pytest
from openai.types import Video, VideoDeleteResponse

from genmux.dialects.openai_videos import server
from genmux.dialects.openai_videos.respond import video
from genmux.types.assets import Asset
from genmux.types.errors import ErrorKind, InvalidRequestError, NotFoundError, ProviderError
from genmux.types.generation import GenerationRequest, Input
from genmux.types.jobs import JobError, JobStatus
from tests.unit.dialects.openai_videos.jobs import CLIP, LATER, NOON, POSTER, job


def told(answer: Any) -> dict[str, Any]:
    assert answer.status == 200
    return json.loads(answer.body)


def test_official_clients_read_a_video() -> None:
    read = Video.model_validate(told(server.respond(job())))
    assert (read.id, read.object, read.model, read.status) == ("job_1", "video", "google/omni", "completed")
    assert (read.progress, read.seconds, read.size) == (100, "8.04", "1280x720")
    assert (read.created_at, read.completed_at) == (int(NOON.timestamp()), int(LATER.timestamp()))
    assert read.expires_at == int(LATER.timestamp()) + 86_400
    assert (read.prompt, read.error, read.remixed_from_video_id) == ("a cat", None, None)


@pytest.mark.parametrize("status", list(JobStatus))
def test_every_state_has_one_of_four_words(status: JobStatus) -> None:
    read = Video.model_validate(video(job(status)))
    assert read.status in ("queued", "in_progress", "completed", "failed")
    assert (read.error is not None) == (read.status == "failed")
    assert (read.completed_at is not None) == (status is JobStatus.COMPLETED)
    assert (read.status in ("completed", "failed")) == status.ended


@pytest.mark.parametrize(("part", "progress"), [(None, 0), (0.333, 33), (1.0, 99), (-1.0, 0)])
def test_progress_is_a_number_of_a_hundred_that_is_full_only_in_the_end(part: float | None, progress: int) -> None:
    assert video(job(JobStatus.RUNNING, progress=part))["progress"] == progress


def test_before_it_is_made_what_was_asked_for_is_told() -> None:
    shown = video(job(JobStatus.QUEUED))
    assert (shown["seconds"], shown["size"]) == ("8", "1280x720")
    bare = video(job(JobStatus.QUEUED, request=GenerationRequest(operation="text_to_video", model="m")))
    assert (bare["seconds"], bare["size"], bare["prompt"]) == (None, None, None)


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (JobStatus.FILTERED, None, "moderation_blocked"),
        (JobStatus.CANCELLED, None, "cancelled"),
        (JobStatus.EXPIRED, None, "expired"),
        (JobStatus.FAILED, JobError(kind=ErrorKind.SERVER, message="it broke"), "generation_failed"),
        (JobStatus.FAILED, JobError(kind=ErrorKind.SERVER, message="it broke", code="E1"), "E1"),
    ],
)
def test_why_it_was_not_made_is_told(status: JobStatus, error: JobError | None, code: str) -> None:
    shown = video(job(status, error=error))["error"]
    assert shown["code"] == code
    assert shown["message"] == ("it broke" if error else f"the video was {status.value}")


def test_the_video_that_was_changed_is_told() -> None:
    clip = Input(kind="video", source="job_0", role="video")
    request = GenerationRequest(operation="video_to_video", model="m", prompt="p", inputs=(clip,))
    assert video(job(request=request))["remixed_from_video_id"] == "job_0"


def test_a_page_tells_its_ends() -> None:
    page = told(server.respond_list([job(), job(JobStatus.QUEUED)], has_more=True))
    assert (page["object"], len(page["data"]), page["has_more"]) == ("list", 2, True)
    assert (page["first_id"], page["last_id"]) == ("job_1", "job_1")
    assert told(server.respond_list([], has_more=False))["first_id"] is None


def test_a_deletion_is_told() -> None:
    read = VideoDeleteResponse.model_validate(told(server.respond_deleted("job_1")))
    assert (read.id, read.deleted, read.object) == ("job_1", True, "video.deleted")


@pytest.mark.parametrize(("variant", "asset"), [(None, CLIP), ("video", CLIP), ("thumbnail", POSTER)])
def test_the_video_and_its_poster_are_downloaded(variant: str | None, asset: Asset) -> None:
    assert server.content(job(), variant) is asset


def test_of_a_job_without_a_video_the_first_output_is_downloaded() -> None:
    assert server.content(job(assets=(POSTER, CLIP))) is CLIP


@pytest.mark.parametrize("variant", ["spritesheet", "thumbnail"])
def test_what_there_is_not_is_not_found(variant: str) -> None:
    with pytest.raises(NotFoundError, match=f"has no {variant}"):
        server.content(job(assets=(CLIP,)), variant)


def test_a_video_that_is_not_made_yet_cannot_be_downloaded() -> None:
    with pytest.raises(NotFoundError, match="is in_progress; there is nothing to download"):
        server.content(job(JobStatus.RUNNING))


def test_a_variant_that_there_is_not_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="`variant` is 'gif'"):
        server.content(job(), "gif")


def test_a_refusal_has_openais_form() -> None:
    answer = server.refuse(ProviderError("no such video", kind=ErrorKind.NOT_FOUND))
    assert answer.status == 404
    assert json.loads(answer.body)["error"]["message"] == "no such video"
