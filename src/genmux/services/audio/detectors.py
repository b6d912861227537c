"""How likely it is that a frame of sound is speech: by the model Silero VAD, or by how loud it is."""

import functools
import hashlib
import importlib.util
import math
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from genmux.services.audio.vad import FRAME

SHA256 = "4cbf549b8326f60f80f2536d9eefeb450a9abe83365a098031c89719f1be17d2"
"""Of Silero VAD 6 (MIT), as faster-whisper 1.2.1 brings it."""

CONTEXT = 64
"""Samples of the frame before that the model hears again."""

_STATE = (1, 1, 128)

Samples = npt.NDArray[np.float32]


class Detector(Protocol):
    """Hears frames of one voice after the other."""

    def likelihood(self, frame: Samples) -> float:
        """How likely it is that these 512 samples, between -1 and 1, are speech: 0 to 1."""
        ...

    def reset(self) -> None:
        """Forget what was heard."""
        ...


class SileroDetector:
    """Hears with the model, which all share; what was heard before is its own."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.reset()

    def likelihood(self, frame: Samples) -> float:
        """How likely it is speech."""
        given = np.concatenate([self._context, frame])[None, :]
        output, self._h, self._c = self._session.run(None, {"input": given, "h": self._h, "c": self._c})
        self._context = frame[-CONTEXT:]
        return float(output.reshape(-1)[0])

    def reset(self) -> None:
        """Forget what was heard."""
        self._h = np.zeros(_STATE, np.float32)
        self._c = np.zeros(_STATE, np.float32)
        self._context = np.zeros(CONTEXT, np.float32)


class LevelDetector:
    """Takes for speech what is clearly louder than the silence before it. Noises are speech to it."""

    ABOVE = 12.0
    """Decibels above the noise that are as likely speech as not."""

    FAINTEST = -55.0
    """Decibels; what is fainter is never speech."""

    RISE = 0.05
    """Decibels by which the noise is taken to rise with each frame that is louder."""

    def __init__(self) -> None:
        self.reset()

    def likelihood(self, frame: Samples) -> float:
        """How likely it is speech."""
        level = 10 * math.log10(float(np.mean(np.square(frame))) + 1e-10)
        self._noise = level if level < self._noise else self._noise + self.RISE
        if level < self.FAINTEST:
            return 0.0
        return 1 / (1 + math.exp(-(level - max(self._noise, self.FAINTEST) - self.ABOVE) / 2))

    def reset(self) -> None:
        """Forget what was heard."""
        self._noise = -40.0


def detector() -> Detector:
    """The best that there is on this machine."""
    session = _silero()
    return LevelDetector() if session is None else SileroDetector(session)


@functools.cache
def _silero() -> Any:
    """The model in memory; None where it, or what runs it, is not installed, or is another one."""
    found = importlib.util.find_spec("faster_whisper")
    if found is None or found.origin is None or importlib.util.find_spec("onnxruntime") is None:
        return None
    path = Path(found.origin).parent / "assets" / "silero_vad_v6.onnx"
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        return None
    import onnxruntime

    settings: Any = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    settings.enable_cpu_mem_arena = False
    settings.log_severity_level = 4
    return onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])


class Ear:
    """Hears samples of 16 bits, 16,000 a second, in pieces of any length, and tells how likely each frame is speech."""

    def __init__(self, own: Detector | None = None) -> None:
        self._detector = detector() if own is None else own
        self._rest = b""

    def feed(self, data: bytes) -> list[float]:
        """The likelihood of each frame that is complete."""
        data = self._rest + data
        whole = len(data) - len(data) % (2 * FRAME)
        self._rest = data[whole:]
        frames = np.frombuffer(data[:whole], "<i2").astype(np.float32).reshape(-1, FRAME) / 32_768
        return [self._detector.likelihood(frame) for frame in frames]

    def reset(self) -> None:
        """Forget what was heard."""
        self._rest = b""
        self._detector.reset()
