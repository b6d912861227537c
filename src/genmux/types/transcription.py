"""Transcription: sound in, text out, with times and speakers where a model tells them."""

from collections.abc import Mapping
from typing import Any

import msgspec

from genmux.types.content import Fields
from genmux.types.money import Cost
from genmux.types.parts import ErrorPart, UsagePart, WarningPart
from genmux.types.routes import Step
from genmux.types.subtitles import srt, vtt
from genmux.types.timed_words import Segment, Word
from genmux.types.usage import Usage
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning


class AudioFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Sound to be transcribed: bytes, a file of this machine at `path`, or a public address for models that fetch one.

    `size` is in bytes, `seconds` how long it is, where that is known.
    """

    data: bytes | None = None
    path: str | None = None
    url: str | None = None
    media_type: str = "application/octet-stream"
    name: str = "audio"
    size: int | None = None
    seconds: float | None = None


class TranscriptionRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Sound to be written down.

    `language` is a BCP 47 tag of what is spoken, where that is known; `prompt` are words and names that may come. `words` asks
    for the time of each word, `segments` for that of each sentence or so, `diarize` for who speaks; `translate` for English
    whatever is spoken. `params` are the model's own parameters by name.
    """

    model: str
    audio: AudioFile
    language: str | None = None
    prompt: str | None = None
    temperature: float | None = None
    words: bool = False
    segments: bool = False
    diarize: bool = False
    translate: bool = False
    user: str | None = None
    params: Mapping[str, Any] = msgspec.field(default_factory=dict)
    dialect: str | None = None
    extra: Fields | None = None


class Transcript(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was said. `language` is a BCP 47 tag, `seconds` how long the sound is, as far as they are told."""

    text: str
    language: str | None = None
    seconds: float | None = None
    segments: tuple[Segment, ...] = ()
    words: tuple[Word, ...] = ()
    usage: Usage = msgspec.field(default_factory=Usage)
    id: str | None = None
    model: str | None = None
    provider: str | None = None
    cost: Cost | None = None
    warnings: tuple[Warning, ...] = ()
    attempts: int = 1
    account: str | None = None
    route: str | None = None
    steps: tuple[Step, ...] = ()
    request_id: str | None = None
    extra: Fields | None = None

    def srt(self) -> str:
        """As subtitles for players (SubRip); ask for `words` or `segments`, for without times there is one line for all of it."""
        return srt(self)

    def vtt(self) -> str:
        """As subtitles for web pages (WebVTT)."""
        return vtt(self)


class TranscriptDelta(msgspec.Struct, frozen=True, tag="transcript_delta", gc=False):
    """More of the text."""

    text: str


class TranscriptSegment(msgspec.Struct, frozen=True, tag="transcript_segment"):
    """A segment is complete; its text came in deltas before, or comes here first."""

    segment: Segment


class TranscriptDone(msgspec.Struct, frozen=True, tag="transcript_done"):
    """All of it, at the end of a stream."""

    transcript: Transcript


TranscriptPart = TranscriptDelta | TranscriptSegment | TranscriptDone | UsagePart | WarningPart | ErrorPart
"""The pieces of a streamed transcription."""
