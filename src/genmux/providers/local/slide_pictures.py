"""The pictures of a slideshow: given ones in a frame of the right shape, cards for sentences, strips with captions."""

from typing import TYPE_CHECKING

from genmux.providers.local.card_drawing import draw, fit, lay_out
from genmux.providers.local.sizes import Size

if TYPE_CHECKING:
    from PIL.Image import Image

CUT_OFF = 0.25
"""A picture of which more than this part would be cut off is shown whole, on a blurred ground of itself."""


def framed(image: "Image", size: Size) -> "Image":
    """A picture in a frame of this size: cut to its shape, or whole before itself, blurred."""
    from PIL import Image, ImageFilter, ImageOps

    image = image.convert("RGB")
    ratio, wanted = image.width / image.height, size[0] / size[1]
    covering = ImageOps.fit(image, size, Image.Resampling.LANCZOS)
    if min(ratio, wanted) / max(ratio, wanted) >= 1 - CUT_OFF:
        return covering
    ground = covering.filter(ImageFilter.GaussianBlur(max(size) / 40)).point(lambda value: value * 0.6)
    whole = ImageOps.contain(image, size, Image.Resampling.LANCZOS)
    ground.paste(whole, ((size[0] - whole.width) // 2, (size[1] - whole.height) // 2))
    return ground


def card(sentence: str, size: Size, *, seed: int, facts: str) -> "Image":
    """A sentence as a slide."""
    return draw(lay_out(sentence, size=size, seed=seed, facts=facts))


def strip(caption: str, size: Size) -> "Image":
    """A caption on a dark strip of the film's width, with transparency."""
    from PIL import Image, ImageDraw

    margin = size[0] // 24
    letters, lines = fit(caption, room=(size[0] - 2 * margin, size[1] // 4), largest=max(6, size[1] // 18))
    made = Image.new("RGBA", (size[0], len(lines) * letters.line_height + margin), (0, 0, 0, 150))
    canvas = ImageDraw.Draw(made)
    for number, line in enumerate(lines):
        left = (size[0] - letters.width(line)) / 2
        letters.draw(canvas, (left, margin / 2 + number * letters.line_height), line, (255, 255, 255, 255))
    return made
