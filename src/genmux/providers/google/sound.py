"""The sound in an answer: samples (`audio/L16;codec=pcm;rate=24000`), or a WAV file around them."""

import re
import struct

import msgspec

from genmux.contract.speaking import decoded
from genmux.providers.google.content import Answer, Blob
from genmux.types.audio import MEDIA_TYPES, AudioEncoding, AudioFormat

_RATE = re.compile(r"rate=(\d+)")
_USUAL = 24_000
_OTHERS: dict[str, AudioEncoding] = {
    media_type: encoding for encoding, media_type in MEDIA_TYPES.items() if encoding not in ("pcm", "wav")
}


class Sound(msgspec.Struct, frozen=True):
    """Some sound, and how it is written."""

    format: AudioFormat
    data: bytes


def sounds_in(told: Answer) -> list[Sound]:
    """All sound of an answer, in its order. Raises ProviderError(malformed_reply) for what is no base64."""
    blobs = [
        part.inline_data
        for candidate in told.candidates
        for part in candidate.content.parts
        if part.inline_data is not None and not part.thought
    ]
    return [sound for blob in blobs if (sound := _sound(blob)).data]


def _sound(blob: Blob) -> Sound:
    data = decoded(blob.data)
    media_type = (blob.mime_type or "").lower()
    kind = media_type.partition(";")[0]
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return _unwrapped(data)
    found = _RATE.search(media_type)
    rate = int(found[1]) if found else _USUAL
    return Sound(AudioFormat(encoding=_OTHERS.get(kind, "pcm"), sample_rate=rate), data)


def _unwrapped(data: bytes) -> Sound:
    """The samples of a WAV file; the file itself where these are not 16 bits."""
    rate, channels, at = _USUAL, 1, 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if name == b"fmt " and at + 24 <= len(data):
            coding, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", data, at + 8)
            if coding not in (1, 0xFFFE) or bits != 16:
                return Sound(AudioFormat(encoding="wav", sample_rate=rate, channels=channels), data)
        elif name == b"data":
            end = at + 8 + size  # a stream's made-up size lies behind the end
            return Sound(AudioFormat(encoding="pcm", sample_rate=rate, channels=channels), data[at + 8 : end])
        at += 8 + size + size % 2
    return Sound(AudioFormat(encoding="wav", sample_rate=rate, channels=channels), data)
