"""Speech with hibari: a small voice whose weights are in its package (Apache-2.0), through ONNX Runtime."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec

from genmux.contract.inputs import MediaRequest
from genmux.contract.local import Pause, Progress
from genmux.contract.model import Model
from genmux.providers.local.settings import VOICE_EXTRA, missing_extra, number
from genmux.providers.local.spoken_file import as_speech, write
from genmux.types.audio import AudioFormat
from genmux.types.errors import ConfigurationError, InvalidRequestError
from genmux.types.jobs import Completed
from genmux.types.parts import UsagePart, WarningPart
from genmux.types.speech import SpeechDelta, SpeechPart, SpeechRequest, SpeechStart
from genmux.types.usage import Usage
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

if TYPE_CHECKING:
    import numpy as np

SHA256 = "5f70741d4e900f4e85d0037498736cc1b3e1b9a63a13546a5da1e63abf4fccd8"
"""Of the voice in hibari-tts 0.2.1."""

VOICE = "heart"
"""The one whose weights are in the package. It would fetch its other voices from elsewhere, which nothing of ours does unasked."""

RATE = 24_000
"""Hz."""

LONGEST = 800
"""Characters that are turned into sounds at once; a sentence that is longer is cut between words."""

MOST_SOUNDS = 400
"""Phonemes that the model speaks at once, as in its own package."""

UNHEARD = ("instructions", "timestamps")
"""What of a request the model knows nothing of."""


class HibariEngine(msgspec.Struct, frozen=True):
    """Loads hibari."""

    isolation: ClassVar[Literal["process"]] = "process"

    def load(self, model: Model, options: dict[str, str]) -> "HibariModel":
        """Load it. Raises ConfigurationError when the package is missing or holds other weights."""
        try:
            import hibari
            from hibari.voices import voice_path
        except ImportError as error:
            raise missing_extra(error, VOICE_EXTRA) from error
        path = Path(voice_path(VOICE, download_missing=False))
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
            message = f"{path} does not hold the voice that genmux knows (hibari-tts 0.2.1): {VOICE_EXTRA}"
            raise ConfigurationError(message)
        library: Any = hibari
        voice = library.Hibari(voice=VOICE, threads=number(options, "threads", least=1) or 1)
        voice.phonemize("Ready.")  # reads its dictionaries
        return HibariModel(voice, model)


class HibariModel:
    """The voice in memory."""

    def __init__(self, voice: Any, model: Model) -> None:
        self._voice = voice
        self._model = model

    def run(self, request: SpeechRequest | MediaRequest) -> Iterator[SpeechPart | Pause | Progress | Completed]:
        """The sound, a sentence at a time; a job gets a file. Raises InvalidRequestError, also where nothing can be spoken."""
        if isinstance(request, MediaRequest):
            yield from write(self._speak(as_speech(request)), request)
        else:
            yield from self._speak(request)

    def _speak(self, request: SpeechRequest) -> Iterator[SpeechPart | Pause]:
        import numpy as np

        self._check_language(request)
        yield from map(WarningPart, self._warnings(request))
        chance = np.random.default_rng(request.seed)
        begun, size = False, 0
        for sounds in self._sounds(request.text):
            data = _samples(self._voice.from_ids(self._voice.ids(sounds), request.speed or 1.0, chance))
            if data and not begun:
                begun = True
                yield SpeechStart(format=AudioFormat(encoding="pcm", sample_rate=RATE))
            if data:
                size += len(data)
                yield SpeechDelta(data)
            yield Pause(0)
        if not begun:
            message = (
                f"nothing in `text` can be spoken by {self._model.reference}, which knows English words and numbers"
            )
            raise InvalidRequestError(message, param="text")
        seconds = round(size / (2 * RATE), 3)
        yield UsagePart(Usage(meters={"characters.input": len(request.text), "seconds.output.audio": seconds}))

    def _sounds(self, text: str) -> Iterator[str]:
        """What is spoken at once, in phonemes, one sentence after the other."""
        for sentence in self._voice.split_sentences(text):
            for piece in cut(sentence, LONGEST):
                for sounds in self._voice.phonemize(piece):
                    yield from (part for part in cut(sounds, MOST_SOUNDS) if any(map(str.isalpha, part)))

    def _check_language(self, request: SpeechRequest) -> None:
        language = (request.language or "en").lower()
        if language.split("-")[0] != "en":
            message = f"`language` is {request.language!r}; {self._model.reference} speaks English (en) only"
            raise InvalidRequestError(message, param="language")

    def _warnings(self, request: SpeechRequest) -> Iterator[Warning]:
        for name in UNHEARD:
            if getattr(request, name):
                yield Warning("unsupported", name, f"{self._model.reference} does without it")


def cut(text: str, most: int) -> Iterator[str]:
    """The text in pieces of at most so many letters, cut after a comma or between words, where there are any."""
    while len(text) > most:
        ends = [found.end() for found in re.finditer(r"[,;:—] ", text[:most])] or [text.rfind(" ", 1, most) + 1]
        at = ends[-1] or most
        yield text[:at]
        text = text[at:]
    if text:
        yield text


def _samples(sound: "np.ndarray[Any, Any]") -> bytes:
    import numpy as np

    return (np.clip(sound, -1, 1) * 32_767).astype("<i2").tobytes()
