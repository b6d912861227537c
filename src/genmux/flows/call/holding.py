"""Holds the most that a request can cost, before it is sent."""

from typing import Protocol

from genmux.contract.model import Model
from genmux.engine.retry import RetryPolicy
from genmux.flows.call.options import CallOptions
from genmux.flows.call.ports import Estimates, Ledger
from genmux.flows.call.run import Run
from genmux.types.budgets import Budget
from genmux.types.chat import ChatRequest
from genmux.types.embed import EmbedRequest
from genmux.types.errors import BudgetExceededError
from genmux.types.money import micros
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

USUAL_ATTEMPTS = RetryPolicy().attempts

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

    async def hold(self, run: Run, request: ChatRequest | EmbedRequest, model: Model) -> None:
        """Hold the most that the request can cost with this model, or raise what is held already to that.

        Raises BudgetExceededError.
        """
        ledger = self._keepers.ledger
        if ledger is None or run.subject is None:
            return
        budgets = ledger.budgets_for(run.options.principal, _account(run, model))
        if not budgets:
            return
        amount = self._amount(run, request, model, budgets)
        held = run.held
        if held is not None and held.budgets == budgets:
            if amount > held.amount:
                await held.top_up(amount)
            return
        subject = run.subject if not run.holds else f"{run.subject}.{run.holds}"
        fresh = ledger.try_hold(subject, budgets, amount)
        if fresh is None:
            fresh = await ledger.hold(subject, budgets, amount)
        run.holds += 1
        if held is not None:
            held.release()
        run.held = fresh

    def _amount(self, run: Run, request: ChatRequest | EmbedRequest, model: Model, budgets: tuple[Budget, ...]) -> int:
        most = self._estimates.most(request, model)
        if most is not None:
            return most * run.times
        unknown = "; ".join(self._estimates.explain(request, model))
        policies = {budget.unknown_price for budget in budgets}
        limit = run.options.budget_limit
        if "refuse" in policies or ("use_limit" in policies and limit is None):
            strict = next(budget for budget in budgets if budget.unknown_price != "warn")
            way = "set `budget_limit` for the call" if strict.unknown_price == "use_limit" else "give it a price"
            message = (
                f"the budget of {strict.scope} does not let through what may cost anything: {unknown}; {way},"
                " or let the budget's `unknown_price` be 'warn'"
            )
            raise BudgetExceededError(message, provider=model.provider, model=model.id, status=REFUSED)
        if "use_limit" in policies and limit is not None:
            return micros(limit)
        run.warnings = (*run.warnings, Warning("defaulted", "cost", f"no money is held for it: {unknown}"))
        return 0


def times_billed(options: CallOptions) -> int:
    """How often the same request may be billed: once, unless what may have been accepted is sent again."""
    if not options.retry_unsure:
        return 1
    return USUAL_ATTEMPTS if options.retries is None else options.retries + 1


def _account(run: Run, model: Model) -> str | None:
    return None if run.account is None else f"{model.provider}/{run.account}"
