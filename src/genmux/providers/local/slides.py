"""What a slideshow shows when: sentences, slides, captions, and where the camera looks."""

import re

import msgspec

from genmux.providers.local.seeded import fraction

MOST_SLIDES = 24
"""More pictures or sentences than this make no slideshow."""

FADE = 0.8
"""The longest cross-fade, in seconds; one takes a third of a slide at most."""

_END = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])|\n+")  # noqa: RUF001 — sentences of Chinese and Japanese end so


class Shot(msgspec.Struct, frozen=True):
    """A slide at a moment: which one, how far through it the camera is (0 to 1), and how much of it is to be seen (0 to 1)."""

    slide: int
    passed: float
    part: float


class Timeline(msgspec.Struct, frozen=True):
    """So many slides share so many seconds; `fade` is how long one takes to become the next, 0 for a cut."""

    slides: int
    seconds: float
    fade: float

    def shots(self, moment: float) -> list[Shot]:
        """What is to be seen at a moment: one slide, or two while one becomes the other; the parts sum to 1."""
        span = self.seconds / self.slides
        slide = min(int(moment / span), self.slides - 1)
        begun, left = moment - slide * span, (slide + 1) * span - moment
        if slide + 1 < self.slides and left < self.fade / 2:
            share = 0.5 + left / self.fade
            return [self._shot(slide, moment, share), self._shot(slide + 1, moment, 1 - share)]
        if slide and begun < self.fade / 2:
            share = 0.5 + begun / self.fade
            return [self._shot(slide - 1, moment, 1 - share), self._shot(slide, moment, share)]
        return [self._shot(slide, moment, 1.0)]

    def _shot(self, slide: int, moment: float, part: float) -> Shot:
        span = self.seconds / self.slides
        passed = (moment - slide * span + self.fade / 2) / (span + self.fade)
        return Shot(slide, min(1.0, max(0.0, passed)), part)


class Camera(msgspec.Struct, frozen=True):
    """A slow move over one slide. `zoom` is how much closer it can come; the anchors are where it looks at both ends."""

    zoom: float
    closer: bool
    begin: tuple[float, float]
    end: tuple[float, float]

    def box(self, passed: float, width: int, height: int) -> tuple[float, float, float, float]:
        """Which part of a picture of this size is in sight, in pixels; always inside, and of the picture's own shape."""
        near = passed if self.closer else 1 - passed
        shown = 1 / (1 + self.zoom * near)
        free = (width * (1 - shown), height * (1 - shown))
        left, top = (
            room * (start + (stop - start) * passed)
            for room, start, stop in zip(free, self.begin, self.end, strict=True)
        )
        return left, top, left + width * shown, top + height * shown


def camera_for(*key: object, zoom: float, still: bool) -> Camera:
    """The move that belongs to a key; a `still` one looks at the middle and only comes closer or goes away."""
    middle = (0.5, 0.5)
    begin, end = (
        middle if still else (fraction(*key, name, "x"), fraction(*key, name, "y")) for name in ("begin", "end")
    )
    return Camera(zoom, fraction(*key, "closer") < 0.6, begin, end)


def timeline(slides: int, seconds: float, *, fading: bool) -> Timeline:
    """Slides of the same length."""
    return Timeline(slides, seconds, min(FADE, seconds / slides / 3) if fading else 0.0)


def sentences(text: str) -> list[str]:
    """The sentences of a text; of a longer one the last slide says the rest."""
    found = [clean for one in _END.split(text) if (clean := " ".join(one.split()))]
    return [*found[: MOST_SLIDES - 1], " ".join(found[MOST_SLIDES - 1 :])] if len(found) > MOST_SLIDES else found


def caption_at(captions: list[str], moment: float, seconds: float) -> int:
    """Which caption is due; longer ones stay longer."""
    total = sum(map(len, captions))
    spoken = 0
    for number, caption in enumerate(captions):
        spoken += len(caption)
        if moment < seconds * spoken / total:
            return number
    return len(captions) - 1
