"""What organisations, teams and keys may be like; faults are told all at once."""

import datetime
import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping

from genmux.contract.operations import OPERATIONS
from genmux.types.errors import InvalidRequestError
from genmux.types.keys import SECONDS, Allowance, EndUsers, RateLimit

LONGEST_NAME = 100
MOST = 10**12
"""The largest amount of a rate limit."""

MOST_LIMITS = 20
MOST_PATTERNS = 200
MOST_TAGS = 20

_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def check_id(text: str) -> str:
    """An organisation's id. Raises InvalidRequestError."""
    if not _ID.fullmatch(text):
        message = f"the id {text[:80]!r} must be 1 to 63 small letters, digits, `-`, `_` or `.`, and begin with a letter or digit"
        raise InvalidRequestError(message, param="id")
    return text


def check_name(text: str) -> str:
    """A name for people. Raises InvalidRequestError."""
    name = text.strip()
    if not name or len(name) > LONGEST_NAME or _CONTROL.search(name):
        message = f"the name {text[:80]!r} must have 1 to {LONGEST_NAME} characters, all of them visible"
        raise InvalidRequestError(message, param="name")
    return name


def check_limits(limits: Iterable[RateLimit], *, param: str = "limits") -> tuple[RateLimit, ...]:
    """Rate limits that make sense together. Raises InvalidRequestError."""
    found = tuple(limits)
    faults = [*_limit_faults(found)]
    if faults:
        raise InvalidRequestError("; ".join(faults), param=param)
    return found


def _limit_faults(limits: tuple[RateLimit, ...]) -> Iterator[str]:
    if len(limits) > MOST_LIMITS:
        yield f"there are {len(limits)} limits; {MOST_LIMITS} are the most"
    seen: set[tuple[str, str | None]] = set()
    for one in limits:
        if (one.kind == "concurrent") != (one.per is None):
            spans = ", ".join(SECONDS)
            yield f"a limit on {one.kind} {'has no span' if one.per else f'needs `per`: one of {spans}'}"
        if not 1 <= one.amount <= MOST:
            yield f"the amount of a limit on {one.kind} is {one.amount}; it must be 1 to {MOST:,}"
        if (one.kind, one.per) in seen:
            yield f"there are two limits on {one.kind}{f' per {one.per}' if one.per else ''}"
        seen.add((one.kind, one.per))


def check_allowance(allow: Allowance, providers: Iterable[str]) -> Allowance:
    """What a key may be used for. Raises InvalidRequestError for an operation, a provider or a network that there is not."""
    faults = [*_allowance_faults(allow, {*providers})]
    if faults:
        raise InvalidRequestError("; ".join(faults), param="allow")
    return allow


def _allowance_faults(allow: Allowance, providers: set[str]) -> Iterator[str]:
    for name in allow.operations:
        if name not in OPERATIONS:
            yield f"there is no operation {name!r}; there are {', '.join(OPERATIONS)}"
    for name in allow.providers:
        if name not in providers:
            yield f"there is no provider {name!r}"
    for pattern in allow.models:
        if not pattern or len(pattern) > 1_024:
            yield "a pattern for models must have 1 to 1,024 characters"
    yield from filter(None, map(_network_fault, allow.networks))
    for name in ("operations", "models", "providers", "networks"):
        if len(getattr(allow, name)) > MOST_PATTERNS:
            yield f"`{name}` lists more than {MOST_PATTERNS}"


def _network_fault(network: str) -> str | None:
    try:
        ipaddress.ip_network(network)
    except ValueError as error:
        return f"{network!r} is no network such as 10.0.0.0/8: {error}"
    return None


def check_end_users(end_users: EndUsers) -> EndUsers:
    """What holds for the end users of a key. Raises InvalidRequestError."""
    check_limits(end_users.limits, param="end_users")
    if end_users.rule == "ignored" and end_users.limits:
        message = "end users that are ignored cannot have limits; say `optional` or `required`"
        raise InvalidRequestError(message, param="end_users")
    return end_users


def check_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags. Raises InvalidRequestError."""
    if len(tags) > MOST_TAGS or any(not name or len(name) > 64 or len(value) > 256 for name, value in tags.items()):
        message = f"there may be {MOST_TAGS} tags, with names of 1 to 64 and values of up to 256 characters"
        raise InvalidRequestError(message, param="tags")
    return dict(tags)


def check_future(moment: datetime.datetime | None, now: datetime.datetime) -> datetime.datetime | None:
    """When a key expires. Raises InvalidRequestError for what is past or has no time zone."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        message = f"`expires_at` is {moment.isoformat()}; say in which time zone, such as {moment.isoformat()}Z"
        raise InvalidRequestError(message, param="expires_at")
    if moment <= now:
        message = f"`expires_at` is {moment.isoformat()}, which is past; a key that shall end now is revoked"
        raise InvalidRequestError(message, param="expires_at")
    return moment.astimezone(datetime.UTC)
