import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from genmux.contract.constraints import constraint_faults
from genmux.providers.local import upscale
from genmux.providers.local.upscale import PLANS, Plan
from genmux.providers.local.weights import WEIGHTS
from genmux.types.errors import ConfigurationError, InvalidRequestError
from tests.unit.providers.local.conftest import FOLDER
from tests.unit.providers.local.media import load, opened, picture, ran, request, spec_of

DATA = {"data_dir": str(FOLDER.parent)}


def needs(name: str) -> pytest.MarkDecorator:
    """The weights of whoever runs the tests."""
    there = all((FOLDER / one.file).is_file() for one in WEIGHTS[name].files)
    return pytest.mark.skipif(not there, reason=f"no weights in {FOLDER}: run `genmux local install {name}`")


def drawing(side: int) -> Image.Image:
    """Lines and circles, drawn large and made smaller, as in a comic."""
    large = Image.new("RGB", (4 * side, 4 * side), (240, 235, 220))
    canvas = ImageDraw.Draw(large)
    for number in range(6):
        x, y = (number * 53 * side // 48) % (4 * side), (number * 97 * side // 48) % (4 * side)
        canvas.ellipse((x - side, y - side, x + side, y + side), outline=(20, 30 + number * 12, 60), width=side // 8)
        canvas.line((x, 0, 4 * side - x, 4 * side), fill=(200, 40, 10 * number), width=side // 10)
    return large.resize((side, side), Image.Resampling.LANCZOS)


def loss(one: Image.Image, other: Image.Image) -> float:
    """The peak signal-to-noise ratio in decibels: more is nearer."""
    difference = np.asarray(one.convert("RGB"), float) - np.asarray(other.convert("RGB"), float)
    return float(10 * np.log10(255**2 / (difference**2).mean()))


@needs("upscale")
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_a_drawing_becomes_larger_and_clearer_than_by_interpolation(tmp_path: Path, scale: int) -> None:
    whole = drawing(360)
    small = whole.resize((360 // scale, 360 // scale), Image.Resampling.BICUBIC)
    steps, ended = ran(
        load("upscale", **DATA), request(tmp_path, "upscale", picture(tmp_path, image=small), scale=scale)
    )
    made, usual = opened(ended), small.resize((360, 360), Image.Resampling.BICUBIC)
    assert made.size == (360, 360)
    assert loss(made, whole) > loss(usual, whole) + 0.5
    assert steps[-1] == 1.0
    assert ended.outputs[0].metadata == {"scale": scale}
    assert ended.usage.meters == {"images.output": 1, "pixels.output": 360 * 360}


@needs("upscale")
def test_tiles_leave_no_seams_and_progress_is_told_by_tile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = picture(tmp_path, image=drawing(100).crop((0, 0, 100, 70)))
    whole = opened(ran(load("upscale", **DATA), request(tmp_path, "upscale", given))[1])
    monkeypatch.setitem(PLANS, "upscale", Plan(PLANS["upscale"].nets, side=40))
    steps, ended = ran(load("upscale", **DATA), request(tmp_path, "upscale", given))
    assert steps == [pytest.approx(number / 6) for number in range(1, 7)]
    assert opened(ended).size == (200, 140)
    assert loss(opened(ended), whole) > 40


@needs("upscale")
def test_transparency_and_the_format_stay(tmp_path: Path) -> None:
    clear = drawing(32).convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize((32, 32)))
    _, ended = ran(
        load("upscale", **DATA), request(tmp_path, "upscale", picture(tmp_path, image=clear, name="a.webp"), scale=2)
    )
    made = opened(ended)
    assert (made.mode, made.format, made.size) == ("RGBA", "WEBP", (64, 64))
    assert made.getchannel("A").getextrema()[0] < 30
    _, ended = ran(load("upscale", **DATA), request(tmp_path, "upscale", picture(tmp_path), format="jpeg"))
    assert opened(ended).format == "JPEG"


@needs("upscale")
@pytest.mark.parametrize("size", [(1, 1), (1, 50), (193, 3)])
def test_pictures_of_odd_shapes_are_enlarged_too(tmp_path: Path, size: tuple[int, int]) -> None:
    _, ended = ran(load("upscale", **DATA), request(tmp_path, "upscale", picture(tmp_path, size), scale=3))
    assert opened(ended).size == (3 * size[0], 3 * size[1])


@needs("upscale")
def test_what_would_become_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upscale, "MOST_PIXELS", 1_000)
    with pytest.raises(InvalidRequestError, match="would make 80x60 pixels; at most 1,000 are made"):
        ran(load("upscale", **DATA), request(tmp_path, "upscale", picture(tmp_path), scale=2))


@needs("upscale")
def test_a_scale_that_the_weights_do_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="`scale` is 5; it must be one of 2, 3, 4"):
        ran(load("upscale", **DATA), request(tmp_path, "upscale", picture(tmp_path), scale=5))
    with pytest.raises(InvalidRequestError, match="give one as the input `image`"):
        ran(load("upscale", **DATA), request(tmp_path, "upscale"))


@needs("upscale")
def test_damaged_weights_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    for one in WEIGHTS["upscale"].files:
        shutil.copy(FOLDER / one.file, folder / one.file)
    (folder / PLANS["upscale"].nets[2]).write_bytes(b"nonsense\n")
    model = load("upscale", data_dir=str(tmp_path))
    with pytest.raises(ConfigurationError, match="is damaged: run `genmux local remove upscale`"):
        ran(model, request(tmp_path, "upscale", picture(tmp_path), scale=2))


@needs("upscale-photo")
def test_a_photograph_is_enlarged_four_times(tmp_path: Path) -> None:
    _, ended = ran(load("upscale-photo", **DATA), request(tmp_path, "upscale", picture(tmp_path, (8, 6))))
    assert opened(ended).size == (32, 24)


@pytest.mark.parametrize("name", PLANS)
def test_missing_weights_are_told_with_the_way_out(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"run `genmux local install {name}`"):
        load(name, data_dir=str(tmp_path))


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ncnn", None)
    with pytest.raises(ConfigurationError, match=r"ncnn.*pip install 'genmux\[local\]'"):
        load("upscale")


@pytest.mark.parametrize("name", PLANS)
def test_the_manifest_offers_the_scales_that_there_are(name: str) -> None:
    spec, plan = spec_of(name), PLANS[name]
    scale: Any = spec.params["scale"]
    assert scale.choices == tuple(plan.nets)
    assert scale.default == min(plan.nets)
    assert not [*constraint_faults(spec.constraints, {"image": True, "scale": scale.default})]
    assert {one.file for one in WEIGHTS[name].files} == {WEIGHTS[name].file, *plan.nets.values()}
