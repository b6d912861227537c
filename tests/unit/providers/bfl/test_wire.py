"""The tasks of Black Forest Labs, as their documents show them."""

import hashlib
import hmac
from typing import Any

import msgspec
import pytest

from genmux.contract.http import HttpRequest
from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.jobs import Cancels, Delivery, Finds, Hooks, Lists, Prepared
from genmux.contract.statuses import UnknownStatusError
from genmux.engine.urls import absolute_url
from genmux.providers.bfl.signing import sign
from genmux.types.errors import AuthenticationError, InvalidRequestError, MalformedReplyError, NotFoundError
from genmux.types.jobs import Completed, JobState
from tests.unit.providers.documented import documented, documented_polls, replied, ticket_of, walked
from tests.unit.providers.simulated import REGISTRY, model_of, prepared

BFL = REGISTRY.load("bfl")
WIRE = BFL.wires["pictures"]
DOCUMENTED = documented("bfl")
TICKET = DOCUMENTED["submitted"]["ticket"]
CAT = MediaInput(kind="image", role="image", url="data:image/png;base64,UE5H")
HAT = MediaInput(kind="image", role="reference", url="https://in.example/hat.png")
MASK = MediaInput(kind="image", role="mask", url="data:image/png;base64,TUFTSw==")
READY = Prepared(
    request=MediaRequest(operation="text_to_image"), model=model_of(BFL, "flux-2-pro"), body={"prompt": "a"}
)


def body(name: str, operation: Any, *inputs: MediaInput, prompt: str = "a cat", **params: Any) -> dict[str, Any]:
    return prepared(BFL, name, MediaRequest(operation=operation, prompt=prompt, inputs=inputs, params=params)).body


@pytest.mark.parametrize(("answer", "state"), documented_polls("bfl"))
def test_a_poll_means_what_the_documents_say(answer: dict[str, Any], state: JobState) -> None:
    asked, found = walked(WIRE.poll(TICKET), answer)
    assert found == state
    assert [(one.method, one.url) for one in asked] == [("GET", TICKET["polling_url"])]


def test_a_task_that_is_not_found_may_only_not_be_known_yet() -> None:
    with pytest.raises(NotFoundError):
        walked(WIRE.poll(TICKET), DOCUMENTED["missing"]["body"])
    assert BFL.manifest.jobs.missing_grace > 0


def test_a_word_that_is_in_no_table_is_an_error_of_the_poll() -> None:
    with pytest.raises(UnknownStatusError, match="Meditating"):
        walked(WIRE.poll(TICKET), {"id": "d5ba37dc", "status": "Meditating"})


def test_a_submission_gives_the_address_to_ask_at_and_the_credits() -> None:
    assert ticket_of(WIRE.submitted(replied(DOCUMENTED["submitted"]["body"]), READY)) == TICKET
    assert ticket_of(WIRE.submitted(replied({"id": "d5"}), READY)) == {
        "id": "d5",
        "polling_url": "/v1/get_result?id=d5",
    }
    with pytest.raises(MalformedReplyError):
        WIRE.submitted(replied({"detail": "?"}), READY)


@pytest.mark.parametrize(
    ("address", "right"),
    [
        ("https://api.eu2.bfl.ai/v1/get_result?id=1", True),
        ("https://api.bfl.ai/v1/get_result?id=1", True),
        ("https://api.bfl.ai.evil.example/v1/get_result?id=1", False),
        ("https://evil.example/v1/get_result?id=1", False),
        ("http://api.eu2.bfl.ai/v1/get_result?id=1", False),
    ],
)
def test_the_key_goes_to_their_own_hosts_alone(address: str, right: bool) -> None:
    manifest = BFL.manifest
    if right:
        assert absolute_url(manifest.base_url, address, api_hosts=manifest.api_hosts) == address
    else:
        with pytest.raises(InvalidRequestError, match="credential"):
            absolute_url(manifest.base_url, address, api_hosts=manifest.api_hosts)


def test_a_size_is_two_fields_and_the_rest_has_their_names() -> None:
    told = body(
        "flux-2-flex", "text_to_image", size="1536x1024", format="png", moderation=3, enhance_prompt=False, steps=20
    )
    assert told == {
        "prompt": "a cat",
        "width": 1536,
        "height": 1024,
        "output_format": "png",
        "safety_tolerance": 3,
        "prompt_upsampling": False,
        "steps": 20,
    }


def test_pictures_are_numbered_and_bytes_are_base64_without_more() -> None:
    told = body("flux-2-pro", "image_to_image", HAT, CAT)
    assert (told["input_image"], told["input_image_2"]) == ("UE5H", "https://in.example/hat.png")


def test_an_edit_has_a_picture_and_a_mask() -> None:
    told = body("flux-pro-1.0-fill", "edit_image", CAT, MASK, prompt="a hat", steps=15)
    assert told == {"prompt": "a hat", "steps": 15, "image": "UE5H", "mask": "TUFTSw=="}


def test_older_models_take_after_one_picture() -> None:
    told = body("flux-pro-1.1-ultra", "text_to_image", HAT, strength=0.3, raw=True)
    assert (told["image_prompt"], told["image_prompt_strength"], told["raw"]) == (HAT.url, 0.3, True)


def test_a_video_says_its_mode_and_its_keyframes() -> None:
    last = MediaInput(kind="image", role="last_image", url="https://in.example/end.png")
    clip = MediaInput(kind="video", role="video", url="https://in.example/clip.mp4")
    told = body("flux-3-video", "text_to_video", resolution="1080p", duration=8, audio=False)
    assert told == {"prompt": "a cat", "mode": "t2v", "resolution": "fhd", "duration": 8, "generate_audio": False}
    assert body("flux-3-video", "image_to_video", CAT)["keyframes"] == "UE5H"
    assert body("flux-3-video", "image_to_video", CAT, last)["keyframes"] == ["UE5H", last.url]
    going_on = body("flux-3-video-continue", "video_to_video", clip)
    assert (going_on["mode"], going_on["start_video"]) == ("v2v", clip.url)


def test_each_model_has_its_path_and_what_is_called_back_is_told() -> None:
    asked = WIRE.submit(READY, "key", "https://ours.example/hooks/bfl/token")
    assert asked.url == "/v1/flux-2-pro"
    assert msgspec.json.decode(asked.document) == {"prompt": "a", "webhook_url": "https://ours.example/hooks/bfl/token"}


def test_the_secret_of_the_account_is_put_in_where_the_request_is_signed() -> None:
    secret = {"api_key": "k", "webhook_secret": 'so "secret"'}
    hooked = sign(WIRE.submit(READY, "key", "https://ours.example/x"), secret)
    assert ("x-key", "k") in hooked.headers
    assert msgspec.json.decode(hooked.document or b"")["webhook_secret"] == 'so "secret"'
    assert b"secret" not in (sign(WIRE.submit(READY, "key", None), secret).document or b"")
    assert sign(HttpRequest(method="GET", url="/v1/credits"), secret).body is None


def delivery(**headers: str) -> Delivery:
    return Delivery(body=msgspec.json.encode(DOCUMENTED["webhook"]["body"]), headers=headers)


def test_a_webhook_is_believed_by_its_signature() -> None:
    right = hmac.new(b"s", delivery().body, hashlib.sha256).hexdigest()
    verified = WIRE.verify(delivery(**{"x-bfl-signature": f"sha256={right}"}), ("old", "s"), 0.0)
    ticket, state = WIRE.webhook(verified)
    assert verified.trusted
    assert ticket == {"id": "gen_abc123xyz"}
    assert isinstance(state, Completed)


@pytest.mark.parametrize("headers", [{}, {"x-bfl-signature": "sha256=00"}, {"x-bfl-signature": "md5=00"}])
def test_a_webhook_whose_signature_is_missing_or_wrong_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(AuthenticationError):
        WIRE.verify(delivery(**headers), ("s",), 0.0)


def test_without_a_secret_a_webhook_is_a_hint() -> None:
    assert WIRE.verify(delivery(), (), 0.0).trusted is False
    assert WIRE.secrets() is None


def test_it_is_called_back_and_can_do_nothing_else_beside() -> None:
    assert isinstance(WIRE, Hooks)
    assert not isinstance(WIRE, Cancels | Finds | Lists)
