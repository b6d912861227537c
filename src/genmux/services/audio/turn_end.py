"""Has somebody finished, or only paused? Told by how it sounded, with the model Smart Turn 3.2 (BSD-2-Clause).

It is often right and sometimes not: what ends a turn in the end is silence.
"""

from pathlib import Path
from typing import Any

import numpy as np

from genmux.services.audio.mel import RATE, loudness_of_bands
from genmux.types.errors import ConfigurationError

HEARD = 8
"""Seconds before the pause that the model hears; what is shorter begins with silence."""


class TurnEnd:
    """The model in memory. Raises ConfigurationError where it, or what runs it, is not there."""

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        if not path.is_file():
            message = f"there is no model at {path}: run `genmux local install smart-turn`"
            raise ConfigurationError(message)
        try:
            import onnxruntime
        except ImportError as error:
            message = f"turns need the package onnxruntime: pip install 'genmux[voice]' ({error})"
            raise ConfigurationError(message) from error
        settings: Any = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = threads
        settings.inter_op_num_threads = 1
        settings.log_severity_level = 3
        try:
            self._session: Any = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
        except Exception as error:  # the library raises errors of its own, without a class in common
            message = f"{path} cannot be loaded: {error}; run `genmux local remove smart-turn`, then install"
            raise ConfigurationError(message) from error

    def likelihood(self, data: bytes) -> float:
        """How likely it is that the turn is over, 0 to 1, after these samples of 16 bits, 16,000 a second.

        It computes for a tenth of a second or so; call it in a thread.
        """
        sound = np.frombuffer(data[: len(data) // 2 * 2], "<i2")[-HEARD * RATE :].astype(np.float32) / 32_768
        whole = np.zeros(HEARD * RATE, np.float32)
        whole[len(whole) - len(sound) :] = sound
        (output,) = self._session.run(None, {"input_features": loudness_of_bands(whole)[None]})
        return float(output.reshape(-1)[0])
