"""Holds the most that a request can cost, before it is sent."""

from typing import Protocol

from genmux.contract.model import Model
from genmux.engine.retry import RetryPolicy
from genmux.flows.call.options import CallOptions
from genmux.flows.call.ports import Estimates, Held, Ledger
from genmux.flows.call.run import Run
from genmux.types.budgets import Budget
from genmux.types.calls import CallRequest
from genmux.types.errors import BudgetExceededError
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

LEAST = 1
"""So many micro-units are held where nobody knows what a request costs: a budget that is spent lets nothing more through."""

USUAL_ATTEMPTS = RetryPolicy().attempts

US_DOLLARS = "USD"
"""The currency in which the most that a request can cost is known."""

REFUSED = 402
"""The HTTP status of a refusal for money: the official clients repeat a 429, and should not repeat this."""


class HasLedger(Protocol):
    """Knows the ledger, once there is one."""

    @property
    def ledger(self) -> Ledger | None:
        """Keeps hard budgets."""
        ...


class Holding:
    """Holds money for runs; knows what to do where a price is not known."""

    def __init__(self, estimates: Estimates, keepers: HasLedger) -> None:
        self._estimates = estimates
        self._keepers = keepers

    async def hold(self, run: Run, request: CallRequest, model: Model) -> None:
        """Hold the most that the request can cost with this model, or raise what is held already to that.

        Raises BudgetExceededError.
        """
        ledger = self._keepers.ledger
        if ledger is None or run.subject is None:
            return
        budgets = _budgets(ledger, run, model)
        amount: int | None = 0
        if budgets:
            amount = self._amount(run, request, model, budgets)
            budgets, warnings = in_dollars(budgets, model, free=amount == 0)
            run.warnings = (*run.warnings, *warnings)
        held = run.held
        if held is not None and held.budgets == budgets and amount is not None:
            if amount > held.amount:
                await held.top_up(amount)
            return
        if not budgets:
            _release(run)
            return
        subject = run.subject if not run.holds else f"{run.subject}.{run.holds}"
        fresh = None if amount is None else ledger.try_hold(subject, budgets, amount)
        if fresh is None:
            fresh = await _exactly(ledger, run, subject, budgets, amount=amount)
        run.holds += 1
        _release(run)
        run.held = fresh

    def _amount(self, run: Run, request: CallRequest, model: Model, budgets: tuple[Budget, ...]) -> int | None:
        """How much to hold; None for everything that is left, where nobody knows what it may cost."""
        most = self._estimates.most(request, model)
        if most is not None:
            return most * run.times
        amount, warnings = where_unknown(budgets, model, self._estimates.explain(request, model))
        run.warnings = (*run.warnings, *warnings)
        return amount


def where_unknown(
    budgets: tuple[Budget, ...], model: Model, unknown: tuple[str, ...]
) -> tuple[int | None, tuple[Warning, ...]]:
    """How much to hold where nobody knows what something may cost, as the budgets say: None for everything that is left.

    Raises BudgetExceededError when one of them does not let it through.
    """
    told = "; ".join(unknown)
    strict = next((budget for budget in budgets if budget.unknown_price == "refuse"), None)
    if strict is not None:
        message = (
            f"the budget of {strict.scope} does not let through what may cost anything: {told}; give the model a"
            f' price ([[prices."{model.reference}"]] in genmux.toml), or let the budget\'s `unknown_price` be'
            " 'use_limit' or 'warn'"
        )
        raise BudgetExceededError(message, provider=model.provider, model=model.id, status=REFUSED)
    if any(budget.unknown_price == "use_limit" for budget in budgets):
        return None, ()
    return LEAST, (Warning("defaulted", "cost", f"no money is held for it: {told}"),)


def times_billed(options: CallOptions) -> int:
    """How often the same request may be billed: once, unless what may have been accepted is sent again."""
    if not options.retry_unsure:
        return 1
    return USUAL_ATTEMPTS if options.retries is None else options.retries + 1


def _budgets(ledger: Ledger, run: Run, model: Model) -> tuple[Budget, ...]:
    """The budgets that the present leg counts against; those of its account are those of whoever has the account."""
    lease = run.lease
    if lease is None:
        return ledger.budgets_for(run.options.principal, None)
    account = lease.account
    return ledger.budgets_for(run.options.principal, f"{model.provider}/{account.name}", account_tenant=account.tenant)


def in_dollars(
    budgets: tuple[Budget, ...], model: Model, *, free: bool
) -> tuple[tuple[Budget, ...], tuple[Warning, ...]]:
    """Without the budgets in other currencies, in which no price is known: each says what is done about that.

    Raises BudgetExceededError.
    """
    others = [one for one in budgets if one.currency != US_DOLLARS]
    if not others:
        return budgets, ()
    strict = next((one for one in others if one.unknown_price != "warn"), None)
    if strict is not None and not free:
        message = (
            f"the budget of {strict.scope} is in {strict.currency}, and what {model.reference} may cost is known in"
            f" {US_DOLLARS} only; make a budget in {US_DOLLARS}, or let the budget's `unknown_price` be 'warn'"
        )
        raise BudgetExceededError(message, provider=model.provider, model=model.id, status=REFUSED)
    warnings: tuple[Warning, ...] = ()
    if not free:
        told = ", ".join(f"{one.scope} in {one.currency}" for one in others)
        warnings = (Warning("defaulted", "cost", f"it is not counted in the budget of {told}"),)
    return tuple(one for one in budgets if one.currency == US_DOLLARS), warnings


async def _exactly(ledger: Ledger, run: Run, subject: str, budgets: tuple[Budget, ...], *, amount: int | None) -> Held:
    """Hold in the database. What is held for the leg before, which cost nothing, may be just what is missing."""
    if amount is None:
        _release(run)  # it is a part of all
        return await ledger.hold_all(subject, budgets)
    try:
        return await ledger.hold(subject, budgets, amount)
    except BudgetExceededError:
        if run.held is None:
            raise
    _release(run)
    return await ledger.hold(subject, budgets, amount)


def _release(run: Run) -> None:
    if run.held is not None:
        run.held.release()
        run.held = None
