"""`local/slideshow`: renders pictures, or the sentences of a prompt, as a video with slow camera moves and cross-fades.

It is a renderer: no model makes anything, and nothing moves but the camera.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec

from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.local import Progress
from genmux.contract.model import Model
from genmux.providers.local.film import CONTAINERS, Film, check_av
from genmux.providers.local.narration import frames_of, length_of
from genmux.providers.local.picture_files import check_pillow, open_picture
from genmux.providers.local.settings import thread_count
from genmux.providers.local.sizes import Size, read_ratio, read_size
from genmux.providers.local.slide_pictures import card, framed, strip
from genmux.providers.local.slides import MOST_SLIDES, Camera, camera_for, caption_at, sentences, timeline
from genmux.types.assets import Output
from genmux.types.errors import InvalidRequestError
from genmux.types.jobs import Completed
from genmux.types.usage import Usage

if TYPE_CHECKING:
    from PIL.Image import Image

RESOLUTIONS = {"360p": 360, "480p": 480, "720p": 720, "1080p": 1_080}
"""The shorter side in pixels."""

SHORTEST, LONGEST = 64, 1_920
"""Of a side, in pixels."""

A_SLIDE, REST = 3.0, 0.4
"""Seconds that a slide lasts, and that a video goes on after its narration, where nobody says how long it shall be."""

LEAST_SECONDS, MOST_SECONDS = 1.0, 120.0

ZOOM, CARD_ZOOM = 0.14, 0.05
"""How much closer the camera comes; a card has so much margin that nothing of its text is lost."""

WIDEST = 21 / 9

PREPARING = 0.05
"""The part of the progress in which pictures are read and drawn."""


class SlideshowEngine(msgspec.Struct, frozen=True):
    """Renders slideshows."""

    isolation: ClassVar[Literal["process"]] = "process"

    def load(self, model: Model, options: dict[str, str]) -> "SlideshowModel":
        """Raises ConfigurationError when Pillow or PyAV is not installed."""
        check_pillow()
        check_av()
        return SlideshowModel(model.reference, thread_count(options))


class Show(msgspec.Struct, frozen=True, kw_only=True):
    """A slideshow, decided."""

    size: Size
    fps: int
    seconds: float
    format_: str
    quality: str
    fading: bool
    seed: int
    captions: list[str]
    narration: MediaInput | None = None
    narrated: float = 0.0

    @property
    def frames(self) -> int:
        """How many pictures the video has."""
        return max(1, round(self.seconds * self.fps))


class SlideshowModel:
    """Ready to render."""

    def __init__(self, reference: str, threads: int) -> None:
        self._reference = reference
        self._threads = threads

    def run(self, request: MediaRequest) -> Iterator[Progress | Completed]:
        """Render a video. Raises InvalidRequestError."""
        given, told = (
            (*request.all("image"), *request.all("reference"), *request.all("last_image")),
            sentences(request.prompt),
        )
        count = len(given) or len(told)
        if not 1 <= count <= MOST_SLIDES:
            what = f"there are {count} pictures" if given else "there is nothing to show: give a prompt, or pictures"
            message = f"{what}; a slideshow has 1 to {MOST_SLIDES} slides"
            raise InvalidRequestError(message, param="image" if given else "prompt")
        yield Progress(0.0)
        first = open_picture(given[0], "image") if given else None
        show = decide(request, count, told if given else [], first)
        slides: list[Image] = []
        for number in range(count):
            slides.append(self._given(given[number], show) if given else self._card(told[number], number, count, show))
            yield Progress(PREPARING * (number + 1) / count)
        path = Path(request.folder) / f"slideshow.{show.format_}"
        yield from self._rendered(show, slides, path, still=not given)
        yield Completed(
            outputs=(_output(path, show, count),),
            usage=Usage(meters={"videos.output": 1, "seconds.output.video": show.frames / show.fps}),
            text=_note(show),
        )

    def _given(self, one: MediaInput, show: Show) -> "Image":
        return framed(open_picture(one, one.role), _larger(show.size, ZOOM))

    def _card(self, sentence: str, number: int, count: int, show: Show) -> "Image":
        facts = f"slide {number + 1} of {count} · seed {show.seed} · {self._reference}"
        return card(sentence, _larger(show.size, CARD_ZOOM), seed=show.seed + number, facts=facts)

    def _rendered(self, show: Show, slides: "list[Image]", path: Path, *, still: bool) -> Iterator[Progress]:
        """Write the file, picture by picture; the sound goes along with them."""
        zoom = CARD_ZOOM if still else ZOOM
        cameras = [camera_for(show.seed, number, zoom=zoom, still=still) for number in range(len(slides))]
        strips = [strip(caption, show.size) for caption in show.captions]
        line = timeline(len(slides), show.seconds, fading=show.fading)
        film = Film(
            path,
            format_=show.format_,
            size=show.size,
            fps=show.fps,
            quality=show.quality,
            sound=show.narration is not None,
            threads=self._threads,
        )
        with film:
            sound = _sound(show, film)
            heard = 0.0
            for number in range(show.frames):
                moment = number / show.fps
                image = _mixed([(_seen(slides, cameras, shot, show.size), shot.part) for shot in line.shots(moment)])
                if strips:
                    below = strips[caption_at(show.captions, moment, show.seconds)]
                    image.paste(below, (0, show.size[1] - below.height), below)
                film.show(image)
                while heard <= film.seconds and (frame := next(sound, None)) is not None:
                    film.play(frame)
                    heard += frame.samples / frame.sample_rate
                yield Progress(PREPARING + (1 - PREPARING) * (number + 1) / show.frames)
            for frame in sound:
                film.play(frame)


def decide(request: MediaRequest, slides: int, captions: list[str], first: "Image | None") -> Show:
    """Everything that the params leave open. Raises InvalidRequestError."""
    params = request.params
    narration = request.first("audio")
    narrated = 0.0 if narration is None else length_of(narration)
    usual = narrated + REST if narration is not None else slides * A_SLIDE
    seconds = float(params.get("duration") or min(MOST_SECONDS, max(LEAST_SECONDS, usual)))
    return Show(
        size=video_size(params, None if first is None else first.width / first.height),
        fps=int(params.get("fps") or 25),
        seconds=seconds,
        format_=str(params.get("format") or "mp4"),
        quality=str(params.get("quality") or "medium"),
        fading=params.get("transition") != "cut",
        seed=int(params.get("seed") or 0),
        captions=captions if params.get("captions") is not False else [],
        narration=narration,
        narrated=narrated,
    )


def video_size(params: Any, own: float | None) -> Size:
    """`size`, else `resolution` in the `aspect_ratio` that is asked for, of the first picture, or of a screen.

    Sides are even, as video codecs work on pairs of pixels. Raises InvalidRequestError.
    """
    size = params.get("size")
    if size and size != "auto":
        asked = read_size(str(size), least=SHORTEST, most=LONGEST)
        if any(side % 2 for side in asked):
            message = f"`size` is {size!r}; both sides of a video must be even numbers"
            raise InvalidRequestError(message, param="size")
        return asked
    told = params.get("aspect_ratio")
    ratio = (own or 16 / 9) if told in (None, "auto") else read_ratio(str(told))
    ratio = min(WIDEST, max(1 / WIDEST, ratio))
    short = RESOLUTIONS[str(params.get("resolution") or "720p")]
    long = min(LONGEST, round(short * max(ratio, 1 / ratio) / 2) * 2)
    return (long, short) if ratio >= 1 else (short, long)


def _seen(slides: "list[Image]", cameras: list[Camera], shot: Any, size: Size) -> "Image":
    from PIL import Image

    slide = slides[shot.slide]
    box = cameras[shot.slide].box(shot.passed, *slide.size)
    return slide.resize(size, Image.Resampling.BILINEAR, box=box)


def _mixed(shots: "list[tuple[Image, float]]") -> "Image":
    from PIL import Image

    if len(shots) == 1:
        return shots[0][0]
    (before, _), (after, part) = shots
    return Image.blend(before, after, part)


def _sound(show: Show, film: Film) -> Iterator[Any]:
    if show.narration is None:
        return iter(())
    return frames_of(show.narration, film, seconds=show.frames / show.fps, length=show.narrated)


def _larger(size: Size, zoom: float) -> Size:
    return round(size[0] * (1 + zoom)), round(size[1] * (1 + zoom))


def _output(path: Path, show: Show, slides: int) -> Output:
    told = {"renderer": "slideshow", "slides": slides, "seed": show.seed}
    return Output(file=str(path), media_type=CONTAINERS[show.format_].media_type, name=path.name, metadata=told)


def _note(show: Show) -> str | None:
    """What became of a narration that has no room."""
    if show.narrated <= show.seconds + 0.05:
        return None
    return f"the narration is {show.narrated:.1f} s long and was cut off at {show.seconds:.1f} s, the `duration`"
