"""Reads the sound of a file, for a model that hears. It runs in the model's own process, so that a broken file harms nobody else."""

import io
from typing import TYPE_CHECKING, Any

from genmux.types.errors import AudioError
from genmux.types.transcription import AudioFile

if TYPE_CHECKING:
    import numpy as np

RATE = 16_000
"""Hz that Whisper hears."""

CONTAINERS = (
    *("wav", "w64", "mp3", "flac", "ogg", "aac", "aiff", "au", "caf", "amr", "mov", "mp4", "matroska", "webm"),
    *("avi", "flv", "mpegts", "mpeg", "asf"),
)
"""What is read, by FFmpeg's names. It knows play lists too, which make it open other files."""


def heard(audio: AudioFile) -> "np.ndarray[Any, Any]":
    """Its samples between -1 and 1. Raises AudioError."""
    import av
    import av.error
    import numpy as np
    from av.audio.resampler import AudioResampler

    if audio.data is None and audio.path is None:
        raise AudioError("an embedded model hears bytes and files, not addresses: fetch it first", param="audio")
    source: Any = io.BytesIO(audio.data) if audio.data is not None else audio.path
    options = {"protocol_whitelist": "file", "format_whitelist": ",".join(CONTAINERS)}
    resampler = AudioResampler(format="s16", layout="mono", rate=RATE)
    samples: list[Any] = []
    try:
        opened: Any = av.open(source, "r", options=options, metadata_errors="ignore")
        with opened as container:
            _check(container, audio)
            for packet in container.demux(container.streams.audio[0]):
                samples += [piece for frame in _decoded(packet) for piece in resampler.resample(frame)]
            if samples:
                samples += resampler.resample(None)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise AudioError(f"{audio.name} cannot be read: {why}", param="audio") from error
    if not samples:
        raise AudioError(f"{audio.name} has no sound in it", param="audio")
    return np.concatenate([piece.to_ndarray().reshape(-1) for piece in samples]).astype(np.float32) / 32_768


def _check(container: Any, audio: AudioFile) -> None:
    if not container.streams.audio:
        raise AudioError(f"{audio.name} has no sound in it", param="audio")


def _decoded(packet: Any) -> list[Any]:
    """Its frames; what is damaged is left out."""
    import av.error

    try:
        return packet.decode()
    except av.error.InvalidDataError:
        return []
