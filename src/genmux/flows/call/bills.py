"""What a request did cost as the ledger books it, and what one may have cost of which nobody tells."""

import logging
from decimal import Decimal

from genmux.flows.call.holding import US_DOLLARS
from genmux.flows.call.ports import Held
from genmux.flows.call.run import Run
from genmux.types.errors import ErrorKind, ProviderError, Retry
from genmux.types.money import MOST, Cost, micros
from genmux.types.usage import Usage
from genmux.types.usage_record import CostSource

ZERO = Decimal(0)
CREDIBLE = Decimal(MOST) / 2
"""US dollars; more than that no single request has cost."""

_log = logging.getLogger("genmux.budgets")


def spent_by(run: Run, cost: Cost | None) -> int | None:
    """A cost as the ledger books it; None where it is not known, or no ledger could hold what is told."""
    if cost is None or cost.currency != US_DOLLARS:
        return None
    if cost.amount > CREDIBLE:
        _log.error(
            "%s is said to have cost %s US dollars; what was held for it is presumed spent", run.subject, cost.amount
        )
        return None
    return micros(max(cost.amount, ZERO))


def in_doubt(run: Run, held: Held) -> int:
    """What attempts may have cost after which the request was sent again: as much was held for each."""
    return held.amount // run.times * min(run.doubts, run.times - 1) if run.doubts else 0


def may_be_billed(run: Run, error: BaseException) -> bool:
    """Whether a request that failed may have been accepted all the same: it was sent, and nobody knows what became of it."""
    if not run.sendings:
        return False
    if not isinstance(error, ProviderError):
        return True
    return error.retry is Retry.UNSURE or error.kind is ErrorKind.MALFORMED_REPLY


def source_of(cost: Cost | None, usage: Usage) -> CostSource:
    """Where a cost was had from."""
    if cost is None:
        return "unknown"
    if cost.source == "reported":
        return "reported"
    return "estimated" if usage.estimated else "computed"
