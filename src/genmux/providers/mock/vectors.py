"""Embeddings without a model: texts that share words get vectors that are near each other."""

import hashlib
import math
import re
from collections.abc import Iterable

DIMENSIONS = 256
"""The length of a vector when the caller does not say."""

_WORD = re.compile(r"\w+")
_PLACES = 4
"""At how many places of the vector one word is found."""


def vector(text: str | tuple[int, ...], dimensions: int) -> tuple[float, ...]:
    """A vector of length 1 that is always the same for the same text."""
    words: Iterable[str] = _WORD.findall(text.lower()) if isinstance(text, str) else map(str, text)
    sums = [0.0] * dimensions
    for word in words:
        _add(sums, word, 1.0)
    _add(sums, repr(text), 0.125)  # what tells two texts of the same words apart
    length = math.sqrt(math.fsum(value * value for value in sums))
    if length == 0:
        return (1.0, *sums[1:])
    return tuple(value / length for value in sums)


def _add(sums: list[float], word: str, much: float) -> None:
    digest = hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=5 * _PLACES).digest()
    for start in range(0, len(digest), 5):
        place = int.from_bytes(digest[start : start + 4], "big") % len(sums)
        sums[place] += much if digest[start + 4] & 1 else -much
