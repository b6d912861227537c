"""What a file with sound is, before anybody opens it."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from genmux.services.audio.containers import READ, READERS
from genmux.services.audio.transcoding import check, samples_from
from genmux.services.audio.waves import wave_head
from genmux.types.audio import AudioEncoding, AudioFormat
from genmux.types.errors import AudioError
from genmux.types.transcription import AudioFile

START = 4_096
"""So many bytes tell what a file is."""

HEADLESS: dict[str, AudioEncoding] = {
    "audio/pcm": "pcm",
    "audio/x-raw": "pcm",
    "audio/pcmu": "pcmu",
    "audio/mulaw": "pcmu",
    "audio/x-mulaw": "pcmu",
    "audio/pcma": "pcma",
    "audio/alaw": "pcma",
}
"""Samples without a head, which cannot be told from noise; L16 is big-endian (RFC 2586) and not among them."""

_TELEPHONE = 8_000
"""Hz of G.711 where nobody says (RFC 3551, 4.5.14)."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A file and FFmpeg's name for its format. `seconds` where its length is known without opening it."""

    audio: AudioFile
    kind: str
    seconds: float | None = None


def known(audio: AudioFile, kind_of: Callable[[bytes, str | None], str]) -> Known:
    """What a file is. Raises AudioError for one that is empty, absent, or no sound."""
    start, size = _start(audio)
    if not size:
        raise AudioError(f"{audio.name} is empty: it has no bytes", param="audio")
    claimed = audio.media_type.partition(";")[0].strip().lower()
    media_type = kind_of(start, claimed)
    if media_type in READERS:
        told = msgspec.structs.replace(audio, media_type=media_type, size=size)
        return Known(audio=told, kind=READERS[media_type])
    if claimed in HEADLESS:
        return _with_head(audio, HEADLESS[claimed])
    begins = f"it begins with {start[:8]!r}"
    what = begins if media_type == "application/octet-stream" else f"it is {media_type}"
    raise AudioError(f"{audio.name} is no sound that can be read ({what}); accepted are {READ}", param="audio")


def _start(audio: AudioFile) -> tuple[bytes, int]:
    if audio.data is not None:
        return audio.data[:START], len(audio.data)
    if audio.path is None:
        raise AudioError(f"{audio.name} has neither bytes nor a path", param="audio")
    try:
        path = Path(audio.path)
        with path.open("rb") as file:
            return file.read(START), path.stat().st_size
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise AudioError(f"{audio.path} cannot be read: {why}", param="audio") from error


def _with_head(audio: AudioFile, encoding: AudioEncoding) -> Known:
    """Samples as a WAV file, at the rate that their media type says (`audio/pcm;rate=16000`)."""
    split = (part.strip().lower().partition("=") for part in audio.media_type.split(";")[1:])
    told = {name: value for name, _, value in split}
    rate, channels = told.get("rate", ""), told.get("channels", "1")
    if not rate.isdecimal() and encoding != "pcm":
        rate = str(_TELEPHONE)
    if not rate.isdecimal() or not channels.isdecimal():
        message = (
            f"{audio.name} is samples without a head, and nobody says how many a second: give the media type as"
            f" `audio/{encoding};rate=24000`, or a WAV file"
        )
        raise AudioError(message, param="audio")
    source = AudioFormat(encoding=encoding, sample_rate=int(rate), channels=int(channels))
    check(source)
    data = audio.data if audio.data is not None else Path(audio.path or "").read_bytes()
    chain = samples_from(source)
    samples = chain.feed(data) + chain.close()
    if not samples:
        raise AudioError(f"{audio.name} is too short: it holds no whole sample", param="audio")
    whole = wave_head(source.sample_rate, source.channels, len(samples)) + samples
    seconds = round(len(samples) / (2 * source.channels * source.sample_rate), 3)
    made = msgspec.structs.replace(
        audio, data=whole, path=None, media_type="audio/wav", size=len(whole), seconds=seconds
    )
    return Known(audio=made, kind="wav", seconds=seconds)
