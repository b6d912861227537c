"""What a job did cost, and what becomes of the money that was held for it."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from genmux.contract.job_traits import JobTraits, Told
from genmux.flows.call.target import Target
from genmux.flows.job.bench import Estimator, Pricer
from genmux.types.accounts import Account
from genmux.types.jobs import Cancelled, Completed, Ended, Failed, Filtered
from genmux.types.jobs_stored import ACCOUNT_PART, JobRow
from genmux.types.ledger import Ending
from genmux.types.money import MOST, Cost, micros
from genmux.types.usage import Usage

US_DOLLARS = "USD"
FREE = Cost(amount=Decimal(0))
CREDIBLE = Decimal(MOST) / 2
"""US dollars; more than that no job has cost."""


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the cost of a job: `cost`, None where nobody knows it, and the `usage` that it stands on."""

    cost: Cost | None
    usage: Usage | None = None


def bill_for(  # noqa: PLR0913 — each is one thing that a price depends on
    row: JobRow,
    outcome: Ended,
    target: Target,
    account: Account | None,
    *,
    pricer: Pricer,
    estimator: Estimator,
    seconds: float | None = None,
) -> Bill:
    """What a job that ended so did cost: as the provider says, else by what it used, else by what was asked for.

    `seconds` is how long what was made is, where that was measured.
    """
    usage = outcome.usage
    rates = account.rates if account is not None else target.provider.manifest.credit_rates
    if usage is not None and (usage.meters or usage.reported_cost is not None):
        cost = pricer.cost(target.model, usage, context=_conditions(row), rates=rates)
        if cost is not None or not isinstance(outcome, Completed):  # it says that it billed, although nothing was made
            return Bill(cost=cost, usage=usage)
    if not _may_be_billed(outcome, target.provider.manifest.jobs):
        return Bill(cost=FREE, usage=usage)
    if isinstance(outcome, Completed):
        return Bill(cost=_as_asked(row, outcome, target, rates, estimator=estimator, seconds=seconds), usage=usage)
    return Bill(cost=None, usage=usage)


def endings_of(row: JobRow, bill: Bill) -> list[Ending]:
    """How the holds of a job end: settled where its cost is known, presumed spent where it is not."""
    cost = bill.cost
    known = cost is not None and cost.currency == US_DOLLARS and cost.amount <= CREDIBLE
    amount = micros(max(cost.amount, Decimal(0))) if cost is not None and known else 0
    return [
        (Ending(subject, "settle", amount) if amount else Ending(subject, "release"))
        if known
        else Ending(subject, "presume")
        for subject in subjects_of(row)
    ]


def subjects_of(row: JobRow) -> list[str]:
    """Under which names the ledger may hold something for a job."""
    return [row.id, row.id + ACCOUNT_PART]


def _may_be_billed(outcome: Ended, traits: JobTraits) -> bool:
    """Whether the provider bills what ended so; what nobody says may be billed."""
    match outcome:
        case Completed():
            return True
        case Filtered():
            said: Told = traits.billed_on_filter
        case Cancelled():
            said = traits.billed_on_cancel
        case Failed():
            return False
    return said != "no"


def _conditions(row: JobRow) -> dict[str, str | int | bool]:
    """What was asked for, as far as prices depend on it."""
    return {name: value for name, value in row.request.params.items() if isinstance(value, str | int | bool)}


def _as_asked(
    row: JobRow,
    outcome: Completed,
    target: Target,
    rates: Mapping[str, Decimal],
    *,
    estimator: Estimator,
    seconds: float | None,
) -> Cost | None:
    """The cost by the price list, where what was asked for and made leaves no doubt."""
    params = dict(row.request.params)
    made = sum(one.role == "output" for one in outcome.outputs)
    if made and "n" in params:
        params["n"] = made
    if seconds is not None and "duration" not in params:
        params["duration"] = seconds
    request = msgspec.structs.replace(row.request, params=params)
    found = estimator.generation(request, target.model, rates=rates)
    if found.high is None or found.low != found.high:
        return None
    return Cost(amount=found.high, currency=found.currency, lines=found.lines, priced_as=found.priced_as)
