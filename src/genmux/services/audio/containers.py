"""How files with sound are written and read: FFmpeg's names for formats and codecs."""

import msgspec

from genmux.types.audio import AudioEncoding

READERS: dict[str, str] = {
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "audio/aac": "aac",
    "audio/mp4": "mov",
    "audio/webm": "matroska",
    "audio/aiff": "aiff",
    "audio/x-caf": "caf",
    "audio/amr": "amr",
    "audio/basic": "au",
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/3gpp": "mov",
    "video/3gpp2": "mov",
    "video/webm": "matroska",
    "video/x-matroska": "matroska",
    "video/ogg": "ogg",
    "video/x-msvideo": "avi",
    "video/x-flv": "flv",
    "video/mp2t": "mpegts",
    "video/mpeg": "mpeg",
    "video/x-ms-asf": "asf",
}
"""What is read, by media type. Nothing else is: FFmpeg knows formats that name other files and addresses."""

READ = "WAV, MP3, FLAC, Ogg (Opus, Vorbis), AAC, M4A, WebM, AIFF, and videos with sound (MP4, MOV, MKV, WebM, AVI)"
"""The same in words."""

EXACT = frozenset({"mov", "matroska", "flac", "ogg", "caf"})
"""Formats that say truly how long they are, where they say it; others are counted."""

OF_ENCODING: dict[AudioEncoding, str] = {
    "wav": "wav",
    "mp3": "mp3",
    "opus": "ogg",
    "flac": "flac",
    "aac": "aac",
    "m4a": "mov",
    "webm": "matroska",
}
"""What reads a format of ours."""


class Writer(msgspec.Struct, frozen=True, kw_only=True):
    """How a format is written. `rates` in Hz are those that its codec takes, none for any; `bit_rate` is for one channel.

    `streamed` are options under which a file can be sent while it is written.
    """

    container: str
    codec: str
    rates: tuple[int, ...] = ()
    bit_rate: int | None = None
    streamed: tuple[tuple[str, str], ...] = ()


_OPUS_RATES = (8_000, 12_000, 16_000, 24_000, 48_000)
_AAC_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000)

WRITERS: dict[AudioEncoding, Writer] = {
    "mp3": Writer(
        container="mp3",
        codec="libmp3lame",
        rates=(8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000),
        bit_rate=64_000,
        streamed=(("write_xing", "0"), ("id3v2_version", "0")),
    ),
    "opus": Writer(
        container="ogg",
        codec="libopus",
        rates=_OPUS_RATES,
        bit_rate=40_000,
        streamed=(("page_duration", "20000"),),
    ),
    "flac": Writer(container="flac", codec="flac"),
    "aac": Writer(container="adts", codec="aac", rates=_AAC_RATES, bit_rate=64_000),
    "m4a": Writer(
        container="ipod",
        codec="aac",
        rates=_AAC_RATES,
        bit_rate=64_000,
        streamed=(("movflags", "frag_every_frame+empty_moov+default_base_moof"),),
    ),
    "webm": Writer(
        container="webm",
        codec="libopus",
        rates=_OPUS_RATES,
        bit_rate=40_000,
        streamed=(("live", "1"), ("cluster_time_limit", "200")),
    ),
}
"""What is written through a codec; the other formats are samples, with or without a head."""


def written_rate(encoding: AudioEncoding, rate: int) -> int:
    """The rate at which sound of this rate is written: itself, or the next that the codec takes, so that nothing is lost."""
    writer = WRITERS.get(encoding)
    if writer is None or not writer.rates or rate in writer.rates:
        return rate
    return next((one for one in writer.rates if one > rate), writer.rates[-1])
