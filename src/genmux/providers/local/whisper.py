"""Transcription with Whisper in eight-bit numbers, through faster-whisper (CTranslate2)."""

import os
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import msgspec

from genmux.contract.inputs import MediaRequest
from genmux.contract.local import Pause
from genmux.contract.model import Model
from genmux.providers.local.files import weights_folder
from genmux.providers.local.hearing import RATE, heard
from genmux.providers.local.settings import VOICE_EXTRA, missing_extra, number
from genmux.providers.local.weights import WEIGHTS
from genmux.types.errors import ConfigurationError, InvalidRequestError, UnsupportedError
from genmux.types.parts import WarningPart
from genmux.types.timed_words import Segment, Word
from genmux.types.transcription import (
    Transcript,
    TranscriptDelta,
    TranscriptDone,
    TranscriptionRequest,
    TranscriptPart,
    TranscriptSegment,
)
from genmux.types.usage import Usage
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

BEAM = 5
"""How many ways to go on are followed at a time, as OpenAI's own program does; 1 takes three quarters of the time."""


class WhisperEngine(msgspec.Struct, frozen=True):
    """Loads a Whisper model."""

    isolation: ClassVar[Literal["process"]] = "process"

    def load(self, model: Model, options: dict[str, str]) -> "WhisperModel":
        """Load it. Raises ConfigurationError when its weights or the package for it are missing or broken."""
        try:
            from genmux.providers.local.short_whisper import ShortWhisper
        except ImportError as error:
            raise missing_extra(error, VOICE_EXTRA) from error
        weights = WEIGHTS[model.wire_id]
        folder = weights_folder(os.environ, options)
        if not all((folder / one.file).is_file() for one in weights.files):
            message = f"the weights of {weights.name} are not installed: run `genmux local install {weights.name}`"
            raise ConfigurationError(message, param="model")
        threads = number(options, "threads", least=1) or 1
        place = (folder / weights.file).parent
        try:
            loaded = ShortWhisper(
                str(place), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
            )
        except (RuntimeError, ValueError, OSError) as error:
            message = f"the weights in {place} cannot be loaded: {error}; run `genmux local remove {weights.name}`, then install"
            raise ConfigurationError(message, param="model") from error
        return WhisperModel(loaded, model)


class WhisperModel:
    """A Whisper model in memory."""

    def __init__(self, loaded: Any, model: Model) -> None:
        self._loaded = loaded
        self._model = model

    def run(self, request: TranscriptionRequest | MediaRequest) -> Iterator[TranscriptPart | Pause]:
        """The text, a segment at a time, and all of it at the end. Raises InvalidRequestError and AudioError."""
        if isinstance(request, MediaRequest):
            message = f"transcribe of {self._model.reference} is a call, not a job; use the endpoint or method for it"
            raise UnsupportedError(message, param="operation")
        language = self._language(request)
        if request.diarize:
            yield WarningPart(Warning("unsupported", "diarize", f"{self._model.reference} does not tell who speaks"))
        samples = heard(request.audio)
        yield Pause(0)
        found, about = self._loaded.transcribe(
            samples,
            language=language,
            task="translate" if request.translate and self._loaded.model.is_multilingual else "transcribe",
            beam_size=int(request.params.get("beam_size") or BEAM),
            initial_prompt=request.prompt or None,
            word_timestamps=request.words,
            vad_filter=True,  # what is silent is not made up
            condition_on_previous_text=False,  # or one mistake is said again and again
            **({} if request.temperature is None else {"temperature": request.temperature}),
        )
        texts: list[str] = []
        segments: list[Segment] = []
        words: list[Word] = []
        for one in found:
            text = one.text if texts else one.text.lstrip()
            texts.append(text)
            segments.append(Segment(text=one.text.strip(), start=_time(one.start), end=_time(one.end)))
            words += [_word(word) for word in one.words or ()]
            yield TranscriptDelta(text)
            yield TranscriptSegment(segments[-1])
            yield Pause(0)
        seconds = round(len(samples) / RATE, 3)
        yield TranscriptDone(
            Transcript(
                text="".join(texts).strip(),
                language=about.language if texts else language,
                seconds=seconds,
                segments=tuple(segments),
                words=tuple(words),
                usage=Usage(meters={"seconds.input.audio": seconds}),
            )
        )

    def _language(self, request: TranscriptionRequest) -> str | None:
        """As Whisper calls it; None where it shall find out."""
        known: list[str] = [*self._loaded.supported_languages]
        if request.language is None:
            return known[0] if len(known) == 1 else None
        language = request.language.lower().split("-")[0]
        if language not in known:
            told = ", ".join(known) if len(known) < 10 else f"{len(known)} others"
            message = f"`language` is {request.language!r}; {self._model.reference} knows {told}"
            raise InvalidRequestError(message, param="language")
        return language


def _word(word: Any) -> Word:
    return Word(
        text=word.word.strip(),
        start=_time(word.start),
        end=_time(word.end),
        confidence=round(float(word.probability), 3),
    )


def _time(seconds: Any) -> float:
    return round(float(seconds), 3)
