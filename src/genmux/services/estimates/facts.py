"""What is known of a request: numbers as spans, conditions as what they may be."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from genmux.contract.params import Param
from genmux.services.estimates.vocabulary import MEASURES
from genmux.types.conditions import plain
from genmux.types.money import Condition

_SIZE = re.compile(r"\s*(\d+)\s*[x×*]\s*(\d+)\s*", re.IGNORECASE)

AREAS: dict[str, int] = {
    "240p": 426 * 240, "360p": 640 * 360, "480p": 854 * 480, "512p": 910 * 512, "540p": 960 * 540, "580p": 1_032 * 580,
    "720p": 1_280 * 720, "768p": 1_366 * 768, "1080p": 1_920 * 1_080, "1440p": 2_560 * 1_440, "2160p": 3_840 * 2_160,
    "0.5k": 512 * 512, "1k": 1_024 * 1_024, "2k": 2_048 * 2_048, "4k": 4_096 * 4_096,
}  # fmt: skip
"""Pixels by the name of a resolution; wide formats have up to a third more, and portraits as many."""

WIDEST = Decimal("1.34")
"""How many times the pixels of 16:9 a format of 21:9 has, at the same height."""

SYNONYMS = tuple(
    frozenset(names) for names in (("4320p", "8k"), ("2160p", "4k"), ("1440p", "2k"), ("1024", "1k"), ("512", "0.5k"))
)
"""Names of the same resolution."""

Names = frozenset[Condition]
"""Names of one value."""


class Span(NamedTuple):
    """A number that lies between two; `high` is None when it has no bound, and `missing` says what would give one."""

    low: Decimal
    high: Decimal | None
    missing: tuple[str, ...] = ()


class Facts:
    """What the given values, the defaults and ranges of parameters, and what follows from these say."""

    def __init__(self, given: Mapping[str, Any], params: Mapping[str, Param]) -> None:
        self._given = {name: value for name, value in given.items() if value is not None and value != "auto"}
        self._hidden = {name for name, value in given.items() if value is None and name in MEASURES}
        self._params = params
        self._numbers: dict[str, Span] = {}
        self._measure_text()
        self._measure_size()

    def number(self, name: str) -> Span:
        """One number: as given, as the default says, or within its range."""
        span = self._numbers.get(name)
        if span is None:
            span = self._numbers[name] = self._find(name)
        return span

    def told(self, name: str) -> tuple[Names, ...] | None:
        """The values that a condition may have, each with its names; None when nothing is known."""
        values = self._values(name)
        if values is None and name == "size" and (sides := self._sides()) is not None:
            values = (f"{sides[0]}x{sides[1]}",)
        return None if values is None else tuple(_names(name, value) for value in values)

    def guessed(self, name: str) -> Names:
        """Names that a condition may have when the size is all that is known; whether it is billed by them, nobody said."""
        size = self._sides()
        if size is None or name != "resolution":
            return frozenset()
        width, height = size
        area = width * height
        kilo = next((kilo for kilo, most in _KILOS if area <= most), "8k")
        return _names(name, f"{min(size)}p") | _names(name, kilo) | {str(min(size))}

    def _values(self, name: str) -> tuple[Any, ...] | None:
        if name in self._given:
            return (self._given[name],)
        param = self._params.get(name)
        if param is None or param.type == "array":
            return None
        if param.default is not None and param.default != "auto":
            return (param.default,)
        chosen = tuple(choice for choice in param.choices if choice != "auto")
        return chosen if chosen and len(chosen) == len(param.choices) else None

    def _find(self, name: str) -> Span:
        if name in self._hidden:
            return Span(Decimal(0), None, (name,))
        values = self._values(name)
        if values is not None:
            numbers = [
                Decimal(str(value)) for value in values if not isinstance(value, bool | str) or _is_number(value)
            ]
            if numbers:
                return Span(min(numbers), max(numbers))
        param = self._params.get(name)
        if param is None or param.max is None or param.type not in ("integer", "number"):
            return Span(Decimal(0), None, (name,))
        return Span(Decimal(str(param.min or 0)), Decimal(str(param.max)))

    def _measure_text(self) -> None:
        text = self._given.get("prompt")
        if isinstance(text, str):
            self._given.setdefault("characters", len(text))
            self._given.setdefault("prompt_bytes", len(text.encode("utf-8", "surrogatepass")))
            self._given.setdefault("text_bytes", self._given["prompt_bytes"] + AROUND)
        letters = self._given.get("characters")
        if isinstance(letters, int) and "text_bytes" not in self._given and "text_bytes" not in self._hidden:
            self._numbers["text_bytes"] = Span(Decimal(letters), Decimal(letters * LONGEST_LETTER + AROUND))

    def _measure_size(self) -> None:
        if "pixels" in self._given or "pixels" in self._hidden:
            return
        if (sides := self._sides()) is not None:
            area = Decimal(sides[0] * sides[1])
            self._numbers["pixels"] = Span(area, area)
            return
        areas = [*_areas_of(self._values("size") or ())]
        if not areas:
            areas = [*_areas_of(self._values("resolution") or ())]
        if areas:
            self._numbers["pixels"] = Span(min(low for low, _ in areas), max(high for _, high in areas))

    def _sides(self) -> tuple[int, int] | None:
        """Width and height, where both are given."""
        width, height = self._given.get("width"), self._given.get("height")
        if isinstance(width, int) and isinstance(height, int):
            return width, height
        for name in ("size", "resolution"):
            values = self._values(name)
            if values is not None and len(values) == 1 and (found := _SIZE.fullmatch(str(values[0]))):
                return int(found[1]), int(found[2])
        return None


AROUND = 16
"""Tokens that a template adds around a prompt at most."""

PART, SHORTEST_PART = 500, 244
"""Bytes of a question and a document that are certainly one part, and of a document alone with the longest question."""

LONGEST_LETTER = 4
"""Bytes of a character in UTF-8."""

_KILOS = (("0.5k", 600_000), ("1k", 2_000_000), ("2k", 6_500_000), ("4k", 26_000_000))
"""What counts as which resolution of a picture, by its pixels at most."""


def _names(name: str, value: Any) -> Names:
    """All names of a value."""
    if isinstance(value, bool):
        return frozenset({value})
    told = plain(value) if isinstance(value, str) else value
    if name == "resolution":
        spelt = {str(told), f"{told}p"} if str(told).isdigit() else {str(told)}
        return frozenset(spelt).union(*(same for same in SYNONYMS if not spelt.isdisjoint(same)))
    if name == "size":
        return frozenset({re.sub(r"\s*[×*]\s*", "x", str(told))})
    return frozenset({told})


def _areas_of(values: Iterable[Any]) -> Iterable[tuple[Decimal, Decimal]]:
    for value in values:
        if found := _SIZE.fullmatch(str(value)):
            area = Decimal(int(found[1]) * int(found[2]))
            yield area, area
        for told in _names("resolution", value):
            if told in AREAS:
                yield Decimal(AREAS[str(told)]) * 3 / 4, Decimal(AREAS[str(told)]) * WIDEST


def _is_number(value: object) -> bool:
    return isinstance(value, str) and value.replace(".", "", 1).isdigit()
