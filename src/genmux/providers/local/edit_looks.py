"""Edits that change how a picture looks and leave its shape."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from genmux.providers.local.edit_shapes import read_color

if TYPE_CHECKING:
    from PIL.Image import Image

Edit = Callable[["Image", Mapping[str, Any]], "Image"]


def grayscale(image: "Image", params: Mapping[str, Any]) -> "Image":
    """Take the colors away."""
    del params
    return _of_colors(image, lambda colors: colors.convert("L").convert("RGB"))


def invert(image: "Image", params: Mapping[str, Any]) -> "Image":
    """Make a negative."""
    from PIL import ImageOps

    del params
    return _of_colors(image, ImageOps.invert)


def blur(image: "Image", params: Mapping[str, Any]) -> "Image":
    """Blur it by a radius in pixels."""
    from PIL import ImageFilter

    return image.filter(ImageFilter.GaussianBlur(float(params["blur"])))


def pixelate(image: "Image", params: Mapping[str, Any]) -> "Image":
    """Make squares of one color each, with a side of so many pixels."""
    from PIL import Image

    side = int(params["pixelate"])
    few = (max(1, -(-image.width // side)), max(1, -(-image.height // side)))
    whole = image.resize(few, Image.Resampling.BOX).resize((few[0] * side, few[1] * side), Image.Resampling.NEAREST)
    return whole.crop((0, 0, *image.size))


def fill(image: "Image", params: Mapping[str, Any]) -> "Image":
    """Cover it with one color."""
    from PIL import Image

    color = read_color(params["fill"], "fill")
    return Image.new(image.mode, image.size, (*color, 255) if image.mode == "RGBA" else color)


def enhanced(name: str, param: str) -> Edit:
    """An edit that makes more or less of something, by one of Pillow's enhancers; 1 leaves it as it is."""

    def edit(image: "Image", params: Mapping[str, Any]) -> "Image":
        from PIL import ImageEnhance

        return _of_colors(image, lambda colors: getattr(ImageEnhance, name)(colors).enhance(float(params[param])))

    return edit


def masked(before: "Image", after: "Image", mask: "Image") -> "Image":
    """The edit where the mask says so, the picture as it was elsewhere.

    A mask with transparency says so where it is transparent, any other one where it is white.
    """
    from PIL import Image, ImageOps

    where = ImageOps.invert(mask.getchannel("A")) if mask.mode == "RGBA" else mask.convert("L")
    if where.size != before.size:
        where = where.resize(before.size, Image.Resampling.BILINEAR)
    return Image.composite(after, before, where)


def _of_colors(image: "Image", change: Callable[["Image"], "Image"]) -> "Image":
    """Change the colors and leave the transparency."""
    if image.mode != "RGBA":
        return change(image)
    changed = change(image.convert("RGB")).convert("RGBA")
    changed.putalpha(image.getchannel("A"))
    return changed
