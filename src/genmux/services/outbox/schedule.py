"""When a delivery that failed is tried again, and when it is given up."""

from collections.abc import Callable

from genmux.engine.outward import Posted
from genmux.types.errors import ProviderError
from genmux.types.webhooks import Outcome

PAUSES = (5.0, 30.0, 120.0, 600.0, 3_600.0, 21_600.0, 86_400.0, 86_400.0)
"""Seconds after each failed attempt; after the one that follows the last it is given up: about two and a half days in all."""

JITTER = 0.2
"""This part of a pause is left to chance, so that what failed together does not come back together."""

LONGEST = 86_400.0
"""Longer than that nobody waits because a receiver says so."""

GONE = 410
"""With this status a receiver says that it wants nothing any more."""

_LONGEST_SAID = 300


def outcome_of(attempt: int, answer: Posted | ProviderError, *, seconds: float, random: Callable[[], float]) -> Outcome:
    """What becomes of a delivery after its `attempt`-th attempt (from 1). `random` gives a number from 0 to 1."""
    if isinstance(answer, Posted) and 200 <= answer.status < 300:
        return Outcome(state="delivered", status=answer.status, seconds=seconds)
    status = answer.status if isinstance(answer, Posted) else None
    wait = pause_after(attempt, random)
    told = Outcome(state="failed", status=status, error=_words(answer), seconds=seconds)
    if wait is None or status == GONE:
        return told
    if isinstance(answer, Posted) and answer.retry_after is not None:
        wait = max(wait, min(answer.retry_after, LONGEST))
    return Outcome(state="waiting", wait=wait, status=status, error=told.error, seconds=seconds)


def pause_after(attempt: int, random: Callable[[], float]) -> float | None:
    """Seconds until the next attempt; None when there is none."""
    if attempt > len(PAUSES):
        return None
    return PAUSES[attempt - 1] * (1 + JITTER * (2 * random() - 1))


def _words(answer: Posted | ProviderError) -> str:
    if isinstance(answer, ProviderError):
        return answer.message[:_LONGEST_SAID]
    if 300 <= answer.status < 400:
        return f"HTTP {answer.status}: redirects are not followed; give the address that it leads to"
    said = " ".join(answer.said.split())[:_LONGEST_SAID]
    return f"HTTP {answer.status}: {said}" if said else f"HTTP {answer.status}"
