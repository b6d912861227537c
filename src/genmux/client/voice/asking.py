"""From the keywords of speech and transcription to their requests."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from genmux.client.requests import Asked, options_of
from genmux.flows.call.options import CallOptions
from genmux.types.audio import ENCODINGS
from genmux.types.errors import InvalidRequestError
from genmux.types.speech import SpeechRequest
from genmux.types.transcription import AudioFile, TranscriptionRequest

R = TypeVar("R", SpeechRequest, TranscriptionRequest)

OPTIONS = frozenset({"timeout", "retries", "retry_unsure", "budget_limit", "tags"})
"""Keywords that say how a call is made."""

_GIVEN = frozenset({"model", "text", "audio", "params"})
_NOTHING = AudioFile(data=b"")


def ask_speech(text: Any, params: Mapping[str, Any], *, model: str, options: CallOptions) -> Asked:
    """Speech as it was asked for. Raises InvalidRequestError that names what has the wrong type, ValidationError."""
    if not isinstance(text, str):
        raise InvalidRequestError(f"`text` is {text!r:.100}; it must be a text", param="text")
    request = _read({"model": model, "text": text}, params, SpeechRequest)
    return Asked(request=request, options=_options(params, options))


def ask_transcription(audio: AudioFile, params: Mapping[str, Any], *, model: str, options: CallOptions) -> Asked:
    """A transcription as it was asked for. Raises InvalidRequestError, ValidationError."""
    request = _read({"model": model, "audio": _NOTHING}, params, TranscriptionRequest)
    return Asked(request=msgspec.structs.replace(request, audio=audio), options=_options(params, options))


def _read(first: Mapping[str, Any], params: Mapping[str, Any], kind: type[R]) -> R:
    """What is a field of the request is that; all else is a parameter of the model."""
    told = {name: value for name, value in params.items() if value is not None and name not in OPTIONS}
    fields = {name: value for name, value in told.items() if name in kind.__struct_fields__ and name not in _GIVEN}
    more = {name: value for name, value in told.items() if name not in fields}
    try:
        request = msgspec.convert({**first, **fields}, kind)
    except msgspec.ValidationError as error:
        complaint, _, place = str(error).partition(" - at `$.")
        name = place.rstrip("`")
        if name == "format":
            complaint = f"there are {', '.join(ENCODINGS)}"
        message = f"`{name}` is {told.get(name)!r:.100}; {complaint[:1].lower()}{complaint[1:]}"
        raise InvalidRequestError(message, param=name or None) from error
    return msgspec.structs.replace(request, params=more) if more else request


def _options(params: Mapping[str, Any], otherwise: CallOptions) -> CallOptions:
    return options_of({name: value for name, value in params.items() if name in OPTIONS}, otherwise)
