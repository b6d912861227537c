"""Pictures, through Pillow: how large they are, whether they can be opened, small and other ones of them."""

import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageOps, UnidentifiedImageError

from genmux.services.assets.media.orders import Convert, Poster
from genmux.types.assets_stored import Facts

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

MOST_PIXELS = 200_000_000
"""Larger pictures are not opened: at four bytes a pixel, one takes 800 MB."""

POSTER_TYPE = "image/webp"

_FORMATS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WEBP",
    "image/avif": "AVIF",
    "image/gif": "GIF",
    "image/bmp": "BMP",
    "image/tiff": "TIFF",
}
"""What can be written. Only these formats are read, too: Pillow has readers for many that nobody uses."""

READ = (*_FORMATS.values(), "MPO", "JPEG2000", "ICO", "PSD")
_WITH_QUALITY = frozenset({"JPEG", "WEBP", "AVIF"})
_QUALITIES = (95, 85, 75, 60, 45, 30)
_TURNED = frozenset({5, 6, 7, 8})
_ORIENTATION = 0x0112

Image.MAX_IMAGE_PIXELS = None  # the sides are looked at before anything is decoded


class UnopenedError(Exception):
    """A picture that cannot be opened, with the reason."""


@contextmanager
def opened(path: str) -> "Generator[Picture]":
    """A picture of which only the head was read. Raises UnopenedError."""
    try:
        with warnings.catch_warnings(), Image.open(path, formats=READ) as picture:
            warnings.simplefilter("ignore")
            yield picture
    except UnidentifiedImageError as error:
        raise UnopenedError("it is no picture that can be read") from error
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        TypeError,
        OverflowError,
        MemoryError,
        ZeroDivisionError,
    ) as error:
        raise UnopenedError(f"{type(error).__name__}: {error}"[:200]) from error
    except Exception as error:
        raise UnopenedError(f"{type(error).__name__}: {error}"[:200]) from error


def look(path: str, media_type: str, poster: str | None, side: int) -> tuple[Facts, Poster | None]:
    """What a picture is; also of one that cannot be opened."""
    width = height = None
    made = None
    try:
        with opened(path) as picture:
            width, height = picture.size
            check_pixels(width, height)
            width, height = _sides(picture)  # for some formats, this decodes it
            if poster is None:
                picture.load()
            else:
                made = _thumbnail(picture, poster, side)
    except UnopenedError as error:
        return Facts(media_type=media_type, width=width, height=height, broken=str(error)), None
    return Facts(media_type=media_type, width=width, height=height), made


def check_pixels(width: int, height: int) -> None:
    """Raise UnopenedError for sides that take too much memory."""
    if width * height > MOST_PIXELS:
        raise UnopenedError(f"it has {width} × {height} pixels; {MOST_PIXELS:,} are the most that are opened")


def _sides(picture: "Picture") -> tuple[int, int]:
    """As it is shown: a camera that was held upright only notes so."""
    width, height = picture.size
    turned = picture.getexif().get(_ORIENTATION) in _TURNED
    return (height, width) if turned else (width, height)


def _thumbnail(picture: "Picture", path: str, side: int) -> Poster | None:
    """A small picture beside a large one; a small one needs none."""
    if max(picture.size) <= side:
        picture.load()
        return None
    picture.draft("RGB", (side * 2, side * 2))  # of a JPEG, no more is decoded than that takes
    return save_poster(ImageOps.exif_transpose(picture), path, side)


def save_poster(picture: "Picture", path: str, side: int) -> Poster:
    """Write a thumbnail of a picture that is in memory."""
    picture = _plain(picture)
    picture.thumbnail((side, side))
    picture.save(path, "WEBP", quality=80, method=2)
    return Poster(media_type=POSTER_TYPE, width=picture.width, height=picture.height)


def _plain(picture: "Picture") -> "Picture":
    """In red, green and blue, with its transparency, if it has one."""
    clear = picture.mode in ("RGBA", "LA", "PA") or (picture.mode == "P" and "transparency" in picture.info)
    wanted = "RGBA" if clear else "RGB"
    return picture if picture.mode == wanted else picture.convert(wanted)


def convert(order: Convert) -> Facts:
    """Write a picture in another format or size. Raises UnopenedError, also when it does not get small enough."""
    kind = _FORMATS.get(order.media_type)
    if kind is None:
        raise UnopenedError(f"pictures cannot be written as {order.media_type}; there are {', '.join(_FORMATS)}")
    with opened(order.path) as source:
        check_pixels(*source.size)
        picture = _plain(ImageOps.exif_transpose(source))
    if order.max_side is not None and max(picture.size) > order.max_side:
        picture.thumbnail((order.max_side, order.max_side))
    if kind in ("JPEG", "BMP") and picture.mode == "RGBA":
        ground = Image.new("RGB", picture.size, "white")
        ground.paste(picture, mask=picture.getchannel("A"))
        picture = ground
    for attempt in _ever_smaller(picture, kind):
        attempt.save(order.target)
        if order.max_bytes is None or Path(order.target).stat().st_size <= order.max_bytes:
            return Facts(media_type=order.media_type, width=attempt.picture.width, height=attempt.picture.height)
    raise UnopenedError(f"it does not get as small as {order.max_bytes:,} bytes")


class _Attempt:
    """A picture with the quality at which it is written."""

    def __init__(self, picture: "Picture", kind: str, quality: int | None) -> None:
        self.picture = picture
        self._kind = kind
        self._quality = quality

    def save(self, path: str) -> None:
        told = {} if self._quality is None else {"quality": self._quality}
        self.picture.save(path, self._kind, **told)


def _ever_smaller(picture: "Picture", kind: str) -> Iterator[_Attempt]:
    qualities = _QUALITIES if kind in _WITH_QUALITY else (None,)
    while min(picture.size) >= 16:
        for quality in qualities:
            yield _Attempt(picture, kind, quality)
        picture = picture.resize((max(picture.width * 3 // 4, 1), max(picture.height * 3 // 4, 1)))
    yield _Attempt(picture, kind, qualities[-1])
