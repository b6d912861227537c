"""A narration for a video: read from a file, brought to the form of the film, and to its length."""

from collections.abc import Iterator
from typing import Any

from genmux.contract.inputs import MediaInput
from genmux.providers.local.film import RATE, Film
from genmux.types.errors import InvalidRequestError

CONTAINERS = ("wav", "w64", "mp3", "flac", "ogg", "aac", "aiff", "au", "caf", "mov", "mp4", "matroska", "webm")
"""What is read, by FFmpeg's names. It knows play lists too, which make it open other files."""

FADE = 0.3
"""Seconds in which a narration that is too long becomes silent."""


def length_of(given: MediaInput) -> float:
    """How many seconds a sound has. Raises InvalidRequestError for what is none."""
    with _opened(given) as container:
        stream = _sound_of(container)
        if stream.duration is not None and stream.time_base is not None:
            return float(stream.duration * stream.time_base)
        if container.duration is not None:
            return container.duration / 1_000_000
        samples = sum(frame.samples / frame.sample_rate for frame in _decoded(container, stream))
        return float(samples)


def frames_of(given: MediaInput, film: Film, *, seconds: float, length: float) -> Iterator[Any]:
    """The narration in frames as the film takes them; silence follows it, or it fades where it is too long."""
    import av.filter

    with _opened(given) as container:
        stream = _sound_of(container)
        graph: Any = av.filter.Graph()
        chain = [
            graph.add_abuffer(template=stream),
            graph.add("asetpts", "N/SR/TB"),
            graph.add("aformat", f"sample_fmts={film.sound_format}:sample_rates={RATE}:channel_layouts=stereo"),
            graph.add("apad"),
            graph.add("atrim", f"end={seconds:.3f}"),
            *([graph.add("afade", f"t=out:st={seconds - FADE:.3f}:d={FADE}")] if length > seconds else []),
            graph.add("asetnsamples", f"n={film.samples}:p=0"),
            graph.add("abuffersink"),
        ]
        graph.link_nodes(*chain).configure()
        for frame in _decoded(container, stream):
            if not _pushed(graph, frame):  # it is cut off, and full
                break
            yield from _pulled(graph)
        else:
            _pushed(graph, None)
        yield from _pulled(graph)


def _pushed(graph: Any, frame: Any) -> bool:
    """Put a frame in, None for the end; False when no more is taken."""
    import av.error

    try:
        graph.push(frame)
    except av.error.EOFError:
        return False
    return True


def _pulled(graph: Any) -> Iterator[Any]:
    import av.error

    while True:
        try:
            yield graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return


def _opened(given: MediaInput) -> Any:
    import av
    import av.error

    if given.file is None:
        raise InvalidRequestError("`audio` is not a file; embedded engines are given files", param="audio")
    try:
        return av.open(
            given.file.path, options={"protocol_whitelist": "file", "format_whitelist": ",".join(CONTAINERS)}
        )
    except av.error.FFmpegError as error:
        raise InvalidRequestError(f"`audio` is no sound that can be read: {error.strerror}", param="audio") from error


def _sound_of(container: Any) -> Any:
    if not container.streams.audio:
        raise InvalidRequestError("`audio` is a file without sound", param="audio")
    return container.streams.audio[0]


def _decoded(container: Any, stream: Any) -> Iterator[Any]:
    import av.error

    try:
        yield from container.decode(stream)
    except av.error.FFmpegError as error:
        raise InvalidRequestError(f"`audio` is broken: {error.strerror}", param="audio") from error
