"""Which of several accounts comes first, and what is said when none can be used."""

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from genmux.services.accounts.standing import UNKNOWN_RATE, Obstacle, Standing
from genmux.types.accounts import EVERYBODY, Account, AccountRule
from genmux.types.errors import (
    AuthenticationError,
    ConfigurationError,
    ErrorKind,
    InvalidRequestError,
    ProviderError,
    QuotaExceededError,
    RateLimitError,
    Retry,
)
from genmux.types.principal import Principal

Needs = Mapping[str, Decimal]


def usable_by(account: Account, principal: Principal) -> bool:
    """Whether this caller may use the account: its owner, or those with whom it is shared."""
    grants = account.grants
    if account.sharing == "shared" and _granted(account, principal):
        return True
    if account.tenant != principal.organisation:
        return False
    if account.owner is None:
        return account.sharing == "private" or not grants.given
    return account.owner in {principal.team, principal.key}


def _granted(account: Account, principal: Principal) -> bool:
    grants = account.grants
    if EVERYBODY in grants.organisations or principal.organisation in grants.organisations:
        return True
    if account.tenant != principal.organisation:
        return False
    return not grants.given or principal.team in grants.teams or principal.key in grants.keys


def first(candidates: Sequence[Standing], needs: Needs, *, rule: AccountRule, now: datetime.datetime) -> Standing:
    """The one to use: the highest priority, then by the rule, then the least recently used."""
    order = _ORDERS.get(rule)
    if order is None:
        message = f"there is no rule {rule!r} for accounts; there are {', '.join(_ORDERS)}"
        raise InvalidRequestError(message, param="rule")
    return min(candidates, key=lambda one: (-one.account.priority, order(one, needs, now), one.turn))


def least_used(candidates: Sequence[Standing]) -> Standing | None:
    """What `first` gives by the rule `cheapest` when no credits are needed, in a third of the time.

    None where one of them has to be looked at more closely.
    """
    best: Standing | None = None
    for one in candidates:
        if not one.plain:
            return None
        if best is None or (one.turn < best.turn if one.rank == best.rank else one.rank < best.rank):
            best = one
    return best


def _cheapest(one: Standing, needs: Needs, _now: datetime.datetime) -> Any:
    """What the credits cost; one whose rate nobody knows comes last."""
    if needs:
        rates = one.account.rates
        costs = [rates[name] * amount if name in rates else UNKNOWN_RATE for name, amount in needs.items()]
        return sum(costs, Decimal(0))
    return one.cheapest


def _spread(_one: Standing, _needs: Needs, _now: datetime.datetime) -> Any:
    return 0


def _weighted(one: Standing, _needs: Needs, _now: datetime.datetime) -> Any:
    """How much it was used for its weight; chance is not needed for that."""
    account = one.account
    done = account.successes + account.failures + one.successes + one.failures + one.in_flight
    return (done + 1) / max(account.weight, 1)


def _most_left(one: Standing, needs: Needs, now: datetime.datetime) -> Any:
    """The least credit that it has of what is needed; one whose credits nobody knows comes last."""
    known = [left for name in (needs or one.account.balances) if (left := one.left(name, now)) is not None]
    return -min(known, default=Decimal(-1))


_ORDERS: dict[str, Callable[[Standing, Needs, datetime.datetime], Any]] = {
    "cheapest": _cheapest,
    "spread": _spread,
    "weighted": _weighted,
    "most_left": _most_left,
}


def refusal(provider: str, obstacles: Iterable[tuple[str, Obstacle]]) -> ProviderError:
    """The error when no account can be used: what would have to change first, and why for each of them."""
    found = [*obstacles]
    why = "; ".join(f"{name} {obstacle.reason}" for name, obstacle in found)
    kinds = {obstacle.kind for _, obstacle in found}
    waits = [obstacle.wait for _, obstacle in found if obstacle.wait is not None]
    message = f"no account of {provider} can be used now: {why}"
    if ErrorKind.RATE_LIMIT in kinds:
        soon = [one.wait for _, one in found if one.kind is ErrorKind.RATE_LIMIT and one.wait is not None]
        return RateLimitError(
            message, provider=provider, retry=Retry.SAFE, retry_after=max(min(soon, default=1.0), 0.0)
        )
    if ErrorKind.QUOTA_EXCEEDED in kinds:
        return QuotaExceededError(message, provider=provider, retry_after=min(waits, default=None))
    if ErrorKind.AUTHENTICATION in kinds:
        return AuthenticationError(message, provider=provider)
    return ConfigurationError(message, provider=provider)
