"""Reads a transcript while it is written."""

from collections.abc import Iterable
from typing import Any

import msgspec

from genmux.contract.error_map import stream_error
from genmux.contract.http import WireEvent
from genmux.dialects.openai_audio.languages import tag_of
from genmux.dialects.openai_audio.schema import DONE, MEANINGS, OBJECT
from genmux.dialects.openai_audio.transcription_decode import segment_of, transcript_of
from genmux.types.errors import NetworkError, Retry
from genmux.types.timed_words import Segment
from genmux.types.transcription import TranscriptDelta, TranscriptDone, TranscriptPart, TranscriptSegment


class TranscriptReader:
    """Gives the text as it comes, and all of it at the end."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._segments: list[Segment] = []
        self._language: str | None = None
        self._done = False

    def feed(self, event: WireEvent) -> Iterable[TranscriptPart]:
        """Read one event. Raises ProviderError for one that tells of an error; those that nobody knows say nothing."""
        if event.data.startswith(DONE):
            return ()
        told = event.read(OBJECT)
        kind = told.get("type") or event.event or ""
        if told.get("error") or kind == "error":
            raise stream_error(told)
        if kind == "transcription.language":
            self._language = tag_of(told.get("audio_language"))
        match MEANINGS.get(kind):
            case None:
                return ()
            case "transcript.text.delta":
                text = told.get("delta", told.get("text"))
                return self._delta(text) if isinstance(text, str) and text else ()
            case "transcript.text.segment":
                segment = segment_of(told)
                self._segments.append(segment)
                return (TranscriptSegment(segment),)
            case _:
                return (self._all(told),)

    def close(self) -> Iterable[TranscriptPart]:
        """The stream has ended. Raises NetworkError when it was not told that it is complete."""
        if not self._done:
            message = "the stream ended before the transcript was complete"
            raise NetworkError(message, retry=Retry.UNSURE)
        return ()

    def _delta(self, text: str) -> tuple[TranscriptDelta]:
        self._texts.append(text)
        return (TranscriptDelta(text),)

    def _all(self, told: dict[str, Any]) -> TranscriptDone:
        self._done = True
        if not isinstance(told.get("text"), str):
            told = {**told, "text": "".join(self._texts)}
        all_of_it = transcript_of(told)
        return TranscriptDone(
            msgspec.structs.replace(
                all_of_it,
                segments=all_of_it.segments or tuple(self._segments),
                language=all_of_it.language or self._language,
            )
        )
