"""Sizes for models that know none."""

from typing import Any

import pytest

from genmux.contract.params import Param
from genmux.contract.sizes import fit_size

RATIOS = Param(type="string", choices=("1:1", "2:3", "3:2", "16:9", "9:16", "21:9"))
PICTURES = {"aspect_ratio": RATIOS, "resolution": Param(type="string", choices=("512", "1K", "2K", "4K"))}
VIDEOS = {"aspect_ratio": RATIOS, "resolution": Param(type="string", choices=("360p", "720p", "1080p", "4k"))}


@pytest.mark.parametrize(
    ("specs", "size", "ratio", "resolution"),
    [
        (PICTURES, "1024x1024", "1:1", "1K"),
        (PICTURES, "1024x1536", "2:3", "1K"),
        (PICTURES, "2048x2048", "1:1", "2K"),
        (PICTURES, "3840x2160", "16:9", "2K"),
        (PICTURES, "4096x4096", "1:1", "4K"),
        (PICTURES, "512x512", "1:1", "512"),
        (VIDEOS, "1280x720", "16:9", "720p"),
        (VIDEOS, "720x1280", "9:16", "720p"),
        (VIDEOS, "1920x1080", "16:9", "1080p"),
        (VIDEOS, "3840x2160", "16:9", "4k"),
        (VIDEOS, "640x360", "16:9", "360p"),
    ],
)
def test_a_size_becomes_what_comes_nearest(specs: dict[str, Param], size: str, ratio: str, resolution: str) -> None:
    params, (warning,) = fit_size({"size": size, "seed": 1}, specs)
    assert params == {"seed": 1, "aspect_ratio": ratio, "resolution": resolution}
    assert (warning.kind, warning.field) == ("renamed", "size")


def test_what_the_caller_gave_is_kept() -> None:
    params, _ = fit_size({"size": "1280x720", "aspect_ratio": "1:1"}, VIDEOS)
    assert params == {"aspect_ratio": "1:1", "resolution": "720p"}


@pytest.mark.parametrize("params", [{"seed": 1}, {"size": "1024x1024"}])
def test_a_model_with_sizes_gets_them_as_they_are(params: dict[str, Any]) -> None:
    assert fit_size(params, {"size": Param(type="string")}) == (params, ())


def test_a_size_that_is_left_to_the_model_is_not_said() -> None:
    assert fit_size({"size": "auto"}, PICTURES) == ({}, ())


@pytest.mark.parametrize("size", ["large", "0x10", "10x"])
def test_what_is_no_size_is_left_out_with_a_warning(size: str) -> None:
    params, (warning,) = fit_size({"size": size}, PICTURES)
    assert params == {}
    assert warning.kind == "unsupported"


def test_a_model_without_any_of_these_gets_no_size_and_the_caller_is_told() -> None:
    refused = {"size": Param(type="string", supported=False)}
    params, (warning,) = fit_size({"size": "1024x1024"}, refused)
    assert params == {}
    assert (warning.kind, warning.field) == ("unsupported", "size")
