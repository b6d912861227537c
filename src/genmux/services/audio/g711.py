"""G.711, the sound of telephones: eight bits a sample, by μ-law or A-law (ITU-T G.711, 11/1988)."""

from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt

Law = Literal["pcmu", "pcma"]

Samples = npt.NDArray[np.int16]

BIAS = 0x84
"""Added to a sample before μ-law takes its logarithm."""


def decoded(data: bytes, law: Law) -> Samples:
    """Samples of 16 bits."""
    return _values(law)[np.frombuffer(data, np.uint8)]


def encoded(samples: Samples, law: Law) -> bytes:
    """The nearest of the 256 values for each sample."""
    return _codes(law)[samples.view(np.uint16)].tobytes()


@cache
def _values(law: Law) -> Samples:
    """What each of the 256 codes means."""
    codes = np.arange(256, dtype=np.int32)
    values = _mu_values(codes ^ 0xFF) if law == "pcmu" else _a_values(codes ^ 0x55)
    return values.astype(np.int16)


def _mu_values(codes: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    exponent, mantissa = (codes >> 4) & 7, codes & 15
    size = (((mantissa << 3) + BIAS) << exponent) - BIAS
    return np.where(codes & 0x80, -size, size)


def _a_values(codes: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    exponent, mantissa = (codes >> 4) & 7, codes & 15
    low = (mantissa << 4) + 8
    size = np.where(exponent == 0, low, (low + 0x100) << np.maximum(exponent - 1, 0))
    return np.where(codes & 0x80, size, -size)


@cache
def _codes(law: Law) -> npt.NDArray[np.uint8]:
    """The code of each sample, by its 16 bits: the one whose value is nearest."""
    values = _values(law).astype(np.int32)
    order = np.argsort(values, kind="stable")
    known = values[order]
    samples = np.arange(65_536, dtype=np.uint32).astype(np.uint16).view(np.int16).astype(np.int32)
    middles = (known[1:] + known[:-1]) / 2
    return order[np.searchsorted(middles, samples)].astype(np.uint8)
