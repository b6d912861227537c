"""What a caller can say about a call in headers, and what the gateway says back."""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

import msgspec

from genmux.flows.call.options import CallOptions
from genmux.server.http import Request
from genmux.types.errors import InvalidRequestError
from genmux.types.money import Cost
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

HEADERS: dict[str, str] = {
    "x-genmux-timeout": "total time in seconds",
    "x-genmux-retries": "how often a safe failure is tried again",
    "x-genmux-budget-limit": "the most the call may cost, in US dollars",
    "x-genmux-clamp": "`true` pulls numbers into the model's range instead of leaving them out",
    "x-genmux-tags": "`name=value` pairs with commas between",
}
"""The headers that a caller can send."""

_PREFIX = b"x-genmux-"


def read_options(request: Request, options: CallOptions) -> CallOptions:
    """The gateway's options with what the headers of this request say. Raises InvalidRequestError that names the header."""
    told = {name: value for name, value in request.headers.items() if name.startswith(_PREFIX)}
    if not told:
        return options
    changes: dict[str, object] = {}
    for name, value in told.items():
        field = name.removeprefix(_PREFIX).decode("latin-1")
        changes[field.replace("-", "_")] = _value(field, value.decode("latin-1"))
    return msgspec.structs.replace(options, **changes)


def _value(field: str, text: str) -> object:
    try:
        match field:
            case "timeout":
                return float(text)
            case "retries":
                return int(text)
            case "budget-limit":
                return Decimal(text)
            case "clamp":
                return text.strip().lower() in ("true", "1", "yes")
            case "tags":
                return dict(pair.strip().split("=", 1) for pair in text.split(",") if pair.strip())
            case _:
                known = ", ".join(HEADERS)
                message = f"there is no header `x-genmux-{field}`; there are {known}"
                raise InvalidRequestError(message)
    except (ValueError, InvalidOperation) as error:
        message = f"the header `x-genmux-{field}` is {text!r}; it takes {HEADERS[f'x-genmux-{field}']}"
        raise InvalidRequestError(message) from error


def said_back(warnings: Iterable[Warning], cost: Cost | None = None) -> tuple[tuple[str, str], ...]:
    """Headers with what was changed on the way, and what it cost."""
    headers = [("x-genmux-warning", _one_line(str(warning))) for warning in warnings]
    if cost is not None:
        headers.append(("x-genmux-cost", f"{cost.amount:f}"))
    return tuple(headers)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:500]
