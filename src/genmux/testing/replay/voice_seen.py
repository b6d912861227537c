"""The common view of speech and of transcripts."""

from typing import Literal

import msgspec

from genmux.types.speech import SpeechResult
from genmux.types.transcription import Transcript


class VoiceSeen(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a wire of voice read. Of speech: how many `bytes` in which format; of a transcript: its text and how much is in it."""

    kind: Literal["speech", "transcript"]
    bytes: int = 0
    encoding: str | None = None
    sample_rate: int | None = None
    text: str = ""
    language: str | None = None
    seconds: float | None = None
    words: int = 0
    segments: int = 0
    speakers: tuple[str, ...] = ()
    usage: dict[str, int | float] = msgspec.field(default_factory=dict)


def voice_seen(result: SpeechResult | Transcript) -> VoiceSeen:
    """What there is to see of a result."""
    if isinstance(result, SpeechResult):
        return VoiceSeen(
            kind="speech",
            bytes=len(result.audio),
            encoding=result.format.encoding,
            sample_rate=result.format.sample_rate,
            seconds=result.seconds,
            words=len(result.words),
            usage=result.usage.meters,
        )
    speakers = dict.fromkeys(one.speaker for one in (*result.words, *result.segments) if one.speaker is not None)
    return VoiceSeen(
        kind="transcript",
        text=result.text,
        language=result.language,
        seconds=result.seconds,
        words=len(result.words),
        segments=len(result.segments),
        speakers=tuple(speakers),
        usage=result.usage.meters,
    )
