"""Sounds and videos, through PyAV: how long they are, whether they can be opened, one picture of them.

A file is read through a Python file object and with the format that its first bytes tell, so that it cannot name another
file or an address to be opened in its place.
"""

import itertools
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import av
import msgspec
from av.stream import Disposition

from genmux.services.assets.media.orders import Poster
from genmux.services.assets.media.pictures import UnopenedError, check_pixels, save_poster
from genmux.types.assets_stored import Facts

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

FORMATS: dict[str, str] = {
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/3gpp": "mov",
    "video/3gpp2": "mov",
    "video/webm": "matroska",
    "video/x-matroska": "matroska",
    "video/ogg": "ogg",
    "video/x-msvideo": "avi",
    "video/x-flv": "flv",
    "video/mp2t": "mpegts",
    "video/mpeg": "mpeg",
    "audio/mp4": "mov",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "audio/aac": "aac",
    "audio/aiff": "aiff",
    "audio/x-caf": "caf",
    "audio/amr": "amr",
    "audio/basic": "au",
}
"""FFmpeg's name for what is read; nothing else is opened."""

_SOUND_ALONE = {
    "video/mp4": "audio/mp4",
    "video/webm": "audio/webm",
    "video/ogg": "audio/ogg",
    "video/quicktime": "audio/mp4",
}

MOST_PACKETS = 500_000
"""So many are looked at to find out how long a file is that does not say."""

MOST_FRAMES = 100
"""So many may be decoded until there is a picture."""


@contextmanager
def opened(path: str, media_type: str) -> "Generator[InputContainer]":
    """A sound or a video. Raises UnopenedError."""
    kind = FORMATS[media_type]
    try:
        with Path(path).open("rb") as file, av.open(file, "r", format=kind, metadata_errors="ignore") as found:
            yield found
    except UnopenedError:
        raise
    except Exception as error:  # whatever a foreign file leads to, it is the file's fault
        raise UnopenedError(f"{type(error).__name__}: {error}"[:200]) from error


def look(path: str, media_type: str, poster: str | None, side: int) -> tuple[Facts, Poster | None]:
    """What a sound or a video is; also of one that cannot be opened."""
    facts, made = Facts(media_type=media_type), None
    try:
        with opened(path, media_type) as film:
            facts = _facts(film, media_type)
            if film.streams.video and not _is_cover(film.streams.video[0]):
                facts, made = _with_picture(film, facts, poster, side)
            elif film.streams.audio and poster is not None:
                from genmux.services.assets.media.waves import draw

                made = draw(film, film.streams.audio[0], poster, facts.seconds)
    except UnopenedError as error:
        return msgspec.structs.replace(facts, broken=str(error)), None
    return facts, made


def _facts(film: "InputContainer", media_type: str) -> Facts:
    videos = [one for one in film.streams.video if not _is_cover(one)]
    if not videos and not film.streams.audio:
        raise UnopenedError("there is neither sound nor video in it")
    seconds = _seconds(film)
    if not videos:
        return Facts(media_type=_SOUND_ALONE.get(media_type, media_type), seconds=seconds)
    video = videos[0]
    rate = video.average_rate or video.guessed_rate
    return Facts(
        media_type=media_type,
        width=video.width or None,
        height=video.height or None,
        seconds=seconds,
        fps=round(float(rate), 3) if rate else None,
    )


def _is_cover(stream: "VideoStream") -> bool:
    """Whether it is the picture on the cover of a sound, and no video."""
    return bool(stream.disposition & Disposition.attached_pic)


def _seconds(film: "InputContainer") -> float | None:
    """How long it is: as it says, else until its last packet ends."""
    if film.duration is not None and film.duration > 0:
        return round(film.duration / av.time_base, 3)
    end = 0.0
    for packet in itertools.islice(film.demux(), MOST_PACKETS):
        if packet.pts is not None:
            end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    film.seek(0)
    return round(end, 3) or None


def _with_picture(film: "InputContainer", facts: Facts, poster: str | None, side: int) -> tuple[Facts, Poster | None]:
    """Decode one picture, from near the beginning: what the file says of its sides may be wrong, and may be turned."""
    video = film.streams.video[0]
    check_pixels(video.width, video.height)
    video.thread_count = 1
    if facts.seconds:
        film.seek(int(min(facts.seconds * 0.1, 3.0) * av.time_base))
    frame = next((one for one in itertools.islice(film.decode(video), MOST_FRAMES) if not one.is_corrupt), None)
    if frame is None:
        raise UnopenedError("there is no picture in it that can be decoded")
    turned = frame.rotation % 180 != 0
    width, height = (frame.height, frame.width) if turned else (frame.width, frame.height)
    made = None
    if poster is not None:
        picture = frame.to_image().rotate(frame.rotation, expand=True)
        made = save_poster(picture, poster, side)
    return msgspec.structs.replace(facts, width=width, height=height), made
