"""Writes whole sounds, with heads that say how long they are."""

from collections.abc import Iterable
from typing import BinaryIO

from genmux.services.audio.containers import WRITERS
from genmux.services.audio.transcoding import LAWS, sample_rate_of, samples_to
from genmux.services.audio.waves import HEAD, wave_head
from genmux.types.audio import AudioFormat


def write(samples: Iterable[bytes], target: AudioFormat, file: BinaryIO) -> float:
    """Write samples of 16 bits, at the rate at which the target is written, and say how many seconds they are."""
    rate, size = sample_rate_of(target), 0
    if target.encoding in WRITERS:
        from genmux.services.audio.encoding import Writing

        writing = Writing(file, WRITERS[target.encoding], rate, target.channels, streamed=False)
        for piece in samples:
            writing.write(piece)
            size += len(piece)
        writing.close()
        return _seconds(size, rate, target.channels)
    if target.encoding == "wav":
        file.write(bytes(HEAD))
    law = samples_to(target) if target.encoding in LAWS else None
    for piece in samples:
        file.write(piece if law is None else law.feed(piece))
        size += len(piece)
    if target.encoding == "wav":
        file.seek(0)
        file.write(wave_head(rate, target.channels, size))
        file.seek(0, 2)
    return _seconds(size, rate, target.channels)


def _seconds(size: int, rate: int, channels: int) -> float:
    return size / (2 * channels * rate)
