"""Finds the line of a TOML text to which a complaint about a key belongs."""

import re
from collections.abc import Iterator

_PLACE = re.compile(r" - at (?:`key` in )?`\$\.?(?P<path>[^`]*)`$")
_UNKNOWN = re.compile(r"unknown field `(?P<key>[^`]+)`")
_VALUE = re.compile(r"value '(?P<value>[^']+)'")
_TABLE = re.compile(r"^\s*(?P<opening>\[\[?)(?P<name>[^\]]+)\]")
_KEY = re.compile(r'"[^"]*"|\'[^\']*\'|\[\d+\]|[^.\s\[]+')
_ANY = "*"
"""Stands for a key that msgspec leaves open: it writes `features[...]`. Items of a list are keys such as `[0]`."""


def describe(source: str, text: str, complaint: str) -> str:
    """Put file, key and line before a complaint of msgspec or of our own."""
    place = _PLACE.search(complaint)
    path = _split(place["path"].replace("[...]", f".{_ANY}")) if place else []
    if unknown := _UNKNOWN.search(complaint):
        path.append(unknown["key"])
    value = _VALUE.search(complaint)
    message = _PLACE.sub("", complaint)
    line, keys = _line_of(text, path, value["value"] if value else "")
    key = ".".join(key for key in keys if key != _ANY).replace(".[", "[") or "the file"
    return f"{source}:{line}: {key}: {message}" if line else f"{source}: {key}: {message}"


def _line_of(text: str, path: list[str], value: str) -> tuple[int | None, list[str]]:
    """The line that sets the longest known beginning of `path`, of several the first one that holds `value`; and the whole key."""
    best, keys, rank = None, path, (0, False)
    for number, line, here in _keys(text):
        found = (len(here), value in line)
        if _begins(path, here) and found > rank:
            best, keys, rank = number, [*here, *path[len(here) :]], found
    return best, keys


def _keys(text: str) -> Iterator[tuple[int, str, list[str]]]:
    """Every line that sets a key or opens a table: its number, the line, the whole key."""
    table: list[str] = []
    rows: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _TABLE.match(line):
            name = header["name"]
            if header["opening"] == "[[":
                rows[name] = rows.get(name, -1) + 1
            table = _split(_with_rows(name, rows))
            yield number, line, table
        elif "=" in line and not line.lstrip().startswith("#"):
            yield number, line, [*table, *_split(line.split("=", 1)[0])]


def _with_rows(name: str, rows: dict[str, int]) -> str:
    """A table's name with the numbers of the rows it stands in: `[[a]]` opens `a[0]`, then `a[1]`; `[a.b]` is in the latest."""
    for array, row in rows.items():
        if name == array or name.startswith(f"{array}."):
            return f"{array}[{row}]{name.removeprefix(array)}"
    return name


def _begins(path: list[str], here: list[str]) -> bool:
    """Whether a line's key is a beginning of the path; an open part of the path fits any key."""
    return len(here) <= len(path) and all(key in (_ANY, own) for key, own in zip(path, here, strict=False))


def _split(dotted: str) -> list[str]:
    return [key.strip("\"'") for key in _KEY.findall(dotted)]
