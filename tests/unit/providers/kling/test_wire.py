"""Kling's newer addresses, as its documents show them."""

import datetime
from typing import Any

import msgspec
import pytest

from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.jobs import Cancels, Delivery, Finds, Hooks, Lists
from genmux.contract.statuses import UnknownStatusError
from genmux.types.errors import (
    AuthenticationError,
    MalformedReplyError,
    NotFoundError,
    ProviderError,
    RateLimitError,
    Retry,
)
from genmux.types.jobs import Completed, Failed, JobState, Pending, Processing
from tests.unit.providers.documented import documented, documented_polls, replied, ticket_of, walked
from tests.unit.providers.simulated import REGISTRY, prepared

KLING = REGISTRY.load("kling")
TEXT = KLING.wires["text"]
DOCUMENTED = documented("kling")
ID = "893605946402811985"
SINCE = datetime.datetime(2026, 6, 10, tzinfo=datetime.UTC)
CAT = MediaInput(kind="image", role="image", url="https://in.example/cat.png")
DOG = MediaInput(kind="image", role="last_image", url="data:image/png;base64,UE5H")
HAT = MediaInput(kind="image", role="reference", url="https://in.example/hat.png")
CLIP = MediaInput(kind="video", role="video", url="https://in.example/clip.mp4")


def sent(name: str, operation: Any, *inputs: MediaInput, callback: str | None = None, **params: Any) -> tuple[str, Any]:
    request = MediaRequest(operation=operation, prompt="a cat", inputs=inputs, params=params)
    ready = prepared(KLING, name, request)
    out = KLING.wires[ready.model.spec.operations[operation]].submit(ready, "job-1", callback)
    return out.url, msgspec.json.decode(out.document or b"")


def enveloped(data: Any) -> dict[str, Any]:
    return {"code": 0, "message": "SUCCEED", "request_id": "r-1", "data": data}


def submitted(body: Any, *, status: int = 200) -> Any:
    ready = prepared(KLING, "kling-3.0", MediaRequest(operation="text_to_video", prompt="a cat"))
    return TEXT.submitted(replied(body, status=status), ready)


@pytest.mark.parametrize(("answer", "state"), documented_polls("kling"))
def test_a_poll_means_what_the_documents_say(answer: dict[str, Any], state: JobState) -> None:
    asked, found = walked(TEXT.poll({"id": ID}), answer)
    assert found == state
    assert [(one.method, one.url, one.read_only) for one in asked] == [("GET", f"/tasks?task_ids={ID}", True)]


def test_a_word_that_is_in_no_table_is_an_error_of_the_poll() -> None:
    with pytest.raises(UnknownStatusError, match="daydreaming"):
        walked(TEXT.poll({"id": ID}), enveloped([{"id": ID, "status": "daydreaming"}]))


@pytest.mark.parametrize("data", [[], None, [{"id": "another", "status": "submitted"}]])
def test_a_task_that_is_not_in_the_answer_is_not_known(data: Any) -> None:
    with pytest.raises(NotFoundError, match=ID):
        walked(TEXT.poll({"id": ID}), enveloped(data))


@pytest.mark.parametrize(
    ("code", "kind", "retry"),
    [
        (1303, "rate_limit", Retry.SAFE),
        (1302, "rate_limit", Retry.SAFE),
        (5001, "overloaded", Retry.SAFE),
        (1004, "authentication", Retry.NEVER),
        (1102, "quota_exceeded", Retry.NEVER),
        (1201, "invalid_request", Retry.NEVER),
        (1301, "content_filtered", Retry.NEVER),
        (5000, "server", Retry.UNSURE),
    ],
)
def test_a_code_that_is_not_0_is_an_error_inside_of_a_success_too(code: int, kind: str, retry: Retry) -> None:
    with pytest.raises(ProviderError) as caught:
        submitted({"code": code, "message": "no", "request_id": "r-1"})
    assert (caught.value.kind, caught.value.retry, caught.value.code) == (kind, retry, str(code))
    assert caught.value.request_id == "r-1"


def test_full_slots_are_a_rate_limit_that_is_safe_to_repeat() -> None:
    told = DOCUMENTED["refused"]
    with pytest.raises(RateLimitError, match="parallel task over resource pack limit") as caught:
        submitted(told["body"], status=told["status"])
    assert caught.value.retry is Retry.SAFE


def test_an_error_of_a_poll_is_an_error_of_the_poll() -> None:
    with pytest.raises(ProviderError) as caught:
        walked(TEXT.poll({"id": ID}), {"code": 5000, "message": "no"})
    assert caught.value.kind == "server"


@pytest.mark.parametrize("body", [{}, {"code": 0, "data": None}, {"code": 0, "data": {"id": 7}}])
def test_a_submission_without_a_task_may_have_been_billed(body: dict[str, Any]) -> None:
    with pytest.raises(MalformedReplyError) as caught:
        submitted(body)
    assert caught.value.retry == "unsure"


def test_a_submission_gives_a_ticket() -> None:
    told = DOCUMENTED["submitted"]
    assert ticket_of(submitted(told["body"])) == told["ticket"]


def test_words_alone_go_with_settings_and_with_our_key() -> None:
    params = {"duration": 10, "resolution": "4k", "aspect_ratio": "9:16", "audio": True, "multi_shot": False}
    assert sent("kling-3.0", "text_to_video", callback="https://hooks.example/1", **params) == (
        "/text-to-video/kling-3.0",
        {
            "prompt": "a cat",
            "settings": {
                "duration": 10,
                "resolution": "4k",
                "aspect_ratio": "9:16",
                "audio": "native",
                "multi_shot": False,
            },
            "options": {"external_task_id": "job-1", "callback_url": "https://hooks.example/1"},
        },
    )


def test_pictures_are_the_first_and_the_last_frame_and_base64_is_bare() -> None:
    url, body = sent("kling-2.5-turbo", "image_to_video", CAT, DOG, duration=5)
    assert url == "/image-to-video/kling-2.5-turbo"
    assert body == {
        "contents": [
            {"type": "prompt", "text": "a cat"},
            {"type": "first_frame", "url": CAT.url},
            {"type": "last_frame", "url": "UE5H"},
        ],
        "settings": {"duration": 5},
        "options": {"external_task_id": "job-1"},
    }


def test_what_goes_into_omni_has_names_for_the_prompt() -> None:
    url, body = sent("kling-3.0-omni", "image_to_video", CAT, HAT, audio=False)
    assert url == "/omni-video/kling-3.0-omni"
    assert body["contents"][1:] == [
        {"type": "first_frame", "url": CAT.url, "id": "image_1"},
        {"type": "refer_image", "url": HAT.url, "id": "image_2"},
    ]
    assert body["settings"] == {"audio": "off"}


@pytest.mark.parametrize("inputs", [(), (HAT,)])
def test_omni_is_told_a_format_where_nothing_else_tells_it(inputs: tuple[MediaInput, ...]) -> None:
    _, body = sent("kling-3.0-omni", "image_to_video" if inputs else "text_to_video", *inputs)
    assert body["settings"] == {"aspect_ratio": "16:9"}


@pytest.mark.parametrize(
    ("params", "use", "settings"),
    [
        ({}, "base_video", {"multi_shot": False, "audio": "off"}),
        ({"original_sound": True}, "base_video", {"multi_shot": False, "audio": "original"}),
        ({"video_use": "feature_video"}, "feature_video", {"multi_shot": True, "audio": "off"}),
    ],
)
def test_a_video_is_edited_or_taken_after(params: dict[str, Any], use: str, settings: dict[str, Any]) -> None:
    _, body = sent("kling-3.0-omni", "video_to_video", CLIP, HAT, **params)
    assert body["contents"][1:] == [
        {"type": "refer_image", "url": HAT.url, "id": "image_1"},
        {"type": use, "url": CLIP.url, "id": "video_1"},
    ]
    assert body["settings"] == settings


def test_a_task_is_found_by_our_key() -> None:
    answer = enveloped([{"id": ID, "status": "submitted", "external_id": "job 1"}])
    asked, ticket = walked(TEXT.find("job 1", SINCE), answer)
    assert [(one.method, one.url, one.read_only) for one in asked] == [
        ("GET", "/tasks?external_task_ids=job%201", True)
    ]
    assert ticket == {"id": ID}


def test_a_key_that_was_never_used_finds_nothing() -> None:
    assert walked(TEXT.find("job-1", SINCE), enveloped([]))[1] is None


def test_the_list_follows_its_cursor_and_has_the_newest_first() -> None:
    old = {"id": "1", "status": "submitted", "create_time": 1_781_080_000_000, "external_id": "job-1"}
    new = {"id": "2", "status": "failed", "message": "no", "create_time": 1_781_090_000_000}
    pages = [
        enveloped({"result": [old], "next_cursor": "c-1", "has_more": True}),
        enveloped({"result": [new], "next_cursor": "c-2", "has_more": False}),
    ]
    asked, listed = walked(TEXT.list(SINCE), *pages)

    assert [(one.method, one.url, one.read_only, one.free) for one in asked] == [("POST", "/tasks", True, False)] * 2
    assert [msgspec.json.decode(one.document or b"") for one in asked] == [
        {"limit": 500, "start_time": "1781049600000"},
        {"limit": 500, "start_time": "1781049600000", "cursor": "c-1"},
    ]
    assert [(one.ticket, one.key) for one in listed] == [({"id": "2"}, None), ({"id": "1"}, "job-1")]
    assert isinstance(listed[0].state, Failed)
    assert listed[1].state == Pending(raw="submitted")
    assert str(listed[1].created_at) == "2026-06-10 08:26:40+00:00"


def test_a_list_whose_cursor_stands_still_comes_to_an_end() -> None:
    page = enveloped({"result": [], "next_cursor": "c-1", "has_more": True})
    asked, listed = walked(TEXT.list(None), page, page)
    assert (len(asked), listed) == (2, [])


def delivery(body: bytes | None = None, **headers: str) -> Delivery:
    told = DOCUMENTED["webhook"]
    named = {"webhook-id": told["id"], "webhook-timestamp": told["stamp"], "webhook-signature": told["signature"]}
    return Delivery(body=body or told["body"].encode(), headers={**named, **headers})


def test_the_signed_webhook_of_the_documents_is_genuine() -> None:
    told = DOCUMENTED["webhook"]
    verified = TEXT.verify(delivery(), (told["secret"],), float(told["stamp"]))
    assert verified.trusted
    assert TEXT.webhook(verified) == ({"id": "1234567890"}, Processing(raw="succeeded"))


def test_a_changed_webhook_is_refused() -> None:
    told = DOCUMENTED["webhook"]
    with pytest.raises(AuthenticationError):
        TEXT.verify(delivery(told["body"].replace("1234", "4321").encode()), (told["secret"],), float(told["stamp"]))


def test_without_a_secret_a_webhook_is_a_hint() -> None:
    assert not TEXT.verify(delivery(), (), 0.0).trusted
    assert TEXT.secrets() is None


def test_a_webhook_with_a_result_tells_it() -> None:
    body = b'{"id": "1", "status": "succeeded", "outputs": [{"type": "video", "url": "https://files.example/1.mp4"}]}'
    ticket, state = TEXT.webhook(TEXT.verify(delivery(body), (), 0.0))
    assert ticket == {"id": "1"}
    assert isinstance(state, Completed)
    assert state.outputs[0].url == "https://files.example/1.mp4"


def test_it_is_found_listed_and_told_and_cannot_be_cancelled() -> None:
    assert isinstance(TEXT, Finds)
    assert isinstance(TEXT, Lists)
    assert isinstance(TEXT, Hooks)
    assert not isinstance(TEXT, Cancels)
    assert KLING.manifest.jobs.submit_safety == "lookup"
