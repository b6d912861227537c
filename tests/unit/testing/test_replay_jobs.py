"""The exchanges of a job are replayed through its wire."""

from collections import Counter
from typing import Any

import pytest

from genmux.testing.replay import Outcome, replay
from tests.recordings import RECORDINGS, needs_recordings
from tests.unit.testing.recorded_exchanges import Record, replay_one

VERSION = "39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b"
POLL = {"method": "GET", "host": "api.replicate.com", "path": "/v1/predictions/p1", "headers": {}}
SUBMIT: dict[str, Any] = {
    **POLL,
    "method": "POST",
    "path": "/v1/predictions",
    "json": {"version": VERSION, "input": {"prompt": "a corgi", "width": 512}},
}


def prediction(status: str, **more: Any) -> dict[str, Any]:
    base = "https://api.replicate.com/v1/predictions/p1"
    urls = {"get": base, "cancel": f"{base}/cancel"}
    return {"status": 200, "headers": {}, "json": {"id": "p1", "status": status, "urls": urls, **more}}


def replayed(record: Record, request: dict[str, Any], response: dict[str, Any]) -> Outcome:
    return replay_one(record, {"request": request, "response": response, "provider": "replicate"}, api="predictions")


def test_a_submission_is_written_as_it_was_recorded_and_its_reply_is_a_job_that_was_taken(record: Record) -> None:
    outcome = replayed(record, SUBMIT, prediction("starting"))

    assert (outcome.status, outcome.request_round_trip, outcome.differences) == ("ok", True, ())
    assert outcome.job is not None
    assert (outcome.job.call, outcome.job.state, outcome.job.raw) == ("submit", "accepted", "starting")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/models/black-forest-labs/flux-schnell/predictions", {"input": {"prompt": "x"}}),
        ("/v1/deployments/acme/fast/predictions", {"input": {"prompt": "x"}, "stream": True}),
    ],
)
def test_models_and_deployments_have_places_of_their_own(record: Record, path: str, body: dict[str, Any]) -> None:
    outcome = replayed(record, {**SUBMIT, "path": path, "json": body}, prediction("starting"))
    assert (outcome.request_round_trip, outcome.differences) == (True, ())


def test_what_the_wire_would_write_otherwise_is_told_with_its_place(record: Record) -> None:
    request = {**SUBMIT, "json": {**SUBMIT["json"], "webhook": "https://other.example"}}

    outcome = replayed(record, request, prediction("starting"))
    assert (outcome.status, outcome.request_round_trip) == ("ok", False)
    assert outcome.differences == ('request.webhook: recorded "https://other.example", written nothing',)


def test_a_poll_tells_where_the_job_stands_and_what_it_made(record: Record) -> None:
    outcome = replayed(record, POLL, prediction("succeeded", output=["https://replicate.delivery/a.png"]))

    assert outcome.job is not None
    assert (outcome.job.call, outcome.job.state) == ("poll", "completed")
    assert outcome.job.outputs == ("https://replicate.delivery/a.png",)


@pytest.mark.parametrize(
    ("told", "state", "message"),
    [
        ({"status": "failed", "error": "CUDA out of memory"}, "failed", "CUDA out of memory"),
        ({"status": "canceled"}, "cancelled", None),
        ({"status": "processing"}, "processing", None),
    ],
)
def test_every_end_is_shown_with_its_reason(
    record: Record, told: dict[str, Any], state: str, message: str | None
) -> None:
    outcome = replayed(record, POLL, prediction(**told))
    assert outcome.job is not None
    assert (outcome.job.state, outcome.job.message) == (state, message)


def test_a_cancellation_tells_nothing_and_a_list_how_many_there_are(record: Record) -> None:
    cancel = {**POLL, "method": "POST", "path": "/v1/predictions/p1/cancel"}
    page = {"status": 200, "headers": {}, "json": {"next": None, "results": [prediction("starting")["json"]]}}

    cancelled, listed = (
        replayed(record, cancel, prediction("canceled")),
        replayed(record, {**POLL, "path": "/v1/predictions"}, page),
    )
    assert (cancelled.status, cancelled.job and cancelled.job.call) == ("ok", "cancel")
    assert listed.job is not None
    assert (listed.job.call, listed.job.jobs) == ("list", 1)


def test_a_list_of_several_pages_tells_what_it_would_ask_next(record: Record) -> None:
    following = "https://api.replicate.com/v1/predictions?cursor=2"
    page = {"status": 200, "headers": {}, "json": {"next": following, "results": [prediction("starting")["json"]]}}

    outcome = replayed(record, {**POLL, "path": "/v1/predictions"}, page)
    assert outcome.job is not None
    assert (outcome.job.jobs, outcome.job.asks) == (None, f"GET {following}")


def test_an_error_reply_is_classified_by_the_providers_own_table(record: Record) -> None:
    refusal = {"status": 401, "headers": {}, "json": {"title": "Unauthenticated", "detail": "no such token"}}

    outcome = replayed(record, SUBMIT, refusal)
    assert (outcome.status, outcome.error and outcome.error.kind) == ("ok", "authentication")
    assert outcome.job is not None
    assert (outcome.job.call, outcome.job.state) == ("submit", None)


def test_a_status_that_is_not_in_the_table_fails(record: Record) -> None:
    outcome = replayed(record, POLL, prediction("daydreaming"))
    assert (outcome.status, outcome.error and outcome.error.kind) == ("failed", "malformed_reply")


def test_a_wire_that_breaks_fails_alone(record: Record) -> None:
    outcome = replayed(record, {**SUBMIT, "json": {"prompt": "no input"}}, prediction("starting"))
    assert (outcome.status, outcome.job) == ("failed", None)
    assert outcome.differences[0].startswith("broke: KeyError")


@needs_recordings
def test_every_recorded_prediction_is_read_rightly_and_every_request_is_written_as_it_was() -> None:
    outcomes = [one for one in replay([RECORDINGS / "replicate"]) if one.job is not None]

    assert [one for one in outcomes if one.status != "ok" or one.differences] == []
    assert Counter((one.job.call, one.job.state) for one in outcomes if one.job) == {
        ("submit", "accepted"): 16,
        ("submit", None): 1,
        ("poll", "pending"): 42,
        ("poll", "processing"): 96,
        ("poll", "completed"): 8,
    }


PICTURES: dict[str, Any] = {"method": "POST", "host": "api.openai.com", "path": "/v1/images/generations", "headers": {}}
GEMINI: dict[str, Any] = {
    "method": "POST",
    "host": "generativelanguage.googleapis.com",
    "path": "/v1beta/models/gemini-3-pro-image:generateContent",
    "headers": {},
}
PNG64 = "iVBORw0KGgo="
PART = {"inlineData": {"mimeType": "image/png", "data": PNG64}}
DRAWN = {"candidates": [{"content": {"role": "model", "parts": [PART]}, "finishReason": "STOP"}]}


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("generations", {"model": "gpt-image-2", "prompt": "a cat", "size": "1024x1024", "n": 2, "quality": "low"}),
        ("generations", {"prompt": "no model", "response_format": "b64_json", "user": "u"}),
        ("edits", {"model": "m", "prompt": "x", "images": [{"image_url": "https://a/b.png"}], "mask": {"image_url": "https://a/m.png"}}),
    ],
)  # fmt: skip
def test_pictures_of_openai_are_asked_for_as_they_were(record: Record, path: str, asked: dict[str, Any]) -> None:
    request = {**PICTURES, "path": f"/v1/images/{path}", "json": asked}
    response = {"status": 200, "headers": {}, "json": {"data": [{"b64_json": PNG64}], "output_format": "png"}}

    outcome = replay_one(record, {"request": request, "response": response, "provider": "openai"}, api="openai-images")
    assert (outcome.status, outcome.request_round_trip, outcome.differences) == ("ok", True, ())
    assert outcome.job is not None
    assert (outcome.job.call, outcome.job.state, outcome.job.outputs) == ("submit", "completed", ("image/png",))


@pytest.mark.parametrize(
    "asked",
    [
        {"contents": [{"parts": [{"text": "a cat"}]}], "generationConfig": {}, "safetySettings": None},
        {"contents": [{"role": "user", "parts": [PART, {"text": "a cat"}]}], "systemInstruction": {"parts": {"text": ""}}},
        {
            "model": "gemini-3-pro-image",
            "contents": [{"role": "model", "parts": [{"text": "Yes?"}]}, {"role": "user", "parts": [{"text": "a cat"}]}],
            "systemInstruction": {"parts": [{"text": "Flat colours."}]},
            "generationConfig": {
                "responseModalities": ["IMAGE"],
                "imageConfig": {"aspectRatio": "1:1", "imageSize": "2K"},
                "seed": 7,
                "temperature": 0,
            },
        },
    ],
)  # fmt: skip
def test_pictures_of_google_are_asked_for_as_they_were(record: Record, asked: dict[str, Any]) -> None:
    outcome = replay_one(
        record,
        {
            "request": {**GEMINI, "json": asked},
            "response": {"status": 200, "headers": {}, "json": DRAWN},
            "provider": "google",
        },
        api="google-generate",
    )
    assert (outcome.status, outcome.request_round_trip, outcome.differences) == ("ok", True, ())
    assert outcome.job is not None
    assert (outcome.job.state, outcome.job.raw, outcome.job.outputs) == ("completed", "STOP", ("image/png",))


def test_what_a_picture_is_asked_for_otherwise_is_told(record: Record) -> None:
    asked = {
        "contents": [{"parts": [{"text": "a cat"}]}],
        "generationConfig": {"imageConfig": {"imageOutputOptions": {}}},
    }
    exchange = {"request": {**GEMINI, "json": asked}, "response": {"status": 200, "headers": {}, "json": DRAWN}}

    outcome = replay_one(record, {**exchange, "provider": "google"}, api="google-generate")
    assert outcome.request_round_trip is False


@needs_recordings
def test_every_recorded_picture_is_read_rightly_and_every_request_is_written_as_it_was() -> None:
    folders = [RECORDINGS / provider / kind for provider in ("openai", "google") for kind in ("image", "errors")]
    outcomes = [one for one in replay(folders) if one.job is not None]

    assert [one for one in outcomes if one.status != "ok" or one.differences] == []
    assert Counter((one.provider, one.job.state, one.job.raw) for one in outcomes if one.job) == {
        ("openai", "completed", None): 7,
        ("openai", None, None): 2,
        ("google", "completed", "STOP"): 6,
        ("google", "failed", "NO_IMAGE"): 1,
    }


def test_a_reply_whose_request_was_not_kept_is_read_as_a_poll(record: Record) -> None:
    told = {"status": 200, "headers": {}, "json": {"status": "done", "video": {"url": "https://vidgen.x.ai/1.mp4"}}}
    outcome = replay_one(record, {"request": None, "response": told, "provider": "xai"}, api="xai-video")

    assert (outcome.status, outcome.request_round_trip, outcome.differences) == ("ok", None, ())
    assert outcome.job is not None
    assert (outcome.job.call, outcome.job.state, outcome.job.outputs) == (
        "poll",
        "completed",
        ("https://vidgen.x.ai/1.mp4",),
    )


def test_a_reply_that_tells_of_no_job_is_left_to_others(record: Record) -> None:
    nothing = {"status": 200, "headers": {}, "json": {}}
    outcome = replay_one(record, {"request": None, "response": nothing, "provider": "xai"}, api="xai-video")
    assert (outcome.status, outcome.job) == ("unsupported", None)


@needs_recordings
@pytest.mark.parametrize(
    ("folder", "seen"),
    [
        ("xai/image", {("submit", "completed"): 2}),
        (
            "xai/video",
            {("poll", "processing"): 1, ("poll", "failed"): 2, ("poll", "filtered"): 2, ("poll", "completed"): 2},
        ),
        ("klingai/video", {("poll", "pending"): 1, ("poll", "processing"): 1, ("poll", "filtered"): 1}),
    ],
)
def test_every_recorded_job_is_read_rightly_and_every_request_is_written_as_it_was(folder: str, seen: Any) -> None:
    outcomes = [one for one in replay([RECORDINGS / folder]) if one.job is not None]

    assert [one for one in outcomes if one.status != "ok" or one.differences] == []
    assert Counter((one.job.call, one.job.state) for one in outcomes if one.job) == seen
