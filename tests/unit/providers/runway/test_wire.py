"""Runway's tasks, as its documents show them."""

from typing import Any

import msgspec
import pytest

from genmux.contract.http import FileBody, Form
from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.jobs import Cancels, Finds, Hooks, Lists, Prepared
from genmux.contract.statuses import UnknownStatusError
from genmux.types.errors import MalformedReplyError
from genmux.types.jobs import JobState
from tests.unit.providers.documented import documented, documented_polls, replied, ticket_of, walked
from tests.unit.providers.simulated import REGISTRY, model_of, prepared

RUNWAY = REGISTRY.load("runway")
VIDEO = RUNWAY.wires["video"]
DOCUMENTED = documented("runway")
CAT = MediaInput(kind="image", role="image", url="https://in.example/cat.png")
DOG = MediaInput(kind="image", role="last_image", url="https://in.example/dog.png")
CLIP = MediaInput(kind="video", role="video", url="https://in.example/clip.mp4")


def body(name: str, operation: Any, *inputs: MediaInput, prompt: str = "a cat", **params: Any) -> dict[str, Any]:
    return prepared(RUNWAY, name, MediaRequest(operation=operation, prompt=prompt, inputs=inputs, params=params)).body


@pytest.mark.parametrize(("answer", "state"), documented_polls("runway"))
def test_a_poll_means_what_the_documents_say(answer: dict[str, Any], state: JobState) -> None:
    asked, found = walked(VIDEO.poll({"id": "17f2"}), answer)
    assert found == state
    assert [(one.method, one.url, one.read_only) for one in asked] == [("GET", "/v1/tasks/17f2", True)]


def test_a_word_that_is_in_no_table_is_an_error_of_the_poll() -> None:
    with pytest.raises(UnknownStatusError, match="DAYDREAMING"):
        walked(VIDEO.poll({"id": "17f2"}), {"id": "17f2", "status": "DAYDREAMING"})


def test_a_submission_gives_a_ticket_with_the_most_credits_that_it_may_take() -> None:
    told = DOCUMENTED["submitted"]
    ready = Prepared(request=MediaRequest(operation="text_to_video"), model=model_of(RUNWAY, "gen4.5"))
    assert ticket_of(VIDEO.submitted(replied(told["body"]), ready)) == told["ticket"]


def test_a_submission_without_an_id_may_have_been_billed() -> None:
    ready = Prepared(request=MediaRequest(operation="text_to_video"), model=model_of(RUNWAY, "gen4.5"))
    with pytest.raises(MalformedReplyError) as caught:
        VIDEO.submitted(replied({"error": "?"}), ready)
    assert caught.value.retry == "unsure"


def test_a_file_is_uploaded_in_two_free_steps_and_goes_in_by_its_address() -> None:
    told = DOCUMENTED["upload"]
    file = MediaInput(
        kind="image", role="image", file=FileBody(path="cat.png", size=9, media_type="image/png", name="cat.png")
    )
    request = MediaRequest(operation="image_to_video", prompt="a cat", inputs=(file,), params={"duration": 5})
    asked, ready = walked(RUNWAY.wires["animate"].prepare(request, model_of(RUNWAY, "gen4.5")), told["body"], {})

    slot, put = asked
    assert (slot.url, slot.free, slot.unsigned) == ("/v1/uploads", True, False)
    assert msgspec.json.decode(slot.document or b"") == told["asks"]
    assert (put.method, put.url, put.free, put.unsigned) == ("POST", "https://bucket.example/put", True, True)
    assert isinstance(put.body, Form)
    assert [field.name for field in put.body.fields] == ["key", "policy", "file"]
    assert put.body.fields[-1].value == file.file
    assert ready.body["promptImage"] == [{"uri": "runway://eyJhYmMi", "position": "first"}]


def test_text_alone_is_a_model_a_prompt_a_ratio_and_seconds() -> None:
    assert body("gen4.5", "text_to_video", size="1280x720", duration=5, seed=7, moderation="low") == {
        "model": "gen4.5",
        "promptText": "a cat",
        "ratio": "1280:720",
        "duration": 5,
        "seed": 7,
        "contentModeration": {"publicFigureThreshold": "low"},
    }


def test_keyframes_have_their_position() -> None:
    told = body("veo3.1", "image_to_video", CAT, DOG, negative_prompt="rain")
    assert told["promptImage"] == [{"uri": CAT.url, "position": "first"}, {"uri": DOG.url, "position": "last"}]
    assert told["negativePrompt"] == "rain"


@pytest.mark.parametrize(("model", "field"), [("aleph2", "videoUri"), ("seedance2", "promptVideo")])
def test_a_video_stands_where_its_model_looks_for_it(model: str, field: str) -> None:
    assert body(model, "video_to_video", CLIP)[field] == CLIP.url


def test_references_and_sounds_go_with_a_video() -> None:
    more = MediaInput(kind="image", role="reference", url="https://in.example/hat.png")
    sound = MediaInput(kind="audio", role="audio", url="https://in.example/purr.mp3")
    told = body("seedance2", "video_to_video", CLIP, more, sound)
    assert told["references"] == [{"uri": more.url}]
    assert told["referenceAudio"] == [{"type": "audio", "uri": sound.url}]


def test_pictures_for_a_picture_have_names_for_the_prompt() -> None:
    told = body("gen4_image_turbo", "image_to_image", CAT, prompt="@image1 in the rain", size="720x720")
    assert told["referenceImages"] == [{"uri": CAT.url, "tag": "image1"}]


def test_speech_sound_and_upscaling_have_their_own_words() -> None:
    assert body("eleven_multilingual_v2", "text_to_speech", prompt="Hello!", voice="Maya") == {
        "model": "eleven_multilingual_v2",
        "promptText": "Hello!",
        "voice": {"type": "runway-preset", "presetId": "Maya"},
    }
    assert body("eleven_text_to_sound_v2", "text_to_sound", prompt="rain", duration=2.5, loop=True) == {
        "model": "eleven_text_to_sound_v2",
        "promptText": "rain",
        "duration": 2.5,
        "loop": True,
    }
    assert body("magnific_precision_upscaler_v2", "upscale", CAT, prompt="", scale=4, smartGrain=10) == {
        "model": "magnific_precision_upscaler_v2",
        "imageUri": CAT.url,
        "scaleFactor": 4,
        "smartGrain": 10,
    }


def test_a_cancellation_is_a_free_deletion() -> None:
    asked, _ = walked(VIDEO.cancel({"id": "17f2"}), {})
    assert [(one.method, one.url, one.free) for one in asked] == [("DELETE", "/v1/tasks/17f2", True)]


def test_it_cancels_and_can_do_nothing_else_beside() -> None:
    assert isinstance(VIDEO, Cancels)
    assert not isinstance(VIDEO, Finds | Lists | Hooks)


def test_every_request_of_runway_names_the_edition_of_its_api() -> None:
    assert RUNWAY.manifest.headers == {"X-Runway-Version": "2024-11-06"}
