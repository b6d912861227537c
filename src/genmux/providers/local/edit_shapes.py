"""Edits that change the shape of a picture: crop, rotate, flip, fit."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from genmux.providers.local.sizes import Size, read_ratio, read_size
from genmux.types.errors import InvalidRequestError

if TYPE_CHECKING:
    from PIL.Image import Image

SHORTEST, LONGEST = 1, 8_192
"""Of a side, in pixels."""


def crop(image: "Image", params: Mapping[str, Any]) -> "Image":
    """Keep a part of it: `crop` is left, top, width and height in pixels."""
    left, top, width, height = _four(params["crop"])
    if width < 1 or height < 1 or left < 0 or top < 0 or left + width > image.width or top + height > image.height:
        message = (
            f"`crop` is {list(params['crop'])} (left, top, width, height); it must lie in the picture,"
            f" which has {image.width}x{image.height} pixels"
        )
        raise InvalidRequestError(message, param="crop")
    return image.crop((left, top, left + width, top + height))


def rotate(image: "Image", params: Mapping[str, Any]) -> "Image":
    """Turn it clockwise by so many degrees; the corners that come to be have the color `background`."""
    from PIL import Image

    angle = float(params["rotate"]) % 360
    if angle % 90 == 0:
        turns = (None, Image.Transpose.ROTATE_270, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_90)
        turn = turns[int(angle // 90)]
        return image if turn is None else image.transpose(turn)
    ground = image.convert("RGBA") if _is_clear(params) else image
    return ground.rotate(
        -angle, Image.Resampling.BICUBIC, expand=True, fillcolor=background(params, ground.mode == "RGBA")
    )


def flip(image: "Image", params: Mapping[str, Any]) -> "Image":
    """Mirror it: `horizontal` swaps left and right, `vertical` top and bottom."""
    from PIL import Image

    turns = {"horizontal": Image.Transpose.FLIP_LEFT_RIGHT, "vertical": Image.Transpose.FLIP_TOP_BOTTOM}
    return image.transpose(turns[params["flip"]])


def fit(image: "Image", params: Mapping[str, Any]) -> "Image":
    """Bring it to `size`, or to `aspect_ratio`, in the way that `fit` says."""
    size = params.get("size")
    if size and size != "auto":
        target = read_size(str(size), least=SHORTEST, most=LONGEST)
    else:
        target = _size_of_ratio(image.size, read_ratio(str(params["aspect_ratio"])), params.get("fit") == "contain")
    return _WAYS[params.get("fit") or "cover"](image, target, params)


def background(params: Mapping[str, Any], clear: bool) -> tuple[int, ...]:
    """The color of what was not there before, with its opacity where the picture has one."""
    if _is_clear(params):
        return (0, 0, 0, 0) if clear else (255, 255, 255)
    color = read_color(params.get("background") or "#ffffff", "background")
    return (*color, 255) if clear else color


def read_color(text: str, param: str) -> tuple[int, int, int]:
    """Read `#rrggbb`. Raises InvalidRequestError."""
    digits = text.strip().removeprefix("#")
    try:
        red, green, blue = bytes.fromhex(digits)
    except ValueError as error:
        message = f"`{param}` is {text!r}; it must be a color such as #ff8800"
        raise InvalidRequestError(message, param=param) from error
    return red, green, blue


def _stretched(image: "Image", size: Size, params: Mapping[str, Any]) -> "Image":
    from PIL import Image

    del params
    return image.resize(size, Image.Resampling.LANCZOS)


def _covering(image: "Image", size: Size, params: Mapping[str, Any]) -> "Image":
    """All of the size is covered; what is too much on two sides is cut off."""
    ratio = size[0] / size[1]
    width, height = min(image.width, image.height * ratio), min(image.height, image.width / ratio)
    left, top = (image.width - width) / 2, (image.height - height) / 2
    box = (left, top, left + width, top + height)
    if size == (round(width), round(height)):
        return image.crop((round(left), round(top), round(left) + size[0], round(top) + size[1]))
    from PIL import Image

    del params
    return image.resize(size, Image.Resampling.LANCZOS, box=box)


def _contained(image: "Image", size: Size, params: Mapping[str, Any]) -> "Image":
    """All of the picture is to be seen; what it leaves free has the color `background`."""
    from PIL import Image

    inner = _inside(image, size, params, grow=True)
    clear = _is_clear(params) or inner.mode == "RGBA"
    inner = inner.convert("RGBA") if clear else inner
    ground = Image.new(inner.mode, size, background(params, clear))
    ground.paste(inner, ((size[0] - inner.width) // 2, (size[1] - inner.height) // 2))
    return ground


def _inside(image: "Image", size: Size, params: Mapping[str, Any], *, grow: bool = False) -> "Image":
    """As large as has room in the size; never larger than it was."""
    scale = min(size[0] / image.width, size[1] / image.height)
    if scale >= 1 and not grow:
        return image
    made = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image if made == image.size else _stretched(image, made, params)


_WAYS = {"cover": _covering, "contain": _contained, "inside": _inside, "stretch": _stretched}


def _size_of_ratio(size: Size, ratio: float, around: bool) -> Size:
    """The largest size of a ratio inside another one, or the smallest around it."""
    width, height = size
    keeps_width = (width / height > ratio) is around
    made = (width, max(1, round(width / ratio))) if keeps_width else (max(1, round(height * ratio)), height)
    if max(made) > LONGEST:
        message = f"`aspect_ratio` would make {made[0]}x{made[1]} pixels; a side has at most {LONGEST}"
        raise InvalidRequestError(message, param="aspect_ratio")
    return made


def _four(values: Sequence[Any]) -> tuple[int, ...]:
    numbers = tuple(value for value in values if isinstance(value, int) and not isinstance(value, bool))
    if len(values) != 4 or len(numbers) != 4:
        message = f"`crop` is {list(values)}; it must be four whole numbers: left, top, width and height in pixels"
        raise InvalidRequestError(message, param="crop")
    return numbers


def _is_clear(params: Mapping[str, Any]) -> bool:
    return params.get("background") == "transparent"
