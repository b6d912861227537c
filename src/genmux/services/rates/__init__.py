"""Rate limits: how fast, and how many at once.

For the money door:

- `applies(principal) -> bool`: whether there is any limit; if not, ask no further.
- `try_enter(principal, *, tokens) -> Pass | None`: at once where it is decided in memory; None where `enter` must be awaited.
- `await enter(principal, *, tokens) -> Pass`: anywhere. `tokens` is the estimate, which is reserved.
- `Pass.leave(used: int | None)`: at the end, however it ended; the tokens that were really used, 0 when nothing
  was sent, None when nobody knows. Once is enough; more does no harm.
- `Pass.headers()`: `x-ratelimit-*` for the answer.

- `headers(principal)`: the same, from what this process knows.

Both `enter` raise `LimitReachedError` (a RateLimitError, 429) with `retry_after` and `headers`.
"""

from genmux.services.rates.memory import MemoryRates
from genmux.services.rates.passes import Pass, Rates
from genmux.services.rates.refusal import LimitReachedError
from genmux.services.rates.shared import SharedRates

__all__ = ["LimitReachedError", "MemoryRates", "Pass", "Rates", "SharedRates"]
