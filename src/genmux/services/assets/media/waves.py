"""The picture of a sound: how loud it is from beginning to end."""

from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from genmux.services.assets.media.orders import Poster
from genmux.services.assets.media.pictures import save_poster

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer

COLUMNS, ROWS = 480, 120
"""Pixels."""

LISTENED = 1_200.0
"""Seconds that are drawn; what is longer is drawn to there."""

RATE = 8_000
"""Samples a second that are looked at."""

_BEHIND, _BEFORE = (24, 26, 32), (120, 180, 255)


def draw(film: "InputContainer", sound: "AudioStream", path: str, seconds: float | None) -> Poster:
    """Draw a sound. Raises what FFmpeg raises for one that cannot be decoded."""
    sound.codec_context.thread_count = 1
    peaks = _peaks(film, sound, min(seconds or LISTENED, LISTENED))
    picture = Image.new("RGB", (COLUMNS, ROWS), _BEHIND)
    pen = ImageDraw.Draw(picture)
    loudest = max(peaks, default=0) or 1
    for column, peak in enumerate(peaks[:COLUMNS]):
        half = max(int(peak / loudest * (ROWS / 2 - 4)), 0)
        pen.line((column, ROWS // 2 - half, column, ROWS // 2 + half), fill=_BEFORE)
    return save_poster(picture, path, max(COLUMNS, ROWS))


def _peaks(film: "InputContainer", sound: "AudioStream", seconds: float) -> list[int]:
    """The loudest sample of each column."""
    from av.audio.resampler import AudioResampler

    width = max(int(seconds * RATE / COLUMNS), 1)
    resampler = AudioResampler(format="s16", layout="mono", rate=RATE)
    peaks: list[int] = []
    rest = memoryview(b"").cast("h")
    for frame in film.decode(sound):
        for piece in resampler.resample(frame):
            samples = memoryview(bytes(rest) + bytes(piece.planes[0])[: piece.samples * 2]).cast("h")
            whole = len(samples) // width
            peaks += [_peak(samples[start : start + width]) for start in range(0, whole * width, width)]
            rest = samples[whole * width :]
        if len(peaks) >= COLUMNS:
            break
    if len(rest) and len(peaks) < COLUMNS:
        peaks.append(_peak(rest))
    return peaks


def _peak(samples: "memoryview[int]") -> int:
    """How far the loudest one is from silence."""
    highest, lowest = max(samples), min(samples)
    return max(highest, -lowest)
