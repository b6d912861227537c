"""PixVerse's videos, as its documents show them."""

import uuid
from typing import Any

import msgspec
import pytest

from genmux.contract.http import FileBody, Form, HttpRequest
from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.jobs import Cancels, Delivery, Finds, Hooks, Lists, Prepared, Verified
from genmux.contract.statuses import UnknownStatusError
from genmux.providers.pixverse.auth import TRACE, sign
from genmux.types.errors import InvalidRequestError, MalformedReplyError, ProviderError, RateLimitError, Retry
from genmux.types.jobs import JobState
from tests.unit.providers.documented import documented, documented_polls, replied, ticket_of, walked
from tests.unit.providers.simulated import REGISTRY, model_of, prepared

PIXVERSE = REGISTRY.load("pixverse")
WIRE = PIXVERSE.wires["video"]
DOCUMENTED = documented("pixverse")
IMAGE, MEDIA = DOCUMENTED["image"]["body"], DOCUMENTED["media"]["body"]


def file(role: Any, kind: Any = "image") -> MediaInput:
    body = FileBody(path="/nowhere/cat.png", size=9, media_type="image/png", name="cat.png")
    return MediaInput(kind=kind, role=role, file=body)


def ready(operation: Any, *inputs: MediaInput, **params: Any) -> tuple[list[HttpRequest], Prepared]:
    """What is uploaded, and what is prepared then; the uploads get the numbers 1, 2 …"""
    request = MediaRequest(operation=operation, prompt="a cat", inputs=inputs, params=params)
    answers = [{"ErrCode": 0, "Resp": {"img_id": place, "media_id": place}} for place, _ in enumerate(inputs, start=1)]
    return walked(WIRE.prepare(request, model_of(PIXVERSE, "v6")), *answers)


def sent(operation: Any, *inputs: MediaInput, **params: Any) -> tuple[str, Any]:
    out = WIRE.submit(ready(operation, *inputs, **params)[1], "job-1", None)
    return out.url, msgspec.json.decode(out.document or b"")


def submitted(body: Any) -> Any:
    asked = prepared(PIXVERSE, "v6", MediaRequest(operation="text_to_video", prompt="a cat"))
    return WIRE.submitted(replied(body), asked)


@pytest.mark.parametrize(("answer", "state"), documented_polls("pixverse"))
def test_a_poll_means_what_the_documents_say(answer: dict[str, Any], state: JobState) -> None:
    asked, found = walked(WIRE.poll({"id": "376"}), answer)
    assert found == state
    assert [(one.method, one.url, one.read_only) for one in asked] == [("GET", "/video/result/376", True)]


def test_a_number_that_is_in_no_table_is_an_error_of_the_poll() -> None:
    with pytest.raises(UnknownStatusError, match="99"):
        walked(WIRE.poll({"id": "376"}), {"ErrCode": 0, "Resp": {"id": 376, "status": 99}})


@pytest.mark.parametrize(
    ("code", "kind", "retry"),
    [
        (500044, "rate_limit", Retry.SAFE),
        (500069, "overloaded", Retry.SAFE),
        (500090, "quota_exceeded", Retry.NEVER),
        (500063, "content_filtered", Retry.NEVER),
        (400012, "authentication", Retry.NEVER),
        (400017, "invalid_request", Retry.NEVER),
        (99999, "server", Retry.UNSURE),
    ],
)
def test_a_code_that_is_not_0_is_an_error_inside_of_a_success(code: int, kind: str, retry: Retry) -> None:
    with pytest.raises(ProviderError, match="no such luck") as caught:
        submitted({"ErrCode": code, "ErrMsg": "no such luck", "Resp": None})
    assert (caught.value.kind, caught.value.retry, caught.value.code) == (kind, retry, str(code))


def test_full_slots_are_a_rate_limit_that_is_safe_to_repeat() -> None:
    with pytest.raises(RateLimitError) as caught:
        submitted(DOCUMENTED["refused"]["body"])
    assert caught.value.retry is Retry.SAFE


@pytest.mark.parametrize("body", [{}, {"ErrCode": 0}, {"ErrCode": 0, "Resp": {"video_id": "?"}}])
def test_a_submission_without_a_number_may_have_been_billed(body: dict[str, Any]) -> None:
    with pytest.raises(MalformedReplyError) as caught:
        submitted(body)
    assert caught.value.retry == "unsure"


def test_a_submission_gives_a_ticket() -> None:
    told = DOCUMENTED["submitted"]
    assert ticket_of(submitted(told["body"])) == told["ticket"]


def test_words_alone_have_a_format_and_its_own_names() -> None:
    assert sent("text_to_video", duration=5, resolution="720p", audio=True, seed=7) == (
        "/video/text/generate",
        {
            "model": "v6",
            "prompt": "a cat",
            "duration": 5,
            "quality": "720p",
            "generate_audio_switch": True,
            "seed": 7,
            "aspect_ratio": "16:9",
        },
    )


@pytest.mark.parametrize(
    ("inputs", "url", "fields"),
    [
        ((file("image"),), "/video/img/generate", {"img_id": 1}),
        (
            (file("image"), file("last_image")),
            "/video/transition/generate",
            {"first_frame_img": 1, "last_frame_img": 2},
        ),
        (
            (file("reference"), file("reference")),
            "/video/fusion/generate",
            {
                "aspect_ratio": "16:9",
                "image_references": [
                    {"type": "subject", "img_id": 1, "ref_name": "image1"},
                    {"type": "subject", "img_id": 2, "ref_name": "image2"},
                ],
            },
        ),
    ],
)
def test_pictures_go_where_there_is_a_place_for_them(inputs: Any, url: str, fields: dict[str, Any]) -> None:
    assert sent("image_to_video", *inputs) == (url, {"model": "v6", "prompt": "a cat", **fields})


def test_a_video_is_continued() -> None:
    assert sent("video_to_video", file("video", "video"), duration=5) == (
        "/video/extend/generate",
        {"model": "v6", "prompt": "a cat", "duration": 5, "video_media_id": 1},
    )


def test_a_video_from_pictures_needs_one() -> None:
    with pytest.raises(InvalidRequestError, match="give `image`, or one or more `reference`"):
        ready("image_to_video")


@pytest.mark.parametrize(
    ("one", "path", "field", "answer", "number"),
    [
        (file("image"), "/image/upload", "image", IMAGE, 4711),
        (file("video", "video"), "/media/upload", "file", MEDIA, 815),
    ],
)
def test_a_file_is_uploaded_for_free_and_becomes_a_number(
    one: MediaInput, path: str, field: str, answer: Any, number: int
) -> None:
    request = MediaRequest(operation="image_to_video", inputs=(one,))
    (upload,), done = walked(WIRE.prepare(request, model_of(PIXVERSE, "v6")), answer)
    assert (upload.method, upload.url, upload.free, upload.unsigned) == ("POST", path, True, False)
    assert isinstance(upload.body, Form)
    assert [(part.name, part.value, part.file_name) for part in upload.body.fields] == [(field, one.file, "cat.png")]
    assert number in done.body[1].values()


def test_what_is_no_file_cannot_go_in() -> None:
    with pytest.raises(InvalidRequestError, match="as files alone"):
        ready("image_to_video", MediaInput(kind="image", role="image", url="https://in.example/cat.png"))


def test_one_key_is_one_id_and_may_be_sent_again() -> None:
    asked = ready("text_to_video")[1]
    first, again, other = (WIRE.submit(asked, key, None) for key in ("job-1", "job-1", "job-2"))
    assert first == again
    assert first.idempotency_key == "job-1"
    assert uuid.UUID(dict(first.headers)[TRACE])
    assert dict(other.headers)[TRACE] != dict(first.headers)[TRACE]
    assert sign(first, {"api_key": "k-1"}).headers[-1] == ("api-key", "k-1")


def test_all_other_requests_have_an_id_that_was_never_there_before() -> None:
    poll = HttpRequest(method="GET", url="/video/result/376", read_only=True)
    traces = [dict(sign(poll, {"api_key": "k-1"}).headers)[TRACE] for _ in range(2)]
    assert traces[0] != traces[1]
    assert all(map(uuid.UUID, traces))


def test_a_webhook_tells_the_video_and_its_credits_and_wants_ok() -> None:
    told = DOCUMENTED["webhook"]
    body = msgspec.json.encode(told["body"])
    ticket, state = WIRE.webhook(Verified(id="n", delivery=Delivery(body=body, headers={})))
    assert ticket == told["ticket"]
    assert state == msgspec.convert(told["expect"], JobState)
    assert WIRE.answer == b"ok"


def test_it_is_told_and_cannot_be_found_listed_or_cancelled() -> None:
    assert isinstance(WIRE, Hooks)
    assert not isinstance(WIRE, Finds | Lists | Cancels)
    assert PIXVERSE.manifest.jobs.submit_safety == "idempotent"
