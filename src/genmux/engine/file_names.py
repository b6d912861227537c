"""What a file is called, by the headers that it came with or by its address: a plain name, never a path."""

import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

LONGEST = 120
"""Characters."""

_EXTENDED = re.compile(r"(?i)(?:^|;)\s*filename\*\s*=\s*(utf-8|iso-8859-1)'[^']*'([^;\s]+)")
_QUOTED = re.compile(r'(?i)(?:^|;)\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"')
_TOKEN = re.compile(r"(?i)(?:^|;)\s*filename\s*=\s*([^;\s\"]+)")
_UNPLAIN = re.compile(r'[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff<>:"|?*]+')


def name_of(headers: Mapping[str, str], url: str) -> str | None:
    """The name that a reply gives its file, else the last part of its address; None when there is none."""
    told = _told(headers.get("content-disposition", ""))
    if told is not None and (name := plain_name(told)):
        return name
    last = urlsplit(url).path.rpartition("/")[2]
    return plain_name(unquote(last, errors="replace"))


def plain_name(text: str) -> str | None:
    """A name without folders, control characters and what file systems do not like; None when nothing is left of it."""
    last = text.replace("\\", "/").rpartition("/")[2]
    name = _UNPLAIN.sub(" ", last).strip(" .")
    if len(name) > LONGEST:
        stem, dot, ending = name.rpartition(".")
        keep = dot + ending if stem and len(ending) <= 10 else ""
        name = (stem if keep else name)[: LONGEST - len(keep)].strip(" .") + keep
    return name or None


def _told(disposition: str) -> str | None:
    """RFC 6266: the extended form before the plain one."""
    if found := _EXTENDED.search(disposition):
        return unquote(found[2], encoding=found[1], errors="replace")
    if found := _QUOTED.search(disposition):
        return re.sub(r"\\(.)", r"\1", found[1])
    if found := _TOKEN.search(disposition):
        return found[1]
    return None
