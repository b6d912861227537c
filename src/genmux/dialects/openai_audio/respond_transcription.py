"""From a transcript to a caller's reply, in each of the formats."""

from collections.abc import Callable, Sequence

import msgspec

from genmux.contract.beside import BESIDE
from genmux.contract.dialect import Answer
from genmux.dialects.openai_audio.accept_transcription import AcceptedTranscription
from genmux.dialects.openai_audio.beside import about_transcript
from genmux.dialects.openai_audio.languages import name_of
from genmux.dialects.openai_audio.schema import NAME, TEXT_SEGMENT, ResponseFormat
from genmux.dialects.openai_audio.usage import write_usage
from genmux.types.content import Fields
from genmux.types.subtitles import srt, vtt
from genmux.types.timed_words import Segment
from genmux.types.transcription import Transcript

PLAIN = (("content-type", "text/plain; charset=utf-8"),)

UNKNOWN = "unknown"
"""The language of a transcript where nobody told it; official clients want a text."""

_UNTOLD: Fields = {
    "seek": 0,
    "tokens": [],
    "temperature": 0.0,
    "avg_logprob": 0.0,
    "compression_ratio": 0.0,
    "no_speech_prob": 0.0,
}
"""What official clients want to read of each segment, as it is where nobody told it."""


def respond_transcription(transcript: Transcript, accepted: AcceptedTranscription) -> Answer:
    """Write a whole reply."""
    text = _TEXTS.get(accepted.response_format)
    if text is not None:
        return Answer(status=200, body=text(transcript).encode(), headers=PLAIN)
    document = _DOCUMENTS[accepted.response_format](transcript, accepted)
    about = {BESIDE: about_transcript(transcript)} if accepted.beside else {}
    return Answer(status=200, body=msgspec.json.encode(document | _own(transcript) | about))


def done_fields(transcript: Transcript) -> Fields:
    """The text, the usage, and what only this dialect has: the end of a stream."""
    usage = write_usage(transcript.usage, transcript.seconds)
    return {"text": transcript.text, **({} if usage is None else {"usage": usage})} | _own(transcript)


def diarized(segment: Segment, number: int) -> Fields:
    """A segment with its speaker; one that is not known is A, as clients want a name."""
    return {
        "type": TEXT_SEGMENT,
        "id": f"seg_{number}",
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "speaker": segment.speaker or "A",
    }


def _plain(transcript: Transcript) -> str:
    return f"{transcript.text}\n"


def _json(transcript: Transcript, accepted: AcceptedTranscription) -> Fields:
    del accepted
    usage = write_usage(transcript.usage, transcript.seconds)
    return {"text": transcript.text, **({} if usage is None else {"usage": usage})}


def _verbose(transcript: Transcript, accepted: AcceptedTranscription) -> Fields:
    """With language, length and times; words only where they were asked for, and segments where they are there."""
    request = accepted.request
    document: Fields = {
        "task": "translate" if request.translate else "transcribe",
        "language": name_of(transcript.language or request.language or UNKNOWN),
        "duration": length_of(transcript),
        "text": transcript.text,
    }
    if request.words:
        document["words"] = [{"word": one.text, "start": one.start, "end": one.end} for one in transcript.words]
    if request.segments:
        besides = _besides(transcript, "segments", len(transcript.segments))
        document["segments"] = [
            {"id": number, "start": one.start, "end": one.end, "text": one.text, **_UNTOLD, **more}
            for number, (one, more) in enumerate(zip(transcript.segments, besides, strict=True))
        ]
    heard = write_usage(msgspec.structs.replace(transcript.usage, meters=_seconds(transcript)), transcript.seconds)
    return document if heard is None else {**document, "usage": heard}


def _seconds(transcript: Transcript) -> dict[str, int | float]:
    """Only seconds are told with this format."""
    return {name: count for name, count in transcript.usage.meters.items() if not name.startswith("tokens.")}


def _diarized(transcript: Transcript, accepted: AcceptedTranscription) -> Fields:
    del accepted
    usage = write_usage(transcript.usage, transcript.seconds)
    besides = _besides(transcript, "segments", len(transcript.segments))
    segments = [
        {**diarized(one, number), **more}
        for number, (one, more) in enumerate(zip(transcript.segments, besides, strict=True))
    ]
    document: Fields = {
        "task": "transcribe",
        "duration": length_of(transcript),
        "text": transcript.text,
        "segments": segments,
    }
    return document if usage is None else {**document, "usage": usage}


def length_of(transcript: Transcript) -> float:
    """How long the sound is, in seconds: as it was told, else as far as something is said in it."""
    ends = [one.end for one in (*transcript.segments, *transcript.words)]
    return transcript.seconds if transcript.seconds is not None else max(ends, default=0.0)


def _own(transcript: Transcript) -> Fields:
    """What a host of this dialect told besides; its pieces are written with the words and segments."""
    told = (transcript.extra or {}).get(NAME) or {}
    own = {name: value for name, value in told.items() if name not in ("words", "segments", "usage")}
    raw = told.get("usage")
    if isinstance(raw, dict) and transcript.usage.raw:
        own["usage"] = {**(write_usage(transcript.usage, transcript.seconds) or {}), **raw}
    return own


def _besides(transcript: Transcript, name: str, count: int) -> Sequence[Fields]:
    told = ((transcript.extra or {}).get(NAME) or {}).get(name) or []
    return told if len(told) == count else [{}] * count


_TEXTS: dict[str, Callable[[Transcript], str]] = {"text": _plain, "srt": srt, "vtt": vtt}

_DOCUMENTS: dict[ResponseFormat, Callable[[Transcript, AcceptedTranscription], Fields]] = {
    "json": _json,
    "verbose_json": _verbose,
    "diarized_json": _diarized,
}
