"""How many tokens a picture has that a model makes, for models that are billed by tokens.

No public price list has these numbers. Those of OpenAI are in its guide to image generation (gpt-image-1, 1.5 and
1-mini), those of Gemini in its guide to images and its page of prices; both were read in 2026-11. For all other models
there is only a cautious range.
"""

from decimal import Decimal

from genmux.services.estimates.expression import Between, Case, Pick, Tree, number, times

_SQUARE, _TALL, _WIDE = "1024x1024", "1024x1536", "1536x1024"

OPENAI: dict[str, dict[str, int]] = {
    "low": {_SQUARE: 272, _TALL: 408, _WIDE: 400},
    "medium": {_SQUARE: 1_056, _TALL: 1_584, _WIDE: 1_568},
    "high": {_SQUARE: 4_160, _TALL: 6_240, _WIDE: 6_208},
}
"""By quality and size."""

GEMINI: dict[str, dict[str, int]] = {
    "gemini-2.5-flash-image": {"1k": 1_290},
    "gemini-3-pro-image": {"1k": 1_120, "2k": 1_120, "4k": 2_000},
    "gemini-3.1-flash-image": {"0.5k": 747, "1k": 1_120, "2k": 1_680, "4k": 2_520},
}
"""By the beginning of the model's name and resolution."""

_GUIDE = "a picture has as many tokens as the provider's guide says for its quality and size"
_OTHER = Between(
    number(200), number(8_400), "a picture has 200 to 8,400 tokens; how many is not published for this model"
)
_PIXELS_A_TOKEN = 256
"""As with Seedream (its guide to billing, read in 2026-11)."""


def tokens_of_images(model: str) -> Tree:
    """The tokens of one picture that this model (`provider/model`) makes."""
    name = model.rpartition("/")[2].lower()
    if name.startswith(("gpt-image-1", "chatgpt-image")):
        cases = [
            Case(Decimal(tokens), {"quality": quality, "size": size})
            for quality, sizes in OPENAI.items()
            for size, tokens in sizes.items()
        ]
        return Pick(tuple(cases), _GUIDE)
    for begin, resolutions in GEMINI.items():
        if name.startswith(begin):
            return Pick(tuple(Case(Decimal(many), {"resolution": one}) for one, many in resolutions.items()), _GUIDE)
    if "seedream" in name:
        return times("pixels", 1 / _PIXELS_A_TOKEN)
    return _OTHER
