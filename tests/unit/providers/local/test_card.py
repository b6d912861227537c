from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from genmux.providers.local.card_drawing import LABEL, draw, fit, lay_out, wrap
from genmux.providers.local.lettering import Lettering
from genmux.types.errors import ConfigurationError, InvalidRequestError
from tests.unit.providers.local.media import load, opened, ran, request, spec_of

SIZES = st.tuples(st.integers(64, 700), st.integers(64, 700))
PROMPTS = st.text(max_size=300)


@given(prompt=PROMPTS, size=SIZES, seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_everything_that_is_written_lies_in_the_picture_and_the_label_is_among_it(
    prompt: str, size: tuple[int, int], seed: int
) -> None:
    card = lay_out(prompt, size=size, seed=seed, facts=f"{size[0]} × {size[1]} · seed {seed}")
    for line in card.lines:
        letters = Lettering(line.size)
        assert min(line.x, line.y) >= 0
        assert line.x + letters.width(line.text) <= size[0] + 1
        assert line.y + line.size <= size[1]
    assert f"{LABEL} {size[0]} × {size[1]} · seed {seed}" in " ".join(line.text for line in card.lines)


@given(text=st.text(max_size=200), width=st.integers(30, 400))
@settings(max_examples=60, deadline=None)
def test_lines_are_no_wider_than_their_room_and_lose_no_letter(text: str, width: int) -> None:
    letters = Lettering(10)
    lines = wrap(text, letters, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(letters.width(line) <= width or len(line) == 1 for line in lines)


def test_a_text_without_room_ends_with_dots() -> None:
    letters, lines = fit("word " * 500, room=(100, 60), largest=40)
    assert letters.size == 6
    assert lines[-1].endswith("…")
    assert len(lines) * letters.line_height <= 60


@given(prompt=PROMPTS, seed=st.integers(0, 2**32 - 1), format_=st.sampled_from(["png", "jpeg", "webp"]))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_same_prompt_and_seed_give_the_same_bytes(tmp_path: Path, prompt: str, seed: int, format_: str) -> None:
    def made() -> bytes:
        _, ended = ran(
            load("card"), request(tmp_path, "text_to_image", prompt=prompt, seed=seed, size="120x90", format=format_)
        )
        return Path(ended.outputs[0].file or "").read_bytes()

    assert made() == made()


def test_another_seed_or_prompt_gives_another_picture() -> None:
    def pixels(prompt: str, seed: int) -> bytes:
        return draw(lay_out(prompt, size=(200, 200), seed=seed, facts="")).tobytes()

    assert len({pixels("a fox", 0), pixels("a fox", 1), pixels("an owl", 0)}) == 3


@pytest.mark.parametrize(
    ("params", "size"),
    [
        ({}, (1024, 1024)),
        ({"aspect_ratio": "16:9"}, (1024, 576)),
        ({"aspect_ratio": "2:3"}, (683, 1024)),
        ({"size": "300x200"}, (300, 200)),
        ({"size": "auto", "aspect_ratio": "1:1"}, (1024, 1024)),
    ],
)
def test_a_card_has_the_size_that_is_asked_for(tmp_path: Path, params: dict[str, Any], size: tuple[int, int]) -> None:
    _, ended = ran(load("card"), request(tmp_path, "text_to_image", prompt="x", **params))
    assert opened(ended).size == size


@pytest.mark.parametrize(
    ("format_", "pillow", "media_type"),
    [("png", "PNG", "image/png"), ("jpeg", "JPEG", "image/jpeg"), ("webp", "WEBP", "image/webp")],
)
def test_a_card_is_in_the_format_that_is_asked_for_and_says_in_it_what_it_is(
    tmp_path: Path, format_: str, pillow: str, media_type: str
) -> None:
    wanted = request(tmp_path, "text_to_image", prompt="x", size="128x128", format=format_)
    _, ended = ran(load("card"), wanted)
    (output,) = ended.outputs
    assert (output.media_type, output.name) == (media_type, f"card-1.{format_}")
    assert output.metadata == {"seed": 0, "placeholder": True}
    image = opened(ended)
    assert image.format == pillow
    assert LABEL.encode() in Path(output.file or "").read_bytes()


def test_several_cards_have_the_seeds_that_follow(tmp_path: Path) -> None:
    steps, ended = ran(load("card"), request(tmp_path, "text_to_image", prompt="x", size="64x64", n=4, seed=7))
    assert [output.metadata["seed"] for output in ended.outputs] == [7, 8, 9, 10]
    assert steps == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert ended.usage.meters == {"images.output": 4}
    alone = tmp_path / "alone"
    alone.mkdir()
    _, one = ran(load("card"), request(alone, "text_to_image", prompt="x", size="64x64", seed=9))
    assert opened(one).tobytes() == opened(ended, 2).tobytes()


def test_a_card_without_a_prompt_says_so(tmp_path: Path) -> None:
    assert "(no prompt)" in [line.text for line in lay_out(" \n", size=(600, 600), seed=0, facts="").lines]
    ran(load("card"), request(tmp_path, "text_to_image", size="64x64"))


@pytest.mark.parametrize("size", ["63x100", "100x4097", "100", "axb", "-5x10", "100x"])
def test_a_size_that_is_none_is_refused(tmp_path: Path, size: str) -> None:
    with pytest.raises(InvalidRequestError, match="`size` is") as caught:
        ran(load("card"), request(tmp_path, "text_to_image", prompt="x", size=size))
    assert caught.value.param == "size"


@pytest.mark.parametrize("ratio", ["1:0", "wide", "1:100"])
def test_a_ratio_that_is_none_is_refused(tmp_path: Path, ratio: str) -> None:
    with pytest.raises(InvalidRequestError, match="`aspect_ratio` is"):
        ran(load("card"), request(tmp_path, "text_to_image", prompt="x", aspect_ratio=ratio))


def test_the_card_says_that_it_is_no_model() -> None:
    assert spec_of("card").simulated
    assert LABEL in (spec_of("card").description or "")


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "PIL.Image", None)
    with pytest.raises(ConfigurationError, match=r"PIL.*pip install 'genmux\[local\]'"):
        load("card")


def test_large_cards_are_drawn_too() -> None:
    assert draw(lay_out("x " * 600, size=(4096, 2000), seed=1, facts="f")).size == (4096, 2000)
    assert isinstance(draw(lay_out("x", size=(64, 64), seed=1, facts="f")), Image.Image)
