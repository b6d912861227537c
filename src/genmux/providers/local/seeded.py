"""Numbers that depend on nothing but their keys: the same seed gives the same picture."""

import hashlib

_SPAN = 1 << 64


def number(*keys: object) -> int:
    """A number of 64 bits."""
    return int.from_bytes(hashlib.blake2b(repr(keys).encode("utf-8", "replace"), digest_size=8).digest(), "big")


def fraction(*keys: object) -> float:
    """A number from 0 up to, but not including, 1."""
    return number(*keys) / _SPAN
