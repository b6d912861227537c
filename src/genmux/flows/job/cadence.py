"""When a job is asked for next: soon for quick models, seldom for slow ones, and never all at once."""

import msgspec

from genmux.contract.job_traits import JobTraits

TYPICAL: dict[str, float] = {"image": 12.0, "video": 90.0, "audio": 20.0}
"""How many seconds a job usually takes, by what it makes, where its model does not say."""

FIRST_AT_MOST = 5.0
LEAST = 0.5
MOST = 60.0
"""Seconds between two polls."""

JITTER = 0.25
"""A wait is up to this part of it shorter or longer."""

GROWTH = 1.5
"""Each wait is so many times as long as the one before, up to a quarter of the typical time."""


class Cadence(msgspec.Struct, frozen=True):
    """Waits between polls, in seconds: `first`, then growing to `longest`."""

    first: float
    longest: float

    def wait(self, polls: int, chance: float) -> float:
        """How long to wait after so many polls; `chance` is a random number from 0 to 1."""
        plain = min(self.longest, self.first * GROWTH ** min(polls, 64))
        return plain * (1 - JITTER + 2 * JITTER * chance)


def cadence_of(traits: JobTraits, typical: float | None, kind: str) -> Cadence:
    """The cadence for a model that typically takes so many seconds; what the provider's traits say comes first."""
    usual = typical or TYPICAL.get(kind, 30.0)
    first = traits.poll_first if traits.poll_first is not None else min(FIRST_AT_MOST, usual / 10)
    longest = traits.poll_every if traits.poll_every is not None else usual / 4
    first = max(LEAST, first) if traits.poll_first is None else first
    longest = min(MOST, max(first, longest)) if traits.poll_every is None else longest
    if traits.poll_every is not None and traits.poll_first is None:
        first = min(first, longest)
    return Cadence(first, longest)


def backoff(failures: int, chance: float) -> float:
    """How long to wait after so many failures in a row, in seconds."""
    return min(MOST, 2.0 ** min(failures, 10)) * (0.5 + chance / 2)
