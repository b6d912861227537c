"""Kling's older addresses, as its documents show them."""

import datetime
from typing import Any

import msgspec
import pytest

from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.jobs import Cancels, Delivery, Finds, Hooks, Lists, Verified
from genmux.contract.statuses import UnknownStatusError
from genmux.types.errors import MalformedReplyError, NotFoundError, RateLimitError, Retry
from genmux.types.jobs import Completed, JobState, Processing
from genmux.types.usage import credits_used
from tests.recordings import exchanges, needs_recordings
from tests.unit.providers.documented import documented, replied, walked
from tests.unit.providers.simulated import REGISTRY, prepared

KLING = REGISTRY.load("kling")
VIDEO, PICTURE = KLING.wires["older_text"], KLING.wires["picture"]
DOCUMENTED = documented("kling")
PATH = "/v1/videos/text2video"
CAT = MediaInput(kind="image", role="image", url="data:image/png;base64,UE5H")
DOG = MediaInput(kind="image", role="last_image", url="https://in.example/dog.png")


def sent(name: str, operation: Any, *inputs: MediaInput, callback: str | None = None, **params: Any) -> tuple[str, Any]:
    request = MediaRequest(operation=operation, prompt="a cat", inputs=inputs, params=params)
    ready = prepared(KLING, name, request)
    out = KLING.wires[ready.model.spec.operations[operation]].submit(ready, "job-1", callback)
    return out.url, msgspec.json.decode(out.document or b"")


def enveloped(data: Any) -> dict[str, Any]:
    return {"code": 0, "message": "SUCCEED", "request_id": "r-1", "data": data}


def task(number: int, *, key: str | None = None, at: int = 1_781_080_000_000) -> dict[str, Any]:
    info = {"external_task_id": key} if key else {}
    return {"task_id": str(number), "task_status": "submitted", "task_info": info, "created_at": at - number}


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        pytest.param(one["body"], msgspec.convert(one["expect"], JobState), id=one["name"])
        for one in DOCUMENTED["older_polls"]
    ],
)
def test_a_poll_means_what_the_documents_say(answer: dict[str, Any], state: JobState) -> None:
    asked, found = walked(VIDEO.poll({"id": "8936"}), answer)
    assert found == state
    assert [(one.method, one.url, one.read_only) for one in asked] == [("GET", f"{PATH}/8936", True)]


def test_a_picture_is_paid_in_units_of_its_own() -> None:
    made = {"images": [{"index": 0, "url": "https://files.example/1.png"}]}
    told = {**task(1), "task_status": "succeed", "task_result": made, "final_unit_deduction": 8}
    _, state = walked(PICTURE.poll({"id": "1"}), enveloped(told))
    assert isinstance(state, Completed)
    assert state.usage.meters == credits_used("image_units", 8).meters
    assert [(one.url, one.media_type) for one in state.outputs] == [("https://files.example/1.png", "image/png")]


def test_a_task_that_kling_does_not_know_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        walked(VIDEO.poll({"id": "8936"}), {"code": 1203, "message": "no such task"})


def test_full_slots_are_a_rate_limit_that_is_safe_to_repeat() -> None:
    ready = prepared(KLING, "kling-v3", MediaRequest(operation="text_to_video", prompt="a cat"))
    with pytest.raises(RateLimitError) as caught:
        VIDEO.submitted(replied(DOCUMENTED["refused"]["body"]), ready)
    assert caught.value.retry is Retry.SAFE


def test_a_video_reads_in_the_older_words() -> None:
    shots = [{"index": 1, "prompt": "a cat", "duration": "3"}]
    params = {
        "negative_prompt": "rain",
        "duration": 3,
        "resolution": "1080p",
        "audio": True,
        "multi_shot": True,
        "shot_type": "customize",
        "multi_prompt": shots,
    }
    url, body = sent("kling-v3", "image_to_video", CAT, DOG, callback="https://hooks.example/1", **params)
    assert url == "/v1/videos/image2video"
    assert body == {
        "model_name": "kling-v3",
        "prompt": "a cat",
        "negative_prompt": "rain",
        "duration": "3",
        "mode": "pro",
        "sound": "on",
        "multi_shot": True,
        "shot_type": "customize",
        "multi_prompt": shots,
        "image": "UE5H",
        "image_tail": DOG.url,
        "external_task_id": "job-1",
        "callback_url": "https://hooks.example/1",
    }


def test_pictures_have_two_addresses_and_small_letters() -> None:
    assert sent("kling-image-2.1", "image_to_image", CAT, resolution="2K", n=3, image_reference="face") == (
        "/v1/images/generations",
        {
            "model_name": "kling-v2-1",
            "prompt": "a cat",
            "resolution": "2k",
            "n": 3,
            "image_reference": "face",
            "image": "UE5H",
            "external_task_id": "job-1",
        },
    )
    url, body = sent("kling-image-3.0-omni", "image_to_image", CAT, CAT, resolution="4K")
    assert url == "/v1/images/omni-image"
    assert (body["model_name"], body["resolution"]) == ("kling-v3-omni", "4k")
    assert body["image_list"] == [{"image": "UE5H"}] * 2


def test_a_task_is_looked_for_in_the_list_until_it_is_found() -> None:
    full = [task(number) for number in range(500)]
    asked, ticket = walked(
        VIDEO.find("job-1", datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC)),
        enveloped(full),
        enveloped([task(900), task(901, key="job-1")]),
    )
    assert [one.url for one in asked] == [f"{PATH}?pageNum={number}&pageSize=500" for number in (1, 2)]
    assert ticket == {"id": "901"}


def test_a_page_that_is_not_full_is_the_last_one() -> None:
    asked, ticket = walked(VIDEO.find("job-1", datetime.datetime.now(datetime.UTC)), enveloped([task(1)]))
    assert (len(asked), ticket) == (1, None)


def test_what_is_older_than_the_submission_is_not_looked_through() -> None:
    full = [task(number) for number in range(500)]
    asked, ticket = walked(VIDEO.find("job-1", datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)), enveloped(full))
    assert (len(asked), ticket) == (1, None)


def test_a_list_that_goes_from_old_to_new_is_looked_through_to_its_end() -> None:
    full = [task(number) for number in reversed(range(500))]
    asked, _ = walked(
        VIDEO.find("job-1", datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)), enveloped(full), enveloped([])
    )
    assert len(asked) == 2


def test_the_list_has_the_newest_first_and_nothing_older_than_asked_for() -> None:
    since = datetime.datetime.fromtimestamp(1_781_079_999, datetime.UTC)
    _, listed = walked(VIDEO.list(since), enveloped([task(2), task(1, key="job-1"), task(5_000)]))
    assert [(one.ticket["id"], one.key) for one in listed] == [("1", "job-1"), ("2", None)]


def test_a_webhook_is_the_task_without_an_envelope() -> None:
    body = msgspec.json.encode(
        {**task(1), "task_status": "succeed", "task_result": {"videos": [{"url": "https://f.example/1"}]}}
    )
    ticket, state = VIDEO.webhook(Verified(id="1", delivery=Delivery(body=body, headers={})))
    assert ticket == {"id": "1"}
    assert isinstance(state, Completed)


def test_a_webhook_without_a_result_lets_the_task_be_asked_for() -> None:
    body = msgspec.json.encode({**task(1), "task_status": "succeed"})
    _, state = VIDEO.webhook(Verified(id="1", delivery=Delivery(body=body, headers={})))
    assert state == Processing(raw="succeed")


def test_it_is_found_listed_and_told_and_cannot_be_cancelled() -> None:
    assert isinstance(VIDEO, Finds)
    assert isinstance(VIDEO, Lists)
    assert isinstance(VIDEO, Hooks)
    assert not isinstance(VIDEO, Cancels)


@needs_recordings
def test_every_recorded_answer_is_what_it_was_recorded_for() -> None:
    found: list[str] = []
    for one in exchanges(provider="klingai", capability="video"):
        try:
            _, state = walked(VIDEO.poll({"id": "8936"}), one.response["json"])
        except (MalformedReplyError, UnknownStatusError) as error:
            found.append(type(error).__name__)
        else:
            found.append(type(state).__struct_config__.tag)
    assert found == ["MalformedReplyError", "pending", "processing", "filtered"]
