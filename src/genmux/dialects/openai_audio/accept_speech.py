"""From a caller's request for speech to ours."""

from typing import Any, get_args

import msgspec

from genmux.dialects.openai_audio.beside import take_wished
from genmux.dialects.openai_audio.fields import COUNT, NUMBER, TEXT, choose, take, wrong
from genmux.dialects.openai_audio.schema import NAME, OBJECT, StreamFormat
from genmux.types.audio import ENCODINGS
from genmux.types.errors import InvalidRequestError
from genmux.types.speech import SpeechRequest

SETTINGS: dict[str, str] = {
    "instructions": TEXT,
    "speed": NUMBER,
    "language": TEXT,
    "sample_rate": COUNT,
    "seed": COUNT,
    "user": TEXT,
}
"""Fields with our names. Those after `speed` are no fields of OpenAI; other hosts of the dialect have them."""


class AcceptedSpeech(msgspec.Struct, frozen=True, kw_only=True):
    """A caller's request for speech, understood. `stream_format` is how the sound is wanted: as bytes, or as events.

    `beside` says that the caller listens to what genmux says beside the dialect.
    """

    request: SpeechRequest
    stream_format: StreamFormat = "audio"
    beside: bool = False

    @property
    def events(self) -> bool:
        """Whether the sound is wanted as events."""
        return self.stream_format == "sse"


def accept_speech(body: bytes) -> AcceptedSpeech:
    """Understand a JSON body. Raises InvalidRequestError that names the field and what is wrong with it."""
    try:
        decoded = OBJECT.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequestError(f"the body is not a JSON object in UTF-8: {error}") from error
    fields = {name: value for name, value in decoded.items() if value is not None}
    text = take(fields, "input", TEXT)
    if not text:
        raise wrong("input", "is missing; say what is to be spoken")
    model = take(fields, "model", TEXT)
    stream_format = choose(fields, "stream_format", get_args(StreamFormat), "audio")
    format_ = choose(fields, "response_format", ENCODINGS, "") or None
    voice = _voice(fields.pop("voice", None))
    settings = {name: take(fields, name, words) for name, words in SETTINGS.items()}
    wished = take_wished(fields)
    request = SpeechRequest(
        model=model or "",
        text=text,
        voice=voice,
        format=format_,
        timestamps=wished is not None and wished.timestamps,
        params={} if wished is None else wished.params,
        **settings,
        dialect=NAME,
        extra=fields or None,
    )
    return AcceptedSpeech(request=request, stream_format=stream_format, beside=wished is not None)


def _voice(given: Any) -> str | None:
    """A name, or an object with an id."""
    match given:
        case None:
            return None
        case str() as name if name:
            return name
        case {"id": str() as name} if name and len(given) == 1:
            return name
        case _:
            raise wrong("voice", f"must be a name or an object with an `id`, not {given!r:.60}")
