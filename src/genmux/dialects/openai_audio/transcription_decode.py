"""From a host's reply to a transcript.

`extra` has what genmux has no word for under the name of the dialect, so that it goes back to callers of this dialect only.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from genmux.contract.error_map import classify
from genmux.contract.http import HttpReply, malformed
from genmux.dialects.openai_audio.cues import is_subtitles, segments_of
from genmux.dialects.openai_audio.languages import tag_of
from genmux.dialects.openai_audio.schema import NAME, OBJECT
from genmux.dialects.openai_audio.usage import heard_usage
from genmux.types.content import Fields
from genmux.types.timed_words import Segment, Word
from genmux.types.transcription import Transcript

_READ = frozenset({"text", "duration", "words", "segments", "type"})
_PIECE = frozenset({"text", "word", "start", "end", "speaker", "speaker_id"})


def read_reply(reply: HttpReply) -> Transcript:
    """Read a whole reply: JSON, subtitles, or nothing but the text. Raises ProviderError."""
    if _is_text(reply):
        return read_text(reply)
    try:
        fields = OBJECT.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise malformed(f"the reply is not a JSON object: {error}", status=reply.status) from error
    if fields.get("error"):
        raise classify(reply)
    if not isinstance(fields.get("text"), str):
        raise malformed("the reply has no `text`", status=reply.status)
    return transcript_of(fields)


def read_text(reply: HttpReply) -> Transcript:
    """Read a reply that is text. Raises ProviderError when it is no UTF-8."""
    try:
        text = reply.body.decode()
    except UnicodeDecodeError as error:
        raise malformed(f"the reply is not UTF-8: {error}", status=reply.status) from error
    if not is_subtitles(text):
        return Transcript(text=text.removesuffix("\n"))
    segments = tuple(segments_of(text))
    return Transcript(text=" ".join(one.text for one in segments), segments=segments)


def transcript_of(fields: Fields) -> Transcript:
    """A transcript out of a document: a reply, or the event that ends a stream."""
    words, segments = _items(fields.get("words")), _items(fields.get("segments"))
    extra: Fields = {name: value for name, value in fields.items() if name not in _READ and value is not None}
    for name, items in (("words", words), ("segments", segments)):
        besides = [_besides(one) for one in items]
        if any(besides):
            extra[name] = besides
    usage, language = fields.get("usage"), fields.get("language")
    told = heard_usage(usage if isinstance(usage, dict) else None)
    return Transcript(
        text=fields["text"],
        language=tag_of(language) if isinstance(language, str) else None,
        seconds=_number(fields.get("duration")),
        words=tuple(
            Word(text=_words(one), start=_time(one, "start"), end=_time(one, "end"), speaker=_speaker(one))
            for one in words
        ),
        segments=tuple(map(segment_of, segments)),
        usage=told,
        model=fields["model"] if isinstance(fields.get("model"), str) else None,
        extra={NAME: extra} if extra else None,
    )


def segment_of(one: Mapping[str, Any]) -> Segment:
    """One segment, as it stands in a reply or in an event of its own."""
    return Segment(text=_words(one), start=_time(one, "start"), end=_time(one, "end"), speaker=_speaker(one))


def _is_text(reply: HttpReply) -> bool:
    media_type = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    return media_type.startswith("text/") and not reply.body.lstrip().startswith(b"{")


def _items(given: Any) -> list[Fields]:
    items: Iterable[Any] = given if isinstance(given, list) else ()
    return [one for one in items if isinstance(one, dict)]


def _besides(one: Fields) -> Fields:
    return {name: value for name, value in one.items() if name not in _PIECE and value is not None}


def _words(one: Mapping[str, Any]) -> str:
    told = one.get("word", one.get("text"))
    return told if isinstance(told, str) else ""


def _speaker(one: Mapping[str, Any]) -> str | None:
    told = one.get("speaker", one.get("speaker_id"))
    return told if isinstance(told, str) and told else None


def _time(one: Mapping[str, Any], name: str) -> float:
    return _number(one.get(name)) or 0.0


def _number(value: Any) -> float | None:
    """A number, also one in words: OpenAI used to tell the duration so."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return value if type(value) in (int, float) else None
