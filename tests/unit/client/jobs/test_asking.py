"""From keywords to a request."""

from pathlib import Path

import pytest

from genmux.client.jobs.asking import ask, filter_of, operation_for
from genmux.types.errors import InvalidRequestError
from genmux.types.generation import Input
from genmux.types.jobs import JobStatus


@pytest.mark.parametrize(
    ("what", "given", "operation"),
    [
        ("image", {}, "text_to_image"),
        ("image", {"image": "a.png"}, "image_to_image"),
        ("image", {"image": "a.png", "mask": "b.png"}, "edit_image"),
        ("image", {"image": None}, "text_to_image"),
        ("video", {}, "text_to_video"),
        ("video", {"image": "a.png", "last_image": "b.png"}, "image_to_video"),
        ("video", {"video": "a.mp4", "image": "b.png"}, "video_to_video"),
    ],
)
def test_what_goes_in_decides_what_is_done(what: str, given: dict[str, str | None], operation: str) -> None:
    assert operation_for(what, given) == operation


def test_inputs_are_taken_by_their_roles_and_all_else_is_a_parameter() -> None:
    made = ask(
        "image_to_video",
        "hi",
        model=None,
        params={"image": [Path("a.png"), b"xyz"], "audio": True, "duration": 4, "seed": None},
    )

    assert [(one.kind, one.role, one.source) for one in made.inputs] == [
        ("image", "image", "a.png"),
        ("image", "image", "data:application/octet-stream;base64,eHl6"),
    ]
    assert made.params == {"audio": True, "duration": 4}
    assert ask("upscale", "", model="m", inputs=[Input(kind="image", source="x")], params={}).inputs[0].source == "x"


@pytest.mark.parametrize("wrong", [3, "", b"", object()], ids=["number", "text", "bytes", "thing"])
def test_what_is_no_source_is_named(wrong: object) -> None:
    with pytest.raises(InvalidRequestError, match="`image` is"):
        ask("upscale", "", model=None, params={"image": wrong})


def test_jobs_are_listed_by_what_there_is() -> None:
    assert filter_of({"status": "running", "model": None}).status == (JobStatus.RUNNING,)
    with pytest.raises(InvalidRequestError, match="try provider"):
        filter_of({"provide": "fal"})
    with pytest.raises(InvalidRequestError, match="'over'"):
        filter_of({"status": ["over"]})
