import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from genmux.contract.constraints import constraint_faults
from genmux.contract.inputs import MediaInput
from genmux.providers.local.edit import EDITS, UNREAD, asked_edits
from genmux.providers.local.picture_files import MOST_PIXELS
from genmux.types.errors import InvalidRequestError
from tests.unit.providers.local.media import (
    BLUE,
    GREEN,
    RED,
    WHITE,
    load,
    opened,
    picture,
    quarters,
    ran,
    request,
    spec_of,
)
from tests.unit.providers.local.media import (
    given as as_input,
)


def edited(folder: Path, *inputs: MediaInput, **params: Any) -> Image.Image:
    """A picture of four colors, edited."""
    _, ended = ran(load("edit"), request(folder, "edit_image", *(inputs or (picture(folder),)), **params))
    return opened(ended)


def corners(image: Image.Image) -> list[Any]:
    """The colors of the four corners, row by row."""
    right, below = image.width - 1, image.height - 1
    return [image.getpixel(place) for place in ((0, 0), (right, 0), (0, below), (right, below))]


@pytest.mark.parametrize(
    ("params", "size", "colors"),
    [
        ({"crop": [20, 0, 20, 15]}, (20, 15), [GREEN] * 4),
        ({"crop": [10, 5, 20, 20]}, (20, 20), [RED, GREEN, BLUE, WHITE]),
        ({"rotate": 90}, (30, 40), [BLUE, RED, WHITE, GREEN]),
        ({"rotate": -90}, (30, 40), [GREEN, WHITE, RED, BLUE]),
        ({"rotate": 180}, (40, 30), [WHITE, BLUE, GREEN, RED]),
        ({"rotate": 360}, (40, 30), [RED, GREEN, BLUE, WHITE]),
        ({"flip": "horizontal"}, (40, 30), [GREEN, RED, WHITE, BLUE]),
        ({"flip": "vertical"}, (40, 30), [BLUE, WHITE, RED, GREEN]),
        ({"size": "80x60"}, (80, 60), [RED, GREEN, BLUE, WHITE]),
        ({"size": "30x30"}, (30, 30), [RED, GREEN, BLUE, WHITE]),
        ({"size": "10x90", "fit": "stretch"}, (10, 90), [RED, GREEN, BLUE, WHITE]),
        ({"size": "20x20", "fit": "inside"}, (20, 15), [RED, GREEN, BLUE, WHITE]),
        ({"size": "400x400", "fit": "inside"}, (40, 30), [RED, GREEN, BLUE, WHITE]),
        ({"size": "40x60", "fit": "contain", "background": "#010203"}, (40, 60), [(1, 2, 3)] * 4),
        ({"size": "40x60", "fit": "contain", "background": "transparent"}, (40, 60), [(0, 0, 0, 0)] * 4),
        ({"aspect_ratio": "1:1"}, (30, 30), [RED, GREEN, BLUE, WHITE]),
        ({"aspect_ratio": "1:1", "fit": "contain", "background": "#000000"}, (40, 40), [(0, 0, 0)] * 4),
        ({"rotate": 45, "background": "#102030"}, None, [(16, 32, 48)] * 4),
        ({"rotate": 45, "background": "transparent"}, None, [(0, 0, 0, 0)] * 4),
        ({"invert": True}, (40, 30), [(0, 255, 255), (255, 0, 255), (255, 255, 0), (0, 0, 0)]),
        ({"grayscale": True}, (40, 30), [(76,) * 3, (150,) * 3, (29,) * 3, WHITE]),
        ({"saturation": 0}, (40, 30), [(76,) * 3, (150,) * 3, (29,) * 3, WHITE]),
        ({"brightness": 0}, (40, 30), [(0, 0, 0)] * 4),
        ({"contrast": 1.0}, (40, 30), [RED, GREEN, BLUE, WHITE]),
        ({"pixelate": 40}, (40, 30), None),
    ],
)
def test_an_edit_does_what_it_says(
    tmp_path: Path, params: dict[str, Any], size: tuple[int, int] | None, colors: list[Any] | None
) -> None:
    image = edited(tmp_path, **params)
    assert size is None or image.size == size
    if colors is None:
        assert len({*corners(image)}) == 1
    else:
        assert corners(image) == colors


def test_edits_are_made_in_a_fixed_order(tmp_path: Path) -> None:
    assert asked_edits({"blur": 1, "size": "5x5", "rotate": 90, "crop": [0, 0, 1, 1]}) == [
        "crop",
        "rotate",
        "size",
        "blur",
    ]
    image = edited(tmp_path, rotate=90, crop=[0, 0, 20, 30], aspect_ratio="1:1")
    assert (image.size, corners(image)) == ((20, 20), [BLUE, RED, BLUE, RED])


def test_a_blur_mixes_colors_and_sharpness_is_no_blur(tmp_path: Path) -> None:
    red, *_ = corners(edited(tmp_path, blur=200))
    assert all(abs(one - 127) <= 2 for one in red)
    assert corners(edited(tmp_path, sharpness=2)) == [RED, GREEN, BLUE, WHITE]


def test_what_is_switched_off_is_not_done() -> None:
    assert asked_edits({"grayscale": False, "invert": None, "size": "auto", "fit": "cover"}) == []


@pytest.mark.parametrize(("format_", "pillow"), [("png", "PNG"), ("jpeg", "JPEG"), ("webp", "WEBP")])
def test_a_picture_is_converted(tmp_path: Path, format_: str, pillow: str) -> None:
    assert edited(tmp_path, format=format_).format == pillow


@pytest.mark.parametrize(
    ("name", "pillow"), [("in.png", "PNG"), ("in.jpeg", "JPEG"), ("in.webp", "WEBP"), ("in.gif", "PNG")]
)
def test_a_picture_keeps_its_format_where_that_can_be_written(tmp_path: Path, name: str, pillow: str) -> None:
    assert edited(tmp_path, picture(tmp_path, name=name), rotate=90).format == pillow


def test_a_lower_quality_makes_a_smaller_file(tmp_path: Path) -> None:
    noise = Image.effect_noise((200, 200), 80).convert("RGB")
    sizes = []
    for quality in ("low", "medium", "high"):
        _, ended = ran(
            load("edit"),
            request(tmp_path, "image_to_image", picture(tmp_path, image=noise), format="jpeg", quality=quality),
        )
        sizes.append(Path(ended.outputs[0].file or "").stat().st_size)
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[2] / 2


def test_transparency_stays_and_becomes_white_in_jpeg(tmp_path: Path) -> None:
    clear = quarters((4, 4)).convert("RGBA")
    clear.putalpha(Image.new("L", (4, 4), 0))
    given = picture(tmp_path, image=clear)
    assert edited(tmp_path, given, grayscale=True).getchannel("A").getextrema() == (0, 0)
    assert corners(edited(tmp_path, given, format="jpeg")) == [WHITE] * 4


def test_a_picture_is_turned_as_its_camera_was_held_and_its_data_are_left_out(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned to the right
    exif[0x010F] = "A camera"
    given = picture(tmp_path, name="in.jpeg", exif=exif, quality=100, subsampling=0)
    image = edited(tmp_path, given, format="png")
    assert image.size == (30, 40)
    assert not image.getexif()


class TestMask:
    @pytest.mark.parametrize("clear", [True, False])
    def test_only_what_the_mask_marks_is_edited(self, tmp_path: Path, clear: bool) -> None:
        marks = Image.new("L", (2, 2), 0)
        marks.putpixel((0, 0), 255)
        mask = Image.new("RGBA", (2, 2), (0, 0, 0, 255)) if clear else marks.convert("RGB")
        if clear:
            mask.putpixel((0, 0), (0, 0, 0, 0))
        big = mask.resize((40, 30), Image.Resampling.NEAREST)
        image = edited(
            tmp_path,
            picture(tmp_path),
            picture(tmp_path, image=big, role="mask", name="mask.png"),
            fill="#0a0b0c",
        )
        assert corners(image) == [(10, 11, 12), GREEN, BLUE, WHITE]

    def test_a_smaller_mask_is_scaled(self, tmp_path: Path) -> None:
        mask = picture(tmp_path, image=Image.new("L", (1, 1), 255), role="mask", name="mask.png")
        assert corners(edited(tmp_path, picture(tmp_path), mask, invert=True))[3] == (0, 0, 0)

    @pytest.mark.parametrize("shape", [{"crop": [0, 0, 1, 1]}, {"rotate": 90}, {"size": "3x3"}, {"flip": "vertical"}])
    def test_the_shape_stays_as_it_is(self, tmp_path: Path, shape: dict[str, Any]) -> None:
        mask = picture(tmp_path, role="mask", name="mask.png")
        with pytest.raises(InvalidRequestError, match="with a `mask` the shape stays as it is; leave out"):
            edited(tmp_path, picture(tmp_path), mask, **shape)
        faults = [*constraint_faults(spec_of("edit").constraints, {"image": True, "mask": True, **shape})]
        assert any("must be left out" in fault for fault in faults)

    def test_a_cover_needs_one(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidRequestError, match="`fill` covers what a `mask` marks; give one"):
            edited(tmp_path, fill="#000000")
        assert [*constraint_faults(spec_of("edit").constraints, {"image": True, "fill": "#000000"})]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"crop": [30, 0, 20, 10]}, r"`crop` is \[30, 0, 20, 10\] .* which has 40x30 pixels"),
        ({"crop": [0, 0, 0, 10]}, "`crop` is"),
        ({"crop": [0, 0, 1]}, "must be four whole numbers"),
        ({"crop": [0, 0, 1.5, 2]}, "must be four whole numbers"),
        ({"size": "0x10"}, "`size` is '0x10'"),
        ({"size": "9000x10"}, "each side must be 1 to 8192"),
        ({"aspect_ratio": "x"}, "`aspect_ratio` is 'x'"),
        ({"aspect_ratio": "1:9999", "fit": "contain"}, "a side has at most 8192"),
        ({"rotate": 10, "background": "red"}, "`background` is 'red'; it must be a color such as #ff8800"),
        ({}, "nothing is to be done: give one of crop, rotate"),
    ],
)
def test_what_cannot_be_done_is_told(tmp_path: Path, params: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words):
        edited(tmp_path, **params)


class TestBadPictures:
    def test_a_missing_one_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidRequestError, match="give one as the input `image`"):
            ran(load("edit"), request(tmp_path, "image_to_image", invert=True))

    @pytest.mark.parametrize("content", [b"", b"GIF89a", b"not a picture", b"%PDF-1.7", b"<svg xmlns='x'/>"])
    def test_what_is_none_is_refused(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "x.png"
        path.write_bytes(content)
        with pytest.raises(InvalidRequestError, match="`image` is"):
            edited(tmp_path, as_input(path), invert=True)

    @given(cut=st.integers(1, 400))
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_a_broken_one_is_refused_and_never_something_else(self, tmp_path: Path, cut: int) -> None:
        noise = io.BytesIO()
        Image.effect_noise((64, 64), 90).save(noise, "JPEG")
        path = tmp_path / "broken.jpeg"
        path.write_bytes(noise.getvalue()[:cut])
        with pytest.raises(InvalidRequestError, match="`image` is"):
            edited(tmp_path, as_input(path, media_type="image/jpeg"), invert=True)

    def test_one_that_would_take_too_much_memory_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "bomb.png"
        Image.new("1", (MOST_PIXELS // 1_000 + 1, 1_000)).save(path)
        with pytest.raises(InvalidRequestError, match=f"at most {MOST_PIXELS:,} are taken"):
            edited(tmp_path, as_input(path), invert=True)

    def test_an_address_is_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidRequestError, match="`image` is not a file"):
            edited(tmp_path, MediaInput(kind="image", role="image", url="https://example.com/a.png"), invert=True)


def test_a_prompt_is_not_read_and_that_is_told(tmp_path: Path) -> None:
    wanted = request(tmp_path, "image_to_image", picture(tmp_path), prompt="make it rain", grayscale=True)
    _, ended = ran(load("edit"), wanted)
    assert ended.text == UNREAD
    _, ended = ran(load("edit"), request(tmp_path, "image_to_image", picture(tmp_path), grayscale=True))
    assert ended.text is None


def test_progress_is_told_by_edit(tmp_path: Path) -> None:
    steps, _ = ran(load("edit"), request(tmp_path, "image_to_image", picture(tmp_path), rotate=90, blur=1, invert=True))
    assert steps == [0.0, 0.25, 0.5, 0.75]


def test_every_edit_has_a_param_and_every_param_an_edit() -> None:
    settings_of_edits = {"fit", "background", "format", "quality"}
    assert spec_of("edit").params.keys() == EDITS.keys() | settings_of_edits
