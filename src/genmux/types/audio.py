"""Sound as values: how it is written down, and how much of it there is."""

from typing import Literal, get_args

import msgspec

from genmux.types.errors import InvalidRequestError

AudioEncoding = Literal["pcm", "pcmu", "pcma", "wav", "mp3", "opus", "flac", "aac", "m4a", "webm"]
"""`pcm` is signed 16-bit little-endian samples without a head; `pcmu` and `pcma` are G.711 μ-law and A-law."""

ENCODINGS: tuple[AudioEncoding, ...] = get_args(AudioEncoding)

MEDIA_TYPES: dict[AudioEncoding, str] = {
    "pcm": "audio/pcm",
    "pcmu": "audio/pcmu",
    "pcma": "audio/pcma",
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "flac": "audio/flac",
    "aac": "audio/aac",
    "m4a": "audio/mp4",
    "webm": "audio/webm",
}
"""The media type of each; Opus comes in an Ogg container."""

SAMPLE_BYTES: dict[AudioEncoding, int] = {"pcm": 2, "pcmu": 1, "pcma": 1}
"""Bytes of one sample of one channel, where that is always the same."""


class AudioFormat(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How sound is written: `sample_rate` in Hz, `frame_ms` the milliseconds of sound that are sent at a time."""

    encoding: AudioEncoding = "pcm"
    sample_rate: int = 24_000
    channels: int = 1
    frame_ms: int = 20

    @property
    def media_type(self) -> str:
        """As MIME calls it."""
        return MEDIA_TYPES[self.encoding]

    @property
    def is_raw(self) -> bool:
        """Whether it is nothing but samples, so that bytes can be counted as time."""
        return self.encoding in SAMPLE_BYTES

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample of all channels. Raises InvalidRequestError for what is compressed."""
        size = SAMPLE_BYTES.get(self.encoding)
        if size is None:
            raise InvalidRequestError(f"{self.encoding} is compressed; its bytes cannot be counted as time")
        return size * self.channels

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame."""
        return self.sample_rate * self.frame_ms // 1_000 * self.sample_bytes

    def ms(self, size: int) -> float:
        """How many milliseconds so many bytes last."""
        return size / self.sample_bytes * 1_000 / self.sample_rate

    def size(self, ms: float) -> int:
        """How many bytes so many milliseconds take, in whole samples."""
        return int(ms * self.sample_rate / 1_000) * self.sample_bytes
