"""What was consumed, counted by meter."""

from decimal import Decimal
from typing import Any

import msgspec

TOKENS_INPUT = "tokens.input"
TOKENS_INPUT_CACHED = "tokens.input.cached"
TOKENS_INPUT_CACHE_WRITE = "tokens.input.cache_write"
TOKENS_INPUT_CACHE_WRITE_1H = "tokens.input.cache_write.1h"
TOKENS_INPUT_AUDIO = "tokens.input.audio"
TOKENS_INPUT_IMAGE = "tokens.input.image"
TOKENS_OUTPUT = "tokens.output"
TOKENS_OUTPUT_REASONING = "tokens.output.reasoning"
TOKENS_OUTPUT_AUDIO = "tokens.output.audio"
TOKENS_OUTPUT_IMAGE = "tokens.output.image"
TOKENS_OUTPUT_ACCEPTED_PREDICTION = "tokens.output.accepted_prediction"
TOKENS_OUTPUT_REJECTED_PREDICTION = "tokens.output.rejected_prediction"
CALLS_WEB_SEARCH = "calls.web_search"
CREDITS = "credits."
"""With the type of a credit behind it: a meter of the provider's own credits, as the provider itself reports them."""


class Usage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Counted quantities by meter name; a parent meter includes its children.

    `tokens.input` therefore contains the cached tokens, in every dialect. `estimated` marks counts that genmux made
    because the provider sent none. `reported_cost` is the price the provider itself stated, in US dollars. `raw` is
    the provider's own usage object.
    """

    meters: dict[str, int | float] = msgspec.field(default_factory=dict)
    estimated: bool = False
    reported_cost: Decimal | None = None
    raw: dict[str, Any] | None = None

    def count(self, meter: str) -> int | None:
        """The quantity of one meter, None when the provider did not say."""
        quantity = self.meters.get(meter)
        return None if quantity is None else int(quantity)

    @property
    def input(self) -> int | None:
        """Input tokens, cached ones included."""
        return self.count(TOKENS_INPUT)

    @property
    def output(self) -> int | None:
        """Output tokens, reasoning included."""
        return self.count(TOKENS_OUTPUT)

    @property
    def cached(self) -> int | None:
        """Input tokens that were read from the provider's prompt cache."""
        return self.count(TOKENS_INPUT_CACHED)

    @property
    def reasoning(self) -> int | None:
        """Output tokens that were spent on reasoning."""
        return self.count(TOKENS_OUTPUT_REASONING)

    @property
    def total(self) -> int | None:
        """Input and output tokens together, None when neither is known."""
        count = self.meters.get
        asked, answered = count(TOKENS_INPUT), count(TOKENS_OUTPUT)
        if asked is None and answered is None:
            return None
        return int(asked or 0) + int(answered or 0)


def credits_used(credit_type: str, amount: float) -> Usage:
    """What a provider says that something took of its own credits. It beats all price rows (see `services.prices`)."""
    return Usage(meters={f"{CREDITS}{credit_type}": amount})
