"""From a caller's form for a transcript to our request."""

from collections.abc import Mapping
from typing import Any, get_args

import msgspec

from genmux.dialects.openai_audio.beside import Wished, take_wished
from genmux.dialects.openai_audio.fields import NUMBER, TEXT, TRUTH, choose, take, wrong
from genmux.dialects.openai_audio.schema import NAME, Granularity, ResponseFormat, Way
from genmux.types.content import Fields
from genmux.types.transcription import AudioFile, TranscriptionRequest

TIMED: frozenset[str] = frozenset({"srt", "vtt", "verbose_json"})
"""Formats that have times of segments, also where nobody asked for them."""

STREAMED: frozenset[str] = frozenset({"json", "text", "diarized_json"})
"""Formats that can be streamed; for others `stream` is ignored, as OpenAI ignores it for Whisper."""

TRANSLATED: tuple[str, ...] = ("json", "text", "srt", "verbose_json", "vtt")
"""Formats of translations."""

_TRUTHS = {"true": True, "false": False}


class AcceptedTranscription(msgspec.Struct, frozen=True, kw_only=True):
    """A caller's request for a transcript, understood. `response_format` is how it is wanted, `stream` whether as it comes.

    `beside` says that the caller listens to what genmux says beside the dialect.
    """

    request: TranscriptionRequest
    response_format: ResponseFormat = "json"
    stream: bool = False
    beside: bool = False


def accept_form(given: Mapping[str, Any], audio: AudioFile, way: Way = "transcriptions") -> AcceptedTranscription:
    """Understand a form: its texts by name (several of one name as a list), and its file.

    Names may end in `[]`. Raises InvalidRequestError that names the field and what is wrong with it.
    """
    fields: Fields = {name.removesuffix("[]"): value for name, value in given.items() if value is not None}
    model = take(fields, "model", TEXT)
    formats = TRANSLATED if way == "translations" else get_args(ResponseFormat)
    wanted: ResponseFormat = choose(fields, "response_format", formats, "json")
    times = _times(fields.pop("timestamp_granularities", None), wanted)
    fields["stream"] = _truth(fields.get("stream"))
    stream = bool(take(fields, "stream", TRUTH))
    fields["temperature"] = _number(fields.get("temperature"))
    wished = take_wished(fields)
    also = wished or Wished()
    request = TranscriptionRequest(
        model=model or "",
        audio=audio,
        language=also.language or take(fields, "language", TEXT) or None,
        prompt=take(fields, "prompt", TEXT) or None,
        temperature=take(fields, "temperature", NUMBER),
        words=also.words or "word" in times,
        segments=also.segments or "segment" in times or (not times and wanted in TIMED),
        diarize=also.diarize or wanted == "diarized_json",
        translate=way == "translations",
        user=take(fields, "user", TEXT) or None,
        params=also.params,
        dialect=NAME,
        extra=fields or None,
    )
    return AcceptedTranscription(
        request=request,
        response_format=wanted,
        stream=stream and wanted in STREAMED,
        beside=wished is not None,
    )


def _times(given: Any, wanted: str) -> tuple[str, ...]:
    times = () if given is None else tuple(given) if isinstance(given, list | tuple) else (given,)
    for one in times:
        if one not in get_args(Granularity):
            raise wrong("timestamp_granularities", f"has {one!r:.60}; it may have word and segment")
    if times and wanted != "verbose_json":
        raise wrong("timestamp_granularities", f"needs the `response_format` verbose_json, not {wanted}")
    return times


def _truth(given: Any) -> Any:
    return _TRUTHS.get(given.lower(), given) if isinstance(given, str) else given


def _number(given: Any) -> Any:
    try:
        return float(given) if isinstance(given, str) else given
    except ValueError:
        return given
