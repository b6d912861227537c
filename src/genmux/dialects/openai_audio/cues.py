"""Reads subtitles as segments, for hosts that were asked for them in place of JSON."""

import re
from collections.abc import Iterator

from genmux.types.timed_words import Segment

_CLOCK = r"(?:(\d+):)?(\d+):(\d+)[.,](\d{3})"
_TIMES = re.compile(rf"^{_CLOCK} --> {_CLOCK}[^\n]*\n(.*?)(?=\n\s*\n|\Z)", re.MULTILINE | re.DOTALL)
_ESCAPES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def is_subtitles(text: str) -> bool:
    """Whether a text is WebVTT or SubRip."""
    return text.startswith("WEBVTT") or re.match(rf"\s*\d+\s*\n{_CLOCK} --> ", text) is not None


def segments_of(text: str) -> Iterator[Segment]:
    """One segment for each cue, its lines joined."""
    web = text.startswith("WEBVTT")
    for found in _TIMES.finditer(text.replace("\r\n", "\n")):
        words = " ".join(found[9].split())
        for escape, sign in _ESCAPES if web else ():
            words = words.replace(escape, sign)
        yield Segment(text=words, start=_seconds(found, 1), end=_seconds(found, 5))


def _seconds(found: re.Match[str], first: int) -> float:
    hours, minutes, seconds, ms = (int(found[first + place] or 0) for place in range(4))
    return hours * 3_600 + minutes * 60 + seconds + ms / 1_000
