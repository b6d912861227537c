"""Cuts an answer into what can be spoken while the rest is still being written: a short first piece, then sentences."""

import re

FIRST = 6
"""Characters after which the first piece may already end at a comma, so that something is heard soon."""

BREATHS: tuple[tuple[int, str], ...] = (
    (16, "and|or|but|because|that|which|who|where|when|while|if|so"),
    (28, "to|from|in|on|at|of|with|for|as|by|about|into|like"),
)
"""After so many characters the first piece may end before one of these words, too: there one can breathe. In languages whose words
are not here it ends at signs alone."""

LONGEST = 220
"""Characters after which a piece ends at the next gap, whatever comes."""

_SENTENCE = re.compile("[.!?…。！？]+[\"')\\]”’»]*(?=\\s|$)|\\n+")  # noqa: RUF001 — full stops of East Asia
_CLAUSE = re.compile("[,;:—–、，；：](?=\\s)")  # noqa: RUF001
_BREATHS = [(least, re.compile(rf"\s(?=(?:{words})\s)")) for least, words in BREATHS]
_NUMBER = re.compile(r"\d\.$")
_MARKS = re.compile(r"[*_`#>|~]+|\[([^\]]*)\]\([^)]*\)")


class Clauses:
    """Takes text as it comes, gives pieces as soon as they are complete."""

    def __init__(self) -> None:
        self._rest = ""
        self._given = 0

    def feed(self, text: str) -> list[str]:
        """The pieces that are complete now."""
        self._rest += text
        found: list[str] = []
        while (at := self._end()) is not None:
            piece, self._rest = self._rest[:at], self._rest[at:]
            if piece.strip():
                found.append(piece)
                self._given += 1
        return found

    def close(self) -> list[str]:
        """What is left at the end."""
        rest, self._rest = self._rest, ""
        return [rest] if rest.strip() else []

    def _end(self) -> int | None:
        ends = [one for one in (self._sentence(), self._first_clause()) if one is not None]
        if ends:
            return min(ends)
        rest = self._rest
        if len(rest) <= LONGEST:
            return None
        gap = rest.rfind(" ", 0, LONGEST)
        return gap + 1 if gap > 0 else LONGEST

    def _sentence(self) -> int | None:
        rest = self._rest
        for match in _SENTENCE.finditer(rest):
            open_end = match.end() == len(rest) and not match[0].startswith("\n")  # a digit may follow, or a second dot
            if not open_end and not _NUMBER.search(rest[: match.end()]):
                return match.end()
        return None

    def _first_clause(self) -> int | None:
        if self._given:
            return None
        found = [_CLAUSE.search(self._rest, FIRST), *(gap.search(self._rest, least) for least, gap in _BREATHS)]
        return min((one.end() for one in found if one is not None), default=None)


def speakable(text: str) -> str:
    """Text without the marks of Markdown, which nobody wants to hear."""
    return " ".join(_MARKS.sub(lambda found: found[1] or "", text).split())
