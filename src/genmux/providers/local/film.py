"""Writes a video file through PyAV: pictures and sound go in, H.264 and AAC in MP4 or VP9 and Opus in WebM come out."""

import contextlib
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import msgspec

from genmux.providers.local.settings import missing_extra
from genmux.providers.local.sizes import Size
from genmux.types.errors import ConfigurationError

if TYPE_CHECKING:
    from PIL.Image import Image

RATE = 48_000
"""Samples of sound a second."""


class Container(msgspec.Struct, frozen=True, kw_only=True):
    """How one format is written. `crf` is how much is lost, by quality."""

    media_type: str
    video: str
    audio: str
    crf: dict[str, int]
    options: dict[str, str]
    muxer: dict[str, str]


CONTAINERS: dict[str, Container] = {
    "mp4": Container(
        media_type="video/mp4",
        video="libx264",
        audio="aac",
        crf={"low": 30, "medium": 24, "high": 19},
        options={"preset": "veryfast"},
        muxer={"movflags": "+faststart"},
    ),
    "webm": Container(
        media_type="video/webm",
        video="libvpx-vp9",
        audio="libopus",
        crf={"low": 42, "medium": 34, "high": 26},
        options={"deadline": "realtime", "cpu-used": "7", "row-mt": "1", "b": "0"},
        muxer={},
    ),
}
"""By format."""


def check_av() -> None:
    """Raise ConfigurationError when PyAV is not installed, or lacks what is written with."""
    try:
        import av
    except ImportError as error:
        raise missing_extra(error) from error
    lacking = {name for one in CONTAINERS.values() for name in (one.video, one.audio)} - av.codecs_available
    if lacking:
        message = f"PyAV is installed without {', '.join(sorted(lacking))}: pip install --force-reinstall av"
        raise ConfigurationError(message)


class Film:
    """One file that grows. What is left early, or by an error, is deleted."""

    def __init__(  # noqa: PLR0913 — each is a fact of the file
        self, path: Path, *, format_: str, size: Size, fps: int, quality: str, sound: bool, threads: int
    ) -> None:
        import av

        self._path = path
        self._fps = fps
        self._pictures = 0
        kind = CONTAINERS[format_]
        self._container = av.open(str(path), "w", format=format_, options=kind.muxer)
        options = kind.options | {"crf": str(kind.crf[quality])}
        self._video: Any = self._container.add_stream(kind.video, rate=fps, options=options)
        self._video.width, self._video.height = size
        self._video.pix_fmt = "yuv420p"
        self._video.codec_context.time_base = Fraction(1, fps)
        self._video.codec_context.thread_count = threads
        self._audio: Any = self._container.add_stream(kind.audio, rate=RATE, layout="stereo") if sound else None
        if self._audio is not None:
            self._audio.codec_context.open()

    @property
    def seconds(self) -> float:
        """How long the pictures last so far."""
        return self._pictures / self._fps

    @property
    def sound_format(self) -> str:
        """How samples must come, by FFmpeg's name."""
        return str(self._audio.codec_context.format.name)

    @property
    def samples(self) -> int:
        """How many samples a frame of sound has."""
        return int(self._audio.codec_context.frame_size)

    def show(self, image: "Image") -> None:
        """Add one picture."""
        from av import VideoFrame

        frame: Any = VideoFrame.from_image(image)
        frame.pts = self._pictures
        frame.time_base = Fraction(1, self._fps)
        self._pictures += 1
        self._container.mux(self._video.encode(frame))

    def play(self, frame: Any) -> None:
        """Add one frame of sound."""
        self._container.mux(self._audio.encode(frame))

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write the end, or delete the file."""
        del error, trace
        if kind is None:
            for stream in (self._video, self._audio):
                if stream is not None:
                    self._container.mux(stream.encode(None))
            self._container.close()
            return
        with contextlib.suppress(Exception):  # what is thrown away need not be complete
            self._container.close()
        self._path.unlink(missing_ok=True)
