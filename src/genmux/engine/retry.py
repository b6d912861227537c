"""The one owner of retries: whether a failed request may be sent again, and when."""

import msgspec

from genmux.contract.http import HttpRequest
from genmux.types.errors import ConfigurationError, ErrorKind, ProviderError, Retry


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How often and how patiently a request is repeated.

    `attempts` counts the first one. Waits grow from `base` to `cap` seconds, with jitter. A provider that asks for more
    than `longest_wait` seconds is not waited for. `retry_unsure` also repeats what may have been accepted (and billed).
    Failures of the kinds in `elsewhere` are not repeated: whoever called has another place to go to.
    """

    attempts: int = 3
    base: float = 0.5
    cap: float = 10.0
    longest_wait: float = 60.0
    retry_unsure: bool = False
    elsewhere: frozenset[ErrorKind] = frozenset()

    def __post_init__(self) -> None:
        if self.attempts < 1:
            message = f"`attempts` is {self.attempts}; the first one counts, so it must be 1 or more"
            raise ConfigurationError(message)
        if not 0 <= self.base <= self.cap:
            message = f"`base` is {self.base!r} and `cap` {self.cap!r}; they must be seconds, and `base` the smaller"
            raise ConfigurationError(message)

    def wait(self, error: ProviderError, request: HttpRequest, *, attempt: int, chance: float) -> float | None:
        """Seconds to wait before the next attempt; None when there must be none.

        `attempt` is the number of the one that failed, from 1; `chance` a random number from 0 to 1.
        """
        if attempt >= self.attempts or error.kind in self.elsewhere or not self._permits(error, request):
            return None
        told = error.retry_after
        if told is not None and told > self.longest_wait:
            return None
        if told:
            return told * (1 + chance / 10)  # never earlier than told, and not all at once
        return self.backoff(attempt, chance)

    def backoff(self, attempt: int, chance: float) -> float:
        """Between half and the whole of a time that doubles with each attempt, within `base` and `cap`."""
        top = min(self.cap, self.base * 2 ** min(attempt, 64))
        low = max(self.base, top / 2)
        return min(self.cap, low + (top - low) * chance)

    def _permits(self, error: ProviderError, request: HttpRequest) -> bool:
        match error.retry:
            case Retry.SAFE:
                return True
            case Retry.UNSURE:
                return self.retry_unsure or is_repeatable(request)
            case Retry.NEVER:
                return False


def is_repeatable(request: HttpRequest) -> bool:
    """Whether a request may be sent twice without harm."""
    return request.read_only or request.idempotency_key is not None or request.method in {"GET", "HEAD"}


ONCE = RetryPolicy(attempts=1)
"""Send it, and never again: for what is paid and written down before it is sent."""
