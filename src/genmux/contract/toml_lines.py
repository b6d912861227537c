"""Finds the line of a TOML text to which a complaint about a key belongs."""

import re

_PLACE = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_UNKNOWN = re.compile(r"unknown field `(?P<key>[^`]+)`")
_VALUE = re.compile(r"value '(?P<value>[^']+)'")
_TABLE = re.compile(r"^\s*\[+(?P<name>[^\]]+)\]+")
_ANY = "*"
"""Stands for a key that the complaint leaves open: msgspec writes `features[...]`."""


def describe(source: str, text: str, complaint: str) -> str:
    """Put file, key and line before a complaint of msgspec or of our own."""
    place = _PLACE.search(complaint)
    path = _split(place["path"].replace("[...]", f".{_ANY}")) if place else []
    if unknown := _UNKNOWN.search(complaint):
        path.append(unknown["key"])
    value = _VALUE.search(complaint)
    message = _PLACE.sub("", complaint)
    key = ".".join(path).removesuffix(f".{_ANY}") or "the file"
    line = _line_of(text, path, value["value"] if value else "")
    return f"{source}:{line}: {key}: {message}" if line else f"{source}: {key}: {message}"


def _line_of(text: str, path: list[str], value: str) -> int | None:
    """The line that sets the longest known beginning of `path`; of several the first one that holds `value`."""
    best, rank, table = None, (0, False), list[str]()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _TABLE.match(line):
            table = _split(header["name"])
            here = table
        elif "=" in line and not line.lstrip().startswith("#"):
            here = [*table, *_split(line.split("=", 1)[0].strip())]
        else:
            continue
        found = (len(here), value in line)
        if _begins(path, here) and found > rank:
            best, rank = number, found
    return best


def _begins(path: list[str], here: list[str]) -> bool:
    """Whether a line's key is a beginning of the path; an open part of the path fits any key."""
    return len(here) <= len(path) and all(open_ in (_ANY, key) for open_, key in zip(path, here, strict=False))


def _split(dotted: str) -> list[str]:
    return [key.strip("\"'") for key in re.findall(r'"[^"]*"|\'[^\']*\'|[^.\s]+', dotted)]
