"""From a size in pixels to what a model knows instead: an aspect ratio and the name of a resolution."""

import math
import re
from collections.abc import Mapping
from typing import Any

from genmux.contract.params import Param
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

AUTO = "auto"
"""A size that is left to the model."""

_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")
_RATIO = re.compile(r"(\d{1,5}):(\d{1,5})")
_LINES = re.compile(r"(\d{3,4})p?")
_KILO = re.compile(r"(\d+(?:\.\d+)?)k", re.IGNORECASE)


def fit_size(params: Mapping[str, Any], specs: Mapping[str, Param]) -> tuple[dict[str, Any], tuple[Warning, ...]]:
    """Parameters for a model that may know no `size`, and what was made of it.

    `1280x720` becomes the aspect ratio and the resolution of the model that come nearest, each where the model has such a
    parameter with choices and the caller did not give it. `specs` are the model's parameters for the operation.
    """
    size = params.get("size")
    if size is None or _takes(specs, "size"):
        return dict(params), ()
    rest = {name: value for name, value in params.items() if name != "size"}
    if size == AUTO:
        return rest, ()
    sides = _SIZE.fullmatch(str(size))
    if sides is None or not int(sides[1]) or not int(sides[2]):
        return rest, (Warning("unsupported", "size", f"{size!r} is no width and height in pixels; it is left out"),)
    width, height = int(sides[1]), int(sides[2])
    found = {"aspect_ratio": _ratio(specs, width / height), "resolution": _resolution(specs, width, height)}
    added = {name: value for name, value in found.items() if value is not None and name not in rest}
    if not added:
        return rest, (Warning("unsupported", "size", "the model has no sizes; it is left out"),)
    told = " and ".join(f"{name} = {value}" for name, value in added.items())
    return rest | added, (Warning("renamed", "size", f"{size} became {told}, which come nearest"),)


def _takes(specs: Mapping[str, Param], name: str) -> bool:
    return name in specs and specs[name].supported


def _choices(specs: Mapping[str, Param], name: str) -> tuple[str, ...]:
    return tuple(one for one in specs[name].choices if isinstance(one, str)) if _takes(specs, name) else ()


def _ratio(specs: Mapping[str, Param], wanted: float) -> str | None:
    """The choice whose proportion is nearest; twice as wide is as far away as half as wide."""
    found = {
        one: int(sides[1]) / int(sides[2])
        for one in _choices(specs, "aspect_ratio")
        if (sides := _RATIO.fullmatch(one)) and int(sides[1]) and int(sides[2])
    }
    return min(found, key=lambda one: abs(math.log(found[one] / wanted)), default=None)


def _resolution(specs: Mapping[str, Param], width: int, height: int) -> str | None:
    """The choice that is nearest: of videos by the shorter side (`720p`), of pictures by a square as large (`2K`)."""
    choices = _choices(specs, "resolution")
    of_video = any(one.endswith("p") for one in choices)
    wanted = min(width, height) if of_video else math.sqrt(width * height)
    sides = {one: side for one in choices if (side := _side(one, of_video=of_video))}
    return min(sides, key=lambda one: abs(math.log(sides[one] / wanted)), default=None)


def _side(resolution: str, *, of_video: bool) -> float | None:
    """Pixels of the shorter side of a video (`4k` has 2,160), or of the side of a square picture (`4K` has 4,096)."""
    if kilo := _KILO.fullmatch(resolution):
        return float(kilo[1]) * (540 if of_video else 1_024)
    lines = _LINES.fullmatch(resolution)
    return float(lines[1]) if lines else None
