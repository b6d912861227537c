"""The conditions under which a price holds, and which of two rows is the more specific one."""

import datetime
import re
from collections.abc import Iterable, Mapping
from math import isfinite

from genmux.types.money import Condition, Price

CONDITIONS: dict[str, str] = {
    "service_tier": "The tier that was asked for or served: `batch`, `flex`, `priority`, `fast` …",
    "input_tokens_gt": "More input tokens than this; the row then holds for all of them.",
    "output_tokens_gt": "More output tokens than this.",
    "seconds_gt": "More seconds than this, of the row's own meter.",
    "results_gt": "More results of a search than this.",
    "cache_ttl": "How long a written cache lives: `5m`, `1h`, `12h` …",
    "resolution": "Of an image or a video: `480p`, `1080p`, `4k`, `1K` …",
    "quality": "`low`, `medium`, `high`, `standard`, `hd` …",
    "size": "Width and height in pixels, as `1024x1536`.",
    "audio": "Whether a video has sound.",
    "steps": "At most so many steps of diffusion.",
    "region": "Where it is processed: `us`, `eu` …",
    "search_context": "How much a search brings: `low`, `medium`, `high`.",
    "plan": "The subscription under which the price holds.",
    "allowance": "A free allowance of which the account has something left: `5000/month`.",
    "hours": "Times of day in UTC, as `16:30-00:30`; several with commas.",
    "weekdays": "Days of the week in UTC, as `mon-fri` or `sat,sun`.",
    "from": "The first day (ISO date, UTC).",
    "until": "The day (ISO date, UTC) from which on it holds no more.",
    "variant": "Anything else that the provider tells apart by name, such as a mode.",
}
"""Every condition by name, with what its value means."""

THRESHOLDS: dict[str, str | None] = {
    "input_tokens_gt": "tokens.input",
    "output_tokens_gt": "tokens.output",
    "seconds_gt": None,
    "results_gt": "results",
}
"""Conditions on a quantity, with its meter; None is the meter of the row itself."""

DATES = ("from", "until")
TIMES = ("hours", "weekdays", *DATES)
"""Conditions on the moment."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_ORDERED = (*DATES, *THRESHOLDS)
_HOURS = re.compile(
    r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-4]):[0-5]\d(,([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-4]):[0-5]\d)*"
)
_SIZE = re.compile(r"\d+x\d+")


def plain(value: Condition) -> Condition:
    """A value as it is compared: names are the same in capitals and in small letters."""
    return value.lower() if isinstance(value, str) else value


def named(row: Price) -> dict[str, Condition]:
    """The conditions on what was asked for: neither on a quantity nor on the moment."""
    return {name: plain(value) for name, value in row.when.items() if name not in THRESHOLDS and name not in TIMES}


def rank(row: Price) -> tuple[int, int, tuple[int, ...]]:
    """How specific a row is: among rows that hold, the highest rank wins.

    More named conditions come first, then more conditions with an order (dates and thresholds), then a later first day, an
    earlier last one, and the highest threshold that is passed.
    """
    ordered = [name for name in _ORDERED if name in row.when]
    values = tuple(_order(name, row.when[name]) for name in ordered)
    return len(row.when) - len(ordered), len(ordered), values


def _order(name: str, value: Condition) -> int:
    if name not in DATES:
        return int(value)
    day = datetime.date.fromisoformat(str(value)).toordinal()
    return day if name == "from" else -day


def holds_at(row: Price, moment: datetime.datetime) -> bool:
    """Whether the conditions on the moment (UTC) hold."""
    when = row.when
    today = moment.date().isoformat()
    if not str(when.get("from", today)) <= today or ("until" in when and today >= str(when["until"])):
        return False
    if "weekdays" in when and moment.weekday() not in weekdays(str(when["weekdays"])):
        return False
    minute = moment.hour * 60 + moment.minute
    return "hours" not in when or any(minute in span for span in minutes(str(when["hours"])))


def weekdays(text: str) -> frozenset[int]:
    """Days of the week, Monday is 0. Raises ValueError for what are none."""
    days: set[int] = set()
    for part in text.lower().split(","):
        first, _, last = part.strip().partition("-")
        begin = DAYS.index(first)
        count = (DAYS.index(last or first) - begin) % 7
        days.update((begin + step) % 7 for step in range(count + 1))
    return frozenset(days)


def minutes(text: str) -> tuple[range, ...]:
    """Minutes of the day (UTC); a time that goes past midnight is in two ranges."""
    spans: list[range] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        begin, end = _minute(first), _minute(last)
        spans += [range(begin, end)] if begin < end else [range(begin, 1440), range(end)]
    return tuple(spans)


def _minute(text: str) -> int:
    hour, _, minute = text.partition(":")
    return int(hour) * 60 + int(minute)


def when_faults(when: Mapping[str, Condition]) -> list[str]:
    """What is wrong with the conditions of a row, in words."""
    return [fault for name, value in when.items() if (fault := _fault(name, value))]


def _fault(name: str, value: Condition) -> str | None:
    if name not in CONDITIONS:
        return f"there is no condition `{name}`; there are {', '.join(CONDITIONS)}"
    if name == "audio":
        return None if isinstance(value, bool) else f"`audio` is true or false, not {value!r}"
    if name in THRESHOLDS or name == "steps":
        right = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        return None if right else f"`{name}` is a whole number from 0 on, not {value!r}"
    if not isinstance(value, str) or not value:
        return f"`{name}` is a text, not {value!r}"
    try:
        right = {"hours": _are_hours, "weekdays": weekdays, "size": _SIZE.fullmatch}.get(name, _anything)(value)
        if name in DATES:
            right = datetime.date.fromisoformat(value)
    except ValueError:
        right = None
    return None if right else f"`{name}` is {CONDITIONS[name][0].lower()}{CONDITIONS[name][1:]} It is {value!r}"


def _are_hours(text: str) -> bool:
    return _HOURS.fullmatch(text) is not None


def _anything(_text: str) -> bool:
    return True


def price_faults(rows: Iterable[Price]) -> list[str]:
    """What is wrong with price rows, in words: of each by itself, and of two that would both count."""
    return [fault for _, fault in placed_faults(rows)]


def placed_faults(rows: Iterable[Price]) -> list[tuple[str, str]]:
    """The same with the place of each, as `[0].amount`."""
    found = tuple(rows)
    faults = [
        (f"[{number}].{field}", f"the price of {row.meter}: {fault}")
        for number, row in enumerate(found)
        for field, fault in (*_row_faults(row), *(("when", fault) for fault in when_faults(row.when)))
    ]
    return faults or [
        (
            f"[{next(number for number, row in enumerate(found) if row is other)}]",
            f"two prices of {one.meter} hold at once, {_told(one.when)} and {_told(other.when)}; give one more conditions",
        )
        for one, other in ties(found)
    ]


def _row_faults(row: Price) -> list[tuple[str, str]]:
    faults: list[tuple[str, str]] = []
    if not row.amount.is_finite() or row.amount < 0:
        faults.append(("amount", f"`amount` is {row.amount}; it must be a number from 0 on"))
    if row.per < 1:
        faults.append(("per", f"`per` is {row.per}; it must be at least 1"))
    for name in ("round_to", "minimum", "free"):
        value: int | float | None = getattr(row, name)
        if value is not None and not (isfinite(value) and value > 0):
            faults.append((name, f"`{name}` is {value}; it must be a number above 0"))
    return faults


def _told(when: Mapping[str, Condition]) -> str:
    return "when " + ", ".join(f"{name} = {value!r}" for name, value in when.items()) if when else "without conditions"


def ties(rows: Iterable[Price]) -> list[tuple[Price, Price]]:
    """Pairs of rows for the same meter that can hold at once, neither being the more specific: which counts is unclear."""
    by_meter: dict[str, list[Price]] = {}
    for row in rows:
        by_meter.setdefault(row.meter, []).append(row)
    return [
        (one, other)
        for same in by_meter.values()
        for place, one in enumerate(same)
        for other in same[place + 1 :]
        if _are_level(one, other) and _can_both_hold(one, other) and not _is_settled(one, other, same)
    ]


def _are_level(one: Price, other: Price) -> bool:
    (first, first_ordered, first_values), (second, second_ordered, second_values) = rank(one), rank(other)
    if (first, first_ordered) != (second, second_ordered):
        return False
    if {*_ORDERED} & one.when.keys() != {*_ORDERED} & other.when.keys():
        return True
    return first_values == second_values or named(one).keys() != named(other).keys()


def _can_both_hold(one: Price, other: Price) -> bool:
    first, second = named(one), named(other)
    if any(first[name] != second[name] for name in first.keys() & second.keys()):
        return False
    for early, late in ((one, other), (other, one)):
        if "until" in early.when and "from" in late.when and str(late.when["from"]) >= str(early.when["until"]):
            return False
    if "weekdays" in one.when and "weekdays" in other.when:
        days = weekdays(str(one.when["weekdays"])) & weekdays(str(other.when["weekdays"]))
        if not days:
            return False
    if "hours" in one.when and "hours" in other.when:
        ours, theirs = ({minute for span in minutes(str(row.when["hours"])) for minute in span} for row in (one, other))
        return not ours.isdisjoint(theirs)
    return True


def _is_settled(one: Price, other: Price, rows: Iterable[Price]) -> bool:
    """Whether a third row wins wherever both of these hold."""
    both = {**one.when, **other.when}
    return any(
        len(row.when) > len(one.when) and all(both.get(name) == value for name, value in row.when.items())
        for row in rows
    )
