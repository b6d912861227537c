"""fal's queue, as its documents show it."""

from typing import Any

import msgspec
import pytest

from genmux.contract.error_map import classify
from genmux.contract.http import FileBody, HttpReply, HttpRequest
from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.jobs import Cancels, Delivery, Finds, Hooks, Lists, Prepared, Steps, Verified
from genmux.contract.statuses import UnknownStatusError
from genmux.testing.replay.job_apis import unlisted
from genmux.types.errors import ErrorKind, MalformedReplyError, ProviderError, Retry
from genmux.types.jobs import Accepted, JobState, Pending
from tests.recordings import exchanges, needs_recordings
from tests.unit.providers.documented import documented, replied, walked
from tests.unit.providers.simulated import REGISTRY, model_of, prepared

FAL = REGISTRY.load("fal")
QUEUE = FAL.wires["queue"]
DOCUMENTED = documented("fal")
TICKET = DOCUMENTED["submitted"]["ticket"]
SCHNELL = "fal-ai/flux/schnell"
CAT = MediaInput(kind="image", role="image", url="https://in.example/cat.png")
DOG = MediaInput(kind="image", role="image", url="https://in.example/dog.png")
READY = Prepared(
    request=MediaRequest(operation="text_to_image", params={"priority": "low", "start_timeout": 30}),
    model=model_of(FAL, SCHNELL),
    body={"prompt": "a cat"},
)


def body(name: str, operation: Any, *inputs: MediaInput, prompt: str = "a cat", **params: Any) -> dict[str, Any]:
    return prepared(FAL, name, MediaRequest(operation=operation, prompt=prompt, inputs=inputs, params=params)).body


def told(steps: Steps[Any], *replies: tuple[int, Any] | ProviderError) -> tuple[list[HttpRequest], Any]:
    """Drive steps with replies, of which some are errors."""
    asked = [next(steps)]
    try:
        for one in replies:
            if isinstance(one, ProviderError):
                asked.append(steps.throw(one))
            elif one[0] < 400:
                asked.append(steps.send(replied(one[1], status=one[0])))
            else:
                asked.append(steps.throw(classify(replied(one[1], status=one[0]), FAL.errors)))
    except StopIteration as end:
        return asked, end.value
    message = "more is asked for"
    raise AssertionError(message)


def delivered(answer: Any, query: str) -> Verified:
    return Verified(id="d-1", delivery=Delivery(body=msgspec.json.encode(answer), headers={}, path="/", query=query))


POLLS = [
    pytest.param(one["status"], one.get("reply"), msgspec.convert(one["expect"], JobState), id=one["name"])
    for one in DOCUMENTED["polls"]
]
HOOKS = [
    pytest.param(one["body"], msgspec.convert(one["expect"], JobState), id=one["name"])
    for one in DOCUMENTED["webhooks"]
]


@pytest.mark.parametrize(("status", "reply", "state"), POLLS)
def test_a_poll_means_what_the_documents_say(status: Any, reply: Any, state: JobState) -> None:
    asked, found = told(QUEUE.poll(TICKET), (200, status), *([tuple(reply)] if reply else []))
    assert found == state
    assert [(one.method, one.url) for one in asked] == [
        ("GET", TICKET["status"]),
        *([("GET", TICKET["response"])] if reply else []),
    ]


@pytest.mark.parametrize(("answer", "state"), HOOKS)
def test_a_webhook_means_what_the_documents_say(answer: Any, state: JobState) -> None:
    assert QUEUE.webhook(delivered(answer, "app=fal-ai/flux")) == ({"id": "80e732af", "app": "fal-ai/flux"}, state)


@pytest.mark.parametrize("query", ["", "app=", "app=fal-ai", "app=../v1", "app=a/b/c", "app=workflows/a/b/c"])
def test_a_webhook_at_an_address_that_names_no_app_has_no_ticket(query: str) -> None:
    assert QUEUE.webhook(delivered(DOCUMENTED["webhooks"][0]["body"], query))[0] is None


def test_a_job_that_only_a_webhook_told_of_can_be_asked_for_and_cancelled() -> None:
    ticket, _ = QUEUE.webhook(delivered(DOCUMENTED["webhooks"][0]["body"], "app=workflows/acme/pictures"))
    at = "/workflows/acme/pictures/requests/80e732af"
    asked, _ = told(QUEUE.poll(ticket or {}), (200, {"status": "COMPLETED"}), (200, {}))
    assert [one.url for one in asked] == [f"{at}/status", at]
    asked, _ = walked(QUEUE.cancel(ticket or {}), {})
    assert [one.url for one in asked] == [f"{at}/cancel"]


def test_a_result_that_cannot_be_fetched_is_no_end() -> None:
    done = (200, {"status": "COMPLETED"})
    lost = ProviderError("the connection broke", kind=ErrorKind.NETWORK)
    for trouble in (lost, (503, {"detail": "Service Unavailable"}), (404, {"detail": "Not found"})):
        with pytest.raises(ProviderError):
            told(QUEUE.poll(TICKET), done, trouble)
    with pytest.raises(ProviderError, match="the connection broke"):
        told(QUEUE.poll(TICKET), (200, {"status": "COMPLETED", "error": "Internal Server Error"}), lost)


def test_a_failure_that_the_status_tells_of_is_one_whatever_stands_in_place_of_the_result() -> None:
    status = {"status": "COMPLETED", "error": "It has crashed", "error_type": "runner_disconnected"}
    _, state = told(QUEUE.poll(TICKET), (200, status), (404, {"detail": "Not found"}))
    assert (state.message, state.code, state.kind) == ("It has crashed", "runner_disconnected", ErrorKind.SERVER)


def test_a_word_that_is_in_no_table_is_an_error_of_the_poll() -> None:
    with pytest.raises(UnknownStatusError, match="PAUSED"):
        walked(QUEUE.poll(TICKET), {"status": "PAUSED"})


def test_the_ticket_is_what_the_submission_was_answered_with() -> None:
    answer = DOCUMENTED["submitted"]["body"]
    assert QUEUE.submitted(replied(answer), READY) == Accepted(
        ticket=TICKET, state=Pending(queue_position=4, raw="IN_QUEUE")
    )
    with pytest.raises(MalformedReplyError):
        QUEUE.submitted(replied({"detail": "?"}), READY)


@needs_recordings
def test_the_recorded_answer_to_a_submission_is_a_job_that_was_taken() -> None:
    recorded = next(exchanges(provider="fal", capability="stt"))
    accepted = QUEUE.submitted(HttpReply(status=200, headers={}, body=recorded.response_body), READY)
    assert isinstance(accepted, Accepted)
    assert accepted.ticket["id"] == "test-id"
    assert accepted.state == Pending(queue_position=4, raw="IN_QUEUE")


def test_a_submission_goes_to_the_address_of_the_model_with_priority_as_a_header() -> None:
    asked = QUEUE.submit(READY, "key", "https://ours.example/hooks/fal/token")
    assert (asked.method, asked.url) == (
        "POST",
        "/fal-ai/flux/schnell?fal_webhook=https%3A%2F%2Fours.example%2Fhooks%2Ffal%2Ftoken%3Fapp%3Dfal-ai%2Fflux",
    )
    asked_twice = QUEUE.submit(READY, "key", "https://ours.example/hooks?a=b").url
    assert asked_twice.endswith("hooks%3Fa%3Db%26app%3Dfal-ai%2Fflux")
    assert {"x-fal-queue-priority": "low", "x-fal-request-timeout": "30"}.items() <= dict(asked.headers).items()
    assert QUEUE.submit(READY, "key", None).url == "/fal-ai/flux/schnell"


def test_what_we_call_otherwise_is_written_in_the_names_of_the_model() -> None:
    assert body(SCHNELL, "text_to_image", size="1280x720", n=2, steps=4, priority="low", format="png") == {
        "prompt": "a cat",
        "image_size": {"width": 1280, "height": 720},
        "num_images": 2,
        "num_inference_steps": 4,
        "output_format": "png",
    }
    assert body(SCHNELL, "text_to_image", size="square_hd")["image_size"] == "square_hd"
    ray = body("luma/agent/ray/v3.2/text-to-video", "text_to_video", duration=5)
    assert ray["duration"] == "5s"
    kling = body("fal-ai/kling-video/v2.5-turbo/pro/text-to-video", "text_to_video", duration=10, guidance=0.5)
    assert (kling["duration"], kling["cfg_scale"]) == ("10", 0.5)
    assert body("fal-ai/elevenlabs/tts/multilingual-v2", "text_to_speech", prompt="Hello")["text"] == "Hello"


def test_inputs_are_addresses_one_or_many() -> None:
    mask = MediaInput(kind="image", role="mask", url="https://in.example/mask.png")
    assert body("fal-ai/nano-banana-2/edit", "image_to_image", CAT, DOG)["image_urls"] == [CAT.url, DOG.url]
    filled = body("fal-ai/flux-pro/v1/fill", "edit_image", CAT, mask)
    assert (filled["image_url"], filled["mask_url"]) == (CAT.url, mask.url)
    last = MediaInput(kind="image", role="last_image", url="https://in.example/last.png")
    kling = body("fal-ai/kling-video/v2.5-turbo/pro/image-to-video", "image_to_video", CAT, last)
    assert (kling["image_url"], kling["tail_image_url"]) == (CAT.url, last.url)


def test_a_model_that_is_not_listed_is_asked_in_its_own_names() -> None:
    request = MediaRequest(
        operation="image_to_image", prompt="a cat", inputs=(CAT,), params={"lora": "x", "size": "1024x1024"}
    )
    _, ready = walked(QUEUE.prepare(request, unlisted("fal", "acme/lora app")))
    assert ready.body == {"prompt": "a cat", "lora": "x", "size": "1024x1024", "image_url": CAT.url}
    assert QUEUE.submit(ready, "key", None).url == "/acme/lora%20app"


def test_a_file_is_uploaded_in_two_steps_and_only_the_first_has_the_key() -> None:
    upload = DOCUMENTED["upload"]
    file = FileBody(path="/cat.png", size=3, media_type="image/png", name="cat.png")
    request = MediaRequest(
        operation="image_to_image", inputs=(MediaInput(kind="image", role="image", file=file, bytes=3),)
    )
    asked, ready = walked(QUEUE.prepare(request, model_of(FAL, "fal-ai/flux/dev/image-to-image")), upload["body"], {})
    begun, put = asked
    assert (begun.root, begun.url) == ("https://rest.fal.ai", "/storage/upload/initiate?storage_type=fal-cdn-v3")
    assert (msgspec.json.decode(begun.document), begun.free, begun.unsigned) == (upload["asks"], True, False)
    assert (put.method, put.url, put.body) == ("PUT", upload["body"]["upload_url"], file)
    assert (put.free, put.unsigned, dict(put.headers)) == (True, True, {"content-type": "image/png"})
    assert ready.body["image_url"] == upload["body"]["file_url"]


def test_a_cancellation_is_a_put_that_costs_nothing() -> None:
    asked, _ = walked(QUEUE.cancel(TICKET), {"status": "CANCELLATION_REQUESTED"})
    assert [(one.method, one.url, one.free) for one in asked] == [("PUT", TICKET["cancel"], True)]


def test_the_keys_of_webhooks_are_public() -> None:
    asked, secrets = walked(QUEUE.secrets(), DOCUMENTED["jwks"]["body"])
    assert [(one.root, one.url) for one in asked] == [("https://rest.fal.ai", "/.well-known/jwks.json")]
    assert secrets == (DOCUMENTED["jwks"]["body"]["keys"][0]["x"],)


def test_it_cancels_and_is_called_back_and_there_is_no_list() -> None:
    assert isinstance(QUEUE, Cancels)
    assert isinstance(QUEUE, Hooks)
    assert not isinstance(QUEUE, Lists | Finds)


@pytest.mark.parametrize(
    ("status", "answer", "kind"),
    [
        (401, {"detail": "Authentication is required"}, ErrorKind.AUTHENTICATION),
        (403, {"detail": "User is locked. Reason: Exhausted balance."}, ErrorKind.QUOTA_EXCEEDED),
        (429, {"detail": "Too many requests"}, ErrorKind.RATE_LIMIT),
        (503, {"detail": "no runner", "error_type": "runner_scheduling_failure"}, ErrorKind.OVERLOADED),
        (400, {"detail": "bad", "error_type": "bad_request"}, ErrorKind.INVALID_REQUEST),
    ],
)
def test_errors_are_told_by_their_type_or_their_words(status: int, answer: Any, kind: ErrorKind) -> None:
    assert classify(replied(answer, status=status), FAL.errors).kind == kind


def test_an_app_that_was_too_late_may_have_worked() -> None:
    error = classify(replied({"detail": "late", "error_type": "request_timeout"}, status=504), FAL.errors)
    assert error.retry is Retry.UNSURE
