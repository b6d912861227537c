"""Which format a model is asked for, so that the caller gets the one that was wished for."""

import msgspec

from genmux.contract.model import Model
from genmux.types.audio import AudioEncoding, AudioFormat
from genmux.types.speech import SpeechRequest

USUAL: AudioEncoding = "mp3"
"""What is made when nobody says what; in a session it is `pcm`."""

_PREFERRED: tuple[AudioEncoding, ...] = ("pcm", "wav", "flac", "mp3", "opus", "aac")
"""From which another format is made best: first those in which nothing is lost."""


def asked_format(
    request: SpeechRequest, model: Model, *, usual: AudioEncoding = USUAL
) -> tuple[SpeechRequest, AudioEncoding]:
    """The request with a format that the model makes, and the one that is wanted in the end."""
    wanted = request.format or usual
    choices = _choices(model)
    if not choices or wanted in choices:
        return msgspec.structs.replace(request, format=wanted), wanted
    own = next((one for one in _PREFERRED if one in choices), None)
    return msgspec.structs.replace(request, format=own), wanted


def target_of(made: AudioFormat, wanted: AudioEncoding, sample_rate: int | None) -> AudioFormat:
    """The format that the caller gets, of what the model made."""
    return msgspec.structs.replace(made, encoding=wanted, sample_rate=sample_rate or made.sample_rate)


def _choices(model: Model) -> tuple[str, ...]:
    param = model.spec.params.get("format")
    return tuple(map(str, param.choices)) if param is not None and param.choices else ()
