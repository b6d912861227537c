"""Which encoding a sound has: by what the reply says, by its first bytes, or by what was asked for."""

from collections.abc import Mapping

from genmux.types.audio import MEDIA_TYPES, AudioEncoding, AudioFormat

USUAL: AudioEncoding = "mp3"
"""What is made when nobody says what (platform.openai.com/docs/api-reference/audio/createSpeech, 2026-11)."""

_BY_MEDIA_TYPE: dict[str, AudioEncoding] = {
    **{media_type: encoding for encoding, media_type in MEDIA_TYPES.items()},
    "audio/mp3": "mp3",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/x-flac": "flac",
    "audio/opus": "opus",
    "audio/l16": "pcm",
}

_BEGINNINGS: tuple[tuple[bytes, AudioEncoding], ...] = (
    (b"RIFF", "wav"),
    (b"fLaC", "flac"),
    (b"OggS", "opus"),
    (b"ID3", "mp3"),
    (b"\x1aE\xdf\xa3", "webm"),
)


def told_encoding(headers: Mapping[str, str], audio: bytes) -> AudioEncoding | None:
    """The encoding that a reply has by its media type, or by its first bytes; None where neither says it."""
    named = headers.get("content-type", "").partition(";")[0].strip().lower()
    if (known := _BY_MEDIA_TYPE.get(named)) is not None:
        return known
    return next((encoding for begin, encoding in _BEGINNINGS if audio.startswith(begin)), None)


def told_rate(headers: Mapping[str, str]) -> int | None:
    """The sample rate in Hz that a media type tells, as in `audio/pcm;rate=24000`."""
    for parameter in headers.get("content-type", "").split(";")[1:]:
        name, _, value = parameter.strip().partition("=")
        if name.lower() in ("rate", "samplerate") and value.isdecimal():
            return int(value)
    return None


def made_format(asked: AudioEncoding | None, rate: int, headers: Mapping[str, str], audio: bytes) -> AudioFormat:
    """How the sound of a whole reply is written."""
    encoding = told_encoding(headers, audio) or asked or USUAL
    return AudioFormat(encoding=encoding, sample_rate=told_rate(headers) or rate)
