"""Replicate's predictions, as its documents show them."""

import datetime
from typing import Any

import msgspec
import pytest

from genmux.contract.error_map import classify
from genmux.contract.http import FileBody, Form
from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.jobs import Cancels, Delivery, Finds, Hooks, Lists, Prepared, Verified
from genmux.contract.statuses import UnknownStatusError
from genmux.testing.replay.job_apis import unlisted
from genmux.testing.simulator.media.standard_webhooks import signed
from genmux.types.assets import Output
from genmux.types.errors import AuthenticationError, ErrorKind, MalformedReplyError, NotFoundError
from genmux.types.jobs import Accepted, Completed, Failed, JobState, Pending, Processing
from tests.unit.providers.documented import documented, documented_polls, replied, walked
from tests.unit.providers.simulated import REGISTRY, model_of, prepared

REPLICATE = REGISTRY.load("replicate")
PREDICTIONS = REPLICATE.wires["predictions"]
DOCUMENTED = documented("replicate")
TICKET = {
    "id": "gm3qorzdhgbfurvjtvhg6dckhu",
    "get": "https://api.replicate.com/v1/predictions/gm3qorzdhgbfurvjtvhg6dckhu",
    "cancel": "https://api.replicate.com/v1/predictions/gm3qorzdhgbfurvjtvhg6dckhu/cancel",
}
VERSION = "39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b"
CAT = MediaInput(kind="image", role="image", url="https://in.example/cat.png")


def body(name: str, operation: Any, *inputs: MediaInput, prompt: str = "a cat", **params: Any) -> dict[str, Any]:
    request = MediaRequest(operation=operation, prompt=prompt, inputs=inputs, params=params)
    return prepared(REPLICATE, name, request).body["input"]


def ready(name: str = "black-forest-labs/flux-schnell", **params: Any) -> Prepared:
    request = MediaRequest(operation="text_to_image", prompt="a cat", params=params)
    _, made = walked(PREDICTIONS.prepare(request, unlisted("replicate", name)))
    return made


@pytest.mark.parametrize(("answer", "state"), documented_polls("replicate"))
def test_a_poll_means_what_the_documents_say(answer: dict[str, Any], state: JobState) -> None:
    asked, found = walked(PREDICTIONS.poll(TICKET), answer)
    assert found == state
    assert [(one.method, one.url) for one in asked] == [("GET", TICKET["get"])]


@pytest.mark.parametrize(("answer", "state"), documented_polls("replicate"))
def test_a_webhook_says_the_same_as_a_poll(answer: dict[str, Any], state: JobState) -> None:
    verified = Verified(id="d-1", delivery=Delivery(body=msgspec.json.encode(answer), headers={}, path="/"))
    ticket, found = PREDICTIONS.webhook(verified)
    assert (ticket or {})["id"] == answer["id"]
    assert found == state


def test_a_word_that_is_in_no_table_is_an_error_of_the_poll_and_no_reason_to_lose_a_job() -> None:
    answer = {"id": "p-1", "status": "dreaming"}
    with pytest.raises(UnknownStatusError, match="dreaming"):
        walked(PREDICTIONS.poll(TICKET), answer)
    assert PREDICTIONS.submitted(replied(answer), ready()) == Accepted(
        ticket={"id": "p-1", "get": "/predictions/p-1", "cancel": "/predictions/p-1/cancel"},
        state=Pending(raw="dreaming"),
    )


def test_what_was_removed_is_not_found_any_more() -> None:
    with pytest.raises(NotFoundError, match="an hour after its end"):
        walked(PREDICTIONS.poll(TICKET), {"id": "p-1", "status": "succeeded", "output": None, "data_removed": True})


def test_a_submission_is_taken_or_over_at_once() -> None:
    starting, _, early, done, *_ = (one["body"] for one in DOCUMENTED["polls"])
    assert PREDICTIONS.submitted(replied(starting, status=201), ready()) == Accepted(
        ticket=TICKET, state=Pending(raw="starting")
    )
    taken = PREDICTIONS.submitted(replied(early, status=202), ready())
    assert isinstance(taken, Accepted)
    assert taken.state == Processing(raw="processing")
    assert isinstance(PREDICTIONS.submitted(replied(done, status=201), ready()), Completed)
    with pytest.raises(MalformedReplyError):
        PREDICTIONS.submitted(replied({"detail": "?"}), ready())


@pytest.mark.parametrize(
    ("name", "path", "version"),
    [
        ("black-forest-labs/flux-schnell", "/models/black-forest-labs/flux-schnell/predictions", None),
        (f"stability-ai/sdxl:{VERSION}", "/predictions", VERSION),
        (VERSION, "/predictions", VERSION),
        ("deployments/acme/fast", "/deployments/acme/fast/predictions", None),
    ],
)
def test_the_name_of_a_model_says_where_it_is_asked_for(name: str, path: str, version: str | None) -> None:
    asked = PREDICTIONS.submit(ready(name), "key", None)
    assert (asked.method, asked.url) == ("POST", path)
    sent = msgspec.json.decode(asked.document)
    assert (sent.get("version"), sent["input"]) == (version, {"prompt": "a cat"})


def test_who_shall_be_called_back_is_told_with_the_job() -> None:
    sent = msgspec.json.decode(PREDICTIONS.submit(ready(), "key", "https://ours.example/hooks/replicate/t").document)
    assert sent["webhook"] == "https://ours.example/hooks/replicate/t"
    assert sent["webhook_events_filter"] == ["completed"]
    assert b"webhook" not in PREDICTIONS.submit(ready(), "key", None).document


def test_waiting_and_a_deadline_are_headers() -> None:
    asked = PREDICTIONS.submit(ready(wait=10, cancel_after=90), "key", None)
    assert {"prefer": "wait=10", "cancel-after": "90s"}.items() <= dict(asked.headers).items()
    assert msgspec.json.decode(asked.document)["input"] == {"prompt": "a cat"}
    assert "prefer" not in dict(PREDICTIONS.submit(ready(), "key", None).headers)


def test_what_we_call_otherwise_is_written_in_the_names_of_the_model() -> None:
    assert body("black-forest-labs/flux-schnell", "text_to_image", n=2, steps=4, format="png") == {
        "prompt": "a cat",
        "num_outputs": 2,
        "num_inference_steps": 4,
        "output_format": "png",
    }
    sdxl = f"stability-ai/sdxl:{VERSION}"
    named = next(name for name in REPLICATE.manifest.models if name.startswith("stability-ai/sdxl"))
    assert sdxl.startswith(named)
    assert body(named, "text_to_image", size="768x512") == {"prompt": "a cat", "width": 768, "height": 512}
    speech = body("minimax/speech-2.6-turbo", "text_to_speech", prompt="Hello", voice="Deep_Voice_Man")
    assert (speech["text"], speech["voice_id"]) == ("Hello", "Deep_Voice_Man")


def test_inputs_are_addresses_by_the_names_of_the_model() -> None:
    last = MediaInput(kind="image", role="last_image", url="https://in.example/last.png")
    kling = body("kwaivgi/kling-v2.1", "image_to_video", CAT, last)
    assert (kling["start_image"], kling["end_image"]) == (CAT.url, last.url)
    assert body("openai/gpt-image-2", "image_to_image", CAT)["input_images"] == [CAT.url]
    assert body("google/veo-3.1", "image_to_video", CAT, last)["last_frame"] == last.url


def test_a_model_that_is_not_listed_is_asked_in_its_own_names() -> None:
    request = MediaRequest(
        operation="image_to_image", prompt="a cat", inputs=(CAT,), params={"lora_scale": 0.5, "n": 2}
    )
    _, made = walked(PREDICTIONS.prepare(request, unlisted("replicate", "acme/private")))
    assert made.body == {"input": {"prompt": "a cat", "lora_scale": 0.5, "n": 2, "image": CAT.url}}


def test_a_file_is_uploaded_in_a_form() -> None:
    file = FileBody(path="/cat.png", size=3, media_type="image/png", name="cat.png")
    request = MediaRequest(
        operation="image_to_image", inputs=(MediaInput(kind="image", role="image", file=file, bytes=3),)
    )
    model = model_of(REPLICATE, "black-forest-labs/flux-dev")
    (upload,), made = walked(PREDICTIONS.prepare(request, model), DOCUMENTED["upload"]["body"])
    assert (upload.method, upload.url, upload.free) == ("POST", "/files", True)
    assert isinstance(upload.body, Form)
    assert [(one.name, one.value, one.media_type) for one in upload.body.fields] == [("content", file, "image/png")]
    assert made.body["input"]["image"] == DOCUMENTED["upload"]["body"]["urls"]["get"]


def test_a_cancellation_is_free() -> None:
    asked, _ = walked(PREDICTIONS.cancel(TICKET), {})
    assert [(one.method, one.url, one.free) for one in asked] == [("POST", TICKET["cancel"], True)]


def test_a_list_tells_what_went_in_page_by_page() -> None:
    first, last = (page["body"] for page in DOCUMENTED["pages"])
    asked, found = walked(PREDICTIONS.list(None), first, last)
    assert [one.url for one in asked] == ["/predictions", first["next"]]
    dog, removed, broken = found
    assert (dog.model, dog.prompt) == ("black-forest-labs/flux-dev", "a dog")
    assert dog.sources == (Output(url="https://in.example/cat.png"),)
    assert dog.created_at == datetime.datetime(2026, 11, 3, 10, 0, 0, 123457, datetime.UTC)
    assert isinstance(dog.state, Completed)
    assert removed.state == Completed(raw="succeeded")
    assert isinstance(broken.state, Failed)
    assert broken.prompt is None


def test_a_list_begins_where_it_is_told_to_and_does_not_turn_in_circles() -> None:
    first = DOCUMENTED["pages"][0]["body"]
    since = datetime.datetime(2026, 11, 1, 12, tzinfo=datetime.UTC)
    asked, found = walked(PREDICTIONS.list(since), first, first)
    assert asked[0].url == "/predictions?created_after=2026-11-01T12%3A00%3A00%2B00%3A00"
    assert (len(asked), len(found)) == (2, 2)


def test_a_webhook_is_believed_with_the_secret_of_the_account() -> None:
    asked, secrets = walked(PREDICTIONS.secrets(), DOCUMENTED["secret"]["body"])
    assert [one.url for one in asked] == ["/webhooks/default/secret"]
    sent = b'{"id": "p-1", "status": "succeeded"}'
    headers = signed(sent, message_id="msg-1", secret=secrets[0], stamp=1_000.0)
    delivery = Delivery(body=sent, headers=headers, path="/hooks/replicate/t")
    assert PREDICTIONS.verify(delivery, secrets, 1_010.0).id == "msg-1"
    with pytest.raises(AuthenticationError):
        PREDICTIONS.verify(delivery, ("whsec_b3RoZXI=",), 1_010.0)
    with pytest.raises(AuthenticationError):
        PREDICTIONS.verify(delivery, secrets, 9_000.0)


def test_it_cancels_lists_and_is_called_back_and_nothing_is_found_by_our_key() -> None:
    for ability in (Cancels, Lists, Hooks):
        assert isinstance(PREDICTIONS, ability)
    assert not isinstance(PREDICTIONS, Finds)


@pytest.mark.parametrize(
    ("status", "detail", "kind"),
    [
        (401, "You did not pass a valid authentication token", ErrorKind.AUTHENTICATION),
        (402, "You have insufficient credit to run this model.", ErrorKind.QUOTA_EXCEEDED),
        (404, "The requested resource could not be found.", ErrorKind.NOT_FOUND),
        (422, "- input.prompt: Expected: string, given: integer", ErrorKind.INVALID_REQUEST),
        (429, "Request was throttled. Expected available in 1 second.", ErrorKind.RATE_LIMIT),
    ],
)
def test_errors_are_problems(status: int, detail: str, kind: ErrorKind) -> None:
    problem = {"title": "Problem", "detail": detail, "status": status}
    assert classify(replied(problem, status=status), REPLICATE.errors).kind == kind


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("CUDA out of memory. Tried to allocate 2 GiB", ErrorKind.SERVER),
        ("Prediction interrupted; please retry (code: PA)", ErrorKind.SERVER),
        ("", ErrorKind.SERVER),
    ],
)
def test_failures_are_told_by_their_words(message: str, kind: ErrorKind) -> None:
    _, state = walked(PREDICTIONS.poll(TICKET), {"id": "p-1", "status": "failed", "error": message or None})
    assert isinstance(state, Failed)
    assert state.kind == kind


def test_every_model_is_in_the_table_of_names_or_needs_none() -> None:
    from genmux.providers.replicate.names import MODELS

    assert MODELS.keys() <= REPLICATE.manifest.models.keys()
