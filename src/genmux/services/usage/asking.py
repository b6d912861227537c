"""What is asked about usage, read from texts as they stand in a query or on a command line."""

import base64
import datetime
import re
import zoneinfo
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from genmux.types.errors import InvalidRequestError
from genmux.types.usage_report import COLUMNS, MOST_DIMENSIONS, MOST_GROUPS, TAG, TIMES, UsageQuestion

LOOK_BACK = datetime.timedelta(days=30)
"""How far back is looked by default."""

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_BACK = re.compile(r"(\d{1,6})([mhdw])")
_FIRST = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_LAST = datetime.datetime(2200, 1, 1, tzinfo=datetime.UTC)
_LONGEST_VALUE = 1_000
_LAST_PLACE = 10**12
_WHEN = "give a date (2026-11-27), a date and time (2026-11-27T12:00:00Z), or how long ago (90m, 12h, 30d, 4w)"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked, as texts. `where` are values by column, `tags` are `name=value`, `group_by` may hold several with commas.

    `seen` is what the caller may see, by column; nothing that is asked for widens it.
    """

    since: str | None = None
    until: str | None = None
    group_by: Sequence[str] = ()
    where: Mapping[str, Sequence[str]] = msgspec.field(default_factory=dict)
    tags: Sequence[str] = ()
    time_zone: str = "UTC"
    limit: int = MOST_GROUPS
    cursor: str | None = None
    seen: Mapping[str, Sequence[str]] = msgspec.field(default_factory=dict)


def read_question(asked: Asked, now: datetime.datetime) -> UsageQuestion:
    """Understand what is asked. Raises InvalidRequestError that names what is wrong and what there is."""
    zone = _zone(asked.time_zone)
    since = now - LOOK_BACK if asked.since is None else _time(asked.since, now, zone, param="from")
    until = now if asked.until is None else _time(asked.until, now, zone, param="to")
    if since >= until:
        message = f"`from` is {since.isoformat()}, which is not before `to`, {until.isoformat()}"
        raise InvalidRequestError(message, param="from")
    group_by = _grouped(asked.group_by)
    if not 1 <= asked.limit <= MOST_GROUPS:
        message = f"`limit` is {asked.limit}; it must be 1 to {MOST_GROUPS}"
        raise InvalidRequestError(message, param="limit")
    return UsageQuestion(
        since=max(since, _FIRST),
        until=min(until, _LAST),
        where=_where(asked),
        tags=dict(_tag(text) for text in asked.tags),
        group_by=group_by,
        time_zone=asked.time_zone,
        limit=asked.limit,
        after=None if asked.cursor is None else _after(asked.cursor, group_by),
    )


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f"there is no time zone {name!r}; give one such as Europe/Berlin or UTC"
        raise InvalidRequestError(message, param="time_zone") from error


def _time(text: str, now: datetime.datetime, zone: zoneinfo.ZoneInfo, *, param: str) -> datetime.datetime:
    """A moment in UTC; what has no offset is meant in the time zone that was asked for."""
    if back := _BACK.fullmatch(text):
        try:
            return now - datetime.timedelta(**{UNITS[back[2]]: int(back[1])})
        except OverflowError:
            return _FIRST
    try:
        told = datetime.datetime.fromisoformat(text)
        return (told if told.tzinfo else told.replace(tzinfo=zone)).astimezone(datetime.UTC)
    except OverflowError:
        return _FIRST if text.startswith("0") else _LAST
    except ValueError as error:
        message = f"`{param}` is {text!r}; {_WHEN}"
        raise InvalidRequestError(message, param=param) from error


def _grouped(told: Iterable[str]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for text in told for name in text.split(",") if name.strip()))
    for name in names:
        if name.startswith(TAG):
            _check_tag(name.removeprefix(TAG), "group_by")
        elif name not in TIMES and name not in COLUMNS:
            message = f"there is no group {name!r}; there are {', '.join((*TIMES, *COLUMNS))} and {TAG}NAME"
            raise InvalidRequestError(message, param="group_by")
    if len(names) > MOST_DIMENSIONS:
        message = f"`group_by` has {len(names)} names; at most {MOST_DIMENSIONS} are taken"
        raise InvalidRequestError(message, param="group_by")
    return names


def _where(asked: Asked) -> dict[str, tuple[str, ...]]:
    where = {name: tuple(values) for name, values in asked.seen.items()}
    for name, values in asked.where.items():
        if name not in COLUMNS:
            message = f"there is no filter {name!r}; there are {', '.join(COLUMNS)}, tag, from and to"
            raise InvalidRequestError(message, param=name)
        if wrong := next((value for value in values if "\0" in value or len(value) > _LONGEST_VALUE), None):
            message = f"`{name}` is {wrong[:50]!r}, which nothing is called"
            raise InvalidRequestError(message, param=name)
        meant = tuple(value for value in values if name not in where or value in where[name])
        where[name] = meant
    return where


def _tag(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or "\0" in value:
        message = f"`tag` is {text!r}; it must be name=value"
        raise InvalidRequestError(message, param="tag")
    _check_tag(name, "tag")
    return name, value


def _check_tag(name: str, param: str) -> None:
    if not name or len(name) > _LONGEST_VALUE or any(letter in '"\\' or letter < " " for letter in name):
        message = f"{name[:50]!r} is no name of a tag; it must not be empty, nor hold quotes, backslashes or control characters"
        raise InvalidRequestError(message, param=param)


def as_cursor(place: Sequence[str | int]) -> str:
    """A place in a list as a text that is given back to go on from there."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def read_cursor(text: str) -> list[str | int]:
    """The place that a cursor means. Raises InvalidRequestError for what is no cursor."""
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=list[str | int])
    except ValueError as error:  # what is no base64, no JSON or no list of texts and numbers
        message = "`cursor` is none that was given; leave it out to begin at the beginning"
        raise InvalidRequestError(message, param="cursor") from error


def _after(cursor: str, group_by: tuple[str, ...]) -> tuple[str | int, ...]:
    place = tuple(read_cursor(cursor))
    kinds = [*(int if name in TIMES else str for name in group_by), str]
    if [type(one) for one in place] != kinds or any(type(one) is int and abs(one) > _LAST_PLACE for one in place):
        message = "`cursor` belongs to another question; give it with the same `group_by`, or leave it out"
        raise InvalidRequestError(message, param="cursor")
    return place
