"""How long a provider asks us to wait, in the many ways in which providers say it."""

import datetime
import re
from collections.abc import Mapping

_DURATION = re.compile(
    r"(?:(\d{1,15})d)?(?:(\d{1,15})h)?(?:(\d{1,15})m(?!s))?"
    r"(?:(\d{1,15}(?:\.\d+)?)s)?(?:(\d{1,15}(?:\.\d+)?)ms)?"
)
_UNITS = (86_400.0, 3_600.0, 60.0, 1.0, 0.001)
_RESET = re.compile(r"(?:x-|anthropic-)?ratelimit-(?:reset(?:-.+)?|.+-reset)")
_EPOCH_SECONDS = 1e9
_EPOCH_MILLISECONDS = 1e12


def told_wait(headers: Mapping[str, str], *, now: float) -> float | None:
    """Seconds that the reply asks us to wait, None when it does not say; `now` is Unix time.

    Reads `retry-after` (seconds or an HTTP date, RFC 9110 §10.2.3) and `retry-after-ms` (Azure sends both, the one in
    milliseconds once as 0: the longer one counts).
    """
    now = _server_time(headers, now)
    milliseconds = _number(headers.get("retry-after-ms"))
    waits = (
        _retry_after(headers.get("retry-after"), now),
        None if milliseconds is None else milliseconds / 1000,
    )
    return max((wait for wait in waits if wait is not None), default=None)


def reset_wait(headers: Mapping[str, str], *, now: float) -> float | None:
    """Seconds until the used-up rate limits are reset, None when no limit is at its end.

    The families `x-ratelimit-*`, `anthropic-ratelimit-*` and `ratelimit-*` tell it; those by the minute (Mistral) and
    Cohere's `x-trial-endpoint-call-*` only count. Resets of limits that are not used up say nothing about a refusal.
    """
    now = _server_time(headers, now)
    waits: list[float] = []
    for name, value in headers.items():
        if _RESET.fullmatch(name) is None or _number(headers.get(name.replace("reset", "remaining"))) != 0:
            continue
        wait = read_reset(value, now=now)
        if wait is not None:
            waits.append(wait)
    return max(waits, default=None)


def read_reset(value: str, *, now: float) -> float | None:
    """Seconds until a rate limit resets, from any of the forms seen.

    `6ms`, `1s`, `7m12.3s` (OpenAI, Groq), RFC 3339 times (Anthropic), seconds (Mistral, the IETF draft), Unix time in
    seconds or milliseconds (OpenRouter); of two headers folded into one (`6ms, req_1`) the first counts.
    """
    value = value.partition(",")[0].strip()
    number = _number(value)
    if number is not None:
        if number >= _EPOCH_MILLISECONDS:
            return max(0.0, number / 1000 - now)
        return max(0.0, number - now) if number >= _EPOCH_SECONDS else number
    found = _DURATION.fullmatch(value)
    if found and value:
        return sum(float(count) * unit for count, unit in zip(found.groups(), _UNITS, strict=True) if count)
    try:
        time = datetime.datetime.fromisoformat(value)
    except ValueError:
        return None
    return max(0.0, time.replace(tzinfo=time.tzinfo or datetime.UTC).timestamp() - now)


def _retry_after(value: str | None, now: float) -> float | None:
    if value is None:
        return None
    seconds = _number(value)
    if seconds is not None:
        return seconds
    date = _http_date(value)
    return None if date is None else max(0.0, date - now)


def _server_time(headers: Mapping[str, str], now: float) -> float:
    """The server's own clock, if it tells: its dates are meant by it."""
    date = _http_date(headers.get("date"))
    return now if date is None else date


def _http_date(value: str | None) -> float | None:
    import email.utils

    try:
        return email.utils.parsedate_to_datetime(value).timestamp() if value else None
    except (ValueError, OverflowError):
        return None


def _number(value: str | None) -> float | None:
    """A plain number that is not negative; `nan` and `1_000` are none."""
    text = (value or "").partition(",")[0].strip()
    return float(text) if re.fullmatch(r"\d{1,15}(?:\.\d{1,9})?", text) else None
