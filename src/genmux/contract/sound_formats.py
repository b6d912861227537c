"""Formats of sound as a table: which encodings there are, and at which rates."""

from collections.abc import Mapping, Sequence

from genmux.types.audio import AudioEncoding, AudioFormat


def formats(rates: Mapping[AudioEncoding, Sequence[int]], *, frame_ms: int = 20) -> tuple[AudioFormat, ...]:
    """The formats that a provider takes or makes, by their rates in Hz; the best of each encoding first."""
    return tuple(
        AudioFormat(encoding=encoding, sample_rate=rate, frame_ms=frame_ms)
        for encoding, some in rates.items()
        for rate in some
    )
