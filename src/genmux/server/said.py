"""What the gateway says in headers, beside its answer."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from genmux.types.money import Cost
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

Headers = tuple[tuple[str, str], ...]

_CARRIED = frozenset({"x-request-id", "request-id", "openai-processing-ms", "retry-after", "retry-after-ms"})
RATE_FAMILIES = ("x-ratelimit-", "anthropic-ratelimit-")
"""How the headers begin that tell of rate limits."""

_LONGEST = 500


def said_back(warnings: Iterable[Warning], cost: Cost | None = None, request_id: str | None = None) -> Headers:
    """What was changed on the way, what it cost, and the provider's own name for the request."""
    headers = [("x-genmux-warning", _one_line(str(warning))) for warning in warnings]
    if cost is not None:
        headers.append(("x-genmux-cost", f"{cost.amount:f}"))
    return (*headers, *identified(request_id))


@lru_cache(1_024)  # there are few ways, and nearly all requests go one of them
def went(*, route: str | None, account: str | None, attempts: int, model: str | None) -> Headers:
    """Which way a request went, as far as that was not plain: by which route to which model, with which account, how often sent."""
    if route is None and account is None and attempts <= 1:
        return ()
    told = (("x-genmux-route", route), ("x-genmux-model", model if route else None), ("x-genmux-account", account))
    return (*((name, value) for name, value in told if value), ("x-genmux-attempts", str(attempts)))


def identified(request_id: str | None) -> Headers:
    """The provider's name for the request, where each of the official clients looks for it."""
    return () if request_id is None else (("x-request-id", request_id), ("request-id", request_id))


def carried(headers: Mapping[str, str]) -> Headers:
    """Of the provider's own headers those that concern the caller: whom to ask, and how much is left.

    Nothing else: no cookies, nothing of the connection, nothing that names the account behind the gateway.
    """
    return tuple((name, value) for name, value in headers.items() if name in _CARRIED or name.startswith(RATE_FAMILIES))


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_LONGEST]
