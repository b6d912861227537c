"""What AssemblyAI says of a transcript. Times are in milliseconds, the length of the sound in seconds."""

from collections.abc import Iterable, Iterator

import msgspec

from genmux.contract.hearing import language_tag, segments_of
from genmux.contract.http import malformed
from genmux.types.assets import Output
from genmux.types.jobs import Completed
from genmux.types.timed_words import Segment, Word
from genmux.types.transcription import Transcript
from genmux.types.usage import Usage


class Told(msgspec.Struct):
    """A word."""

    text: str
    start: float
    end: float
    confidence: float | None = None
    speaker: str | None = None
    channel: str | None = None


class Heard(msgspec.Struct):
    """A transcript as it stands; `utterances` are there where speakers or channels were asked for."""

    id: str
    status: str
    text: str | None = None
    error: str | None = None
    words: list[Told] | None = None
    utterances: list[Told] | None = None
    language_code: str | None = None
    audio_duration: float | None = None
    speech_model_used: str | None = None


class Uploaded(msgspec.Struct):
    """Where a file is that was uploaded; only transcripts of the same account may read it."""

    upload_url: str


class Called(msgspec.Struct):
    """A webhook."""

    transcript_id: str
    status: str


TRANSCRIPT = msgspec.json.Decoder(Heard)
UPLOADED = msgspec.json.Decoder(Uploaded)
CALLED = msgspec.json.Decoder(Called)


def completed(told: Heard) -> Completed:
    """The state of one that is written down. Raises ProviderError(malformed_reply) where there is no text."""
    transcript = transcript_of(told)
    output = Output(data=msgspec.json.encode(transcript), media_type="application/json", name="transcript.json")
    meters: dict[str, int | float] = {} if told.audio_duration is None else {"seconds.input.audio": told.audio_duration}
    return Completed(outputs=(output,), text=transcript.text, usage=Usage(meters=meters), raw=told.status)


def transcript_of(told: Heard) -> Transcript:
    """The transcript itself. Silence is a text without a word."""
    if told.text is None:
        raise malformed(f"the transcript {told.id} is complete and has no text")
    words = tuple(_words(told.words or ()))
    language = language_tag(told.language_code)
    return Transcript(
        text=told.text,
        language=language,
        seconds=told.audio_duration,
        words=words,
        segments=tuple(_segments(told.utterances or ())) or segments_of(words, language=language),
        id=told.id,
    )


def _words(told: Iterable[Told]) -> Iterator[Word]:
    for one in told:
        yield Word(
            text=one.text,
            start=one.start / 1_000,
            end=one.end / 1_000,
            confidence=one.confidence,
            speaker=_speaker(one),
        )


def _segments(told: Iterable[Told]) -> Iterator[Segment]:
    for one in told:
        yield Segment(text=one.text, start=one.start / 1_000, end=one.end / 1_000, speaker=_speaker(one))


def _speaker(one: Told) -> str | None:
    return one.speaker or (None if one.channel is None else f"channel_{one.channel}")
