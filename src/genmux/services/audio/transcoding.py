"""Which stages lead from one format to another."""

from typing import cast

import numpy as np

from genmux.services.audio.containers import OF_ENCODING, WRITERS, written_rate
from genmux.services.audio.g711 import Law
from genmux.services.audio.resampler import Resampler
from genmux.services.audio.stages import Chain, FromLaw, Mix, Stage, ToLaw, Whole
from genmux.services.audio.wave_decoding import WaveDecodingStage
from genmux.services.audio.waves import WaveStream
from genmux.types.audio import AudioFormat
from genmux.types.errors import AudioError

LAWS = frozenset({"pcmu", "pcma"})
RATES = (4_000, 384_000)
"""In Hz, the least and the most."""


class ResamplingStage(Resampler):
    """A resampler as a stage."""

    def close(self) -> bytes:
        """The last bytes."""
        return self.flush()


def transcoder(source: AudioFormat, target: AudioFormat) -> Chain:
    """Writes sound of one format in another, piece by piece. Raises AudioError for what nobody can write."""
    check(source)
    check(target)
    return Chain([*_to_samples(source, target), *_from_samples(target)])


def check(format_: AudioFormat) -> None:
    """Raise AudioError for a rate that no sound has, or more channels than are written."""
    least, most = RATES
    if not least <= format_.sample_rate <= most:
        raise AudioError(
            f"a sample rate of {format_.sample_rate} Hz is not accepted; {least} to {most} are", param="sample_rate"
        )
    if format_.channels not in (1, 2):
        raise AudioError(f"{format_.channels} channels are not accepted; 1 and 2 are", param="channels")


def sample_rate_of(target: AudioFormat) -> int:
    """The rate at which a format is really written."""
    return written_rate(target.encoding, target.sample_rate)


def samples_to(target: AudioFormat) -> Chain:
    """Writes samples of 16 bits at its rate and with its channels."""
    return Chain(_from_samples(target))


def samples_from(source: AudioFormat) -> Chain:
    """Reads samples of 16 bits out of a format, at its own rate."""
    return Chain(_to_samples(source, source))


def faded(samples: bytes, format_: AudioFormat, seconds: float) -> bytes:
    """Samples of 16 bits that begin and end in silence, so that nothing clicks where they meet others."""
    sound = np.frombuffer(samples, np.int16).reshape(-1, format_.channels)
    length = min(int(seconds * format_.sample_rate), len(sound) // 2)
    if length < 1:
        return samples
    sound = sound.copy()
    ramp = (0.5 - 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / length))[:, None]
    sound[:length] = (sound[:length] * ramp).astype(np.int16)
    sound[-length:] = (sound[-length:] * ramp[::-1]).astype(np.int16)
    return sound.tobytes()


def _to_samples(source: AudioFormat, target: AudioFormat) -> list[Stage]:
    """Samples of 16 bits with the rate and channels of the target."""
    rate = sample_rate_of(target)
    if source.encoding == "wav":
        return [WaveDecodingStage(lambda told: _from_wave(told, target))]
    if not source.is_raw:
        from genmux.services.audio.stream_decoding import DecodingStage

        return [DecodingStage(OF_ENCODING[source.encoding], rate, target.channels)]
    stages: list[Stage] = [Whole(source.sample_bytes)]
    if source.encoding in LAWS:
        stages.append(FromLaw(cast("Law", source.encoding)))
    fewer = min(source.channels, target.channels)
    if source.channels > fewer:
        stages.append(Mix(source.channels, fewer))
    if source.sample_rate != rate:
        stages.append(ResamplingStage(source.sample_rate, rate, channels=fewer))
    if target.channels > fewer:
        stages.append(Mix(fewer, target.channels))
    return stages


def _from_wave(told: AudioFormat, target: AudioFormat) -> Chain:
    check(told)
    return Chain(_to_samples(told, target))


def _from_samples(target: AudioFormat) -> list[Stage]:
    rate = sample_rate_of(target)
    if target.encoding in LAWS:
        return [ToLaw(cast("Law", target.encoding))]
    if target.encoding == "wav":
        return [WaveStream(rate, target.channels)]
    if target.encoding in WRITERS:
        from genmux.services.audio.encoding import EncodingStage

        return [EncodingStage(target.encoding, rate, target.channels)]
    return []
