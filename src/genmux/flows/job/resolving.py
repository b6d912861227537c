"""What belongs to a decision on what became of a job."""

from decimal import Decimal

from genmux.flows.job.money import CREDIBLE
from genmux.types.errors import InvalidRequestError
from genmux.types.jobs import Resolution, Ticket


def check_told(resolution: Resolution, ticket: Ticket | None, cost: Decimal | None) -> None:
    """Raise InvalidRequestError for what is missing, or does not belong to a decision."""
    if resolution == "adopt" and not ticket:
        message = '`ticket` is missing: what the provider calls the job, such as {"id": "…"}'
        raise InvalidRequestError(message, param="ticket")
    if resolution != "adopt" and ticket:
        raise InvalidRequestError(
            f"a `ticket` belongs to the resolution 'adopt', not to {resolution!r}", param="ticket"
        )
    if cost is None:
        return
    if resolution != "billed":
        raise InvalidRequestError(f"a `cost` belongs to the resolution 'billed', not to {resolution!r}", param="cost")
    if not cost.is_finite() or not 0 <= cost <= CREDIBLE:
        raise InvalidRequestError(f"`cost` is {cost}; it must be 0 or more US dollars", param="cost")
