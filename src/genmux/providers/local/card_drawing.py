"""Draws a card: a prompt on a colored ground, and beneath it what it is and what it is not."""

import colorsys
from typing import TYPE_CHECKING

import msgspec

from genmux.providers.local.lettering import Lettering
from genmux.providers.local.seeded import fraction
from genmux.providers.local.sizes import Size

if TYPE_CHECKING:
    from PIL.Image import Image

LABEL = "placeholder — no model made this image"
"""Stands on every card."""

LONGEST = 1_200
"""So many characters of a prompt are looked at; more would not be readable."""

SMALLEST = 6
"""The smallest letters, in pixels."""

_GROUND = 1024
"""The ground is drawn with its longer side so long, and then scaled."""

Color = tuple[int, int, int]

WHITE, AMBER, GRAY, INK = (255, 255, 255), (255, 196, 84), (190, 196, 205), (17, 20, 26)


class Line(msgspec.Struct, frozen=True):
    """One line of text: where its upper left corner is, how large its letters are and what color they have."""

    text: str
    x: int
    y: int
    size: int
    color: Color


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A card as it shall be drawn; `band` is where the lower band begins."""

    size: Size
    key: tuple[str, int]
    band: int
    lines: tuple[Line, ...]


def lay_out(prompt: str, *, size: Size, seed: int, facts: str) -> Card:
    """Decide where everything is. `facts` is one line about the card, beneath the label."""
    width, height = size
    margin = max(2, min(size) // 16)
    room = width - 2 * margin
    letters = Lettering(max(SMALLEST, min(width // 30, height // 24)))
    below = [(text, AMBER) for text in wrap(LABEL, letters, room)] + [
        (text, GRAY) for text in wrap(facts, letters, room)
    ]
    band = height - margin - len(below) * letters.line_height
    lines = [
        Line(text, margin, band + margin // 2 + number * letters.line_height, letters.size, color)
        for number, (text, color) in enumerate(below)
    ]
    clean = " ".join(prompt.split())[:LONGEST] or "(no prompt)"
    large, told = fit(clean, room=(room, band - 2 * margin), largest=max(SMALLEST, min(size) // 7))
    top = margin + (band - 2 * margin - len(told) * large.line_height) // 2
    lines += [
        Line(text, margin, top + number * large.line_height, large.size, WHITE) for number, text in enumerate(told)
    ]
    return Card(size=size, key=(prompt, seed), band=band, lines=tuple(lines))


def fit(text: str, *, room: Size, largest: int) -> tuple[Lettering, list[str]]:
    """The largest letters with which a text has room, and its lines. What has none at all ends with `…`."""
    low, high = SMALLEST, largest
    while low < high:
        middle = (low + high + 1) // 2
        letters = Lettering(middle)
        if len(wrap(text, letters, room[0])) * letters.line_height <= room[1]:
            low = middle
        else:
            high = middle - 1
    letters = Lettering(low)
    lines = wrap(text, letters, room[0])
    most = max(1, room[1] // letters.line_height)
    if len(lines) > most:
        lines = [*lines[: most - 1], cut(lines[most - 1], letters, room[0])]
    return letters, lines


def wrap(text: str, letters: Lettering, width: int) -> list[str]:
    """Break a text into lines, between words where that is possible."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if letters.width(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        *whole, line = _broken(word, letters, width)
        lines += whole
    return [*lines, line] if line else lines


def cut(line: str, letters: Lettering, width: int) -> str:
    """A line that ends with `…` and still has room."""
    while line and letters.width(f"{line}…") > width:
        line = line[:-1]
    return f"{line}…"


def draw(card: Card) -> "Image":
    """The card as a picture."""
    from PIL import ImageDraw

    image = _ground(card)
    canvas = ImageDraw.Draw(image)
    canvas.rectangle((0, card.band, *card.size), fill=INK)
    for line in card.lines:
        Lettering(line.size).draw(canvas, (line.x, line.y), line.text, line.color)
    return image


def _broken(word: str, letters: Lettering, width: int) -> list[str]:
    """A word in pieces that have room."""
    found = [""]
    for letter in word:
        if found[-1] and letters.width(found[-1] + letter) > width:
            found.append("")
        found[-1] += letter
    return found


def _ground(card: Card) -> "Image":
    """Two dark colors that flow into each other, and some circles."""
    from PIL import Image, ImageDraw, ImageOps

    hue = fraction(*card.key, "hue")
    turn = 0.06 + 0.14 * fraction(*card.key, "turn")
    gradient = ImageOps.colorize(
        Image.linear_gradient("L").rotate(90 * int(4 * fraction(*card.key, "side"))),
        black=_color(hue, 0.16, 0.55),
        white=_color(hue + turn, 0.36, 0.5),
    )
    longer = max(card.size)
    width, height = (max(1, side * _GROUND // longer) for side in card.size)
    ground = gradient.resize((width, height), Image.Resampling.BICUBIC)
    canvas = ImageDraw.Draw(ground, "RGBA")
    for number in range(4 + int(4 * fraction(*card.key, "count"))):
        x, y, r = (fraction(*card.key, name, number) for name in ("x", "y", "r"))
        radius = min(width, height) * (0.08 + 0.4 * r)
        color = (*_color(hue + turn * number, 0.6, 0.6), 34)
        canvas.ellipse((x * width - radius, y * height - radius, x * width + radius, y * height + radius), fill=color)
    return ground.resize(card.size, Image.Resampling.LANCZOS)


def _color(hue: float, lightness: float, saturation: float) -> Color:
    red, green, blue = colorsys.hls_to_rgb(hue % 1, lightness, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)
