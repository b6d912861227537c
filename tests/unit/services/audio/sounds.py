"""Sounds that tests make."""

import numpy as np

from genmux.types.audio import AudioEncoding, AudioFormat


def tone(seconds: float = 1.0, *, rate: int = 24_000, hertz: float = 440.0, loud: float = 0.25) -> bytes:
    times = np.arange(int(seconds * rate)) / rate
    return (np.sin(2 * np.pi * hertz * times) * loud * 32_767).astype("<i2").tobytes()


def silence(seconds: float, *, rate: int = 24_000) -> bytes:
    return bytes(2 * int(seconds * rate))


def form(encoding: AudioEncoding = "pcm", rate: int = 24_000, channels: int = 1) -> AudioFormat:
    return AudioFormat(encoding=encoding, sample_rate=rate, channels=channels)


def samples(data: bytes) -> np.ndarray:
    return np.frombuffer(data, "<i2").astype(np.float64)


def pitch(data: bytes, rate: int = 24_000) -> float:
    sound = samples(data)
    return float(np.argmax(np.abs(np.fft.rfft(sound * np.hanning(len(sound))))) * rate / len(sound))
