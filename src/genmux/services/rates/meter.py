"""The law of a rate limit (GCRA, the generic cell rate algorithm), in whole numbers.

A limit of `amount` in a span is a bucket that holds `amount` and drains at `amount` a span. What is taken raises its level;
what does not fit is refused. So in any time T at most `amount + amount * T / span` is let through, whatever the clock
does: a clock that goes backwards only keeps the bucket from draining.

Levels are kept as a moment: when the bucket will be empty (`empty`), in nanoseconds times `amount`, so that one token is
exactly `span` and nothing is ever rounded.
"""

import msgspec

from genmux.types.keys import SECONDS, RateLimit

NANO = 1_000_000_000
MILLI = NANO // 1_000

NAMES = {
    kind: tuple(f"x-ratelimit-{what}-{kind}".encode() for what in ("limit", "remaining", "reset"))
    for kind in ("requests", "tokens")
}
"""The headers that tell how a limit stands, as in https://platform.openai.com/docs/guides/rate-limits, read 2026-11-21."""


class Reading(msgspec.Struct, frozen=True):
    """How a limit stands: so much is left, and in so many seconds it will be whole again."""

    limit: RateLimit
    left: int
    reset: float


class Bucket:
    """A limit on requests or tokens in a span.

    Whoever takes sets `empty` to `full(now, amount)` after `over` was not above 0. Only `MemoryRates` does it in fewer steps.
    """

    __slots__ = ("amount", "burst", "empty", "limit", "names", "shifted", "span", "tokens", "whole")

    def __init__(self, limit: RateLimit) -> None:
        self.limit = limit
        self.tokens = limit.kind == "tokens"
        self.names = NAMES[limit.kind]
        self.whole = (self.names[0], b"%d" % limit.amount)
        """The header that tells the limit itself."""
        self.amount = limit.amount
        self.span = int(SECONDS[limit.per or "minute"] * NANO)
        self.burst = self.span * self.amount
        self.empty = 0
        self.shifted = 0
        """By how much returns have moved `empty` nearer, ever."""

    def wait(self, over: int, asked: int) -> int | None:
        """In how many nanoseconds there is room for what was `over`; None for what is more than ever fits."""
        return None if asked > self.amount else -(-over // self.amount)

    def correct(self, now: int, *, taken: int, used: int, end: int, shifted: int) -> None:
        """Something was taken, after which `empty` was `end` and `shifted` as told; now it is known what was used.

        More is added, whether it fits or not. Less is given back, but no more than has not drained yet: everything is
        thought to drain in the order in which it was taken, so that a return never opens more than the limit.
        """
        at = now * self.amount
        if used > taken:
            self.empty = max(self.empty, at) + (used - taken) * self.span
            return
        remains = end - (self.shifted - shifted) - at
        if remains <= 0:
            return
        back = (taken - used) * self.span
        if back > remains:  # noqa: PLR1730 — `min` takes three times as long
            back = remains
        self.empty -= back
        self.shifted += back

    def read(self, now: int) -> Reading:
        """How it stands."""
        level = max(self.empty - now * self.amount, 0)
        return Reading(self.limit, max(self.burst - level, 0) // self.span, level / self.amount / NANO)

    def inherit(self, other: "Bucket", now: int) -> None:
        """Take on what was taken from the same limit when its amount was another one."""
        self.empty = now * self.amount + max(other.empty - now * other.amount, 0)


class Places:
    """A limit on requests at the same time."""

    __slots__ = ("limit", "taken")

    def __init__(self, limit: RateLimit) -> None:
        self.limit = limit
        self.taken = 0

    @property
    def full(self) -> bool:
        """Whether there is no place."""
        return self.taken >= self.limit.amount
