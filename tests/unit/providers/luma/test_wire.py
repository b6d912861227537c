"""Luma's generations, as its documents show them."""

import datetime
from typing import Any

import msgspec
import pytest

from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.jobs import Cancels, Delivery, Finds, Hooks, Listed, Lists, Prepared
from genmux.contract.statuses import UnknownStatusError
from genmux.types.assets import Output
from genmux.types.errors import MalformedReplyError
from genmux.types.jobs import Accepted, Completed, Failed, JobState, Processing
from tests.unit.providers.documented import documented, documented_polls, replied, walked
from tests.unit.providers.simulated import REGISTRY, model_of, prepared

LUMA = REGISTRY.load("luma")
VIDEO = LUMA.wires["video"]
DOCUMENTED = documented("luma")
CAT = MediaInput(kind="image", role="image", url="https://in.example/cat.png")
DOG = MediaInput(kind="image", role="last_image", url="https://in.example/dog.png")
READY = Prepared(
    request=MediaRequest(operation="text_to_video"), model=model_of(LUMA, "ray-2"), body={"model": "ray-2"}
)


def body(name: str, operation: Any, *inputs: MediaInput, prompt: str = "a cat", **params: Any) -> dict[str, Any]:
    return prepared(LUMA, name, MediaRequest(operation=operation, prompt=prompt, inputs=inputs, params=params)).body


@pytest.mark.parametrize(("answer", "state"), documented_polls("luma"))
def test_a_poll_means_what_the_documents_say(answer: dict[str, Any], state: JobState) -> None:
    asked, found = walked(VIDEO.poll({"id": "c446"}), answer)
    assert found == state
    assert [(one.method, one.url) for one in asked] == [("GET", "/dream-machine/v1/generations/c446")]


def test_a_word_that_is_in_no_table_is_an_error_of_the_poll() -> None:
    with pytest.raises(UnknownStatusError, match="meditating"):
        walked(VIDEO.poll({"id": "c446"}), {"id": "c446", "state": "meditating"})


def test_text_alone_is_a_video_of_seconds_in_words() -> None:
    assert body("ray-2", "text_to_video", duration=9, resolution="1080p", loop=True, camera_motion="orbit_left") == {
        "model": "ray-2",
        "prompt": "a cat",
        "duration": "9s",
        "resolution": "1080p",
        "loop": True,
        "concepts": [{"key": "orbit_left"}],
    }


def test_keyframes_are_the_first_and_the_last_picture() -> None:
    assert body("ray-2", "image_to_video", CAT, DOG)["keyframes"] == {
        "frame0": {"type": "image", "url": CAT.url},
        "frame1": {"type": "image", "url": DOG.url},
    }
    assert body("ray-2", "image_to_video", CAT)["keyframes"].keys() == {"frame0"}


def test_a_picture_takes_after_others_or_is_one_that_is_changed() -> None:
    more = MediaInput(kind="image", role="reference", url="https://in.example/hat.png")
    assert body("photon-1", "text_to_image", more)["image_ref"] == [{"url": more.url}]
    changed = body("photon-1", "image_to_image", CAT, strength=0.8)
    assert changed["modify_image_ref"] == {"url": CAT.url, "weight": 0.8}
    assert "strength" not in changed


def test_who_shall_be_called_back_is_told_with_the_job() -> None:
    asked = VIDEO.submit(READY, "key", "https://ours.example/hooks/luma/token")
    assert (asked.method, asked.url) == ("POST", "/dream-machine/v1/generations/video")
    assert msgspec.json.decode(asked.document)["callback_url"] == "https://ours.example/hooks/luma/token"
    assert b"callback_url" not in VIDEO.submit(READY, "key", None).document


@pytest.mark.parametrize("state", ["queued", "completed", "a word that nobody knows"])
def test_what_was_taken_is_asked_for_whatever_it_says_of_itself(state: str) -> None:
    queued = DOCUMENTED["polls"][0]["body"]
    taken = VIDEO.submitted(replied(queued | {"state": state}, status=201), READY)
    assert taken == Accepted(ticket={"id": queued["id"]})
    with pytest.raises(MalformedReplyError):
        VIDEO.submitted(replied({"detail": "?"}), READY)


def test_a_callback_is_a_hint_because_nothing_is_signed() -> None:
    done = DOCUMENTED["polls"][2]["body"]
    delivery = Delivery(body=msgspec.json.encode(done), headers={}, path="/hooks/luma/token")
    verified = VIDEO.verify(delivery, (), 0.0)
    assert verified.trusted is False
    ticket, state = VIDEO.webhook(verified)
    assert ticket == {"id": done["id"]}
    assert isinstance(state, Completed)
    assert VIDEO.secrets() is None


def listed(since: datetime.datetime | None = None) -> list[Listed]:
    asked, found = walked(VIDEO.list(since), DOCUMENTED["page"]["body"])
    assert [one.url for one in asked] == ["/dream-machine/v1/generations?limit=100&offset=0"]
    return found


def test_a_list_tells_what_went_in_and_hides_nothing_behind_an_unknown_word() -> None:
    video, image, modified = listed()
    assert (video.operation, video.model, video.prompt) == ("image_to_video", "ray-2", "between")
    assert video.sources == (Output(url="https://in.example/a.jpg"),)
    assert video.metadata == {"frame1": "g-1"}
    assert isinstance(video.state, Completed)
    assert (image.operation, image.state) == ("image_to_image", Processing(raw="meditating"))
    assert image.sources == (Output(url="https://in.example/b.jpg"), Output(url="https://in.example/c.jpg"))
    assert modified.operation == "video_to_video"
    assert [one.url for one in modified.sources] == ["https://in.example/d.mp4", "https://in.example/a.jpg"]
    assert isinstance(modified.state, Failed)


def test_a_list_ends_with_what_is_older_than_was_asked_for() -> None:
    day = datetime.datetime(2026, 11, 2, tzinfo=datetime.UTC)
    assert [one.ticket["id"] for one in listed(day)] == ["g-3", "g-2"]


def test_times_without_a_zone_are_in_utc() -> None:
    page = {"generations": [{"id": "g-1", "state": "queued", "created_at": "2026-11-02T00:00:00"}]}
    _, found = walked(VIDEO.list(datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)), page)
    assert found[0].created_at == datetime.datetime(2026, 11, 2, tzinfo=datetime.UTC)


def test_it_deletes_lists_and_is_called_back() -> None:
    asked, _ = walked(VIDEO.cancel({"id": "c446"}), {})
    assert [(one.method, one.url, one.free) for one in asked] == [
        ("DELETE", "/dream-machine/v1/generations/c446", True)
    ]
    assert isinstance(VIDEO, Cancels)
    assert isinstance(VIDEO, Lists)
    assert isinstance(VIDEO, Hooks)
    assert not isinstance(VIDEO, Finds)


def test_whatever_goes_in_is_told_by_its_address_alone() -> None:
    inputs = [one for spec in LUMA.manifest.models.values() for one in spec.inputs.values()]
    assert inputs
    assert all(one.carriage == ("url",) for one in inputs)
