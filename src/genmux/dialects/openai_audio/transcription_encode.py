"""From a request for a transcript to the form that is sent."""

from collections.abc import Iterator
from typing import Any

import msgspec

from genmux.contract.asked import own_fields
from genmux.contract.http import Field, FileBody, Form, Framing, HttpRequest
from genmux.contract.model import Model
from genmux.contract.wires import Encoded
from genmux.dialects.openai_audio.languages import short
from genmux.dialects.openai_audio.profile import Profile
from genmux.dialects.openai_audio.schema import NAME
from genmux.types.content import Fields
from genmux.types.errors import InvalidRequestError, UnsupportedError
from genmux.types.transcription import AudioFile, TranscriptionRequest
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

_OPTIONAL = ("language", "prompt", "temperature", "user")
_SILENT = frozenset({"user"})


def encoded(request: TranscriptionRequest, model: Model, profile: Profile, *, stream: bool) -> Encoded:
    """The request as it leaves. Raises UnsupportedError for what the host cannot do at all."""
    if request.translate and not profile.translations:
        message = f"{model.reference} does not translate; it only writes down what is said"
        raise UnsupportedError(message, provider=model.provider, model=model.id, param="translate")
    warnings: list[Warning] = []
    own, foreign = own_fields(request, NAME)
    fields: Fields = {
        **profile.defaults,
        **_settings(request, profile, warnings),
        **_times(request, profile, warnings),
        **request.params,
        **own,
        "model": model.wire_id,
    }
    if stream:
        fields["stream"] = True
    texts = tuple(_texts({profile.rename.get(name, name): value for name, value in fields.items()}, profile))
    http = HttpRequest(
        method="POST",
        url=profile.translations if request.translate else profile.transcriptions,
        headers=(("accept", "text/event-stream" if stream else "application/json"),),
        body=Form((*texts, _sound(request.audio, model, profile))),
        framing=Framing.SSE if stream else Framing.RAW,
    )
    return Encoded(http, (*warnings, *foreign))


def _settings(request: TranscriptionRequest, profile: Profile, warnings: list[Warning]) -> Fields:
    fields: Fields = {}
    for name in _OPTIONAL:
        value = getattr(request, name)
        if value is None or (name == "language" and request.translate):
            continue
        if name in profile.taken:
            fields[name] = short(value) if name == "language" else value
        elif name not in _SILENT:
            warnings.append(Warning("unsupported", name, "the host does not take it; it is left out"))
    return fields


def _times(request: TranscriptionRequest, profile: Profile, warnings: list[Warning]) -> Fields:
    """The format of the answer, with the times and speakers that are wished for and can be had."""
    fields: Fields = {}
    by_format = request.diarize and "diarized_json" in profile.formats
    wished = [name for name, on in (("word", request.words), ("segment", request.segments)) if on]
    times = [name for name in wished if name in profile.granularities]
    if by_format:
        fields["response_format"] = "diarized_json"
        times = []
    elif times and "verbose_json" in profile.formats:
        fields["response_format"] = "verbose_json"
    elif profile.formats:
        fields["response_format"] = "json"
        times = []
    if request.diarize and not by_format:
        if profile.diarize:
            fields[profile.diarize] = True
        else:
            warnings.append(Warning("unsupported", "diarize", "the host does not tell speakers apart"))
    if times and not request.translate:
        fields["timestamp_granularities"] = times
    given = {*times, *(("segment",) if by_format else ())}
    warnings += [
        Warning("unsupported", f"{name}s", f"the host does not tell the times of {name}s")
        for name in wished
        if name not in given
    ]
    return fields


def _texts(fields: Fields, profile: Profile) -> Iterator[Field]:
    for name, value in fields.items():
        if isinstance(value, list | tuple):
            yield from (Field(name=f"{name}{profile.list_suffix}", value=_text(one)) for one in value)
        elif value is not None:
            yield Field(name=name, value=_text(value))


def _sound(audio: AudioFile, model: Model, profile: Profile) -> Field:
    """The sound: its address where the host fetches it, else the file. Raises InvalidRequestError."""
    if audio.url is not None:
        if profile.url:
            return Field(name=profile.url, value=audio.url)
        message = f"{model.reference} fetches no addresses; give the sound as bytes or as a file"
        raise InvalidRequestError(message, provider=model.provider, model=model.id, param="audio")
    if audio.path is not None and audio.size is not None:
        file = FileBody(path=audio.path, size=audio.size, media_type=audio.media_type, name=audio.name)
        return Field(name="file", value=file, media_type=audio.media_type, file_name=audio.name)
    if audio.data is not None:
        return Field(name="file", value=audio.data, media_type=audio.media_type, file_name=audio.name)
    raise InvalidRequestError("`audio` has no bytes, and no file whose size is known", param="audio")


def _text(value: Any) -> str:
    """A value in a form: words stand for themselves, all else is written as in JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
