"""What callers ask for."""

from typing import Any

import msgspec
import pytest

from genmux.contract.forms import FormPart
from genmux.dialects.openai_videos import AcceptedVideo, VideoPage, server
from genmux.types.errors import InvalidRequestError
from genmux.types.generation import GenerationRequest, Input
from tests.unit.dialects.openai_videos.jobs import job


def accepted(**fields: Any) -> AcceptedVideo:
    return server.accept(msgspec.json.encode({"model": "google/omni", "prompt": "a cat", **fields}))


def form(*parts: FormPart) -> AcceptedVideo:
    return server.accept_form((FormPart(name="model", value="m"), FormPart(name="prompt", value="a cat"), *parts))


def test_words_become_a_request_for_a_video() -> None:
    assert accepted(seconds="8", size="1280x720", user="u1", input_reference=None) == AcceptedVideo(
        request=GenerationRequest(
            operation="text_to_video",
            model="google/omni",
            prompt="a cat",
            params={"size": "1280x720", "duration": 8},
        ),
        user="u1",
    )


@pytest.mark.parametrize(("told", "seconds"), [("4", 4), (12, 12), ("7.5", 7.5), (8.0, 8)])
def test_seconds_are_text_or_a_number(told: Any, seconds: float) -> None:
    found = accepted(seconds=told).request.params["duration"]
    assert found == seconds
    assert type(found) is type(seconds)


@pytest.mark.parametrize(
    "reference", [{"image_url": "https://a.example/1.png"}, {"file_id": "asset_1"}, "https://a.example/1.png"]
)
def test_a_picture_is_named_by_its_address_or_its_id(reference: Any) -> None:
    request = accepted(input_reference=reference).request
    assert request.operation == "image_to_video"
    (one,) = request.inputs
    assert (one.kind, one.role) == ("image", "image")
    assert one.source in ("https://a.example/1.png", "asset_1")


@pytest.mark.parametrize(
    ("media_type", "operation", "role"),
    [("image/png", "image_to_video", "image"), ("video/mp4", "video_to_video", "video")],
)
def test_a_file_of_a_form_starts_the_video_or_is_changed(media_type: str, operation: str, role: str) -> None:
    request = form(
        FormPart(name="input_reference", source="asset_1", media_type=media_type), FormPart(name="seconds", value="4")
    ).request
    assert request.operation == operation
    assert (request.inputs[0].source, request.inputs[0].role) == ("asset_1", role)
    assert request.params == {"duration": 4}


def test_a_form_names_a_picture_as_well() -> None:
    request = form(FormPart(name="input_reference[image_url]", value="https://a.example/1.png")).request
    assert request.inputs == (Input(kind="image", source="https://a.example/1.png", role="image"),)


def test_fields_that_nobody_knows_are_kept_apart() -> None:
    assert accepted(seed=3).extra == {"seed": 3}


def test_a_video_is_changed_by_its_id() -> None:
    asked = server.accept_remix(b'{"prompt": "at night"}', job())
    assert asked.request == GenerationRequest(
        operation="video_to_video",
        model="google/omni",
        prompt="at night",
        inputs=(Input(kind="video", source="job_1", role="video"),),
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"prompt": None}, "`prompt` is missing"),
        ({"prompt": 3}, "`prompt` must be a text"),
        ({"seconds": "long"}, "`seconds` is 'long'; it must be a number of seconds"),
        ({"seconds": -4}, "`seconds` is -4"),
        ({"seconds": True}, "`seconds` is True"),
        ({"seconds": "inf"}, "`seconds` is 'inf'"),
        ({"size": 3}, "`size` must be a text"),
        ({"input_reference": {"url": ""}}, "`input_reference` must name a picture"),
    ],
)
def test_what_is_wrong_is_told_by_its_field(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words) as caught:
        accepted(**fields)
    assert caught.value.param == next(iter(fields))


def test_a_file_that_belongs_nowhere_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="no file belongs there"):
        form(FormPart(name="mask", source="asset_1"))


@pytest.mark.parametrize("body", [b"[]", b"\xff", b'{"prompt"'])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequestError, match="not a JSON object"):
        server.accept(body)


def test_a_remix_needs_words() -> None:
    with pytest.raises(InvalidRequestError, match="`prompt` is missing"):
        server.accept_remix(b"", job())


def test_a_page_is_asked_for() -> None:
    assert server.accept_list({}) == VideoPage()
    asked = server.accept_list({"limit": "3", "after": "job_1", "order": "asc"})
    assert asked == VideoPage(limit=3, after="job_1", order="asc")


@pytest.mark.parametrize("query", [{"limit": "many"}, {"limit": "101"}, {"limit": "-1"}, {"order": "up"}])
def test_a_page_that_there_is_not_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(InvalidRequestError):
        server.accept_list(query)
