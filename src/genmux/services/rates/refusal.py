"""What a caller hears of rate limits: a refusal, and headers as OpenAI has them."""

import math
from collections.abc import Iterable

from genmux.services.rates.meter import NAMES, NANO, Reading
from genmux.types.errors import RateLimitError, Retry
from genmux.types.keys import RateLimit

Headers = tuple[tuple[str, str], ...]
RawHeaders = list[tuple[bytes, bytes]]


class LimitReachedError(RateLimitError):
    """A limit of the gateway's own is reached; `headers` tell how all of the caller's limits stand."""

    headers: Headers = ()


def refusal(limit: RateLimit, scope: str, wait: int | None, *, asked: int) -> LimitReachedError:
    """The error for a limit that has no room; `wait` is in nanoseconds, None for ever."""
    if wait is None:
        message = (
            f"the request needs {asked:,} {limit.kind}, and {scope} may have {limit}: it can never pass; ask for less"
        )
        return LimitReachedError(message, status=429, code="rate_limit_exceeded", param=limit.kind)
    seconds = math.ceil(wait / NANO * 1000) / 1000
    when = "try again when one has ended" if limit.kind == "concurrent" else f"there is room again in {seconds:g} s"
    message = f"the limit of {scope} is reached ({limit}); {when}"
    return LimitReachedError(
        message, status=429, code="rate_limit_exceeded", param=limit.kind, retry=Retry.SAFE, retry_after=seconds
    )


def headers_of(readings: Iterable[Reading]) -> Headers:
    """Of requests and of tokens the limit with the least room.

    Names and forms as in https://platform.openai.com/docs/guides/rate-limits, read 2026-11-21.
    """
    return tuple((name.decode(), value.decode()) for name, value in raw_headers(readings))


def raw_headers(readings: Iterable[Reading]) -> RawHeaders:
    """The same as an ASGI server takes them; their values are never the same, so that remembering them would be no use."""
    tightest: dict[str, Reading] = {}
    for one in readings:
        kind = one.limit.kind
        if kind in NAMES and (kind not in tightest or one.left < tightest[kind].left):
            tightest[kind] = one
    return [header for one in tightest.values() for header in raw_reading(one.limit, one.left, int(one.reset * 1000))]


def raw_reading(limit: RateLimit, left: int, reset: int) -> RawHeaders:
    """What is told of one limit on requests or tokens; `reset` is in thousandths of a second."""
    names = NAMES[limit.kind]
    return [
        (names[0], b"%d" % limit.amount),
        (names[1], b"%d" % left),
        (names[2], b"%d.%03ds" % divmod(reset, 1000)),
    ]
