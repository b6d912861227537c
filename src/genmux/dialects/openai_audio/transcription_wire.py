"""Transcription, the half that faces a host: from a sound to its text."""

from genmux.contract.http import HttpReply
from genmux.contract.model import Model
from genmux.contract.wires import Encoded, Sent
from genmux.dialects.openai_audio.profile import Profile
from genmux.dialects.openai_audio.transcription_decode import read_reply
from genmux.dialects.openai_audio.transcription_encode import encoded
from genmux.dialects.openai_audio.transcription_reader import TranscriptReader
from genmux.types.transcription import Transcript, TranscriptionRequest


class TranscriptionWire:
    """Transcription as one host does it, whole."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile

    def encode(self, request: TranscriptionRequest, model: Model, *, stream: bool = False) -> Encoded:
        """Write the request. Raises UnsupportedError, and InvalidRequestError for a sound that cannot go along."""
        return encoded(request, model, self.profile, stream=stream)

    def decode(self, reply: HttpReply, sent: Sent[TranscriptionRequest]) -> Transcript:
        """Read a whole reply. Raises ProviderError when it is an error in disguise or malformed."""
        del sent
        return read_reply(reply)


class StreamingTranscriptionWire(TranscriptionWire):
    """The same at a host whose text can be read while it is written."""

    def reader(self, sent: Sent[TranscriptionRequest]) -> TranscriptReader:
        """Start reading one stream."""
        del sent
        return TranscriptReader()
