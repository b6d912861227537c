"""xAI's videos, as its documents and recordings show them."""

from typing import Any

import msgspec
import pytest

from genmux.contract.http import HttpReply
from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.jobs import Cancels, Finds, Hooks, Lists
from genmux.contract.statuses import UnknownStatusError
from genmux.types.errors import InvalidRequestError, MalformedReplyError
from genmux.types.jobs import Filtered, JobState, Processing
from tests.recordings import exchanges, needs_recordings
from tests.unit.providers.documented import documented, documented_polls, replied, ticket_of, walked
from tests.unit.providers.simulated import REGISTRY, prepared

XAI = REGISTRY.load("xai")
VIDEOS = XAI.wires["videos"]
DOCUMENTED = documented("xai")
CAT = MediaInput(kind="image", role="image", url="https://in.example/cat.png")
HAT = MediaInput(kind="image", role="reference", url="data:image/png;base64,UE5H")
CLIP = MediaInput(kind="video", role="video", url="https://in.example/clip.mp4")


def sent(name: str, operation: Any, *inputs: MediaInput, user: str | None = None, **params: Any) -> tuple[str, Any]:
    request = MediaRequest(operation=operation, prompt="a cat", inputs=inputs, params=params, user=user)
    ready = prepared(XAI, name, request)
    wire = XAI.wires[ready.model.spec.operations[operation]]
    out = wire.submit(ready, "key-1", "https://hooks.example/1")
    return out.url, msgspec.json.decode(out.document or b"")


@pytest.mark.parametrize(("answer", "state"), documented_polls("xai"))
def test_a_poll_means_what_the_documents_say(answer: dict[str, Any], state: JobState) -> None:
    asked, found = walked(VIDEOS.poll({"id": "d974"}), answer)
    assert found == state
    assert [(one.method, one.url, one.read_only) for one in asked] == [("GET", "/videos/d974", True)]


@pytest.mark.parametrize("body", [b"", b"null?", b'{"status": "pending", "progress": 250}'])
def test_a_202_is_work_in_progress_whatever_its_body(body: bytes) -> None:
    steps = VIDEOS.poll({"id": "d974"})
    next(steps)
    with pytest.raises(StopIteration) as end:
        steps.send(HttpReply(status=202, headers={}, body=body))
    assert isinstance(end.value.value, Processing)
    assert end.value.value.progress in (None, 1.0)


@pytest.mark.parametrize("body", [{}, {"status": "daydreaming"}])
def test_a_word_that_is_in_no_table_is_an_error_of_the_poll(body: dict[str, Any]) -> None:
    with pytest.raises(UnknownStatusError):
        walked(VIDEOS.poll({"id": "d974"}), body)


def test_a_submission_gives_a_ticket() -> None:
    told = DOCUMENTED["submitted"]
    ready = prepared(XAI, "grok-imagine-video", MediaRequest(operation="text_to_video", prompt="a cat"))
    assert ticket_of(VIDEOS.submitted(replied(told["body"]), ready)) == told["ticket"]


@pytest.mark.parametrize("body", [{}, {"request_id": ""}])
def test_a_submission_without_an_id_may_have_been_billed(body: dict[str, str]) -> None:
    ready = prepared(XAI, "grok-imagine-video", MediaRequest(operation="text_to_video", prompt="a cat"))
    with pytest.raises(MalformedReplyError) as caught:
        VIDEOS.submitted(replied(body), ready)
    assert caught.value.retry == "unsure"


def test_text_alone_goes_to_generations() -> None:
    assert sent(
        "grok-imagine-video", "text_to_video", user="u-1", duration=5, resolution="720p", aspect_ratio="9:16"
    ) == (
        "/videos/generations",
        {
            "model": "grok-imagine-video",
            "prompt": "a cat",
            "duration": 5,
            "resolution": "720p",
            "aspect_ratio": "9:16",
            "user": "u-1",
        },
    )


def test_a_picture_is_the_first_frame_and_references_are_beside_it() -> None:
    _, first = sent("grok-imagine-video", "image_to_video", CAT)
    _, taken_after = sent("grok-imagine-video", "image_to_video", HAT, HAT)
    assert first == {"model": "grok-imagine-video", "prompt": "a cat", "image": {"url": CAT.url}}
    assert taken_after["reference_images"] == [{"url": HAT.url}, {"url": HAT.url}]


def test_a_video_from_pictures_needs_one() -> None:
    with pytest.raises(InvalidRequestError, match="give `image`, or one or more `reference`"):
        sent("grok-imagine-video", "image_to_video")


def test_an_edit_and_a_continuation_have_addresses_of_their_own() -> None:
    edit = sent("grok-imagine-video", "video_to_video", CLIP, user="u-1")
    more = sent("grok-imagine-video-extension", "video_to_video", CLIP, user="u-1", duration=6)
    video = {"model": "grok-imagine-video", "prompt": "a cat", "video": {"url": CLIP.url}}
    assert edit == ("/videos/edits", {**video, "user": "u-1"})
    assert more == ("/videos/extensions", {**video, "duration": 6})


def test_it_can_neither_be_cancelled_nor_found_nor_told() -> None:
    assert not isinstance(VIDEOS, Cancels | Finds | Lists | Hooks)
    assert XAI.manifest.jobs.submit_safety == "none"


def test_pictures_are_asked_for_in_its_own_words() -> None:
    url, body = sent("grok-imagine-image-2.0", "image_to_image", CAT, resolution="2K", aspect_ratio="auto", n=2)
    assert url == "/images/edits"
    assert body == {
        "model": "grok-imagine-image-2.0",
        "prompt": "a cat",
        "resolution": "2k",
        "aspect_ratio": "auto",
        "n": 2,
        "image": {"url": CAT.url, "type": "image_url"},
    }


def test_a_picture_that_was_kept_back_is_filtered_and_paid_for() -> None:
    images = XAI.wires["images"]
    ready = prepared(XAI, "grok-imagine-image", MediaRequest(operation="text_to_image", prompt="a cat"))
    answer = {"data": [{"url": "", "respect_moderation": False}], "usage": {"cost_in_usd_ticks": 200_000_000}}
    state = images.submitted(replied(answer), ready)
    assert isinstance(state, Filtered)
    assert state.usage is not None
    assert str(state.usage.reported_cost) == "0.02"


RECORDED = [
    None,  # a reply to a submission, which names no job
    "processing",
    "failed",
    "filtered",
    "failed",
    "filtered",
    "completed",
    "completed",
]


@needs_recordings
def test_every_recorded_answer_is_what_it_was_recorded_for() -> None:
    found: list[str | None] = []
    for one in exchanges(provider="xai", capability="video"):
        try:
            _, state = walked(VIDEOS.poll({"id": "d974"}), one.response["json"])
        except UnknownStatusError:
            found.append(None)
        else:
            found.append(type(state).__struct_config__.tag)
    assert found == RECORDED
