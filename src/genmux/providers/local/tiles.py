"""A picture in tiles, so that a model needs no more memory for a large one than for a small one."""

from collections.abc import Iterator

import msgspec

from genmux.providers.local.sizes import Size


class Tile(msgspec.Struct, frozen=True):
    """One part of a picture, in pixels. A model sees `margin` more on each side, and what it makes of that is thrown away."""

    left: int
    top: int
    width: int
    height: int


def tiles(size: Size, side: int) -> list[Tile]:
    """Tiles that cover a picture once and without gaps, row by row; none is larger than `side` squared."""
    width, height = size
    return [
        Tile(left, top, min(side, width - left), min(side, height - top))
        for top in _steps(height, side)
        for left in _steps(width, side)
    ]


def _steps(length: int, side: int) -> Iterator[int]:
    yield from range(0, length, side)
