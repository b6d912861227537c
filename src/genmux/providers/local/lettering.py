"""Writes text into pictures with the font that Pillow carries, so that it looks the same on every machine.

That font only has the letters of English. Dashes are drawn as lines, letters with accents are put together from what it
has; what is of another script is taken from a font of the system where there is one, and is a box where there is none.
"""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

OWN = frozenset(map(chr, range(0x20, 0x7F))) | frozenset("©«°±·»“”…™")
"""What Pillow's font has."""

DASHES = {"‐": 0.35, "‑": 0.35, "‒": 0.5, "–": 0.5, "−": 0.5, "—": 0.9, "―": 0.9}  # noqa: RUF001 — these are meant
"""How wide each is, in parts of the size."""

PLAIN = {"×": "x", "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d",
         "→": "->", "•": "·", "„": "“", "€": "EUR ", "\u00a0": " ", "\u2018": "'", "\u2019": "'"}  # fmt: skip
"""Signs that are written with others."""

Stroke = tuple[tuple[float, float], ...]

ABOVE: dict[str, tuple[Stroke, ...]] = {
    "\u0300": (((-0.12, -0.22), (0.06, -0.09)),),
    "\u0301": (((-0.06, -0.09), (0.12, -0.22)),),
    "\u0302": (((-0.14, -0.09), (0.0, -0.21), (0.14, -0.09)),),
    "\u0303": (((-0.16, -0.1), (-0.07, -0.17), (0.06, -0.11), (0.15, -0.18)),),
    "\u0304": (((-0.14, -0.13), (0.14, -0.13)),),
    "\u0306": (((-0.13, -0.21), (-0.07, -0.12), (0.07, -0.12), (0.13, -0.21)),),
    "\u0307": (((0.0, -0.14),),),
    "\u0308": (((-0.12, -0.14),), ((0.12, -0.14),)),
    "\u030a": (((0.0, -0.22), (0.07, -0.15), (0.0, -0.08), (-0.07, -0.15), (0.0, -0.22)),),
    "\u030b": (((-0.13, -0.09), (-0.02, -0.22)), ((0.04, -0.09), (0.15, -0.22))),
    "\u030c": (((-0.14, -0.21), (0.0, -0.09), (0.14, -0.21)),),
}
BELOW: dict[str, tuple[Stroke, ...]] = {
    "\u0327": (((0.0, 0.0), (0.03, 0.07), (-0.06, 0.14)),),
    "\u0328": (((0.06, 0.0), (0.0, 0.08), (0.08, 0.13)),),
}
"""Accents over and under letters: strokes in parts of the size, from the middle of the letter's upper or lower edge. A stroke
of one point is a dot."""

SYSTEM_FONTS = (
    "NotoSansCJK-Regular.ttc",
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "Arial Unicode.ttf",
    "arial.ttf",
    "Arial.ttf",
)
"""Where other scripts are looked for."""


class Piece(msgspec.Struct, frozen=True):
    """Some letters that are drawn at once: as `text` of a font, as a dash, as a letter with `marks`, or as a box."""

    text: str
    kind: str = "text"
    marks: str = ""


class Lettering:
    """Letters of one size, in pixels."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.line_height = round(size * 1.3)
        self._font = _own_font(size)

    def width(self, text: str) -> float:
        """How many pixels a line takes."""
        return sum(self._advance(piece) for piece in pieces(text))

    def draw(self, draw: "ImageDraw", at: tuple[float, float], text: str, color: Any) -> None:
        """Write a line whose upper left corner is `at`."""
        x, y = at
        for piece in pieces(text):
            advance = self._advance(piece)
            self._draw_piece(draw, (x, y), piece, color, advance)
            x += advance

    def _draw_piece(self, draw: "ImageDraw", at: tuple[float, float], piece: Piece, color: Any, advance: float) -> None:
        x, y = at
        match piece.kind:
            case "dash":
                middle, thick = y + self.size * 0.62, max(0.0, self.size / 14 - 1)
                draw.rectangle((x + 1, middle, x + advance - 2, middle + thick), fill=color)
            case "box":
                draw.rectangle((x + 1, y + self.size * 0.3, x + advance - 2, y + self.size * 0.95), outline=color)
            case "other":
                draw.text((x, y), piece.text, font=system_font(piece.text, self.size), fill=color)
            case _:
                draw.text((x, y), piece.text, font=self._font, fill=color)
                for mark in piece.marks:
                    self._draw_mark(draw, (x, y), piece.text, mark, color)

    def _draw_mark(self, draw: "ImageDraw", at: tuple[float, float], letter: str, mark: str, color: Any) -> None:
        left, top, right, bottom = self._font.getbbox(letter)
        x, y = at[0] + (left + right) / 2, at[1] + (bottom if mark in BELOW else top)
        thick = max(1, round(self.size / 13))
        for stroke in (ABOVE | BELOW)[mark]:
            points = [(x + self.size * across, y + self.size * down) for across, down in stroke]
            draw.line(points, fill=color, width=thick, joint="curve")
            radius = thick / 2 if len(points) > 1 else thick * 0.75
            for end_x, end_y in (points[0], points[-1]):
                draw.ellipse((end_x - radius, end_y - radius, end_x + radius, end_y + radius), fill=color)

    def _advance(self, piece: Piece) -> float:
        match piece.kind:
            case "dash":
                return self.size * DASHES[piece.text]
            case "box":
                return self.size * 0.6
            case "other":
                return float(system_font(piece.text, self.size).getlength(piece.text))
            case _:
                return float(self._font.getlength(piece.text))


def pieces(text: str) -> Iterator[Piece]:
    """A line in pieces that are drawn alike."""
    run = ""
    for letter in "".join(PLAIN.get(letter, letter) for letter in text):
        if letter in OWN:
            run += letter
            continue
        if run:
            yield Piece(run)
            run = ""
        yield _piece(letter)
    if run:
        yield Piece(run)


def _piece(letter: str) -> Piece:
    if letter in DASHES:
        return Piece(letter, "dash")
    plain, *marks = unicodedata.normalize("NFD", letter)
    if plain in OWN and all(mark in ABOVE or mark in BELOW for mark in marks):
        return Piece(plain, marks="".join(marks))
    return Piece(letter, "box" if system_font(letter, 16) is None else "other")


@lru_cache(64)
def _own_font(size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size)


@lru_cache(256)
def system_font(letter: str, size: int) -> Any:
    """A font of the system that has a letter, None when there is none."""
    return next((font for name in SYSTEM_FONTS if (font := _font_named(name, size)) and _has(font, letter)), None)


@lru_cache(64)
def _font_named(name: str, size: int) -> Any:
    from PIL import ImageFont

    try:
        return ImageFont.truetype(name, size, layout_engine=ImageFont.Layout.BASIC)
    except OSError:
        return None


def _has(font: Any, letter: str) -> bool:
    return _look(font, letter) != _look(font, "\U000e0fff")


def _look(font: Any, letter: str) -> tuple[Any, bytes]:
    mask = font.getmask(letter)
    return mask.size, bytes(mask)
