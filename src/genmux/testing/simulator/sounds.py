"""Sound in the encodings that callers of OpenAI's audio know: written for them, and read from them."""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from genmux.providers.mock.modem import RATE
from genmux.providers.mock.voice import wav_head
from genmux.types.audio import AudioEncoding
from genmux.types.errors import InvalidRequestError, UnsupportedError
from genmux.types.transcription import AudioFile

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame

PIECE = 4_800
"""Bytes in which compressed sound is streamed."""

_CODECS: dict[AudioEncoding, tuple[str, str, int]] = {
    "mp3": ("mp3", "libmp3lame", RATE),
    "opus": ("ogg", "libopus", 48_000),
    "flac": ("flac", "flac", RATE),
    "aac": ("adts", "aac", RATE),
}
"""Container, codec and sample rate of each."""


def encoded(samples: bytes, encoding: AudioEncoding) -> bytes:
    """Bare samples of the simulator's voice in another encoding. Raises UnsupportedError for one that it does not write."""
    if encoding == "pcm":
        return samples
    if encoding == "wav":
        return wav_head(len(samples)) + samples
    if encoding not in _CODECS:
        message = f"the simulator does not write {encoding}; it writes pcm, wav, {', '.join(_CODECS)}"
        raise UnsupportedError(message, param="response_format")
    return _compressed(samples, *_CODECS[encoding])


def pieces(sound: bytes) -> Iterator[bytes]:
    """A sound in the pieces in which it is streamed."""
    for start in range(0, len(sound), PIECE):
        yield sound[start : start + PIECE]


def understood(audio: AudioFile) -> AudioFile:
    """An upload as bare samples, whatever it was. Raises InvalidRequestError for what is no sound."""
    from av import error
    from av import open as opened

    data = audio.data or b""
    if data.startswith(b"RIFF") or audio.media_type == "audio/pcm":
        return audio
    try:
        with opened(io.BytesIO(data), "r") as source:
            samples = b"".join(_bare(source.decode(audio=0)))
    except (error.FFmpegError, IndexError, ValueError) as fault:
        message = f"the file {audio.name!r} is no sound that can be read: {fault}"
        raise InvalidRequestError(message, param="file", code="invalid_file_format") from fault
    return AudioFile(data=samples, media_type="audio/pcm", name=audio.name, size=len(samples))


def _bare(frames: Iterator["AudioFrame"]) -> Iterator[bytes]:
    from av import AudioResampler

    resampler = AudioResampler(format="s16", layout="mono", rate=RATE)
    for frame in frames:
        for made in resampler.resample(frame):
            yield bytes(made.planes[0])[: made.samples * 2]
    for made in resampler.resample(None):
        yield bytes(made.planes[0])[: made.samples * 2]


def _compressed(samples: bytes, container: str, codec: str, rate: int) -> bytes:
    import av
    from av.audio.stream import AudioStream

    written = io.BytesIO()
    with av.open(written, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate)
        if not isinstance(stream, AudioStream):
            raise TypeError(codec)
        stream.layout = "mono"
        resampler = av.AudioResampler(format=stream.format.name, layout="mono", rate=rate)
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(samples) // 2)
        frame.sample_rate = RATE
        frame.planes[0].update(samples)
        buffer = av.AudioFifo()
        for made in (*resampler.resample(frame), *resampler.resample(None)):
            made.pts = None
            buffer.write(made)
        while (part := buffer.read(stream.codec_context.frame_size or PIECE, partial=True)) is not None:
            part.pts = None
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))
    return written.getvalue()
