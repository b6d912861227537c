"""Writes a text that matches a regular expression, for the `pattern` of a JSON Schema."""

import re
import string
from collections.abc import Callable

from genmux.providers.mock.chance import Chance

Node = Callable[[Chance, int], str]
"""Writes one matching text; the number says how much longer than need be repetitions shall become."""

_GROWTHS = (0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233)
_PRINTABLE = "".join(sorted(string.ascii_letters + string.digits + string.punctuation + " "))
_WORD = string.ascii_letters + string.digits + "_"
_CLASSES = {
    "d": string.digits,
    "w": _WORD,
    "s": " ",
    "D": "".join(sign for sign in _PRINTABLE if sign not in string.digits),
    "W": "".join(sign for sign in _PRINTABLE if sign not in _WORD),
    "S": _PRINTABLE.replace(" ", ""),
}
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r"}
_GROUP_OPENINGS = re.compile(r"\(\?(?::|P?<(?![=!])\w+>)|\((?!\?)")
_COUNT = re.compile(r"\{(\d+)(,?)(\d*)\}")
_QUANTIFIERS = {"*": (0, None), "+": (1, None), "?": (0, 1)}


class _NotUnderstoodError(ValueError):
    """A construct that this little reader does not know."""


def matching(pattern: str, chance: Chance, *, shortest: int = 0, longest: int | None = None) -> str | None:
    """A text that matches `pattern` and has from `shortest` to `longest` characters.

    None when none was found: look-around, back references and Unicode classes are not understood.
    """
    try:
        write = _Reader(pattern).whole()
        compiled = re.compile(pattern)
    except (_NotUnderstoodError, re.error, IndexError):
        return None
    for growth in _GROWTHS:
        for _ in range(8):
            text = write(chance, growth)
            if "^" not in pattern and "$" not in pattern and len(text) < shortest:
                text = text.ljust(shortest, "x")
            if shortest <= len(text) and (longest is None or len(text) <= longest) and compiled.search(text):
                return text
    return None


class _Reader:
    """Reads a regular expression from left to right."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def whole(self) -> Node:
        node = self._alternatives()
        if self._at < len(self._pattern):
            raise _NotUnderstoodError(self._pattern)
        return node

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _take(self) -> str:
        self._at += 1
        return self._pattern[self._at - 1]

    def _alternatives(self) -> Node:
        branches = [self._sequence()]
        while self._peek() == "|":
            self._take()
            branches.append(self._sequence())
        return lambda chance, growth: chance.pick(branches)(chance, growth)

    def _sequence(self) -> Node:
        nodes: list[Node] = []
        while self._peek() not in ("", "|", ")"):
            nodes.append(self._repeated(self._atom()))
        return lambda chance, growth: "".join(node(chance, growth) for node in nodes)

    def _repeated(self, node: Node) -> Node:
        sign = self._peek()
        if sign in _QUANTIFIERS and sign:
            self._take()
            low, high = _QUANTIFIERS[sign]
        elif found := _COUNT.match(self._pattern, self._at):
            self._at = found.end()
            low = int(found[1])
            high = low if not found[2] else int(found[3]) if found[3] else None
        else:
            return node
        if self._peek() in ("?", "+"):
            self._take()

        def write(chance: Chance, growth: int) -> str:
            times = low + growth if high is None else min(high, low + growth)
            return "".join(node(chance, growth) for _ in range(times))

        return write

    def _atom(self) -> Node:
        if opening := _GROUP_OPENINGS.match(self._pattern, self._at):
            self._at = opening.end()
            inner = self._alternatives()
            if self._take() != ")":
                raise _NotUnderstoodError(self._pattern)
            return inner
        sign = self._take()
        match sign:
            case "(":
                raise _NotUnderstoodError(self._pattern)
            case "[":
                return _one_of(self._class())
            case "\\":
                return _one_of(self._escaped())
            case ".":
                return _one_of(string.ascii_letters)
            case "^" | "$":
                return _one_of("")
            case _:
                return _one_of(sign)

    def _escaped(self) -> str:
        sign = self._take()
        if sign in _CLASSES or sign in _CONTROLS:
            return _CLASSES.get(sign) or _CONTROLS[sign]
        if sign.isalnum():
            raise _NotUnderstoodError(self._pattern)
        return sign

    def _class(self) -> str:
        negated = self._peek() == "^"
        if negated:
            self._take()
        members: list[str] = []
        while self._peek() != "]" or not members:
            first = self._escaped() if (sign := self._take()) == "\\" else sign
            last = self._pattern[self._at + 1 : self._at + 2]
            if self._peek() == "-" and last not in ("]", "\\", "") and len(first) == 1:
                self._at += 2
                members += map(chr, range(ord(first), ord(last) + 1))
            else:
                members.append(first)
        self._take()
        signs = "".join(members)
        return "".join(sign for sign in _PRINTABLE if sign not in signs) if negated else signs


def _one_of(signs: str) -> Node:
    return lambda chance, _growth: chance.pick(signs) if signs else ""
