"""Veo's operations, as documents show them."""

from typing import Any

import pytest

from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.jobs import Cancels, Finds, Hooks, Lists
from genmux.types.errors import MalformedReplyError, ServerError
from genmux.types.generation import InputRole
from genmux.types.jobs import Accepted, Failed, JobState
from tests.unit.providers.documented import documented_polls, replied, ticket_of, walked
from tests.unit.providers.simulated import REGISTRY, prepared

GOOGLE = REGISTRY.load("google")
VEO = GOOGLE.wires["veo"]
NAME = "veo-3.1-generate-preview"
OPERATION = f"models/{NAME}/operations/op1"
ROLES: tuple[InputRole, ...] = ("image", "last_image", "reference")
PICTURES = {role: MediaInput(kind="image", role=role, url=f"data:image/png;base64,{role}") for role in ROLES}


def ready(*inputs: MediaInput, **params: Any) -> Any:
    operation: Any = "image_to_video" if inputs else "text_to_video"
    return prepared(GOOGLE, NAME, MediaRequest(operation=operation, prompt="a cat", inputs=inputs, params=params))


@pytest.mark.parametrize(("answer", "state"), documented_polls("google-veo"))
def test_a_poll_means_what_the_documents_say(answer: dict[str, Any], state: JobState) -> None:
    asked, found = walked(VEO.poll({"operation": OPERATION, "seconds": 8}), answer)
    assert found == state
    assert [(one.method, one.url, one.read_only) for one in asked] == [("GET", f"/{OPERATION}", True)]


def test_a_request_is_written() -> None:
    told: dict[str, Any] = {"duration": 8, "aspect_ratio": "9:16", "resolution": "1080p", "negative_prompt": "dogs"}
    told |= {"seed": 3, "n": 1, "person_generation": "allow_adult"}
    prepared_ = ready(PICTURES["image"], PICTURES["last_image"], **told)
    http = VEO.submit(prepared_, "key", None)
    assert (http.method, http.url, http.free) == ("POST", f"/models/{NAME}:predictLongRunning", False)
    assert prepared_.body == {
        "instances": [
            {
                "prompt": "a cat",
                "image": {"bytesBase64Encoded": "image", "mimeType": "image/png"},
                "lastFrame": {"bytesBase64Encoded": "last_image", "mimeType": "image/png"},
            }
        ],
        "parameters": {
            "aspectRatio": "9:16",
            "resolution": "1080p",
            "durationSeconds": 8,
            "negativePrompt": "dogs",
            "personGeneration": "allow_adult",
            "seed": 3,
            "sampleCount": 1,
        },
    }


def test_references_are_assets() -> None:
    (instance,) = ready(PICTURES["reference"]).body["instances"]
    assert instance["referenceImages"] == [
        {"image": {"bytesBase64Encoded": "reference", "mimeType": "image/png"}, "referenceType": "asset"}
    ]


def test_the_name_of_the_operation_is_the_ticket_with_what_will_be_billed() -> None:
    taken = VEO.submitted(replied({"name": OPERATION}), ready(duration=6))
    assert taken == Accepted(ticket={"operation": OPERATION, "seconds": 6})
    assert ticket_of(VEO.submitted(replied({"name": OPERATION}), ready())) == {"operation": OPERATION}


def test_an_operation_that_broke_at_once_has_failed() -> None:
    told = {"name": OPERATION, "done": True, "error": {"code": 13, "message": "broke"}}
    assert isinstance(VEO.submitted(replied(told), ready()), Failed)


@pytest.mark.parametrize("call", ["submitted", "poll"])
def test_an_error_that_looks_like_a_success_says_nothing_of_the_job(call: str) -> None:
    told = {"error": {"code": 500, "message": "broke", "status": "INTERNAL"}}
    with pytest.raises(ServerError):
        VEO.submitted(replied(told), ready()) if call == "submitted" else walked(
            VEO.poll({"operation": OPERATION}), told
        )


def test_an_operation_without_a_name_is_malformed() -> None:
    with pytest.raises(MalformedReplyError, match="has no name"):
        VEO.submitted(replied({}), ready())


def test_an_operation_can_neither_be_cancelled_nor_found() -> None:
    assert not any(isinstance(VEO, kind) for kind in (Cancels, Finds, Lists, Hooks))


def test_it_is_told_that_google_ended_it_and_what_to_take() -> None:
    life = GOOGLE.manifest.models[NAME].lifecycle
    assert (life.shutdown, life.replacement) == ("2026-10-22", "gemini-omni-1.2-flash")
