"""The samples of a sound: of a WAV, or bare ones."""

import struct
import sys
from array import array
from pathlib import Path
from typing import NamedTuple

from genmux.providers.mock.modem import RATE
from genmux.types.errors import AudioError
from genmux.types.transcription import AudioFile

_BARE = frozenset({"audio/pcm", "audio/l16", "application/octet-stream"})
_INTEGERS = (1, 0xFFFE)
_SIXTEEN = 16


class Sound(NamedTuple):
    """One channel of 16-bit samples; `rate` is in Hz."""

    samples: "array[int]"
    rate: int

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / self.rate


def read_sound(audio: AudioFile) -> Sound:
    """Read a sound. Raises AudioError that says what is understood."""
    if audio.url is not None:
        raise AudioError("mock/ears fetches no addresses; give the sound as bytes or as a file", param="audio")
    data = audio.data
    if data is None:
        try:
            data = Path(audio.path or "").read_bytes()
        except OSError as error:
            raise AudioError(f"{audio.name} cannot be read: {error}", param="audio") from error
    if data.startswith(b"RIFF") and data[8:12] == b"WAVE":
        return _wav(data)
    if audio.media_type.partition(";")[0].lower() not in _BARE:
        message = f"mock/ears understands WAV and bare 16-bit samples at {RATE} Hz, not {audio.media_type}"
        raise AudioError(message, param="audio")
    return Sound(_samples(data, 1), RATE)


def _wav(data: bytes) -> Sound:
    """The chunks of a WAV; one that was streamed does not tell how long it is, and goes to the end."""
    at, form = 12, None
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        body = data[at + 8 : at + 8 + size]
        if name == b"fmt " and len(body) >= _SIXTEEN:
            form = struct.unpack_from("<HHIIHH", body)
        if name == b"data":
            return _of_form(form, body)
        at += 8 + size + size % 2
    raise AudioError("the WAV has no samples in it", param="audio")


def _of_form(form: tuple[int, ...] | None, body: bytes) -> Sound:
    if form is None or form[0] not in _INTEGERS or form[5] != _SIXTEEN or not form[1] or not form[2]:
        raise AudioError(
            "mock/ears understands WAV with 16-bit samples; this one is written in another way", param="audio"
        )
    return Sound(_samples(body, form[1]), form[2])


def _samples(data: bytes, channels: int) -> "array[int]":
    samples = array("h", data[: len(data) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    return samples[::channels]
