"""Cuts text where it can be cut without being heard: at the ends of sentences, else of clauses, else of words."""

import re
from collections.abc import Iterator

_ENDS = (
    re.compile("(?<=[.!?…。！？])[\"')\\]”’»]*\\s+|\\n\\s*\\n|(?<=[。！？])"),  # noqa: RUF001 — full stops of East Asia
    re.compile("(?<=[,;:—–、，；：])\\s*"),  # noqa: RUF001
    re.compile(r"\s+"),
)
"""Ends of sentences (and paragraphs), of clauses, of words: the earlier kind is preferred."""


def pieces_of(text: str, most: int) -> Iterator[str]:
    """The text in pieces of at most so many characters, none of them empty; what has no gap is cut anywhere."""
    rest = text.strip()
    while len(rest) > most:
        at = _cut(rest, most)
        head, rest = rest[:at].strip(), rest[at:].strip()
        if head:
            yield head
    if rest:
        yield rest


def _cut(text: str, most: int) -> int:
    for kind in _ENDS:
        ends = [found.end() for found in kind.finditer(text, 0, most + 1) if 0 < found.end() <= most]
        if ends:
            return ends[-1]
    return most
