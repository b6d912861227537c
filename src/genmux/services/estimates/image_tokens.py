"""How many tokens a picture has that a model makes, for models that are billed by tokens.

No public price list has these numbers, so an estimate that stands on them says so and has at most medium confidence. They
were put together on 2026-11-27. For models that are not named here there is only a cautious range.
"""

from decimal import Decimal

from genmux.services.estimates.expression import Between, Case, First, Pick, Tree, Value, number, plus, times

_SQUARE, _TALL, _WIDE = "1024x1024", "1024x1536", "1536x1024"

GPT_IMAGE_1: dict[str, dict[str, int]] = {
    "low": {_SQUARE: 272, _TALL: 408, _WIDE: 400},
    "medium": {_SQUARE: 1_056, _TALL: 1_584, _WIDE: 1_568},
    "high": {_SQUARE: 4_160, _TALL: 6_240, _WIDE: 6_208},
}
"""By quality and size, of gpt-image-1 and 1.5. OpenAI's prices for a picture (0.011 to 0.25 US dollars at 40 for a million
tokens) come to the same."""

MINI = 400
"""So many tokens more has gpt-image-1-mini at most: its prices for a picture come to 291 to 353 more."""

GPT_IMAGE_2: dict[str, int] = {"low": 16, "medium": 48, "high": 96}
"""Patches along each side of a square picture by quality, of gpt-image-2. A picture has width times height of these, with
fewer along the shorter side, times (2,000,000 + pixels) / 4,000,000: a formula that people found in OpenAI's own calculator
(community.openai.com, 2026-06). It gives 7,024 tokens for a square of 1,024 pixels in high quality, as OpenAI's prices do."""

_AREA = First((Value("pixels"), Between(number(655_360), number(8_294_400))))
"""Pixels of a picture of gpt-image-2, from the smallest to the largest that it makes."""

_NARROWEST = 3
"""How many times longer than the short side the long one of gpt-image-2 may be."""

GEMINI: dict[str, dict[str, int]] = {
    "gemini-2.5-flash-image": {"1k": 1_290},
    "gemini-3-pro-image": {"1k": 1_120, "2k": 1_120, "4k": 2_000},
    "nano-banana-pro": {"1k": 1_120, "2k": 1_120, "4k": 2_000},
    "gemini-3.1-flash-image": {"0.5k": 750, "1k": 1_120, "2k": 1_680, "4k": 2_520},
    "gemini-3.1-flash-lite-image": {"1k": 1_120},
    "gemini-nano-banana-2.1": {"0.5k": 750, "1k": 1_120, "2k": 1_680, "4k": 2_520},
}
"""By the beginning of the model's name and resolution. Google's prices for a picture come to these, as at 60 US dollars for a
million tokens 0.045, 0.067, 0.101 and 0.151 with 3.1 Flash, at 120 dollars 0.134 and 0.24 with 3 Pro, and at 30 dollars 0.0336
for 1K with Nano Banana 2.1, whose other resolutions are taken to be those of 3.1 Flash."""

_GUIDE = "a picture has as many tokens as the provider's prices for its quality and size come to"
_OTHER = Between(
    number(100), number(16_384), "a picture has 100 to 16,384 tokens; how many is not published for this model"
)
_PIXELS_A_TOKEN = 256
_SEEDREAM = "a picture has a token for each 256 pixels"


def tokens_of_images(model: str) -> Tree:
    """The tokens of one picture that this model (`provider/model`) makes."""
    name = model.rpartition("/")[2].lower()
    if name.startswith("gpt-image-1-mini"):
        return plus(_by_quality_and_size(), Between(number(0), number(MINI)))
    if name.startswith("gpt-image-1"):
        return _by_quality_and_size()
    if name == "gpt-image-2" or name.startswith("gpt-image-2-"):
        return _by_patches()
    for begin, resolutions in GEMINI.items():
        if name.startswith(begin):
            return Pick(tuple(Case(Decimal(many), {"resolution": one}) for one, many in resolutions.items()), _GUIDE)
    if "seedream" in name:
        tokens = times("pixels", 1 / _PIXELS_A_TOKEN)
        return Between(tokens, tokens, _SEEDREAM)
    return _OTHER


def _by_quality_and_size() -> Tree:
    cases = [
        Case(Decimal(tokens), {"quality": quality, "size": size})
        for quality, sizes in GPT_IMAGE_1.items()
        for size, tokens in sizes.items()
    ]
    return Pick(tuple(cases), _GUIDE)


def _by_patches() -> Tree:
    """As many patches as a square has at most, and a third of that at least."""
    square = Pick(
        tuple(Case(Decimal(side * side), {"quality": quality}) for quality, side in GPT_IMAGE_2.items()), _GUIDE
    )
    most = times(square, plus(2_000_000, _AREA), 1 / 4_000_000)
    return Between(times(most, 1 / (_NARROWEST + 1)), plus(most, 1))
