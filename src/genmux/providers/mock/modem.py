"""Words as tones: a sound that carries its text, so that it can be written down again.

Every word is a burst of tones of 20 ms: one that opens it, two for each byte of its UTF-8 (half a byte each), and one for
their sum, by which anything else is told apart. Between two words is silence. What is heard again are the frequencies, so that
another sample rate (8 kHz at least), another volume, and compression do no harm.
"""

import functools
import math
from array import array
from collections.abc import Iterator, Sequence
from operator import mul
from typing import Final, NamedTuple

RATE: Final = 24_000
"""Samples a second."""

TONE: Final = 0.02
"""Seconds of one tone."""

GAP: Final = 0.06
"""Seconds of silence behind a word."""

LONGEST: Final = 24
"""Characters of one burst; a longer word takes several."""

_FREQUENCIES = (*range(700, 2_300, 100), 2_500, 2_700)
"""In Hz, all with whole waves in a tone: sixteen for halves of bytes, one that opens a word, one that goes on with it."""
_OPEN, _ON = 16, 17
_LOUD = 8_000
_TONES = [
    array("h", (round(_LOUD * math.sin(math.tau * hertz * at / RATE)) for at in range(round(RATE * TONE)))).tobytes()
    for hertz in _FREQUENCIES
]
_SILENCE = bytes(2 * round(RATE * GAP))

_FRAME = 0.005
_QUIET = 4
"""So many frames of silence end a burst."""
_WHILE = 2_000
"""Frames that are looked at in one go."""
_SOFTEST = 200
_WORKING_RATE = 8_000


class Heard(NamedTuple):
    """A word, from `start` to `end` in seconds."""

    text: str
    start: float
    end: float


class Spoken(NamedTuple):
    """A piece of sound: the samples of a burst and of the silence behind it, and the word that it completes."""

    samples: bytes
    word: Heard | None


def spoken(text: str) -> Iterator[Spoken]:
    """The sound of a text, burst by burst: 16-bit samples at `RATE`."""
    at = 0.0
    for word in text.split():
        start = at
        for first in range(0, len(word), LONGEST):
            symbols = _symbols(word[first : first + LONGEST], opens=first == 0)
            end = at + len(symbols) * TONE
            at = end + GAP
            whole = first + LONGEST >= len(word)
            samples = b"".join(_TONES[one] for one in symbols) + _SILENCE
            yield Spoken(samples, Heard(word, round(start, 3), round(end, 3)) if whole else None)


def size_of(text: str) -> int:
    """Bytes of the sound of a text."""
    halves = sum(2 * len(word.encode("utf-8", "replace")) for word in text.split())
    bursts = sum(-(-len(word) // LONGEST) for word in text.split())
    return (halves + 2 * bursts) * len(_TONES[0]) + bursts * len(_SILENCE)


def heard(samples: Sequence[int], rate: int) -> Iterator[Heard | None]:
    """The words that a sound carries; None now and then between them, so that whoever waits can have a look."""
    word: Heard | None = None
    for burst in _bursts(samples, rate):
        if burst is None:
            yield None
            continue
        start, end = burst
        read = _read(samples[start:end], rate)
        if read is None:
            yield None
            continue
        text, opens = read
        if not opens and word is not None:
            word = Heard(word.text + text, word.start, round(end / rate, 3))
            continue
        if word is not None:
            yield word
        word = Heard(text, round(start / rate, 3), round(end / rate, 3))
    if word is not None:
        yield word


def _symbols(word: str, *, opens: bool) -> list[int]:
    halves = [half for byte in word.encode("utf-8", "replace") for half in (byte >> 4, byte & 15)]
    return [_OPEN if opens else _ON, *halves, sum(halves) % 16]


def _bursts(samples: Sequence[int], rate: int) -> Iterator[tuple[int, int] | None]:
    """Where it is loud: from the first sample to behind the last; None after each while of looking."""
    frame = max(1, round(rate * _FRAME))
    peak = max(max(samples, default=0), -min(samples, default=0))
    threshold = max(_SOFTEST, peak // 6)
    begun: int | None = None
    quiet = 0
    for number, start in enumerate(range(0, len(samples), frame), start=1):
        if not number % _WHILE:
            yield None
        piece = samples[start : start + frame]
        loud = max(piece) > threshold or min(piece) < -threshold
        quiet = 0 if loud else quiet + 1
        if loud and begun is None:
            begun = start
        elif begun is not None and quiet == _QUIET:
            yield _trimmed(samples, begun, start - (_QUIET - 1) * frame, threshold)
            begun = None
    if begun is not None:
        yield _trimmed(samples, begun, len(samples), threshold)


def _trimmed(samples: Sequence[int], start: int, end: int, threshold: int) -> tuple[int, int]:
    """The same to the sample."""
    first = next((at for at in range(start, end) if abs(samples[at]) > threshold), start)
    last = next((at for at in range(end - 1, first, -1) if abs(samples[at]) > threshold), end - 1)
    return first, last + 1


def _read(burst: Sequence[int], rate: int) -> tuple[str, bool] | None:
    """The text of a burst, and whether it opens a word; None for one that carries none."""
    tone = rate * TONE
    count = round(len(burst) / tone)
    if count < 4 or count % 2 or count > 8 * LONGEST + 2 or abs(len(burst) - count * tone) > tone / 2:
        return None
    start = (len(burst) - count * tone) / 2
    step = max(1, round(rate / _WORKING_RATE))
    waves = _waves(rate, step)
    symbols = [_strongest(burst[max(0, round(start + number * tone)) :], waves, tone, step) for number in range(count)]
    opening, *halves, total = symbols
    if opening not in (_OPEN, _ON) or max(halves) > 15 or sum(halves) % 16 != total:
        return None
    data = bytes(high << 4 | low for high, low in zip(halves[::2], halves[1::2], strict=True))
    return data.decode("utf-8", "replace"), opening == _OPEN


def _strongest(
    samples: Sequence[int], waves: Sequence[tuple[Sequence[float], Sequence[float]]], tone: float, step: int
) -> int:
    """Which of the frequencies is in the middle of a tone."""
    middle = samples[round(tone * 0.2) : round(tone * 0.8) : step]
    powers = [sum(map(mul, middle, one)) ** 2 + sum(map(mul, middle, other)) ** 2 for one, other in waves]
    return max(range(len(powers)), key=powers.__getitem__)


@functools.lru_cache(8)
def _waves(rate: int, step: int) -> tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]:
    count = math.ceil(rate * TONE / step)
    angles = [math.tau * hertz * step / rate for hertz in _FREQUENCIES]
    return tuple(
        (tuple(math.sin(angle * at) for at in range(count)), tuple(math.cos(angle * at) for at in range(count)))
        for angle in angles
    )
