"""A WAV file with nothing but `wave`: a soft chord that belongs to a key."""

import io
import math
import struct
import wave

from genmux.providers.mock.chance import Chance

RATE = 16_000
"""Samples a second."""

_NOTES = (220.0, 246.94, 261.63, 293.66, 329.63, 349.23, 392.0, 440.0)
_LOUD = 5_000


def wav(seconds: float, key: object) -> bytes:
    """A sound of so many seconds, one channel of 16 bits; the same key gives the same one."""
    chance = Chance(key)
    notes = [
        round(chance.pick(_NOTES)) for _ in range(3)
    ]  # whole numbers of waves in a second, so that it can be repeated
    second = b"".join(
        struct.pack(
            "<h", round(_LOUD * sum(math.sin(2 * math.pi * note * place / RATE) for note in notes) / len(notes))
        )
        for place in range(RATE)
    )
    size = round(seconds * RATE) * 2
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes((second * (size // len(second) + 1))[:size])
    return file.getvalue()
