"""Who tells by sense whether somebody has finished: the model Smart Turn, in a thread."""

import asyncio
import functools
import os
from pathlib import Path

from genmux.flows.voice.cascade.ports import Judge
from genmux.providers.local.files import weights_folder
from genmux.providers.local.weights import WEIGHTS
from genmux.services.audio.turn_end import TurnEnd

ENOUGH = 0.5
"""So likely an end must be to be one, as in the model's own example."""


class SmartJudge:
    """Asks the model."""

    def __init__(self, model: TurnEnd) -> None:
        self._model = model

    async def finished(self, sound: bytes) -> bool:
        """Whether a turn is over after this sound, in 16-bit samples at 16 kHz."""
        return await asyncio.to_thread(self._model.likelihood, sound) >= ENOUGH


async def judge() -> Judge:
    """The model, loaded once. Raises ConfigurationError where it, or what runs it, is not there."""
    return SmartJudge(await asyncio.to_thread(_loaded, weights_folder(os.environ) / WEIGHTS["smart-turn"].file))


@functools.cache
def _loaded(path: Path) -> TurnEnd:
    return TurnEnd(path)
