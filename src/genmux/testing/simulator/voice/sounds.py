"""Sound that is made of a text alone, and what is said in every sound that is heard."""

import base64
import struct
from typing import NamedTuple

from genmux.testing.simulator.media.files import sample

LETTER = 0.02
"""Seconds of sound for each letter."""

PIECES = 4
"""In how many pieces a stream comes."""


class Said(NamedTuple):
    """A word, from `start` to `end` in seconds, and who says it."""

    text: str
    start: float
    end: float
    speaker: int


SAID = (
    Said("Hello", 0.1, 0.4, 0),
    Said("there.", 0.45, 0.9, 0),
    Said("Who", 1.2, 1.4, 1),
    Said("is", 1.45, 1.6, 1),
    Said("it?", 1.65, 1.9, 1),
)
"""What is said in every sound."""

TEXT = " ".join(one.text for one in SAID)
SECONDS = 2.0


def samples(text: str, rate: int) -> bytes:
    """A saw of 16-bit samples, as long as the text."""
    count = int(len(text) * LETTER * rate)
    return struct.pack(f"<{count}h", *((number * 37) % 4_000 - 2_000 for number in range(count)))


def speech(text: str, kind: str, rate: int) -> bytes:
    """A text as sound: `pcm`, `wav`, `g711` (a byte a sample), or `mp3` and others, which are samples behind a head."""
    raw = samples(text, rate)
    match kind:
        case "pcm":
            return raw
        case "g711":
            return raw[::2]
        case "wav":
            form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16)
            head = (
                struct.pack("<4sI4s", b"RIFF", 36 + len(raw), b"WAVE") + form + struct.pack("<4sI", b"data", len(raw))
            )
            return head + raw
        case "mp3":
            return sample("audio/mpeg")
        case _:
            return kind.encode() + raw


def pieces(data: bytes, count: int = PIECES) -> list[bytes]:
    """Data in so many pieces, some perhaps in the middle of a sample."""
    size = max(1, len(data) // count + 1)
    return [data[start : start + size] for start in range(0, len(data), size)]


def spans(text: str) -> list[tuple[str, float, float]]:
    """The words of a text with their times in seconds."""
    found: list[tuple[str, float, float]] = []
    at = 0
    for word in text.split():
        at = text.index(word, at)
        found.append((word, round(at * LETTER, 3), round((at + len(word)) * LETTER, 3)))
        at += len(word)
    return found


def encoded(data: bytes) -> str:
    """In base64."""
    return base64.b64encode(data).decode()
