"""What the gateway says in headers, beside its answer."""

from collections.abc import Iterable, Mapping

from genmux.types.money import Cost
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

Headers = tuple[tuple[str, str], ...]

_CARRIED = frozenset({"x-request-id", "request-id", "openai-processing-ms", "retry-after", "retry-after-ms"})
_CARRIED_FAMILIES = ("x-ratelimit-", "anthropic-ratelimit-")
_LONGEST = 500


def said_back(warnings: Iterable[Warning], cost: Cost | None = None, request_id: str | None = None) -> Headers:
    """What was changed on the way, what it cost, and the provider's own name for the request."""
    headers = [("x-genmux-warning", _one_line(str(warning))) for warning in warnings]
    if cost is not None:
        headers.append(("x-genmux-cost", f"{cost.amount:f}"))
    return (*headers, *identified(request_id))


def identified(request_id: str | None) -> Headers:
    """The provider's name for the request, where each of the official clients looks for it."""
    return () if request_id is None else (("x-request-id", request_id), ("request-id", request_id))


def carried(headers: Mapping[str, str]) -> Headers:
    """Of the provider's own headers those that concern the caller: whom to ask, and how much is left.

    Nothing else: no cookies, nothing of the connection, nothing that names the account behind the gateway.
    """
    return tuple(
        (name, value) for name, value in headers.items() if name in _CARRIED or name.startswith(_CARRIED_FAMILIES)
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_LONGEST]
