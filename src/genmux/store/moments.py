"""Moments as whole microseconds of Unix time, as the database keeps them."""

import datetime

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)


def to_micros(moment: datetime.datetime) -> int:
    """A moment as a number."""
    return (moment - EPOCH) // _MICROSECOND


def from_micros(number: int) -> datetime.datetime:
    """A number as a moment, in UTC."""
    return EPOCH + number * _MICROSECOND
