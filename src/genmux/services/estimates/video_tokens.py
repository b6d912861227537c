"""How many tokens a second of video has that a model makes, for models that are billed by tokens.

No public price list has these numbers: an estimate that stands on them says so and has at most medium confidence.
"""

from decimal import Decimal

from genmux.services.estimates.expression import Case, Pick, Tree

OMNI: dict[str, int] = {"360p": 1_931, "720p": 5_792, "1080p": 8_688, "4k": 17_376}
"""Of Gemini Omni, by resolution: 57,920 tokens for 10 seconds of 720p (docs.cloud.google.com, most output tokens of
gemini-omni-flash-preview; users counted the same), and a third, one and a half and three times as much for the others, as
Google's prices for a second in 1.1 (0.03, 0.10, 0.15 and 0.30 US dollars, wavespeed.ai) and 1.2 (0.0232, 0.0695, 0.1043 and
0.2085, inference.sh) come to. Put together on 2026-11-27."""

_GUIDE = "a second of video has as many tokens as the provider's prices for its resolution come to"


def tokens_of_second(model: str) -> Tree | None:
    """The tokens of a second of a video that this model (`provider/model`) makes; None for one that counts pixels."""
    if not model.rpartition("/")[2].lower().startswith("gemini-omni-"):
        return None
    return Pick(tuple(Case(Decimal(many), {"resolution": one}) for one, many in OMNI.items()), _GUIDE)
