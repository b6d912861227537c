"""Reads sound out of files through FFmpeg. For foreign files this runs in a process of its own.

A file is read through a Python file object and in the one format that its first bytes told, so that it cannot name another
file or an address to be opened in its place.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import av
import av.error
from av.audio.resampler import AudioResampler

from genmux.services.audio.containers import EXACT

if TYPE_CHECKING:
    from av.container import InputContainer

QUICK = {"probesize": "2048", "analyzeduration": "100000"}
"""How much of a stream is looked at before the first samples are given."""

_LAYOUTS = {1: "mono", 2: "stereo"}


class UnheardError(Exception):
    """Sound that cannot be read, with the reason."""


@contextmanager
def opened(file: Any, kind: str, *, quick: bool = False) -> "Generator[InputContainer]":
    """A file with sound in it, by FFmpeg's name for its format. Raises UnheardError."""
    try:
        with av.open(file, "r", format=kind, metadata_errors="ignore", options=QUICK if quick else {}) as found:
            _check_sound(container := cast("InputContainer", found))
            yield container
    except UnheardError:
        raise
    except Exception as error:  # whatever a foreign file leads to, it is the file's fault
        raise UnheardError(_told(error)) from error


def _check_sound(container: "InputContainer") -> None:
    if not container.streams.audio:
        raise UnheardError("there is no sound in it")
    container.streams.audio[0].codec_context.thread_count = 1


def samples_of(container: "InputContainer", rate: int, channels: int) -> Iterator[bytes]:
    """Its sound as samples of 16 bits; what is damaged is left out. Raises UnheardError where nothing can be decoded."""
    resampler = AudioResampler(format="s16", layout=_LAYOUTS[channels], rate=rate)
    width, given = 2 * channels, False
    for frame in _frames(container):
        for piece in resampler.resample(frame):
            given = True
            yield bytes(piece.planes[0])[: piece.samples * width]
    if given:
        for piece in resampler.resample(None):
            yield bytes(piece.planes[0])[: piece.samples * width]
    else:
        raise UnheardError("there are no samples in it that can be decoded")


def length_of(container: "InputContainer") -> float:
    """How long its sound is, in seconds: as it says where that can be believed, else until its last packet ends.

    Raises UnheardError where nothing can be decoded.
    """
    told = _told_length(container)
    if told is None:
        told = _counted_length(container)
        container.seek(0)
    if next(_frames(container), None) is None:
        raise UnheardError("there are no samples in it that can be decoded")
    return told


def _told_length(container: "InputContainer") -> float | None:
    stream = container.streams.audio[0]
    if not EXACT.intersection(container.format.name.split(",")):
        return None
    if stream.duration is not None and stream.duration > 0 and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    if container.duration is not None and container.duration > 0:
        return container.duration / av.time_base
    return None


def _counted_length(container: "InputContainer") -> float:
    end, begin = 0.0, None
    for packet in container.demux(container.streams.audio[0]):
        if packet.pts is not None:
            begin = float(packet.pts * packet.time_base) if begin is None else begin
            end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    return end - (begin or 0.0)


def _frames(container: "InputContainer") -> Iterator[Any]:
    for packet in container.demux(container.streams.audio[0]):
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            continue


def _told(error: Exception) -> str:
    told = getattr(error, "strerror", None) or str(error)
    return f"{type(error).__name__}: {told}"[:200]
