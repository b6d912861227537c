"""When the period of a budget begins and ends."""

import datetime
import zoneinfo

import msgspec

from genmux.types.budgets import Budget, Period

SECOND = 1_000_000
"""Microseconds: moments are whole microseconds since 1970 (UTC)."""

STEPS = 24
"""A sliding period forgets in so many steps: late by one of them at worst, never early."""

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)


class Window(msgspec.Struct, frozen=True):
    """The period around a moment, in microseconds since 1970: from `start` until before `end`, None for never.

    A sliding period has one for each of its steps; steps that began at `drop` or before are older than the period is long.
    """

    start: int
    end: int | None
    drop: int = 0


FOREVER = Window(0, None)


def window(budget: Budget, moment: int) -> Window:
    """The period of a budget around a moment (microseconds since 1970)."""
    return window_of(budget.period, moment, seconds=budget.seconds, time_zone=budget.time_zone)


def window_of(period: Period, moment: int, *, seconds: int | None, time_zone: str) -> Window:
    """A period around a moment (microseconds since 1970); `seconds` is how long a sliding one looks back."""
    if period == "total":
        return FOREVER
    if period == "sliding":
        length = (seconds or 0) * SECOND
        step = length // STEPS
        start = moment - moment % step
        return Window(start, start + step, start - step - length)
    zone = zoneinfo.ZoneInfo(time_zone)
    day = from_moment(moment).astimezone(zone).date()
    if period == "day":
        first, last = day, day + datetime.timedelta(days=1)
    elif period == "week":
        first = day - datetime.timedelta(days=day.weekday())
        last = first + datetime.timedelta(days=7)
    else:
        first = day.replace(day=1)
        last = (first + datetime.timedelta(days=31)).replace(day=1)
    return Window(_midnight(first, zone), _midnight(last, zone))


def _midnight(day: datetime.date, zone: zoneinfo.ZoneInfo) -> int:
    """The first moment of a day. Where the clock skips midnight, that is when it is put forward."""
    return to_moment(datetime.datetime(day.year, day.month, day.day, tzinfo=zone))


def to_moment(time: datetime.datetime) -> int:
    """A time in microseconds since 1970."""
    return (time - EPOCH) // _MICROSECOND


def from_moment(moment: int) -> datetime.datetime:
    """Microseconds since 1970 as a time in UTC."""
    return EPOCH + datetime.timedelta(microseconds=moment)
