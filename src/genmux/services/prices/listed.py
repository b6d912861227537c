"""What is kept of the public token price list."""

import datetime
import re
from collections.abc import Iterator, Mapping

import msgspec

from genmux.types.money import Condition, Price

ABOVE = "input_tokens_gt"
"""The condition of a dearer row: more input tokens than this. It then holds for all tokens, not only for those above."""

TIER = "service_tier"
"""The condition of a row that holds for one service tier only."""

AHEAD = 15
"""So many minutes later a request that is sent now may be billed: what costs more by then must be known before."""

_SATURDAY = 5
_COMPACT_DATE = re.compile(r"-(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")


class Clause(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which names mean a model. Texts are in lower case; exactly one field is set."""

    equals: str | None = None
    starts_with: str | None = None
    ends_with: str | None = None
    contains: str | None = None
    regex: str | None = None
    any_of: tuple["Clause", ...] | None = None
    all_of: tuple["Clause", ...] | None = None

    def fits(self, name: str) -> bool:
        """Whether a name in lower case means this model."""
        if self.equals is not None:
            return name == self.equals
        if self.starts_with is not None:
            return name.startswith(self.starts_with)
        if self.ends_with is not None:
            return name.endswith(self.ends_with)
        if self.contains is not None:
            return self.contains in name
        if self.regex is not None:
            return re.search(self.regex, name) is not None
        if self.any_of is not None:
            return any(clause.fits(name) for clause in self.any_of)
        return all(clause.fits(name) for clause in self.all_of or ())


class Dated(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Rows that hold from a day on, or at certain hours of each day or weekday (UTC), and under the conditions `when`."""

    rows: tuple[Price, ...]
    start: datetime.date | None = None
    hours: tuple[datetime.time, datetime.time] | None = None
    on_weekdays: bool = False
    when: dict[str, str] = msgspec.field(default_factory=dict)

    def holds(self, now: datetime.datetime) -> bool:
        """Whether they hold at this time (UTC)."""
        if self.on_weekdays and now.weekday() >= _SATURDAY:
            return False
        if self.hours is not None:
            first, last = self.hours
            time = now.time()
            return first <= time < last if first <= last else time >= first or time < last
        return self.start is None or now.date() >= self.start

    @property
    def times(self) -> dict[str, Condition]:
        """When they hold, as conditions of rows."""
        found: dict[str, Condition] = {}
        if self.hours is not None:
            found["hours"] = "-".join(f"{time:%H:%M}" for time in self.hours)
        if self.on_weekdays:
            found["weekdays"] = "mon-fri"
        if self.start is not None:
            found["from"] = self.start.isoformat()
        return found


def soon(now: datetime.datetime) -> Iterator[datetime.datetime]:
    """Each minute from now on at which a request that is sent now may be billed."""
    yield from (now + datetime.timedelta(minutes=ahead) for ahead in range(AHEAD + 1))


class ListedModel(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One model of the price list. Of `prices` the last that holds counts; `variants` replace single rows of it."""

    id: str
    match: Clause
    prices: tuple[Dated, ...]
    variants: tuple[Dated, ...] = ()

    def rows(self, now: datetime.datetime, context: Mapping[str, str]) -> tuple[Price, ...]:
        """The rows that hold at this time (UTC), or begin to within `AHEAD`, under these conditions.

        A tier that is not told is the standard one; rows under other conditions that are not told keep them. Where rows
        begin to hold soon, all have their times as conditions.
        """
        if not self.prices:
            return ()
        standard = self._standard(now)
        taken: dict[tuple[str, frozenset[tuple[str, str]]], tuple[Price, ...]] = {}
        for variant in self.variants:
            left = {name: value for name, value in variant.when.items() if name not in context}
            if TIER in left or not variant.holds(now) or not variant.when.items() - left.items() <= context.items():
                continue
            for meter in {row.meter: None for row in variant.rows}:
                rows = (row for row in variant.rows if row.meter == meter)
                under = (msgspec.structs.replace(row, when={**row.when, **left}) for row in rows)
                taken.setdefault((meter, frozenset(left.items())), tuple(under))  # the first that holds counts
        replaced = {meter for meter, left in taken if not left}
        return (
            *(row for row in standard if row.meter not in replaced),
            *(row for rows in taken.values() for row in rows),
        )

    def _standard(self, now: datetime.datetime) -> tuple[Price, ...]:
        """The rows of the last that holds now, and of those that do soon."""
        present = self._last(now)
        if not any(one.hours is not None or (one.start is not None and one.start > now.date()) for one in self.prices):
            return present.rows
        choices = [present]
        for moment in soon(now):
            later = self._last(moment)
            if not any(later is one for one in choices):
                choices.append(later)
        if len(choices) == 1:
            return present.rows
        return tuple(
            msgspec.structs.replace(row, when={**row.when, **one.times})
            if one.holds(now) or one is not present
            else row
            for one in choices
            for row in one.rows
        )

    def _last(self, now: datetime.datetime) -> Dated:
        return next((one for one in reversed(self.prices) if one.holds(now)), self.prices[0])


class ListedProvider(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One provider of the price list; `fallback` names those whose models it serves too."""

    id: str
    models: tuple[ListedModel, ...]
    fallback: tuple[str, ...] = ()

    def find(self, name: str) -> ListedModel | None:
        """The model that a name in lower case means; a date in it may be written with or without dashes."""
        dashed = _COMPACT_DATE.sub(r"-\1-\2-\3", name)
        return self._match(name) or (self._match(dashed) if dashed != name else None)

    def _match(self, name: str) -> ListedModel | None:
        return next((model for model in self.models if model.match.fits(name)), None)
