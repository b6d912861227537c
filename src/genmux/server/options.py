"""What a caller can say about a call in headers."""

import math
from decimal import Decimal, InvalidOperation
from typing import TypeVar

import msgspec

from genmux.flows.call.options import CallOptions
from genmux.server.http import Request
from genmux.types.errors import InvalidRequestError

MOST_RETRIES = 10

HEADERS: dict[str, str] = {
    "x-genmux-timeout": "total time in seconds, more than 0",
    "x-genmux-retries": f"how often a safe failure is tried again, 0 to {MOST_RETRIES}",
    "x-genmux-budget-limit": "the most the call may cost, in US dollars",
    "x-genmux-clamp": "`true` to pull numbers into the model's range instead of leaving them out, or `false`",
    "x-genmux-tags": "`name=value` pairs with commas between",
    "x-genmux-end-user": "the name of the end user for whom the call is made",
}
"""The headers that a caller can send."""

N = TypeVar("N", int, float, Decimal)

_PREFIX = b"x-genmux-"
_END_USER = b"x-genmux-end-user"
_SWITCH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def read_options(request: Request, options: CallOptions) -> CallOptions:
    """The gateway's options with what the headers of this request say.

    Time and budget can only be made smaller than the gateway's own. Raises InvalidRequestError that names the header.
    """
    told = [name for name in request.headers if name.startswith(_PREFIX)]
    if not told:
        return options
    changes: dict[str, object] = {}
    if _END_USER in told:
        told.remove(_END_USER)
        changes["principal"] = options.principal.asking(request.header(_END_USER), {})
    for name in told:
        header = name.decode("latin-1")
        field = header.removeprefix("x-genmux-").replace("-", "_")
        changes[field] = _value(header, request.headers[name].decode("latin-1").strip(), options)
    return msgspec.structs.replace(options, **changes)


def _value(header: str, text: str, options: CallOptions) -> object:
    if header not in HEADERS:
        message = f"there is no header `{header}`; there are {', '.join(HEADERS)}"
        raise InvalidRequestError(message)
    try:
        match header.removeprefix("x-genmux-"):
            case "timeout":
                return _least(_within(float(text), 1e-3, math.inf), options.timeout)
            case "retries":
                return _within(int(text), 0, MOST_RETRIES)
            case "budget-limit":
                return _least(_within(Decimal(text), 0, math.inf), options.budget_limit)
            case "clamp":
                return _SWITCH[text.lower()]
            case _:
                return dict(pair.strip().split("=", 1) for pair in text.split(",") if pair.strip())
    except (ValueError, KeyError, InvalidOperation) as error:
        message = f"the header `{header}` is {text!r}; it takes {HEADERS[header]}"
        raise InvalidRequestError(message) from error


def _within(value: N, least: float, most: float) -> N:
    """The number itself. Raises ValueError when it is outside, endless or none at all."""
    if not (math.isfinite(value) and least <= value <= most):
        raise ValueError
    return value


def _least(value: N, own: N | None) -> N:
    return value if own is None else min(value, own)
