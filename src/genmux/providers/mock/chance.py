"""Chance without a random number generator: every number is a hash of a seed and a counter."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_SPAN = 1 << 64


def number(*keys: object) -> int:
    """A number of 64 bits that depends on nothing but `keys`."""
    return int.from_bytes(hashlib.blake2b(repr(keys).encode("utf-8", "replace"), digest_size=8).digest(), "big")


def fraction(*keys: object) -> float:
    """A number from 0 up to, but not including, 1 that depends on nothing but `keys`."""
    return number(*keys) / _SPAN


class Chance:
    """A row of numbers that is the same for the same seed."""

    def __init__(self, seed: object) -> None:
        self._seed = seed
        self._counter = 0

    def below(self, limit: int) -> int:
        """The next whole number from 0 up to, but not including, `limit`."""
        self._counter += 1
        return number(self._seed, self._counter) % limit

    def fraction(self) -> float:
        """The next number from 0 up to, but not including, 1."""
        self._counter += 1
        return fraction(self._seed, self._counter)

    def pick(self, choices: Sequence[T]) -> T:
        """The next choice among `choices`."""
        return choices[self.below(len(choices))]
