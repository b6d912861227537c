"""What several calls together used and cost."""

from collections.abc import Sequence
from decimal import Decimal

from genmux.types.money import Cost
from genmux.types.usage import Usage


def usage_of_all(all_of_it: Sequence[Usage]) -> Usage:
    """Every meter added up."""
    meters: dict[str, int | float] = {}
    for one in all_of_it:
        for name, quantity in one.meters.items():
            meters[name] = meters.get(name, 0) + quantity
    reported = [one.reported_cost for one in all_of_it if one.reported_cost is not None]
    return Usage(
        meters=meters,
        estimated=any(one.estimated for one in all_of_it),
        reported_cost=sum(reported, Decimal(0)) if len(reported) == len(all_of_it) else None,
    )


def cost_of_all(costs: Sequence[Cost | None]) -> Cost | None:
    """What they cost together; None where one of them is not known, or they are in several currencies."""
    known = [one for one in costs if one is not None]
    if not known or len(known) != len(costs) or len({one.currency for one in known}) > 1:
        return None
    first = known[0]
    lines = tuple(line for one in known for line in one.lines)
    return Cost(
        amount=sum((one.amount for one in known), Decimal(0)),
        currency=first.currency,
        lines=lines,
        priced_as=first.priced_as,
    )
