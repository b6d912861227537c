"""Writes a transcript as server-sent events, as it comes."""

import msgspec

from genmux.contract.beside import BESIDE
from genmux.contract.openai_errors import error_document
from genmux.dialects.openai_audio.accept_transcription import AcceptedTranscription
from genmux.dialects.openai_audio.beside import about_transcript
from genmux.dialects.openai_audio.respond_transcription import diarized, done_fields
from genmux.dialects.openai_audio.schema import DONE, TEXT_DELTA, TEXT_DONE
from genmux.types.content import Fields
from genmux.types.errors import ProviderError
from genmux.types.transcription import TranscriptDelta, TranscriptDone, TranscriptPart, TranscriptSegment


class TranscriptWriter:
    """Writes the parts of one stream. Segments are told only where speakers were asked for."""

    def __init__(self, accepted: AcceptedTranscription) -> None:
        self._diarized = accepted.response_format == "diarized_json"
        self._beside = accepted.beside
        self._segments = 0

    def write(self, part: TranscriptPart) -> bytes:
        """The bytes for one part; empty when the dialect has nothing to say for it."""
        match part:
            case TranscriptDelta(text=text) if text:
                return _event({"type": TEXT_DELTA, "delta": text})
            case TranscriptSegment(segment=segment) if self._diarized or self._beside:
                self._segments += 1
                return _event(diarized(segment, self._segments - 1))
            case TranscriptDone(transcript=transcript):
                about = {BESIDE: about_transcript(transcript)} if self._beside else {}
                return _event({**done_fields(transcript), "type": TEXT_DONE, **about})
            case _:
                return b""

    def close(self) -> bytes:
        """The end of the stream."""
        return b"data: " + DONE + b"\n\n"

    def fail(self, error: ProviderError) -> bytes:
        """The end of a stream in which something failed."""
        return _event({"type": "error", **error_document(error)})


def _event(document: Fields) -> bytes:
    return b"data: " + msgspec.json.encode(document) + b"\n\n"
