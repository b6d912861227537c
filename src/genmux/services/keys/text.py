"""The text of a key: `gmx_`, chance, and six characters that tell whether one was lost on the way."""

import hashlib
import zlib

PREFIX = "gmx_"
SHOWN = 12
"""So many characters of a key are kept, by which people recognize it."""

_CHECK = 6
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def key_text(chance: str) -> str:
    """A key made of chance, which must be at least 32 characters that may stand in a URL."""
    return f"{PREFIX}{chance}{_check(chance)}"


def is_whole(text: str) -> bool:
    """Whether a key has its check right; one that was not made here has none, and is not whole."""
    body = text.removeprefix(PREFIX)
    return text.startswith(PREFIX) and len(body) > _CHECK and _check(body[:-_CHECK]) == body[-_CHECK:]


def digest_of(text: str) -> bytes:
    """What is kept of a key: SHA-256. Chance of 256 bits needs no slow hash, for nobody can try all of them."""
    return hashlib.sha256(text.encode()).digest()


def _check(chance: str) -> str:
    number = zlib.crc32(chance.encode())
    digits: list[str] = []
    for _ in range(_CHECK):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(digits)
