"""Omni's interactions, as documents show them."""

from typing import Any

import pytest

from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.jobs import Cancels, Finds, Hooks, Lists, Prepared
from genmux.contract.statuses import UnknownStatusError
from genmux.types.assets import Output
from genmux.types.errors import MalformedReplyError, NotFoundError, ProviderError, ServerError
from genmux.types.generation import InputRole
from genmux.types.jobs import Accepted, Completed, Failed, JobState, Processing
from tests.unit.providers.documented import documented_polls, replied, walked
from tests.unit.providers.simulated import REGISTRY, prepared

GOOGLE = REGISTRY.load("google")
OMNI = GOOGLE.wires["omni"]
NAME = "gemini-omni-1.2-flash"
TICKET = {"interaction": "v1_abc"}
URI = "https://generativelanguage.googleapis.com/v1beta/files/abc:download?alt=media"
FINISHED = {
    "id": "v1_abc",
    "status": "completed",
    "steps": [{"type": "model_output", "content": [{"type": "video", "mime_type": "video/mp4", "uri": URI}]}],
}


def picture(role: InputRole) -> MediaInput:
    return MediaInput(kind="image", role=role, url=f"data:image/png;base64,{role}")


CLIP = MediaInput(kind="video", role="video", url="data:video/mp4;base64,clip")


def ready(operation: Any, *inputs: MediaInput, **params: Any) -> Prepared:
    return prepared(GOOGLE, NAME, MediaRequest(operation=operation, prompt="a cat", inputs=inputs, params=params))


@pytest.mark.parametrize(("answer", "state"), documented_polls("google-omni"))
def test_a_poll_means_what_the_documents_say(answer: dict[str, Any], state: JobState) -> None:
    asked, found = walked(OMNI.poll(TICKET), answer)
    assert found == state
    assert [(one.method, one.url, one.read_only) for one in asked] == [("GET", "/interactions/v1_abc", True)]


def test_every_word_of_the_table_is_in_the_documents() -> None:
    told = {values[0]["status"] for values in (one.values for one in documented_polls("google-omni"))}
    assert told == {row.raw for row in GOOGLE.manifest.statuses if row.raw[0].islower() and "done" not in row.raw}


def test_words_alone_become_a_video_of_some_seconds_as_a_file() -> None:
    told = ready("text_to_video", duration=7.5, resolution="1080p", aspect_ratio="9:16", n=1)
    http = OMNI.submit(told, "key", None)
    assert (http.method, http.url, http.free) == ("POST", "/interactions", False)
    assert told.body == {
        "model": NAME,
        "input": [{"type": "text", "text": "a cat"}],
        "background": True,
        "response_format": {
            "type": "video",
            "delivery": "uri",
            "duration": "7.5s",
            "resolution": "1080p",
            "aspect_ratio": "9:16",
        },
        "generation_config": {"video_config": {"task": "text_to_video"}},
    }
    assert told.warnings == ()


def test_one_picture_starts_the_video() -> None:
    told = ready("image_to_video", picture("image"), duration=8)
    assert told.body["input"] == [
        {"type": "image", "data": "image", "mime_type": "image/png"},
        {"type": "text", "text": "a cat"},
    ]
    assert told.body["generation_config"] == {"video_config": {"task": "image_to_video"}}
    assert told.body["response_format"]["duration"] == "8s"
    assert told.warnings == ()


def test_what_several_pictures_are_for_is_told_before_the_prompt_and_to_the_caller() -> None:
    told = ready("image_to_video", picture("reference"), picture("last_image"), picture("image"))
    assert [one.get("data") for one in told.body["input"]] == ["image", "last_image", "reference", None]
    assert told.body["input"][-1]["text"] == (
        "[# Sources <FIRST_FRAME>@Image1 <LAST_FRAME>@Image2] [# References <IMAGE_REF_0>@Image3] a cat"
    )
    assert "generation_config" not in told.body
    (warning,) = told.warnings
    assert (warning.kind, warning.field) == ("emulated", "inputs")


def test_references_alone_are_a_task_of_their_own() -> None:
    told = ready("text_to_video", picture("reference"), picture("reference"))
    assert told.body["input"][-1]["text"] == "[# References <IMAGE_REF_0>@Image1 <IMAGE_REF_1>@Image2] a cat"
    assert told.body["generation_config"] == {"video_config": {"task": "reference_to_video"}}


@pytest.mark.parametrize("task", [None, "edit", "extend"])
def test_a_video_is_changed_or_extended(task: str | None) -> None:
    told = ready("video_to_video", CLIP, **({} if task is None else {"task": task}))
    assert told.body["input"][0] == {"type": "video", "data": "clip", "mime_type": "video/mp4"}
    assert told.body["generation_config"] == {"video_config": {"task": task or "edit"}}


def test_the_id_of_the_interaction_is_the_ticket() -> None:
    told = {"id": "v1_abc", "status": "in_progress"}
    assert OMNI.submitted(replied(told), ready("text_to_video")) == Accepted(ticket=TICKET)


@pytest.mark.parametrize("call", ["submitted", "poll"])
def test_an_error_that_looks_like_a_success_says_nothing_of_the_job(call: str) -> None:
    told = {"error": {"code": 500, "message": "broke", "status": "INTERNAL"}}
    with pytest.raises(ServerError):
        OMNI.submitted(replied(told), ready("text_to_video")) if call == "submitted" else walked(
            OMNI.poll(TICKET), told
        )


def test_an_interaction_without_an_id_is_malformed() -> None:
    with pytest.raises(MalformedReplyError, match="has no id"):
        OMNI.submitted(replied({"status": "in_progress"}), ready("text_to_video"))


@pytest.mark.parametrize(("state", "expected"), [("PROCESSING", Processing), ("ACTIVE", Completed), ("FAILED", Failed)])
def test_a_finished_interaction_is_asked_for_its_file(state: str, expected: type[JobState]) -> None:
    asked, found = walked(OMNI.poll(TICKET), FINISHED, {"name": "files/abc", "state": state})
    assert [one.url for one in asked] == ["/interactions/v1_abc", "/files/abc"]
    assert isinstance(found, expected)
    if isinstance(found, Completed):
        assert found.outputs == (Output(url=URI, media_type="video/mp4", signed=True),)


def test_a_file_that_nobody_knows_is_left_to_the_download() -> None:
    steps = OMNI.poll(TICKET)
    next(steps)
    steps.send(replied(FINISHED))
    with pytest.raises(StopIteration) as end:
        steps.throw(NotFoundError("no such file"))
    assert isinstance(end.value.value, Completed)


def test_another_error_of_the_file_is_one_of_the_poll() -> None:
    steps = OMNI.poll(TICKET)
    next(steps)
    steps.send(replied(FINISHED))
    with pytest.raises(ProviderError, match="busy"):
        steps.throw(ProviderError("busy"))


def test_a_success_that_tells_nothing_at_all_says_nothing_of_the_job() -> None:
    with pytest.raises(MalformedReplyError, match="neither video nor words nor usage"):
        walked(OMNI.poll(TICKET), {"id": "v1_abc", "status": "completed", "steps": [{"type": "user_input"}]})


def test_a_video_that_is_no_base64_is_malformed() -> None:
    broken = {"type": "model_output", "content": [{"type": "video", "data": "A"}]}
    with pytest.raises(MalformedReplyError, match="not base64"):
        walked(OMNI.poll(TICKET), {"id": "v1_abc", "status": "completed", "steps": [broken]})


def test_a_word_that_is_in_no_table_is_an_error_of_the_poll() -> None:
    with pytest.raises(UnknownStatusError, match="dreaming"):
        walked(OMNI.poll(TICKET), {"id": "v1_abc", "status": "dreaming"})


def test_an_interaction_can_be_cancelled_and_no_more() -> None:
    assert isinstance(OMNI, Cancels)
    assert not any(isinstance(OMNI, kind) for kind in (Finds, Lists, Hooks))
    ((http,), _) = walked(OMNI.cancel(TICKET), {"id": "v1_abc", "status": "cancelled"})
    assert (http.method, http.url, http.free) == ("POST", "/interactions/v1_abc/cancel", True)
