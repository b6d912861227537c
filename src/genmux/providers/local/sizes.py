"""How large a picture or a video shall be, read from `size`, `aspect_ratio` and `resolution`."""

import re
from collections.abc import Mapping
from typing import Any

from genmux.types.errors import InvalidRequestError

Size = tuple[int, int]
"""Width and height in pixels."""

_SIZE = re.compile(r"\s*(\d{1,5})\s*[x×*]\s*(\d{1,5})\s*")
_RATIO = re.compile(r"\s*(\d{1,5}(?:\.\d+)?)\s*:\s*(\d{1,5}(?:\.\d+)?)\s*")


def read_size(text: str, *, least: int, most: int) -> Size:
    """Read `1024x1536`. Raises InvalidRequestError, also when a side is shorter than `least` or longer than `most`."""
    found = _SIZE.fullmatch(text)
    if found is None:
        message = f"`size` is {text!r}; it must be width and height in pixels, such as 1024x768"
        raise InvalidRequestError(message, param="size")
    return _checked((int(found[1]), int(found[2])), f"`size` is {text!r}", least=least, most=most)


def read_ratio(text: str) -> float:
    """Read `16:9`, as width by height. Raises InvalidRequestError."""
    found = _RATIO.fullmatch(text)
    if found is None or not float(found[1]) or not float(found[2]):
        message = f"`aspect_ratio` is {text!r}; it must be width and height, such as 16:9"
        raise InvalidRequestError(message, param="aspect_ratio")
    return float(found[1]) / float(found[2])


def asked_size(params: Mapping[str, Any], *, long_side: int, least: int, most: int) -> Size:
    """`size` where it is given, else the `aspect_ratio` with its longer side as told. Raises InvalidRequestError."""
    size = params.get("size")
    if size and size != "auto":
        return read_size(str(size), least=least, most=most)
    ratio = read_ratio(str(params.get("aspect_ratio") or "1:1"))
    made = (long_side, round(long_side / ratio)) if ratio >= 1 else (round(long_side * ratio), long_side)
    return _checked(made, f"`aspect_ratio` is {params.get('aspect_ratio')!r}", least=least, most=most)


def _checked(size: Size, told: str, *, least: int, most: int) -> Size:
    if min(size) < least or max(size) > most:
        message = f"{told}, {size[0]}x{size[1]} pixels; each side must be {least} to {most}"
        raise InvalidRequestError(message, param=told[1:].partition("`")[0])
    return size
