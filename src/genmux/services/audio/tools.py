"""Everything that voice needs of sound, on this machine."""

import asyncio
import io
import shutil
import tempfile
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from genmux.services.audio.containers import OF_ENCODING
from genmux.services.audio.files import known
from genmux.services.audio.foreign import ForeignSound
from genmux.services.audio.orders import Part
from genmux.services.audio.seams import Seams
from genmux.services.audio.stages import Chain
from genmux.services.audio.transcoding import faded, sample_rate_of, samples_from, transcoder
from genmux.services.audio.writing import write
from genmux.types.audio import AudioEncoding, AudioFormat
from genmux.types.errors import AudioError
from genmux.types.transcription import AudioFile

FADE = 0.004
"""Seconds in which sounds that are joined begin and end."""

LONGEST = 3_600.0
"""Seconds of a part at most, however long a model would take."""

SHORT = 120.0
"""A part shall be at least so many seconds: where the limit on its bytes makes it shorter, it is written more densely."""

RATES_OF_PARTS: tuple[tuple[AudioEncoding, float], ...] = (("flac", 33_000.0), ("opus", 7_000.0))
"""How parts are written, and the bytes that a second of them takes at most: noise of 16 kHz that no codec makes smaller."""


class PieceOfSound(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a sound. `held` keeps its file as long as somebody has it."""

    audio: AudioFile
    start: float
    seconds: float
    held: object = None


class LocalAudioTools:
    """Knows sound. Codecs write in threads; what others made is opened in a process of its own.

    `kind_of` says what a file is: by its first bytes, and what somebody said of it. `close` ends the process.
    """

    def __init__(self, kind_of: Callable[[bytes, str | None], str]) -> None:
        self._kind_of = kind_of
        self._foreign = ForeignSound()

    async def convert(self, data: bytes, source: AudioFormat, target: AudioFormat) -> bytes:
        """The same sound in another format. Raises AudioError."""
        if source == target:
            return data
        if not source.is_raw:
            _check_there(data)
            return await self._foreign.rewritten(data, OF_ENCODING[source.encoding], target)
        return await asyncio.to_thread(_converted, data, source, target)

    def transcoder(self, source: AudioFormat, target: AudioFormat) -> Chain:
        """The same piece by piece. Raises AudioError for what nobody can write."""
        return Chain(()) if source == target else transcoder(source, target)

    async def join(self, pieces: Sequence[bytes], source: AudioFormat) -> bytes:
        """Sounds one after the other; each begins and ends in a few milliseconds of silence. Raises AudioError."""
        if source.is_raw:
            return await asyncio.to_thread(_joined, pieces, source)
        raw = msgspec.structs.replace(source, encoding="pcm", sample_rate=sample_rate_of(source))
        samples = [await self.convert(piece, source, raw) for piece in pieces]
        return await self.convert(await asyncio.to_thread(_joined, samples, raw), raw, source)

    def seams(self, made: AudioFormat) -> Seams:
        """The same while they come, as 16-bit samples."""
        return Seams(made, FADE)

    async def measured(self, audio: AudioFile) -> AudioFile:
        """The same with its media type, size and length, read from its content.

        Samples without a head get one, where their media type says the rate. Raises AudioError for what holds no sound.
        """
        found = await asyncio.to_thread(known, audio, self._kind_of)
        if found.seconds is not None:
            return found.audio
        seconds = await self._foreign.seconds(found)
        if seconds <= 0:
            raise AudioError(f"{audio.name} has no sound in it: it is 0 seconds long", param="audio")
        return msgspec.structs.replace(found.audio, seconds=seconds)

    async def pieces(self, audio: AudioFile, *, seconds: float | None, size: int | None) -> Sequence[PieceOfSound]:
        """A sound in parts of at most so many seconds and bytes, cut where it is silent; itself where it is short enough.

        Parts are of one channel with 16,000 samples a second. Their files go when nobody has the parts any more. Raises
        AudioError.
        """
        audio = audio if audio.seconds is not None and audio.size is not None else await self.measured(audio)
        length = audio.seconds or 0.0
        if (seconds is None or length <= seconds) and (size is None or (audio.size or 0) <= size):
            return (PieceOfSound(audio=audio, start=0.0, seconds=length),)
        encoding, most = way_to_cut(seconds, size)
        folder = Path(tempfile.mkdtemp(prefix="genmux-sound-"))
        holder = _Holder()
        weakref.finalize(holder, shutil.rmtree, folder, ignore_errors=True)
        found = await asyncio.to_thread(known, audio, self._kind_of)
        parts = await self._foreign.parts(found, folder, seconds=most, encoding=encoding)
        return tuple(_piece(part, encoding, holder) for part in parts)

    def close(self) -> None:
        """End the process that opens files. May be called again."""
        self._foreign.close()


class _Holder:
    """Whoever has it keeps a folder."""


def way_to_cut(seconds: float | None, size: int | None) -> tuple[AudioEncoding, float]:
    """How parts are written, and their seconds at most. Raises AudioError where so few bytes hold no second of sound."""
    fitting: list[tuple[AudioEncoding, float]] = [
        (encoding, LONGEST if size is None else size * 0.98 / rate) for encoding, rate in RATES_OF_PARTS
    ]
    encoding, most = next((one for one in fitting if one[1] >= SHORT), fitting[-1])
    most = min(most, LONGEST, seconds or LONGEST)
    if most < 1:
        raise AudioError(f"sound cannot be cut into parts of {size:,} bytes; a second of it takes more", param="audio")
    return encoding, most


def _piece(part: Part, encoding: AudioEncoding, holder: _Holder) -> PieceOfSound:
    path = Path(part.path)
    audio = AudioFile(
        path=part.path,
        media_type=AudioFormat(encoding=encoding).media_type,
        name=f"{path.stem}.{'ogg' if encoding == 'opus' else encoding}",
        size=path.stat().st_size,
        seconds=part.seconds,
    )
    return PieceOfSound(audio=audio, start=part.start, seconds=part.seconds, held=holder)


def _check_there(data: bytes) -> None:
    if not data:
        raise AudioError("the sound is empty: it has no bytes", param="audio")


def _converted(data: bytes, source: AudioFormat, target: AudioFormat) -> bytes:
    between = msgspec.structs.replace(
        source, encoding="pcm", sample_rate=sample_rate_of(target), channels=target.channels
    )
    chain = transcoder(source, between)
    file = io.BytesIO()
    write((chain.feed(data), chain.close()), target, file)
    return file.getvalue()


def _joined(pieces: Sequence[bytes], source: AudioFormat) -> bytes:
    raw = msgspec.structs.replace(source, encoding="pcm")
    back = transcoder(raw, source)
    made: list[bytes] = []
    for piece in pieces:
        chain = samples_from(source)
        made.append(back.feed(faded(chain.feed(piece) + chain.close(), raw, FADE)))
    return b"".join([*made, back.close()])
