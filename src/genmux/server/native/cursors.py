"""Where a page of a list ended, as a text that callers hand back unread."""

import base64
import binascii
import datetime

from genmux.types.errors import InvalidRequestError


def cursor_of(moment: datetime.datetime, name: str) -> str:
    """A place in a list by time and id."""
    return base64.urlsafe_b64encode(f"{moment.isoformat()} {name}".encode()).decode().rstrip("=")


def read_cursor(text: str | None) -> tuple[datetime.datetime, str] | None:
    """The place. Raises InvalidRequestError for what was no `next`."""
    if text is None:
        return None
    try:
        told = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        moment, _, name = told.partition(" ")
        place = datetime.datetime.fromisoformat(moment)
    except (binascii.Error, ValueError) as error:
        raise _wrong(text) from error
    if place.tzinfo is None or not name:
        raise _wrong(text)
    return place, name


def read_number(text: str | None) -> int | None:
    """The number of a line. Raises InvalidRequestError for what was no `next`."""
    if text is None:
        return None
    if not text.isdecimal() or len(text) > 18:
        raise _wrong(text)
    return int(text)


def _wrong(text: str) -> InvalidRequestError:
    message = f"`cursor` is {text[:40]!r}; give the `next` of the page before"
    return InvalidRequestError(message, param="cursor")
