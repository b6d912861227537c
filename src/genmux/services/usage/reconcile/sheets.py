"""Reads the CSV files that providers' consoles export, by a table of the names that their columns have had."""

import csv
import datetime
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation

import msgspec

from genmux.services.usage.reconcile.figures import Theirs
from genmux.types.errors import InvalidRequestError

Parts = tuple[tuple[str, ...], ...]
"""What is added up: for each part the names that its column may have, the first that is there counts."""

_DELIMITERS = ",\t;"
_NAME = re.compile(r"[^a-z0-9]+")
_SECONDS = re.compile(r"\d{9,11}(\.\d+)?")
_SLASHES = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})")


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """How one provider's sheets are laid out. A sheet needs a day, and a cost or tokens."""

    provider: str
    day: tuple[str, ...]
    model: tuple[str, ...]
    cost: tuple[str, ...]
    input: Parts
    output: Parts
    currency: tuple[str, ...] = ()
    requests: tuple[str, ...] = ()
    request_id: tuple[str, ...] = ()


def read_sheet(file: str, text: str, layout: Layout) -> Iterator[Theirs]:
    """The entries of a sheet. Raises InvalidRequestError that names the file, the line and what is expected."""
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        named = [_NAME.sub("_", name.strip().lower()).strip("_") for name in next(rows, [])]
        columns = _Columns(file, named, layout)
        for cells in rows:
            if any(cell.strip() for cell in cells) and (found := columns.entry(cells, rows.line_num)):
                yield found
    except csv.Error as error:
        message = f"{file}, line {rows.line_num}: this is no CSV: {error}"
        raise InvalidRequestError(message, param="file") from error


class _Columns:
    """Where in a line things stand."""

    def __init__(self, file: str, named: Sequence[str], layout: Layout) -> None:
        self._file = file
        self._named = named
        self._places = {name: place for place, name in reversed(list(enumerate(named)))}
        self._layout = layout
        single = ("day", "model", "cost", "currency", "requests", "request_id")
        self._single: Mapping[str, int | None] = {name: self._place(getattr(layout, name)) for name in single}
        self._input = self._parts(layout.input)
        self._output = self._parts(layout.output)
        if self._single["day"] is None:
            raise self._lacking("a day", layout.day)
        if self._single["cost"] is None and not (self._input and self._output):
            tokens = tuple(name for parts in (layout.input, layout.output) for name in parts[0])
            raise self._lacking("a cost or tokens", (*layout.cost, *tokens))

    def _place(self, names: Sequence[str]) -> int | None:
        return next((self._places[name] for name in names if name in self._places), None)

    def _parts(self, parts: Parts) -> list[int]:
        return [place for names in parts if (place := self._place(names)) is not None]

    def _lacking(self, what: str, names: Sequence[str]) -> InvalidRequestError:
        message = (
            f"{self._file}, line 1: no column has {what}: for {self._layout.provider} it may be called "
            f"{', '.join(names)}; this file has {', '.join(self._named) or 'nothing'}"
        )
        return InvalidRequestError(message, param="file")

    def entry(self, cells: Sequence[str], line: int) -> Theirs | None:
        """One line; None for one that says nothing, as for a day without usage."""
        where = f"{self._file}, line {line}"
        if len(cells) != len(self._named):
            message = f"{where}: there are {len(cells)} cells where the heading has {len(self._named)}"
            raise InvalidRequestError(message, param="file")

        def text(name: str) -> str | None:
            place = self._single[name]
            return None if place is None else cells[place].strip() or None

        def number(place: int) -> Decimal | None:
            return as_number(cells[place], f"{where}, column {self._named[place]}")

        def tokens(places: Sequence[int]) -> int | None:
            told = [count for place in places if (count := number(place)) is not None]
            return int(sum(told)) if told else None

        place, requests = self._single["cost"], self._single["requests"]
        cost = None if place is None else number(place)
        counts = (tokens(self._input), tokens(self._output))
        if cost is None and counts == (None, None):
            return None
        asked = None if requests is None else number(requests)
        return Theirs(
            day=as_day(text("day") or "", where),
            model=text("model"),
            cost=cost,
            currency=(text("currency") or "USD").upper(),
            input=counts[0],
            output=counts[1],
            requests=int(asked) if asked is not None else 1 if text("request_id") else None,
            request_id=text("request_id"),
        )


def as_number(text: str, where: str) -> Decimal | None:
    """A number, with or without a dollar sign and commas; None for nothing. Raises InvalidRequestError."""
    plain = text.strip().replace("$", "").replace(",", "")
    if not plain:
        return None
    try:
        number = Decimal(plain)
        if number.is_finite():
            return number
    except InvalidOperation:
        pass
    message = f"{where}: {text[:50]!r} is no number"
    raise InvalidRequestError(message, param="file")


def as_day(text: str, where: str) -> datetime.date:
    """The day in UTC of a date, a time or seconds since 1970. Raises InvalidRequestError."""
    try:
        if _SECONDS.fullmatch(text):
            return datetime.datetime.fromtimestamp(float(text), datetime.UTC).date()
        if slashed := _SLASHES.match(text):
            return datetime.date(*map(int, slashed.groups()))
        moment = datetime.datetime.fromisoformat(text)
        return (moment.astimezone(datetime.UTC) if moment.tzinfo else moment).date()
    except (ValueError, OverflowError, OSError) as error:
        message = (
            f"{where}: {text[:50]!r} is no day; expected are 2026-11-27, 2026-11-27T12:00:00Z or seconds since 1970"
        )
        raise InvalidRequestError(message, param="file") from error
