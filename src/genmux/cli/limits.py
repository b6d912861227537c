"""Rate limits, spans of time and tags as people type them."""

import datetime
import re
from collections.abc import Iterable
from typing import Any

from genmux.types.errors import InvalidRequestError

_LIMIT = re.compile(r"(?P<amount>[\d_,]+)\s*(?P<kind>[a-z]+)(?:\s*/\s*(?P<per>[a-z]+))?")
_SPAN = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>[smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def read_limits(texts: Iterable[str]) -> list[dict[str, Any]] | None:
    """Limits such as `60 requests/minute`, `100000 tokens/day`, `4 concurrent`; `none` for no limits, None when nothing was said.

    Raises InvalidRequestError.
    """
    told = [*texts]
    if not told:
        return None
    return [] if told == ["none"] else [_limit(one) for one in told]


def _limit(text: str) -> dict[str, Any]:
    found = _LIMIT.fullmatch(text.strip().lower())
    if found is None:
        message = (
            f"the limit {text!r} cannot be read; say it as `60 requests/minute`, `100000 tokens/day` or `4 concurrent`"
        )
        raise InvalidRequestError(message, param="limit")
    kind, amount, per = found["kind"], int(re.sub(r"[_,]", "", found["amount"]) or 0), found["per"]
    kind = {"request": "requests", "token": "tokens"}.get(kind, kind)
    return {"kind": kind, "amount": amount} | ({"per": per} if per else {})


def show_limits(limits: Iterable[dict[str, Any]]) -> str:
    """Limits in a few words."""
    return ", ".join(
        f"{one['amount']:,} {one['kind']}" + (f"/{one['per']}" if one.get("per") else "") for one in limits
    )


def read_span(text: str, *, param: str) -> datetime.timedelta:
    """A span such as `90m`, `12h`, `30d` or `4w`. Raises InvalidRequestError."""
    found = _SPAN.fullmatch(text.strip())
    if found is None or float(found["number"]) * _SECONDS[found["unit"]] > 1e9:
        message = f"{text!r} is no span of time; say it as 90m, 12h, 30d or 4w"
        raise InvalidRequestError(message, param=param)
    return datetime.timedelta(seconds=float(found["number"]) * _SECONDS[found["unit"]])


def read_moment(text: str, *, param: str) -> str:
    """A moment as the API takes it: a date, a date and time (UTC where no zone is said), or a span from now on."""
    if _SPAN.fullmatch(text.strip()):
        return (datetime.datetime.now(datetime.UTC) + read_span(text, param=param)).isoformat()
    try:
        moment = datetime.datetime.fromisoformat(text.strip())
    except ValueError as error:
        message = f"{text!r} is no moment; say it as 2026-12-31, 2026-12-31T18:00+01:00, or as a span from now: 30d"
        raise InvalidRequestError(message, param=param) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).isoformat()


def read_when(text: str, *, param: str) -> str:
    """A moment that is over: a date, a date and time, or a span until now, such as `24h`. Raises InvalidRequestError."""
    if _SPAN.fullmatch(text.strip()):
        return (datetime.datetime.now(datetime.UTC) - read_span(text, param=param)).isoformat()
    return read_moment(text, param=param)


def read_tags(texts: Iterable[str]) -> dict[str, str]:
    """Tags as `name=value`. Raises InvalidRequestError."""
    pairs = [one.partition("=") for one in texts]
    if wrong := next((one for one in pairs if not one[0] or not one[1]), None):
        message = f"the tag {''.join(wrong)!r} cannot be read; say it as name=value"
        raise InvalidRequestError(message, param="tag")
    return {name: value for name, _, value in pairs}


def shown_moment(text: str | None) -> str:
    """A moment of the API for people, to the minute."""
    return "" if text is None else f"{text[:10]} {text[11:16]}"
