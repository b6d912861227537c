"""What voice needs of those who know sound."""

from collections.abc import Sequence
from typing import Protocol

from genmux.types.audio import AudioFormat
from genmux.types.transcription import AudioFile


class Transcoder(Protocol):
    """Writes sound in another format, piece by piece."""

    def feed(self, data: bytes) -> bytes:
        """The bytes that are ready after more came in."""
        ...

    def close(self) -> bytes:
        """The last bytes."""
        ...


class Seams(Protocol):
    """Joins sounds while they come."""

    def feed(self, data: bytes) -> bytes:
        """What is ready after more of a sound came."""
        ...

    def end(self) -> bytes:
        """The end of a sound; what comes next is another one."""
        ...


class Piece(Protocol):
    """A part of a sound: where it begins and how long it is, in seconds."""

    @property
    def audio(self) -> AudioFile:
        """The part as a sound of its own."""
        ...

    @property
    def start(self) -> float:
        """Where it begins in the whole."""
        ...

    @property
    def seconds(self) -> float:
        """How long it is."""
        ...


class AudioTools(Protocol):
    """Knows sound. What takes long is done in threads or processes of its own. Raises AudioError for what cannot be read."""

    async def convert(self, data: bytes, source: AudioFormat, target: AudioFormat) -> bytes:
        """The same sound in another format."""
        ...

    def transcoder(self, source: AudioFormat, target: AudioFormat) -> Transcoder:
        """The same piece by piece."""
        ...

    async def join(self, pieces: Sequence[bytes], source: AudioFormat) -> bytes:
        """Sounds one after the other, without clicks where they meet."""
        ...

    def seams(self, made: AudioFormat) -> Seams:
        """The same while they come, as 16-bit samples."""
        ...

    async def measured(self, audio: AudioFile) -> AudioFile:
        """The same with its media type, size and length, read from its content."""
        ...

    async def pieces(self, audio: AudioFile, *, seconds: float | None, size: int | None) -> Sequence[Piece]:
        """A sound in parts of at most so many seconds and bytes, cut where it is silent; itself where it is short enough."""
        ...
