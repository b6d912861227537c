"""Names, and vectors as base64: the bytes of 32-bit floats, least significant byte first (of 8-bit integers at Perplexity)."""

import base64
import binascii
import sys
from array import array
from collections.abc import Iterable
from typing import Any, Final, Literal

import msgspec

NAME: Final = "openai_embeddings"
"""By which the dialect is named, in manifests and in `dialect` fields."""

EncodingFormat = Literal["float", "base64"]
Numbers = Literal["float32", "int8"]

_CODES: dict[str, str] = {"float32": "f", "int8": "b"}

OBJECT: "msgspec.json.Decoder[dict[str, Any]]" = msgspec.json.Decoder(dict[str, Any])


def read_vector(given: Any, numbers: Numbers = "float32") -> tuple[float, ...] | None:
    """A vector that came as numbers or as base64; None when it is neither."""
    match given:
        case str():
            return _unpacked(given, numbers)
        case list() if all(type(number) in (float, int) for number in given):
            return tuple(given)
        case _:
            return None


def pack(vector: Iterable[float]) -> str:
    """A vector as base64."""
    numbers = array("f", vector)
    if sys.byteorder == "big":
        numbers.byteswap()
    return base64.b64encode(numbers.tobytes()).decode()


def _unpacked(packed: str, kind: Numbers) -> tuple[float, ...] | None:
    numbers = array(_CODES[kind])
    try:
        numbers.frombytes(base64.b64decode(packed, validate=True))
    except (binascii.Error, ValueError):
        return None
    if sys.byteorder == "big":
        numbers.byteswap()
    return tuple(numbers)
